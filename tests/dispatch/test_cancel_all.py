"""The cancel of all orders is a kill switch: whoever asks hears how many the venue has canceled, or that it may not
have worked, and what is open all the same is told."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import (
    NewOrder,
    NotSent,
    OrderStatus,
    OutcomeUnknown,
    RequestFailed,
    Side,
    TradingError,
    commands,
    events,
    open_client,
)
from protocol.dispatch.inputs import NotWritten
from protocol.facts import LoggedIn, Outcome
from protocol.requests import CancelAllOrders, ListOpenOrders
from protocol.simulation.faults import FaultKind
from protocol.values import InstrumentId, RequestId, StrategyId
from protocol.venue import SECOND, VenueRules

from .. import scripted_futures, scripted_spot
from ..order_life import Rig, acknowledged, canceled, refused, took, view
from ..scripted_venue import Message, Peer, buy, talking
from ..trading import config_for, drain, open_quiet_venue

ORDERS = {
    "ax": NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=10, price="2400.0"),
    "kraken-futures": NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity="1", price="60000"),
    "kraken-spot": NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="1", price="60000"),
}
COUNTED = {"ax": None, "kraken-futures": 3, "kraken-spot": 3}
"""What the venue says when three orders were open."""
WIRE_NAME = {"ax": "X", "kraken-futures": "/derivatives/api/v3/cancelallorders", "kraken-spot": "cancel_all"}

each = pytest.mark.parametrize("name", list(ORDERS))


# What the answer says


def asked(rig: Rig, instrument: InstrumentId | None = None) -> RequestId:
    rig.ask(commands.CancelAll(instrument), None)
    request = rig.sent()[-1]
    assert isinstance(request, CancelAllOrders)
    return request.request_id


def told(rig: Rig) -> Any:
    """What whoever asked was told by the last input."""
    (reply,) = rig.replies
    return reply.value


@pytest.mark.parametrize("count", [0, 2, None])
def test_the_answer_is_what_the_venue_counts(count: int | None) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = asked(rig)
    assert rig.replies == [], "nothing before the venue has answered"
    rig.hear(took(number, canceled=count))
    assert told(rig) == count


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(Outcome.DEFINITE, RequestFailed), (Outcome.THROTTLED, RequestFailed), (Outcome.AMBIGUOUS, OutcomeUnknown)],
)
def test_a_refusal_is_raised(outcome: Outcome, error: type[TradingError]) -> None:
    rig = Rig()
    number = asked(rig)
    rig.hear(refused(number, outcome, "no such right"))
    assert type(told(rig)) is error
    assert f"(request {number})" in str(told(rig))
    assert "no such right." in str(told(rig))
    assert rig.last.warnings == [str(told(rig))], "whoever asked may wait no longer"


def test_one_that_met_a_limit_is_sent_again_and_answered_then() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", throttled_cancel_delays=(SECOND, 2 * SECOND)))
    number = asked(rig)
    rig.hear(refused(number, Outcome.THROTTLED, "too many"))
    assert rig.replies == []
    rig.wait(1)
    assert [request.request_id for request in rig.sent()] == [number]
    rig.hear(took(number, canceled=4))
    assert told(rig) == 4


def test_one_that_meets_the_limit_every_time_has_failed() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", throttled_cancel_delays=(SECOND, 2 * SECOND)))
    number = asked(rig)
    for pause in (1, 2):
        rig.hear(refused(number, Outcome.THROTTLED, "too many"))
        assert rig.replies == []
        rig.wait(pause)
    rig.hear(refused(number, Outcome.THROTTLED, "too many"))
    assert isinstance(told(rig), RequestFailed)


def test_one_that_rests_when_the_link_ends_was_refused_and_not_sent_again() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", throttled_cancel_delays=(SECOND,)))
    number = asked(rig)
    rig.hear(refused(number, Outcome.THROTTLED, "too many"))
    rig.lose_link()
    assert isinstance(told(rig), RequestFailed)
    assert "too many" in str(told(rig))


def test_without_an_answer_nobody_knows_what_came_of_it() -> None:
    rig = Rig()
    asked(rig)
    rig.wait(9)
    assert rig.replies == []
    rig.time += SECOND
    rig.apply()
    assert isinstance(told(rig), OutcomeUnknown)
    assert "Look at what is open." in str(told(rig))


def test_with_a_lost_link_nobody_knows_what_came_of_it() -> None:
    rig = Rig()
    asked(rig)
    rig.lose_link()
    assert isinstance(told(rig), OutcomeUnknown)
    rig.log_in(view("v1", 1))
    assert rig.replies == []


def test_one_that_was_never_written_was_not_sent() -> None:
    rig = Rig()
    number = asked(rig)
    rig.apply(NotWritten([number], "The socket was closed."))
    assert type(told(rig)) is NotSent


def test_without_a_connection_nothing_is_sent() -> None:
    rig = Rig()
    rig.lose_link()
    answer = rig.ask(commands.CancelAll(None))
    assert type(answer) is NotSent
    assert rig.sent() == []


# What the venue lists behind it


def took_all(*names: str, lag: int = 0) -> tuple[Rig, RequestId]:
    """These orders are live (a7 as v7), and the venue has taken a cancel of all orders."""
    rig = Rig(rules=VenueRules(venue="TEST", lists_lag=lag * SECOND))
    for name in names:
        rig.live(name, f"v{name[1:]}")
    number = asked(rig)
    rig.hear(took(number, canceled=len(names)))
    return rig, number


def listing(rig: Rig) -> RequestId:
    (request,) = [request for request in rig.sent() if isinstance(request, ListOpenOrders)]
    return request.request_id


def test_an_order_that_is_still_listed_is_told_as_a_cancel_that_was_refused() -> None:
    rig, number = took_all("a1", "a2")
    rig.hear(canceled("v1", 1))
    rig.wait(1)
    assert rig.hear(took(listing(rig), orders=(view("v2", 2),))) == ["CancelRejected"]
    event = rig.events()[-1]
    assert isinstance(event, events.CancelRejected)
    assert (event.client_order_id, event.request_id) == ("a2", number)
    assert f"(request {number})" in event.reason
    assert rig.status("a2") is OrderStatus.ACCEPTED
    rig.wait(600)
    assert [type(each) for each in rig.events()].count(events.CancelRejected) == 1, "once"


def test_the_list_is_asked_for_when_it_has_caught_up() -> None:
    rig, _ = took_all("a1", lag=60)
    rig.wait(59.9)
    assert rig.sent() == []
    rig.wait(0.1)
    assert rig.hear(took(listing(rig), orders=(view("v1", 1),))) == ["CancelRejected"]


def test_behind_a_lost_link_the_list_of_the_login_is_compared_and_none_asked_for() -> None:
    rig, number = took_all("a1")
    rig.lose_link()
    rig.wait(10)
    assert [request for request in rig.sent() if isinstance(request, ListOpenOrders)] == []
    rig.log_in(view("v1", 1))
    (event,) = (each for each in rig.events() if isinstance(each, events.CancelRejected))
    assert event.request_id == number
    rig.wait(5)
    assert [request for request in rig.sent() if isinstance(request, ListOpenOrders)] == []


def test_a_list_that_somebody_asked_for_before_proves_nothing() -> None:
    rig, _ = took_all("a1", lag=60)
    rig.wait(59)
    rig.ask(commands.OpenOrders())
    early = listing(rig)
    rig.wait(2)
    assert rig.hear(took(early, orders=(view("v1", 1),))) == []


def test_an_order_that_was_placed_afterwards_was_not_meant() -> None:
    rig, _ = took_all("a1")
    rig.place("a2")
    rig.hear(took(rig.numbers, "v2"), acknowledged("v2", 2))
    rig.sent()
    rig.wait(1)
    assert rig.hear(took(listing(rig), orders=(view("v2", 2),))) == []


def test_an_order_of_another_instrument_was_not_meant() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancels_by_symbol=True))
    rig.live("a1", "v1")
    number = asked(rig, InstrumentId.parse("SILVER.TEST"))
    rig.hear(took(number))
    rig.wait(1)
    assert rig.hear(took(listing(rig), orders=(view("v1", 1),))) == []


@pytest.mark.parametrize("symbol", [None, "GOLD.TEST", "SILVER.TEST"])
def test_an_order_of_another_session_that_was_adopted_meanwhile_was_meant(symbol: str | None) -> None:
    rig = Rig(rules=VenueRules(venue="TEST", cancels_by_symbol=True, lists_lag=60 * SECOND))
    rig.hear(acknowledged("X1", 7))
    (report,) = [each for each in rig.events() if isinstance(each, events.OrderStatusReport)]
    number = asked(rig, None if symbol is None else InstrumentId.parse(symbol))
    rig.hear(took(number, canceled=0), acknowledged("X2", 8))
    later = rig.events()[-1]
    assert isinstance(later, events.OrderStatusReport)
    for each in (report, later):
        rig.ask(commands.Adopt(report=each, client_order_id=None, strategy=StrategyId("mm")), None)
    rig.wait(60)
    rig.hear(took(listing(rig), orders=(view("X1", 7), view("X2", 8))))
    told_of = [each.client_order_id for each in rig.events() if isinstance(each, events.CancelRejected)]
    assert told_of == ([] if symbol == "SILVER.TEST" else ["CID-7"]), "the other one was placed afterwards"


def test_an_order_whose_end_was_told_meanwhile_is_no_news() -> None:
    rig, _ = took_all("a1")
    rig.wait(1)
    number = listing(rig)
    rig.hear(canceled("v1", 1))
    assert "CancelRejected" not in rig.hear(took(number, orders=(view("v1", 1),)))


def test_after_a_lost_link_the_list_of_the_login_serves() -> None:
    rig, number = took_all("a1", lag=60)
    rig.wait(10)
    rig.lose_link()
    assert "CancelRejected" in rig.log_in(view("v1", 1))
    event = next(each for each in rig.events() if isinstance(each, events.CancelRejected))
    assert event.request_id == number
    rig.sent()
    rig.wait(60)
    assert [type(each) for each in rig.events()].count(events.CancelRejected) == 1


def test_what_is_listed_anew_on_the_same_connection_may_be_too_old() -> None:
    rig, _ = took_all("a1", lag=60)
    rig.wait(10)
    anew = LoggedIn(user="u", orders=(view("v1", 1),), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert "CancelRejected" not in rig.hear(anew)


def test_an_order_that_is_listed_as_ended_is_not_open() -> None:
    rig, _ = took_all("a1")
    rig.wait(1)
    ended = view("v1", 1, status=OrderStatus.CANCELED)
    assert "CancelRejected" not in rig.hear(took(listing(rig), orders=(ended,)))


def test_two_cancels_of_all_orders_are_told_apart() -> None:
    rig, first = took_all("a1")
    second = asked(rig)
    rig.hear(took(second, canceled=0))
    rig.wait(1)
    assert rig.hear(took(listing(rig), orders=(view("v1", 1),))) == ["CancelRejected"] * 2
    rejected = [each.request_id for each in rig.events() if isinstance(each, events.CancelRejected)]
    assert rejected == [first, second]


@pytest.mark.parametrize("answered", [True, False])
def test_a_list_that_does_not_come_is_asked_for_again(answered: bool) -> None:
    rig, _ = took_all("a1")
    rig.wait(1)
    number = listing(rig)
    if answered:
        rig.hear(refused(number, Outcome.DEFINITE, "not now"))
    rig.wait(10)
    assert rig.hear(took(listing(rig), orders=(view("v1", 1),))) == ["CancelRejected"]


def test_what_can_never_be_asked_for_is_said() -> None:
    rig, number = took_all("a1")
    warnings: list[str] = []
    for _ in range(40):
        rig.wait(10)
        warnings += rig.last.warnings
    assert [text for text in warnings if f"(request {number})" in text and "could not be asked" in text]
    rig.sent()
    rig.wait(60)
    assert rig.sent() == []


# At the venues


@each
async def test_a_program_hears_how_many_were_canceled(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        orders = [await client.submit(ORDERS[name]) for _ in range(3)]
        for order in orders:
            await order.accepted()
        assert await client.cancel_all() == COUNTED[name]
        for order in orders:
            assert (await order.done()).status is OrderStatus.CANCELED
        with client.events() as stream:
            assert "CancelRejected" not in [type(event).__name__ for event in await drain(stream, 100)]


@each
async def test_a_watcher_cancels_what_others_have_placed(autojump_clock: MockClock, name: str) -> None:
    async with (
        open_quiet_venue(name=name) as venue,
        open_client(config_for(venue)) as trader,
        open_client(config_for(venue)) as watcher,
    ):
        orders = [await trader.submit(ORDERS[name]) for _ in range(3)]
        for order in orders:
            await order.accepted()
        assert await watcher.cancel_all() == COUNTED[name]
        for order in orders:
            assert (await order.done()).status is OrderStatus.CANCELED


@each
async def test_a_program_hears_that_its_cancel_may_not_have_worked(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await client.submit(ORDERS[name])
        await order.accepted()
        kind = FaultKind.REST_ERROR if name == "kraken-futures" else FaultKind.DROP_BEFORE
        venue.fail_next(kind, of=WIRE_NAME[name])
        with pytest.raises(OutcomeUnknown, match="Look at what is open"):
            await client.cancel_all()
        assert (await order.state()).status is OrderStatus.ACCEPTED


@each
async def test_an_answer_that_never_comes_leaves_open_what_came_of_it(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        order = await client.submit(ORDERS[name])
        await order.accepted()
        kind = FaultKind.REST_ERROR_EXECUTED if name == "kraken-futures" else FaultKind.DROP_ANSWER
        venue.fail_next(kind, of=WIRE_NAME[name])
        with pytest.raises(OutcomeUnknown):
            await client.cancel_all()
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_ax_takes_it_and_leaves_an_order_open(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):

        async def do_nothing(peer: Peer, message: Message) -> None:
            await peer.say({"rid": message["rid"], "res": {}})

        order = await client.submit(buy())
        await order.accepted()
        venue.on["X"] = do_nothing
        assert await client.cancel_all() is None
        (event,) = [each for each in await drain(stream, 30) if isinstance(each, events.CancelRejected)]
        assert event.client_order_id == order.client_order_id
        await client.cancel(order)
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_futures_count_and_leave_an_order_open(autojump_clock: MockClock) -> None:
    async with scripted_futures.trading() as (venue, client, stream):

        async def count(params: dict[str, str]) -> Any:
            status = {"status": "cancelled", "cancelOnly": "all", "cancelledOrders": [{"order_id": "x"}]}
            return scripted_futures.ok(cancelStatus=status | {"orderEvents": []})

        order = await client.submit(scripted_futures.buy(client_order_id="f-1"))
        state = await order.accepted()
        venue.on_call["cancelallorders"] = count
        venue.open_rows = [scripted_futures.open_row(state.venue_order_id or "", "f-1")]
        assert await client.cancel_all() == 1
        rejected = [each for each in await drain(stream, 30) if isinstance(each, events.CancelRejected)]
        assert [event.client_order_id for event in rejected] == ["f-1"]


async def test_spot_counts_and_lists_an_order_a_minute_later(autojump_clock: MockClock) -> None:
    async with (
        scripted_spot.open_scripted_spot() as venue,
        open_client(scripted_spot.spot_config(venue)) as client,
    ):

        async def count(peer: Peer, message: Message) -> None:
            await venue.answer(peer, message, count=1)

        venue.on["cancel_all"] = count
        with client.events() as stream:
            order = await client.submit(scripted_spot.buy(client_order_id="s-1"))
            await order.accepted()
            began = trio.current_time()
            assert await client.cancel_all() == 1
            assert trio.current_time() - began < 1, "the list is read behind the answer"
            early = await drain(stream, 59)
            assert not [each for each in early if isinstance(each, events.CancelRejected)]
            rejected = [each for each in await drain(stream, 10) if isinstance(each, events.CancelRejected)]
            assert [event.client_order_id for event in rejected] == ["s-1"]


# Whoever asks may go, and so may the client


async def test_a_wait_that_is_given_up_calls_nothing_back(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, _):
        cancel_all = venue.on["X"]

        async def slowly(peer: Peer, message: Message) -> None:
            await trio.sleep(3)
            await cancel_all(peer, message)

        order = await client.submit(buy())
        await order.accepted()
        venue.on["X"] = slowly
        with trio.move_on_after(1) as patience:
            await client.cancel_all()
        assert patience.cancelled_caught
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_client_that_ends_meanwhile_does_not_know_what_came_of_it(autojump_clock: MockClock) -> None:
    async with talking(close_grace=1.0, close_timeout=3.0) as (venue, client, _):

        async def say_nothing(peer: Peer, message: Message) -> None:
            pass

        venue.on["X"] = say_nothing
        raised: list[TradingError] = []

        async def cancel_all() -> None:
            try:
                await client.cancel_all()
            except TradingError as error:
                raised.append(error)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_all)
            await venue.wait_for("X")
            await client.close()
        assert [type(error) for error in raised] == [OutcomeUnknown]
        with pytest.raises(NotSent, match="closed"):
            await client.cancel_all()


def test_closing_while_a_comparison_is_due_asks_for_no_list() -> None:
    rig, _ = took_all("a1")
    rig.ask(commands.Disconnect(grace=30 * SECOND), None)
    rig.sent()
    rig.wait(20)
    assert rig.sent() == []
