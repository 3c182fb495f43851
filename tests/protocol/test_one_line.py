"""What `str()` gives of an event, an order, a report, an error: one line that a trader reads at a glance."""

from __future__ import annotations

from decimal import Decimal as D
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.order import Order
from protocol import NewOrder, NotSent, OrderIdentity, OrderState, Reconciliation, Side, SystemMode, events
from protocol.errors import Throttled, TradingError
from protocol.one_line import LONGEST, LONGEST_ID, one_line, parts_of
from protocol.structs import evolve
from protocol.values import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    Money,
    OffsetUnit,
    OrderStatus,
    OrderType,
    RequestId,
    TimeInForce,
    VenueOrderId,
    instrument_id,
)
from tests.any_event import all_event_classes, any_of
from tests.order_records import (
    A7,
    OF_EVENT,
    PLACED,
    US,
    accepted,
    canceled,
    completed,
    denied,
    filled,
    lost,
    submitted,
    triggered,
    updated,
)


class OfReport(TypedDict):
    """What all reports have in common."""

    local_time: int
    account: AccountId
    instrument: InstrumentId
    client_order_id: ClientOrderId | None
    venue_order_id: VenueOrderId
    venue_time: int


class OfLink(TypedDict):
    """What all connection events have in common."""

    local_time: int
    venue: str
    account: AccountId
    connection: int


OF_REPORT: OfReport = {
    "local_time": PLACED,
    "account": AccountId("A"),
    "instrument": instrument_id("GOLD.TEST"),
    "client_order_id": None,
    "venue_order_id": VenueOrderId("o9"),
    "venue_time": PLACED + 123_456_789,
}
OF_LINK: OfLink = {"local_time": PLACED, "venue": "AX", "account": AccountId("A"), "connection": 2}
PART = OrderStatus.PARTIALLY_FILLED

