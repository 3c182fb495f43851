"""The rest actor by itself, over an HTTP client that a test moves: each call has one end, and what is said of it is
true."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import trio
from attrs import define, evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.fetch import Fetch
from actors.net.http import HttpFailed
from actors.plumbing.channels import Batch
from actors.plumbing.clock import Clock
from actors.plumbing.one_shot import OneShot
from actors.plumbing.published import Published
from actors.rest import CallsOver, Forget, RestContext, ToRest, run_rest
from actors.token import TokenRequest
from protocol import requests
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, Heard, NotWritten
from protocol.facts import Outcome
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.values import OrderType, RequestId, Side, TimeInForce
from protocol.venue import HttpAnswer, HttpCall

SECOND = 1_000_000_000
VENUE = KrakenSpotVenue(
    KrakenSpotSettings(
        api_key="k",
        api_secret="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
        rest_entry=True,
        use_budget=False,
    )
)
PLACED = (
    b'{"error":[],"result":{"descr":{"order":"buy 1.00000000 XBTUSD @ limit 60000.0"},"txid":["OU22CG-KLAF2-FWUDD7"]}}'
)
CANCELED = b'{"error":[],"result":{"count":1}}'
WRONG_NONCE = b'{"error":["EAPI:Invalid nonce"]}'
"""Answers as in spec Kraken A.2 and A.17."""


@define
class MovedClient:
    """connects, answers: set while connections come about, and while the venue answers; answer: what it says to the
    next calls, then `CANCELED`."""

    connects: trio.Event = field(factory=trio.Event)
    answers: trio.Event = field(factory=trio.Event)
    answer: list[HttpAnswer | HttpFailed] = field(factory=list)
    begun: list[HttpCall] = field(factory=list)

    async def call(
        self,
        call: HttpCall,
        token: str | None,
        *,
        on_written: Callable[[], None] | None = None,
        finish: Callable[[], HttpCall] | None = None,
    ) -> HttpAnswer:
        assert finish is not None
        await trio.lowlevel.checkpoint()
        await self.connects.wait()
        self.begun.append(finish())
        await self.answers.wait()
        reply = self.answer.pop(0) if self.answer else HttpAnswer(status=200, body=CANCELED)
        if isinstance(reply, HttpFailed):
            raise reply
        return reply

    @property
    def paths(self) -> list[str]:
        return [call.path.rpartition("/")[2] for call in self.begun]


def place(number: int) -> requests.PlaceOrder:
    return requests.PlaceOrder(
        request_id=RequestId(number),
        symbol="BTC/USD",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(60000),
        trigger_price=None,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        wire_id=f"order-{number}",
        tag=None,
    )


def cancel(number: int, of: int) -> requests.CancelOrder:
    return requests.CancelOrder(request_id=RequestId(number), venue_order_id=None, wire_id=f"order-{of}")


def query(number: int) -> requests.QueryOrder:
    return requests.QueryOrder(request_id=RequestId(number), venue_order_id=None, wire_id="order-0")


@frozen
class Bench:
    """A rest actor, and the other ends of its channels."""

    http: MovedClient
    inbox: Any
    told: Any
    credits: Any
    scope: trio.CancelScope
    ended: trio.Event

    def put(self, *items: requests.Request) -> None:
        for each in items:
            less_risk = requests.urgency_of(each) is requests.Urgency.LESS_RISK
            self.inbox.send_nowait(Send(each, 0, Admission.CANCEL if less_risk else Admission.ORDER))

    def fetch(self) -> OneShot[Any]:
        """Asks for a call of somebody else's; gives where its answer comes."""
        reply: OneShot[Any] = OneShot()
        call = VENUE.login_call()
        self.inbox.send_nowait(Fetch(call, reply))
        return reply

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
async def bench(venue: KrakenSpotVenue = VENUE) -> AsyncIterator[Bench]:
    to_rest, inbox = trio.open_memory_channel[ToRest](5000)
    to_dispatch, told = trio.open_memory_channel[Batch](5000)
    give_back, credits = trio.open_memory_channel[Admission](5000)
    to_token, _ = trio.open_memory_channel[TokenRequest](1)
    http = MovedClient()
    context = RestContext(
        venue=venue,
        http=http,
        nonce=Published(0),
        token=Published(None),
        to_token=to_token,
        credits=give_back,
        clock=Clock(lambda: 1_767_225_600 * SECOND),
        patience=2 * SECOND,
        http_timeout=3 * SECOND,
    )
    ended = trio.Event()

    async def run() -> None:
        try:
            await run_rest(inbox, to_dispatch, context)
        finally:
            ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        yield Bench(http, to_rest, told, credits, nursery.cancel_scope, ended)
        nursery.cancel_scope.cancel()


