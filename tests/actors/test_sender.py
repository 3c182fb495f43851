"""The sender by itself, at a socket that a test moves: each request is written, refused or sent another way, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.plumbing.channels import Batch
from actors.plumbing.clock import Clock
from actors.plumbing.published import Published
from actors.rest import Detour
from actors.sender import (
    LinkLost,
    LinkReady,
    Pause,
    SenderContext,
    SenderSettings,
    SessionOver,
    ToSender,
    run_sender,
)
from actors.websocket import SocketClosed
from protocol import requests
from protocol.ax.venue import AxSettings, AxVenue
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, LinkDown, NotWritten, Rerouted
from protocol.values import OrderType, RequestId, Side, TimeInForce

VENUE = AxVenue(AxSettings(websocket_url="wss://venue.example/orders/ws", api_key="k", api_secret="s"))


@define
class MovedSocket:
    """Takes what is written while `goes` is set."""

    written: list[str] = field(factory=list)
    goes: trio.Event = field(factory=trio.Event)
    ended: bool = False
    last_heard: float = 0.0
    last_part: float = 0.0
    holds_messages: bool = False
    unanswered_since: float | None = None
    writing_since: float | None = None

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.ended:
            raise SocketClosed(None, "")
        stuck = not self.goes.is_set()
        await self.goes.wait()
        if self.ended:
            raise SocketClosed(None, "", begun=stuck)
        self.written.append(text)

    async def ping(self) -> None:
        await self.goes.wait()

    async def receive_batch(self) -> list[str | bytes]:
        raise NotImplementedError

    async def close(self, linger: float = 0.0) -> None:
        self.end()

    def abort(self) -> None:
        self.end()

    def end(self) -> None:
        self.ended = True
        self.goes.set()

    def stop(self) -> None:
        if self.goes.is_set() and not self.ended:
            self.goes = trio.Event()


def place(number: int) -> requests.PlaceOrder:
    return requests.PlaceOrder(
        request_id=RequestId(number),
        symbol="XAU-PERP",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(2400),
        trigger_price=None,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        wire_id=number,
        tag=None,
    )


def cancel(number: int, wire_id: int) -> requests.CancelOrder:
    return requests.CancelOrder(request_id=RequestId(number), venue_order_id=None, wire_id=wire_id)


def query(number: int) -> requests.QueryOrder:
    return requests.QueryOrder(request_id=RequestId(number), venue_order_id=None, wire_id=7)


@define
class Bench:
    """A sender, and the other ends of its channels."""

    socket: MovedSocket
    inbox: Any
    told: Any
    credits: Any
    detours: Any
    context: SenderContext
    scope: trio.CancelScope

    def put(self, *items: requests.Request, connection: int = 1) -> None:
        kinds = {requests.Urgency.LESS_RISK: Admission.CANCEL}
        sends = [Send(each, connection, kinds.get(requests.urgency_of(each), Admission.ORDER)) for each in items]
        self.inbox.send_nowait(sends)

    def news(self) -> list[Any]:
        return [item for batch in everything(self.told) for item in batch.inputs]


def everything(channel: Any) -> list[Any]:
    taken = []
    while True:
        try:
            taken.append(channel.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel):
            return taken


@asynccontextmanager
async def bench(rate: int | None = None) -> AsyncIterator[Bench]:
    to_sender, inbox = trio.open_memory_channel[ToSender](5000)
    to_dispatch, told = trio.open_memory_channel[Batch](5000)
    give_back, credits = trio.open_memory_channel[Admission](5000)
    to_rest, detours = trio.open_memory_channel[Detour](5000)
    context = SenderContext(
        venue=VENUE,
        settings=SenderSettings(close_timeout=1.0, rate=rate),
        token=Published(None),
        credits=give_back,
        to_rest=to_rest,
        stop_session=trio.CancelScope(),
        clock=Clock(),
    )
    socket = MovedSocket()
    socket.goes.set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_sender, inbox, to_dispatch, context)
        await to_sender.send(LinkReady(1, socket))
        await trio.testing.wait_all_tasks_blocked()
        yield Bench(socket, to_sender, told, credits, detours, context, nursery.cancel_scope)
        nursery.cancel_scope.cancel()


def letters(texts: list[str]) -> str:
    """Which kind each frame is, in AX's own letters (spec AX 3)."""
    return "".join(next(letter for letter in "pxsX" if f'"t":"{letter}"' in text) for text in texts)