ORDER_EVENTS = [
    (submitted(), "Submitted BUY 10 GOLD.TEST at 100, trigger 99, IOC, post-only [a7]"),
    (
        submitted(evolve(US, type=OrderType.MARKET), quantity=None, price=None, quote_quantity=D(500)),
        "Submitted BUY for 500 USD of GOLD.TEST at market, trigger 99, IOC, post-only [a7]",
    ),
    (
        submitted(evolve(US, type=OrderType.STOP_LIMIT), time_in_force=TimeInForce.GTC, post_only=False),
        "Submitted BUY 10 GOLD.TEST, STOP_LIMIT at 100, trigger 99 [a7]",
    ),
    (denied(), "Denied BUY GOLD.TEST: never sent [a7]"),
    (evolve(accepted(), sequence=12), "#12 Accepted BUY GOLD.TEST [a7 / o1]"),
    (accepted(of=evolve(US, side=None)), "Accepted GOLD.TEST [a7 / o1]"),
    (
        events.Rejected(**OF_EVENT, reason="No money.", due_post_only=False),
        "Rejected BUY GOLD.TEST: No money. [a7 / o1]",
    ),
    (
        events.Rejected(**OF_EVENT, reason="would cross", due_post_only=True),
        "Rejected BUY GOLD.TEST, post-only: would cross [a7 / o1]",
    ),
    (updated(VenueOrderId("o2")), "Updated BUY GOLD.TEST to 10 at 100, trigger 99 [a7 / o2]"),
    (
        updated(VenueOrderId("o2"), quantity=None, trigger_price=None, previous_venue_order_id=VenueOrderId("o1")),
        "Updated BUY GOLD.TEST to quantity not known at 100, venue order id was o1 [a7 / o2]",
    ),
    (
        events.ReplaceRejected(**OF_EVENT, request_id=RequestId(7), reason="Too late."),
        "ReplaceRejected BUY GOLD.TEST, request 7: Too late. [a7 / o1]",
    ),
    (triggered(), "Triggered BUY GOLD.TEST [a7 / o1]"),
    (
        filled("t1", 15, size=5, leaves=D(25), status=PART, sequence=12),
        "#12 Filled BUY 5 GOLD.TEST at 100, 15 of 40 done, 25 left, fee 0.1 USD (maker) [a7 / o1]",
    ),
    (
        filled("t1", 40, status=OrderStatus.FILLED, commission=None, side=Side.SELL, overfill=D("0.50")),
        "Filled SELL 1 GOLD.TEST at 100, 40 done, complete, 0.5 more than ordered, fee not known yet (maker) [a7 / o1]",
    ),
    (
        filled("t1", 3, status=OrderStatus.CANCELED, commission=Money(D("-0.10"), "USD")),
        "Filled BUY 1 GOLD.TEST at 100, 3 done, already CANCELED, rebate 0.1 USD (maker) [a7 / o1]",
    ),
    (filled("t1", 3), "Filled BUY 1 GOLD.TEST at 100, 3 done, quantity not known, fee 0.1 USD (maker) [a7 / o1]"),
    (
        events.FeeReported(
            **OF_EVENT,
            trade_id=filled("t1", 1).trade_id,
            fill_venue_order_id=VenueOrderId("o1"),
            commission=Money(D("0E-8"), "USD"),
        ),
        "FeeReported BUY GOLD.TEST, fee 0 USD for trade t1 [a7 / o1]",
    ),
    (canceled(), "Canceled BUY GOLD.TEST, 0 done: asked for [a7 / o1]"),
    (
        evolve(canceled(), due_post_only=True, reason=""),
        "Canceled BUY GOLD.TEST, 0 done, it would have crossed the book [a7 / o1]",
    ),
    (
        events.CancelRejected(**OF_EVENT, request_id=None, reason="Gone."),
        "CancelRejected BUY GOLD.TEST: Gone. [a7 / o1]",
    ),
    (events.Expired(**OF_EVENT, reason="", cumulative=D("1.50")), "Expired BUY GOLD.TEST, 1.5 done [a7 / o1]"),
    (completed(concluded=False), "Completed BUY GOLD.TEST, 1 done [a7 / o1]"),
    (completed(concluded=True), "Completed BUY GOLD.TEST, 1 done, concluded from its quantity [a7 / o1]"),
    (
        evolve(lost("no answer"), since=PLACED),
        "StatusUnknown BUY GOLD.TEST since 2023-11-14T22:13:20.000Z: no answer [a7]",
    ),
    (
        events.Reopened(**OF_EVENT, was=OrderStatus.DENIED, status=PART, leaves=D(4), reason="It lives."),
        "Reopened BUY GOLD.TEST was DENIED, the venue shows PARTIALLY_FILLED, 4 left: It lives. [a7 / o1]",
    ),
    (
        events.Reopened(**OF_EVENT, was=OrderStatus.UNKNOWN, status=OrderStatus.ACCEPTED, leaves=None, reason=""),
        "Reopened BUY GOLD.TEST was UNKNOWN, the venue shows ACCEPTED, quantity not known [a7 / o1]",
    ),
]
REPORTS = [
    (
        events.OrderStatusReport(
            **OF_REPORT,
            status=PART,
            side=Side.SELL,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=D("60000.10"),
            trigger_price=None,
            quantity=D(40),
            cumulative=D(15),
            post_only=True,
            reason="",
            reduce_only=True,
        ),
        "OrderStatusReport SELL 40 GOLD.TEST at 60000.1, PARTIALLY_FILLED, 15 of 40 done, post-only, reduce-only [o9]",
    ),
    (
        events.OrderStatusReport(
            **OF_REPORT | {"client_order_id": ClientOrderId("theirs")},
            status=None,
            side=None,
            type=None,
            time_in_force=None,
            price=None,
            trigger_price=None,
            quantity=None,
            cumulative=None,
            post_only=False,
            reason="The venue does not say how it ended.",
        ),
        "OrderStatusReport GOLD.TEST, status not known: The venue does not say how it ended. [theirs / o9]",
    ),
    (
        events.FillReport(
            **OF_REPORT,
            trade_id=filled("t1", 1).trade_id,
            side=Side.BUY,
            last_price=D("1E+2"),
            last_quantity=D("2.0"),
            currency="USD",
            commission=Money(D("0.12"), "USD"),
            liquidity=filled("t1", 1).liquidity.TAKER,
        ),
        "FillReport BUY 2 GOLD.TEST at 100, fee 0.12 USD (taker), 2023-11-14T22:13:20.123Z [o9]",
    ),
]
CLOSE = events.CloseReport(
    **OF_LINK,
    canceled=(A7,),
    still_open=tuple(map(ClientOrderId, "abcd")),
    unknown=(),
    canceled_count=1,
    still_open_count=4,
    unknown_count=0,
    cancel_confirmed=False,
)
LINK_EVENTS = [
    (
        events.Connected(**OF_LINK, url="wss://user:secret@host.test:443/ws/v1?token=secret"),
        "Connected to wss://host.test:443/ws/v1 [AX / A / connection 2]",
    ),
    (
        events.Reconnected(**OF_LINK, url="wss://host.test", sequence=3),
        "#3 Reconnected to wss://host.test [AX / A / connection 2]",
    ),
    (events.Authenticated(**OF_LINK, user="U-1"), "Authenticated as U-1 [AX / A / connection 2]"),
    (events.Authenticated(**OF_LINK, user=""), "Authenticated [AX / A / connection 2]"),
    (
        events.Disconnected(**OF_LINK, reason="Lost.", will_retry=True),
        "Disconnected will reconnect: Lost. [AX / A / connection 2]",
    ),
    (
        events.Disconnected(**OF_LINK, reason="Closed.", will_retry=False),
        "Disconnected will not reconnect: Closed. [AX / A / connection 2]",
    ),
    (
        events.Reconciled(**OF_LINK, open_orders=1, settled=2, gaps=3),
        "Reconciled 1 open at the venue, 2 changed meanwhile, 3 short of fills [AX / A / connection 2]",
    ),
    (
        events.Reconciled(
            **OF_LINK,
            open_orders=0,
            settled=0,
            gaps=0,
            open_questions=4,
            fills_complete_until=PLACED,
            history_failed=True,
        ),
        "Reconciled 0 open at the venue, 0 changed meanwhile, 0 short of fills, 4 in question, "
        "fills complete until 2023-11-14T22:13:20.000Z, the venue's history could not be read [AX / A / connection 2]",
    ),
    (
        events.MissingFills(**OF_LINK, identity=US, venue_order_id=VenueOrderId("o1"), known=D(15), reported=D(25)),
        "MissingFills BUY GOLD.TEST, fills of 15 received, the venue counts 25 [a7 / o1]",
    ),
    (
        events.MissingFills(
            **OF_LINK, identity=None, venue_order_id=None, known=D(0), reported=D(0), since=PLACED, until=PLACED + 10**9
        ),
        "MissingFills from 2023-11-14T22:13:20.000Z to 2023-11-14T22:13:21.000Z [AX / A / connection 2]",
    ),
    (
        events.MessagesLost(**OF_LINK, expected=7, received=9),
        "MessagesLost before number 9, number 7 was expected [AX / A / connection 2]",
    ),
    (
        events.SystemStatus(**OF_LINK, mode=SystemMode.CANCEL_ONLY, reason="upgrade"),
        "SystemStatus cancel_only: upgrade [AX / A / connection 2]",
    ),
    (events.SystemStatus(**OF_LINK, mode=None, reason="?"), "SystemStatus not known: ? [AX / A / connection 2]"),
    (
        events.AuthenticationFailed(**OF_LINK, reason="Bad key."),
        "AuthenticationFailed: Bad key. [AX / A / connection 2]",
    ),
    (events.SessionFailed(**OF_LINK, reason="Over."), "SessionFailed: Over. [AX / A / connection 2]"),
    (
        events.JournalSlow(local_time=PLACED, path="orders.db", duration=31_900_000),
        "JournalSlow a commit took 31 ms [orders.db]",
    ),
    (
        events.JournalFailed(local_time=PLACED, path="orders.db", reason="A sync failed."),
        "JournalFailed: A sync failed. [orders.db]",
    ),
    (
        CLOSE,
        "CloseReport 1 canceled, 4 still open (a, b, c, …), 0 not known, cancel of all orders NOT confirmed "
        "[AX / A / connection 2]",
    ),
    (
        evolve(CLOSE, still_open=(), still_open_count=0, cancel_confirmed=None),
        "CloseReport 1 canceled, 0 still open, 0 not known [AX / A / connection 2]",
    ),
]
STATE = OrderState(
    identity=US,
    status=PART,
    venue_order_id=VenueOrderId("o1"),
    quantity=D(40),
    cumulative=D(15),
    price=D("2411.50"),
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
)
ORDERS = [
    (
        NewOrder.limit("GOLD.TEST", Side.BUY, quantity="5.0", price="2411.50", client_order_id=A7, post_only=True),
        "NewOrder BUY 5 GOLD.TEST at 2411.5, post-only [a7]",
    ),
    (NewOrder.market("GOLD.TEST", Side.SELL, quantity=5), "NewOrder SELL 5 GOLD.TEST at market"),
    (
        NewOrder.market("GOLD.TEST", Side.SELL, quantity=500, quote_quantity=True, margin=True, reduce_only=True),
        "NewOrder SELL 500 GOLD.TEST at market, quantity in quote currency, reduce-only, on margin",
    ),
    (
        NewOrder.trailing_stop(
            "GOLD.TEST",
            Side.SELL,
            quantity=5,
            trailing_offset=2,
            limit_offset="0.5",
            limit_offset_unit=OffsetUnit.PRICE,
        ),
        "NewOrder SELL 5 GOLD.TEST, TRAILING_STOP_LIMIT, trailing by 2 PERCENT, limit offset 0.5 PRICE",
    ),
    (
        NewOrder.limit("GOLD.TEST", Side.SELL, quantity=5, price=1, display_quantity=2),
        "NewOrder SELL 5 GOLD.TEST at 1, 2 shown",
    ),
    (US, "OrderIdentity BUY GOLD.TEST, LIMIT, strategy s [a7]"),
    (STATE, "OrderState BUY 40 GOLD.TEST at 2411.5, PARTIALLY_FILLED, 15 of 40 done, 25 left [a7 / o1]"),
    (
        evolve(STATE, status=OrderStatus.REJECTED, quantity=None, cumulative=D(0), reason="No money."),
        "OrderState BUY GOLD.TEST at 2411.5, REJECTED: No money. [a7 / o1]",
    ),
    (Reconciliation(), "Reconciliation of connection 0 is going on"),
    (
        Reconciliation(connection=2, is_complete=True, fills_complete_until=PLACED, failing="HTTP 503."),
        "Reconciliation of connection 2 is complete, fills complete until 2023-11-14T22:13:20.000Z: HTTP 503.",
    ),
]
LINES = ORDER_EVENTS + REPORTS + LINK_EVENTS + ORDERS