def nonces(http: MovedClient) -> list[int]:
    return [int((call.body or b"").partition(b"nonce=")[2].partition(b"&")[0]) for call in http.begun]


async def test_a_call_gets_its_number_when_its_connection_is_there(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.put(place(1))
        await trio.testing.wait_all_tasks_blocked()
        at.put(cancel(2, 0))
        await trio.testing.wait_all_tasks_blocked()
        assert at.http.begun == []
        at.http.connects.set()
        await trio.testing.wait_all_tasks_blocked()
        assert nonces(at.http) == [1_767_225_600_000_000_000, 1_767_225_600_000_000_001]


async def test_a_connect_that_hangs_holds_nobody_back_and_is_told_unsent(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.put(place(1), place(2), cancel(3, 0), query(4))
        began = trio.current_time()
        await trio.sleep(3.1)
        told = at.news()
        assert trio.current_time() - began < 3.2
        assert {type(item) for item in told} == {NotWritten}
        assert sorted(list(item.request_ids) for item in told) == [[1], [2], [3], [4]]
        assert {item.reason for item in told} == {
            "There was no connection for it within 3 s, so this was not sent. It is safe to send it again."
        }
        assert Counter(everything(at.credits)) == {Admission.ORDER: 3, Admission.CANCEL: 1}
        at.http.connects.set()
        await trio.sleep(1)
        assert at.http.begun == []


@pytest.mark.parametrize(
    ("request_", "tries"),
    [
        (cancel(1, 0), 3),
        (query(1), 3),
        (place(1), 1),
        (requests.SetCancelAllAfter(request_id=RequestId(1), seconds=60), 3),
    ],
    ids=["cancel", "question", "placement", "switch"],
)
async def test_a_number_that_the_venue_refuses_is_replaced_except_in_a_placement(
    autojump_clock: MockClock, request_: requests.Request, tries: int
) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.http.answers.set()
        at.http.answer = [HttpAnswer(status=200, body=WRONG_NONCE)] * 3
        at.put(request_)
        await trio.sleep(0.1)
        assert len(at.http.begun) == tries
        assert nonces(at.http) == sorted(set(nonces(at.http)))
        (heard,) = at.news()
        assert [fact.reason for fact in heard.facts] == ["EAPI:Invalid nonce"]


async def test_a_budget_that_the_venue_calls_used_up_is_used_up_here_too(autojump_clock: MockClock) -> None:
    async with bench(KrakenSpotVenue(evolve(VENUE.settings, use_budget=True))) as at:
        at.http.connects.set()
        at.http.answers.set()
        at.http.answer = [HttpAnswer(status=200, body=b'{"error":["EAPI:Rate limit exceeded"]}')]
        at.put(requests.ListOpenOrders(request_id=RequestId(1)))
        await trio.sleep(0.1)
        assert len(at.http.begun) == 1
        at.put(requests.ListOpenOrders(request_id=RequestId(2)))
        await trio.sleep(1)
        assert len(at.http.begun) == 1  # though ours would have allowed many more
        assert [type(item).__name__ for item in at.news()] == ["Heard"]


async def test_a_cancel_whose_number_was_refused_once_works_the_second_time(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.http.answers.set()
        at.http.answer = [HttpAnswer(status=200, body=WRONG_NONCE)]
        at.put(cancel(1, 0))
        await trio.sleep(0.1)
        (heard,) = at.news()
        assert [type(fact).__name__ for fact in heard.facts] == ["RequestAnswered"]
        assert everything(at.credits) == [Admission.CANCEL]


async def test_a_refused_cancel_that_finds_no_connection_again_was_certainly_not_executed(
    autojump_clock: MockClock,
) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.http.answer = [HttpAnswer(status=200, body=WRONG_NONCE)]
        at.put(cancel(1, 0))
        await trio.testing.wait_all_tasks_blocked()
        at.http.connects = trio.Event()
        at.http.answers.set()
        await trio.sleep(5)
        (refused,) = at.news()
        assert isinstance(refused, NotWritten)
        assert everything(at.credits) == [Admission.CANCEL]


async def test_a_call_that_was_begun_is_never_told_unsent(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.put(place(1))
        await trio.sleep(20)
        assert at.news() == []
        at.http.answer = [HttpFailed("no complete answer within 3 s", sent=True)]
        at.http.answers.set()
        await trio.sleep(0.1)
        (heard,) = at.news()
        assert [fact.outcome for fact in heard.facts] == [Outcome.AMBIGUOUS]


async def test_a_ban_is_told_to_what_it_outlasts_and_waited_for_by_the_rest(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.http.answers.set()
        at.http.answer = [HttpAnswer(status=429, body=b"slow down", headers={"retry-after": "2"})]
        at.put(query(1))
        await trio.sleep(0.5)
        at.news()
        at.put(cancel(2, 0))
        await trio.sleep(1.4)
        assert at.http.paths == ["OpenOrders"]
        await trio.sleep(0.2)
        assert at.http.paths == ["OpenOrders", "CancelOrder"]
        at.news()
        at.http.answer = [HttpAnswer(status=429, body=b"slow down", headers={"retry-after": "60"})]
        at.put(query(3))
        await trio.sleep(1)
        at.news()
        at.put(cancel(4, 0), place(5))
        await trio.testing.wait_all_tasks_blocked()
        assert {item.reason for item in at.news()} == {
            "The venue asked to be left alone for another 59 s, so this was not sent. Send it again after that."
        }


async def test_what_waits_for_a_connection_while_a_ban_is_spoken_is_not_begun(autojump_clock: MockClock) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.put(query(1))
        await trio.testing.wait_all_tasks_blocked()
        at.http.connects = trio.Event()
        at.put(cancel(2, 0))
        await trio.testing.wait_all_tasks_blocked()
        at.http.answer = [HttpAnswer(status=429, body=b"", headers={"retry-after": "30"})]
        at.http.answers.set()
        await trio.testing.wait_all_tasks_blocked()
        at.http.connects.set()
        await trio.testing.wait_all_tasks_blocked()
        assert at.http.paths == ["OpenOrders"]
        assert "asked to be left alone for another 30 s" in at.news()[-1].reason


# Questions of our own

STARTER = KrakenSpotVenue(evolve(VENUE.settings, use_budget=True))
"""15 points of calls, of which a third of one comes back in a second; fills cost two (spec Kraken A.15)."""
EMPTY_PAGE = HttpAnswer(status=200, body=b'{"error":[],"result":{"trades":{},"count":0}}')
OUT_OF_BUDGET = HttpAnswer(status=200, body=b'{"error":["EAPI:Rate limit exceeded"]}')


def fills(number: int) -> requests.ListFills:
    return requests.ListFills(request_id=RequestId(number), start=0, end=SECOND, symbol=None, latest=True)


def open_orders(number: int) -> requests.ListOpenOrders:
    return requests.ListOpenOrders(request_id=RequestId(number))


OWN = requests.FIRST_INTERNAL_ID


def answering(at: Bench, *answers: HttpAnswer) -> None:
    at.http.connects.set()
    at.http.answers.set()
    at.http.answer = [*answers, *[EMPTY_PAGE] * 200]


async def test_a_reading_of_our_own_waits_for_the_budget_where_a_users_is_refused(autojump_clock: MockClock) -> None:
    async with bench(STARTER) as at:
        answering(at)
        began = trio.current_time()
        times = []
        for number in range(12):
            at.put(fills(OWN + number))
            while len(at.http.begun) == number:
                await trio.sleep(0.1)
            times.append(round(trio.current_time() - began))
        assert times[:4] == [0, 0, 0, 0]  # what is not kept for others: four pages of two points
        assert {later - earlier for earlier, later in pairwise(times[4:])} <= {6, 7}  # as they flow back
        await trio.sleep(0.1)
        assert {type(item) for item in at.news()} == {Heard}


async def test_what_a_user_asks_goes_first_while_readings_of_our_own_wait(autojump_clock: MockClock) -> None:
    async with bench(STARTER) as at:
        answering(at)
        at.put(*[fills(OWN + number) for number in range(6)], open_orders(OWN + 6))
        await trio.sleep(0.1)
        assert at.http.paths == [*["TradesHistory"] * 4, "OpenOrders"]  # which orders are open comes before the rest
        at.put(fills(1), fills(2), cancel(3, 0), place(4))
        await trio.sleep(0.1)
        assert sorted(at.http.paths[5:]) == ["AddOrder", "CancelOrder", "TradesHistory", "TradesHistory"]
        at.news()
        await trio.sleep(60)
        assert at.http.paths[9:] == ["TradesHistory"] * 2
        assert {type(item) for item in at.news()} == {Heard}


async def test_a_question_of_our_own_gives_way_to_orders_and_is_not_lost(autojump_clock: MockClock) -> None:
    async with bench(STARTER) as at:
        answering(at)
        at.put(*[fills(number) for number in range(6)])
        await trio.sleep(0.1)
        at.put(query(OWN))
        await trio.sleep(1)
        at.put(place(7))
        await trio.sleep(0.9)
        assert at.http.paths == ["TradesHistory"] * 6
        await trio.sleep(0.2)
        assert at.http.paths[6:] == ["AddOrder"]
        await trio.sleep(20)
        assert at.http.paths[7:] == ["OpenOrders"]
        assert {type(item) for item in at.news()} == {Heard}


@pytest.mark.parametrize(
    ("refusal", "pause"),
    [
        (OUT_OF_BUDGET, 24),  # two points for the call, two in reserve, and four for the user
        (HttpAnswer(status=429, body=b"slow down", headers={"retry-after": "40"}), 40),
        (HttpAnswer(status=503, body=b"", headers={"retry-after": "30"}), 30),
        (HttpAnswer(status=429, body=b""), 1),
    ],
    ids=["budget", "ban", "unavailable", "no time named"],
)
async def test_a_reading_that_the_venue_does_not_want_now_is_asked_for_again_without_a_word(
    autojump_clock: MockClock, refusal: HttpAnswer, pause: int
) -> None:
    async with bench(STARTER) as at:
        answering(at, refusal)
        at.put(fills(OWN))
        await trio.sleep(pause - 0.5)
        assert len(at.http.begun) == 1
        assert at.news() == []
        await trio.sleep(1.5)
        assert at.http.paths == ["TradesHistory", "TradesHistory"]
        (heard,) = at.news()
        assert [type(fact).__name__ for fact in heard.facts] == ["FillsListed"]
        assert nonces(at.http) == sorted(set(nonces(at.http)))
        assert everything(at.credits) == [Admission.ORDER]


async def test_a_ban_that_is_spoken_while_a_reading_waits_for_its_connection_puts_it_off(
    autojump_clock: MockClock,
) -> None:
    async with bench() as at:
        at.http.connects.set()
        at.put(query(1))
        await trio.testing.wait_all_tasks_blocked()
        at.http.connects = trio.Event()
        at.put(fills(OWN))
        await trio.testing.wait_all_tasks_blocked()
        at.http.answer = [HttpAnswer(status=429, body=b"", headers={"retry-after": "30"}), EMPTY_PAGE]
        at.http.answers.set()
        await trio.testing.wait_all_tasks_blocked()
        at.http.connects.set()
        await trio.sleep(29)
        assert at.http.paths == ["OpenOrders"]
        await trio.sleep(2)
        assert at.http.paths == ["OpenOrders", "TradesHistory"]


async def test_a_reading_waits_two_minutes_and_then_says_so(autojump_clock: MockClock) -> None:
    async with bench(STARTER) as at:
        answering(at, *[OUT_OF_BUDGET] * 200)
        at.put(fills(OWN))
        await trio.sleep(116)
        assert at.news() == []
        await trio.sleep(3)  # before the time for its answer, which begins after two minutes, is over
        (refused,) = at.news()
        assert isinstance(refused, NotWritten)
        assert list(refused.request_ids) == [OWN]
        assert refused.reason.startswith("The venue's budget for calls was used up for too long")
        assert len(at.http.begun) == 5  # every 24 s: what the venue refuses is not asked for again at once


async def test_a_ban_that_outlasts_the_patience_of_a_reading_is_told_at_once(autojump_clock: MockClock) -> None:
    async with bench() as at:
        answering(at, HttpAnswer(status=429, body=b"", headers={"retry-after": "300"}))
        at.put(fills(OWN))
        await trio.sleep(1)
        (refused,) = at.news()
        assert "asked to be left alone for another 300 s" in refused.reason


@pytest.mark.parametrize("reached", ["queue", "connecting", "answering"])
async def test_a_question_that_is_of_no_use_any_more_is_dropped_without_a_word(
    autojump_clock: MockClock, reached: str
) -> None:
    async with bench(STARTER) as at:
        if reached == "queue":
            answering(at, OUT_OF_BUDGET)
            at.put(fills(1))
        elif reached == "answering":
            at.http.connects.set()
        await trio.sleep(0.1)
        begun = len(at.http.begun)
        at.put(query(OWN))
        await trio.sleep(0.1)
        everything(at.credits)
        at.news()
        at.inbox.send_nowait(Forget([RequestId(OWN)]))
        await trio.sleep(0.1)
        at.http.connects.set()
        at.http.answers.set()
        await trio.sleep(100)
        assert len(at.http.begun) == begun + (reached == "answering")
        assert [type(item) for item in at.news()] == ([Heard] if reached == "answering" else [])
        assert everything(at.credits) == [Admission.ORDER]


# Cancelled, or over, at any point


@pytest.mark.parametrize("how", ["cancelled", "over"])
@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("reached", ["inbox", "connecting", "answering", "between two tries"])
async def test_whoever_waits_for_a_call_hears_of_the_end_at_whatever_point_it_comes(
    autojump_clock: MockClock, how: str, turns: int, reached: str
) -> None:
    async with bench() as at:
        if reached != "inbox":
            if reached in ("answering", "between two tries"):
                at.http.connects.set()
            if reached == "between two tries":
                at.http.answer = [HttpAnswer(status=200, body=WRONG_NONCE)] * 2
                at.http.answers.set()
        reply = at.fetch()
        at.put(cancel(1, 0), place(2))
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        if how == "cancelled":
            at.scope.cancel()
        else:
            at.inbox.send_nowait(CallsOver())
        with trio.CancelScope(shield=True):
            await at.ended.wait()
            begun = len(at.http.begun)
            await trio.testing.wait_all_tasks_blocked()
            assert len(at.http.begun) == begun  # nothing goes on
            with trio.fail_after(1):
                value = await reply.receive()
        if isinstance(value, HttpFailed):
            was_begun = any(path == "GetWebSocketsToken" for path in at.http.paths)
            assert value.sent or not was_begun or reached == "between two tries"
        for channel in (at.told, at.credits):
            everything(channel)
            assert channel.statistics().open_send_channels == 0


ACTIONS = (
    "place",
    "cancel",
    "cancel the one before",
    "query",
    "connect",
    "hang",
    "answer",
    "say nothing",
    "refuse number",
    "lose",
    "ban",
    "wait",
    "long wait",
)
REPLIES: dict[str, HttpAnswer | HttpFailed] = {
    "refuse number": HttpAnswer(status=200, body=WRONG_NONCE),
    "lose": HttpFailed("the connection ended before an answer came", sent=True),
    "ban": HttpAnswer(status=429, body=b"", headers={"retry-after": "1"}),
}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(ACTIONS), max_size=40))
def test_each_request_has_one_end_and_its_credit_comes_back_once(actions: list[str]) -> None:
    async def program() -> None:
        async with bench() as at:
            asked: dict[int, requests.Request] = {}
            for number, action in enumerate(actions, 1):
                await act(at, action, number, asked)
            at.http.answers.set()
            await trio.sleep(30)
            ends: Counter[int] = Counter()
            for item in at.news():
                told = item.request_ids if isinstance(item, NotWritten) else {item.facts[0].request_id}
                assert isinstance(item, NotWritten | Heard)
                ends.update(told)
            assert ends == Counter(asked.keys())
            less_risk = [requests.urgency_of(each) is requests.Urgency.LESS_RISK for each in asked.values()]
            kinds = {Admission.CANCEL: less_risk.count(True), Admission.ORDER: less_risk.count(False)}
            assert Counter(everything(at.credits)) == Counter(kinds)

    trio.run(program, clock=MockClock(autojump_threshold=0))


async def act(at: Bench, action: str, number: int, asked: dict[int, requests.Request]) -> None:
    made: dict[str, Callable[[], requests.Request]] = {
        "place": lambda: place(number),
        "cancel": lambda: cancel(number, 1000 + number),
        "cancel the one before": lambda: cancel(number, number - 1),
        "query": lambda: query(number),
    }
    if action in made:
        asked[number] = made[action]()
        at.put(asked[number])
    elif action == "connect":
        at.http.connects.set()
    elif action == "hang" and at.http.connects.is_set():
        at.http.connects = trio.Event()
    elif action == "answer":
        at.http.answers.set()
    elif action == "say nothing" and at.http.answers.is_set():
        at.http.answers = trio.Event()
    elif action in REPLIES:
        at.http.answer.append(REPLIES[action])
    elif action.endswith("wait"):
        await trio.sleep(0.3 if action == "wait" else 4)