async def test_what_is_not_written_yet_goes_out_by_its_urgency(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.socket.stop()
        at.put(place(1), place(2), place(3))
        at.put(query(4))
        at.put(cancel(5, 50))
        await trio.sleep(0.05)  # too short for anybody to stand in
        at.socket.goes.set()
        await trio.testing.wait_all_tasks_blocked()
        assert letters(at.socket.written) == "pxspp"


async def test_a_stuck_cancel_takes_the_other_way_as_well_and_one_that_waits_that_way_alone(
    autojump_clock: MockClock,
) -> None:
    async with bench() as at:
        at.socket.stop()
        at.put(cancel(1, 10))
        at.put(cancel(2, 20))
        await trio.sleep(1.5)
        assert at.news() == [Rerouted([RequestId(1)], True), Rerouted([RequestId(2)], False)]
        detours = everything(at.detours)
        assert [(each.send.request, each.send.connection, each.send.admission) for each in detours] == [
            (cancel(1, 10), 0, None),  # the socket still holds its credit
            (cancel(2, 20), 0, Admission.CANCEL),
        ]
        assert [(each.call.method, each.call.path, each.call.body) for each in detours] == [
            ("POST", "/orders/cancel-order", b'{"cid":10}'),
            ("POST", "/orders/cancel-order", b'{"cid":20}'),
        ]
        at.socket.goes.set()
        await trio.sleep(5)
        assert letters(at.socket.written) == "x"
        assert everything(at.credits) == [Admission.CANCEL]
        assert everything(at.detours) == at.news() == []


async def test_the_pace_of_the_socket_is_not_waited_for_by_a_cancel_for_longer_than_a_second(
    autojump_clock: MockClock,
) -> None:
    async with bench(rate=1) as at:
        at.put(place(1), place(2), place(3))
        at.put(*(cancel(number, number * 10) for number in (11, 12, 13)))
        await trio.sleep(1.5)
        assert letters(at.socket.written) == "px"
        assert [each.send.request.request_id for each in everything(at.detours)] == [12, 13]


async def test_while_the_venue_wants_silence_a_cancel_waits_for_it_first(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.inbox.send_nowait(Pause(1))
        at.put(cancel(1, 10), cancel(2, 20))
        await trio.sleep(3)
        assert letters(at.socket.written) == "x"
        assert [each.send.request.request_id for each in everything(at.detours)] == [2]


async def test_after_the_venue_complained_what_waits_goes_out_one_by_one(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.inbox.send_nowait(Pause(1))
        at.put(place(1), place(2), place(3), place(4))
        written = []
        await trio.sleep(0.95)
        for _ in range(5):
            written.append(len(at.socket.written))
            await trio.sleep(0.1)
        assert written == [0, 1, 2, 3, 4]
        at.put(place(5), place(6))
        await trio.testing.wait_all_tasks_blocked()
        assert len(at.socket.written) == 6, "what did not wait for that goes at once"


async def test_a_cancel_with_nobody_left_to_make_calls_is_told_unsent(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.detours.close()
        at.socket.stop()
        at.put(place(1))
        at.put(cancel(2, 20))
        await trio.sleep(1.5)
        rerouted, refused = at.news()
        assert rerouted == Rerouted([RequestId(2)], False)
        assert isinstance(refused, NotWritten)
        assert list(refused.request_ids) == [2]
        assert everything(at.credits) == [Admission.CANCEL]


async def test_a_lost_link_is_told_behind_what_waited_for_it(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.socket.stop()
        at.put(place(1))
        at.put(place(2))
        lost = LinkLost(LinkDown(1, "it broke", True))
        at.inbox.send_nowait(lost)
        await trio.sleep(0.5)
        assert at.news() == []
        at.socket.end()
        await lost.passed_on.wait()
        refused, down = at.news()
        assert (list(refused.request_ids), down) == ([2], lost.news)
        assert Counter(everything(at.credits)) == {Admission.ORDER: 2}


@pytest.mark.parametrize("turns", range(25))
async def test_a_sender_that_is_cancelled_leaves_its_ends_closed_and_nothing_told_twice(
    autojump_clock: MockClock, turns: int
) -> None:
    """At every turn of the scheduler: idle, inside a write, standing in for one, handing over to rest."""
    async with bench() as at:
        at.socket.stop()
        at.put(cancel(1, 10), place(2))
        at.put(cancel(3, 30))
        await trio.sleep(0.999 if turns % 2 else 0.0999)
        at.put(cancel(4, 2))
        for _ in range(turns):
            await trio.sleep(0.0002)
        at.scope.cancel()
        with trio.CancelScope(shield=True):
            await trio.testing.wait_all_tasks_blocked()
        for channel in (at.told, at.credits, at.detours):
            everything(channel)
            assert channel.statistics().open_send_channels == 0
        assert at.socket.written == []


ACTIONS = st.lists(
    st.sampled_from(["place", "cancel", "cancel one that waits", "query", "stop", "go", "pause", "wait", "long wait"]),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(ACTIONS, st.sampled_from([None, 3]), st.booleans())
def test_each_request_has_one_end_and_its_credit_comes_back_once(
    actions: list[str], rate: int | None, broken: bool
) -> None:
    async def program() -> None:
        async with bench(rate) as at:
            asked: dict[int, Admission] = {}
            for number, action in enumerate(actions, 1):
                await act(at, action, number, asked)
            if broken:
                at.socket.end()
                at.inbox.send_nowait(LinkLost(LinkDown(1, "it broke", False)))
            else:
                at.socket.goes.set()
            await trio.sleep(60)
            at.inbox.send_nowait(SessionOver())
            await trio.testing.wait_all_tasks_blocked()
            refused = [i for item in at.news() if isinstance(item, NotWritten) for i in item.request_ids]
            detours = everything(at.detours)
            moved = [each.send.request.request_id for each in detours if each.send.admission is not None]
            written = len(at.socket.written)
            assert len(set(refused + moved)) == len(refused + moved)
            begun = len(asked) - len(refused) - len(moved)
            assert written == begun or (broken and written == begun - 1)  # one was stuck half way
            returned = Counter(everything(at.credits))
            returned.update(each.send.admission for each in detours if each.send.admission is not None)
            assert returned == Counter(asked.values())

    trio.run(program, clock=MockClock(autojump_threshold=0))


async def act(at: Bench, action: str, number: int, asked: dict[int, Admission]) -> None:
    requests_of: dict[str, Callable[[], requests.Request]] = {
        "place": lambda: place(number),
        "cancel": lambda: cancel(number, 1000 + number),
        "cancel one that waits": lambda: cancel(number, number - 1),
        "query": lambda: query(number),
    }
    if action in requests_of:
        request = requests_of[action]()
        at.put(request)
        less_risk = requests.urgency_of(request) is requests.Urgency.LESS_RISK
        asked[number] = Admission.CANCEL if less_risk else Admission.ORDER
    elif action == "stop":
        at.socket.stop()
    elif action == "go":
        at.socket.goes.set()
    elif action == "pause":
        at.inbox.send_nowait(Pause(1))
    else:
        await trio.sleep(0.3 if action == "wait" else 4)