@pytest.mark.parametrize(("value", "line"), LINES, ids=[type(value).__name__ for value, _ in LINES])
def test_each_is_one_line_that_reads_well(value: object, line: str) -> None:
    assert str(value) == line
    assert f"{value}" == line


@pytest.mark.parametrize("kind", [*all_event_classes(), NewOrder, OrderIdentity, OrderState, Reconciliation])
def test_every_class_has_a_line_of_its_own_and_an_example_here(kind: type) -> None:
    assert parts_of.dispatch(kind) is not parts_of.dispatch(object)
    assert kind in {type(value) for value, _ in LINES}


@given(any_of(str), any_of(D), st.sampled_from(OrderType))
def test_an_order_to_place_is_one_line_whatever_its_name(name: str, number: D, kind: OrderType) -> None:
    order = NewOrder(
        instrument="GOLD.TEST",
        side=Side.BUY,
        type=kind,
        quantity=number,
        trigger_price=number,
        client_order_id=ClientOrderId(name),
    )
    assert str(order).splitlines() == [str(order)]
    assert str(order).isprintable()


def test_a_repr_still_shows_every_field() -> None:
    event = filled("t1", 3)
    assert all(f"{name}=" in repr(event) for name in event.__struct_fields__)


def test_the_handle_of_an_order_says_which_it_is() -> None:
    assert str(Order(None, US, None)) == "Order BUY GOLD.TEST, LIMIT, strategy s [a7]"  # type: ignore[arg-type]


printed = st.one_of([any_of(each) for each in (*all_event_classes(), OrderIdentity, OrderState, Reconciliation)])


@given(printed)
def test_a_line_is_one_printable_line_of_bounded_length_whatever_the_fields_hold(value: object) -> None:
    line = str(value)
    assert line.isprintable()
    assert line.splitlines() == [line]
    assert len(line) <= LONGEST + 3 * (LONGEST_ID + len(" / "))


def test_ordinary_ids_of_36_characters_leave_a_line_short() -> None:
    long = VenueOrderId("0217d339-5b46-4389-b8f8-a14bdd0e972b")
    of = evolve(US, client_order_id=ClientOrderId(long), instrument=instrument_id("PF_XBTUSD.KRAKEN-FUTURES"))
    fill = filled("t", 15, leaves=D("25.5"), status=PART, identity=of, venue_order_id=long, last_price=D("60000.5"))
    assert len(str(fill)) <= 200
    assert str(fill).endswith(f"[{long} / {long}]")


def test_a_long_reason_is_cut_and_the_ids_stay() -> None:
    line = str(evolve(denied(), reason="because " * 100))
    assert line.endswith("… [a7]")
    assert len(line) == LONGEST + len(" [a7]")


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("two\nlines", "two lines"),
        ("two\r\n  lines\u2028more", "two lines more"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("half \ud800", r"half \ud800"),
        ("   ", ""),
    ],
)
def test_a_reason_with_line_ends_or_terminal_codes_is_made_harmless(reason: str, shown: str) -> None:
    assert str(evolve(denied(), reason=reason)) == f"Denied BUY GOLD.TEST{': ' if shown else ''}{shown} [a7]"


def test_an_absurd_number_is_short() -> None:
    for number, shown in (("1E+999999", "1E+999999"), ("1" * 100, "1" * 39 + "…")):
        line = str(evolve(canceled(), cumulative=D(number)))
        assert len(line) < 120
        assert shown in line


def test_what_has_no_line_of_its_own_is_called_by_its_class() -> None:
    assert one_line(3) == "int"


@pytest.mark.parametrize("kind", [TradingError, NotSent, Throttled])
def test_the_text_of_an_error_is_one_line(kind: type[TradingError]) -> None:
    error = kind("The venue refused it:\n\tno\x00money.")
    assert str(error) == r"The venue refused it: no\x00money."
    assert error.args == ("The venue refused it:\n\tno\x00money.",)


def test_an_error_without_a_text_is_empty() -> None:
    assert str(TradingError()) == ""
