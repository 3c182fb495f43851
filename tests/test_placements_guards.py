"""A placement from the command to the venue's word, or to the lack of it: each condition by itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission, Asked, LinkFailed, Submission
from protocol.dispatch.records import Bound, FormerId
from protocol.errors import DuplicateOrder, NotSent
from protocol.facts import Outcome
from protocol.orders import DEFAULT_STRATEGY, NewOrder, OrderIdentity
from protocol.requests import PlaceOrder, QueryOrder
from protocol.values import (
    NO_TIME,
    AccountId,
    ClientOrderId,
    OrderStatus,
    RequestId,
    Side,
    TimeInForce,
    TraderId,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueRules

from .order_life import (
    GOLD,
    WALL,
    Desk,
    PlainVenue,
    acknowledged,
    canceled,
    refused,
    rejected,
    replaced,
    took,
    traded,
)
from .test_order_deadlines import change, jumped, measured

A1 = ClientOrderId("a1")
FIRST = RequestId(1)
TOO_LATE = "An answer to request 1 came too late or twice, and was ignored."


def submit(desk: Desk, order: NewOrder, name: str = "a1") -> Any:
    """Gives the local answer."""
    desk.numbers += 1
    asked = Asked(
        command=commands.Place(order),
        request_id=RequestId(desk.numbers),
        reply_to=f"asker {desk.numbers}",
        admission=Admission.ORDER,
        submission=Submission(order=order, client_order_id=ClientOrderId(name), instrument=GOLD),
    )
    desk.apply(asked)
    return desk.answer_to(desk.numbers)


def identity(order: NewOrder, desk: Desk, wire_id: int | None = 1) -> OrderIdentity:
    """Of the order a1, placed now."""
    return OrderIdentity(
        trader=TraderId("T"),
        strategy=DEFAULT_STRATEGY,
        account=AccountId("A"),
        instrument=GOLD.id,
        client_order_id=A1,
        side=order.side,
        type=order.type,
        currency="USD",
        wire_id=wire_id,
        local_time=WALL + desk.time,
    )


def placed(*heard: facts.Fact) -> Desk:
    """The order a1, of which the venue has said this so far."""
    desk = Desk()
    desk.place("a1")
    desk.hear(*heard)
    desk.records.clear()
    desk.sends.clear()
    return desk


def is_waiting(desk: Desk, number: RequestId = FIRST) -> bool:
    """Whether an answer to this request would still find it."""
    desk.hear(took(number))
    return not any(word.startswith(f"An answer to request {number}") for word in desk.last.warnings)


def queries(desk: Desk) -> list[Any]:
    return [request for request in desk.sent() if isinstance(request, QueryOrder)]


# What goes out, and what is told of it


def test_an_order_is_told_as_it_was_placed() -> None:
    desk = Desk()
    order = NewOrder.limit("GOLD.TEST", Side.SELL, quantity=3, price="99.5", post_only=True)
    answer = submit(desk, order)
    assert desk.events() == [
        events.Submitted(
            identity=identity(order, desk),
            venue_order_id=None,
            venue_time=NO_TIME,
            local_time=WALL + desk.time,
            request_id=FIRST,
            quantity=Decimal(3),
            price=Decimal("99.5"),
            trigger_price=None,
            time_in_force=TimeInForce.GTC,
            post_only=True,
        )
    ]
    assert answer.status is OrderStatus.SUBMITTED
    (send,) = desk.sends
    assert (send.connection, send.admission) == (1, Admission.ORDER)
    assert isinstance(send.request, PlaceOrder)
    assert (send.request.own_deadline, send.request.process_before) == (False, None)


def test_a_market_order_counts_as_one_that_may_not_rest() -> None:
    desk = Desk(rules=VenueRules(venue="TEST"))
    submit(desk, NewOrder.market("GOLD.TEST", Side.BUY, quantity=3))
    (submitted,) = desk.events()
    assert isinstance(submitted, events.Submitted)
    assert (submitted.time_in_force, submitted.quantity, submitted.quote_quantity) == (TimeInForce.IOC, 3, None)


def test_an_order_for_an_amount_of_money_has_no_quantity_yet() -> None:
    desk = Desk(rules=VenueRules(venue="TEST"))
    submit(desk, NewOrder.market("GOLD.TEST", Side.BUY, quantity=500, quote_quantity=True))
    (submitted,) = desk.events()
    assert isinstance(submitted, events.Submitted)
    assert (submitted.quantity, submitted.quote_quantity) == (None, 500)
    (request,) = desk.sent()
    assert (request.quantity, request.quote_quantity) == (500, True)


def test_a_deadline_that_the_user_chose_goes_out_as_such() -> None:
    desk = Desk()
    desk.place("a1", process_before=WALL + 200 * SECOND)
    (request,) = desk.sent()
    assert (request.own_deadline, request.process_before) == (True, WALL + 200 * SECOND)


@pytest.mark.parametrize(
    "order",
    [
        NewOrder.market("GOLD.TEST", Side.BUY, quantity=10, price="100.5"),
        NewOrder.stop_market("GOLD.TEST", Side.BUY, quantity=10, trigger_price="101.0"),
    ],
    ids=["market with a price", "stop"],
)
def test_only_a_market_order_without_a_price_needs_one_first(order: NewOrder) -> None:
    desk = Desk()
    submit(desk, order)
    assert [type(request) for request in desk.sent()] == [PlaceOrder]


@frozen
class NamelessVenue(PlainVenue):
    def is_named(self, order: NewOrder) -> bool:
        return False


def test_an_order_whose_name_does_not_cross_the_wire_has_no_wire_id_and_is_not_canceled_by_one() -> None:
    rules = VenueRules(venue="TEST")
    desk = Desk(venue=NamelessVenue(rules), cancel_unknown=True)
    order = NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100)
    submit(desk, order)
    assert desk.events()[0].identity == identity(order, desk, wire_id=None)  # type: ignore[attr-defined]
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sent()
    desk.wait(1)
    assert desk.sent() == []


# What is not sent


def test_a_name_or_an_id_on_the_wire_that_is_known_is_not_used_again() -> None:
    desk = Desk()
    desk.place("a1")
    again = desk.place("a1")
    assert isinstance(again, DuplicateOrder)
    assert str(again) == (
        "Order a1 was not sent: an order with this client order id is known already, SUBMITTED. Choose another id."
    )
    other = desk.place("b1")
    assert type(other) is NotSent
    assert str(other) == (
        "Order b1 was not sent: on the wire it would carry the same id (1) as order a1. Choose another client order id."
    )
    assert len(desk.sent()) == 1
    assert [type(event) for event in desk.events()] == [events.Submitted]


def test_a_cancel_of_all_orders_leaves_a_change_that_waits_for_the_venues_time() -> None:
    desk = measured()
    desk.live("a1", "v1")
    desk.jump(3600)
    desk.ask(change("a1"))
    (question,) = desk.asked()
    desk.ask(commands.CancelAll(None), Admission.CANCEL)
    assert [type(request) for request in desk.sent()] == [requests.CancelAllOrders]
    desk.tell_time(question)
    assert [type(request) for request in desk.sent()] == [requests.ReplaceOrder]


def test_an_order_that_waited_and_was_canceled_is_denied_and_its_number_is_free() -> None:
    desk = jumped()
    desk.place("a1")
    assert desk.ask(commands.Cancel(A1), Admission.CANCEL) == 2
    assert sorted(each.name for each in desk.last.released) == ["CANCEL", "ORDER"]
    assert not is_waiting(desk)


# The venue has it


def test_an_answer_that_names_the_id_which_is_known_notes_nothing() -> None:
    desk = placed(acknowledged("v1", 1))
    desk.hear(took(1, "v1"))
    assert desk.last.records == []
    assert desk.last.warnings == []


def test_an_answer_with_the_id_is_noted_once() -> None:
    desk = placed()
    desk.hear(took(1, "v1"))
    (noted,) = desk.last.records
    assert isinstance(noted, Bound)
    assert (noted.venue_order_id, noted.identity.client_order_id) == (VenueOrderId("v1"), A1)


def test_an_answer_with_an_id_that_the_order_had_before_its_change_notes_nothing() -> None:
    desk = placed(acknowledged("v1", 1), replaced("v1", "v2", 1))
    desk.hear(took(1, "v1"))
    assert desk.last.records == []


def test_an_answer_behind_a_change_names_the_id_that_the_order_began_with() -> None:
    desk = placed(acknowledged("v2", 1))
    desk.hear(took(1, "v1"))
    (noted,) = desk.last.records
    assert isinstance(noted, FormerId)
    assert noted.venue_order_id == VenueOrderId("v1")
    desk.records.clear()
    assert desk.hear(traded("v1", "t1", 4, 4)) == ["Updated", "Filled"], "a late fill under it finds the order"
    update = desk.events()[0]
    assert isinstance(update, events.Updated)
    assert (update.quantity, update.venue_order_id) == (14, VenueOrderId("v2")), "what goes on is for 10 more"


@pytest.mark.parametrize(
    ("heard", "waits"),
    [
        ((took(1, "v1"),), True),
        ((acknowledged("v1", 1),), True),
        ((took(1, "v1"), acknowledged("v1", 1)), False),
        ((acknowledged("v1", 1), took(1, "v1")), False),
        ((rejected("v1", 1), took(1, "v1")), False),
        ((acknowledged("v1", 1), refused(1, Outcome.AMBIGUOUS)), False),
        ((rejected("v1", 1), refused(1, Outcome.AMBIGUOUS)), False),
        ((refused(1, Outcome.AMBIGUOUS),), True),
        ((refused(1, Outcome.AMBIGUOUS), acknowledged("v1", 1)), False),
        ((refused(1, Outcome.DEFINITE),), False),
    ],
    ids=["taken", "accepted", "both", "both, late", "rejected", "doubt after", "doubt at end", "doubt", "live", "no"],
)
def test_a_placement_is_awaited_until_the_order_lives_and_its_answer_is_there(
    heard: tuple[facts.Fact, ...], waits: bool
) -> None:
    assert is_waiting(placed(*heard)) is waits


# The venue refuses


@pytest.mark.parametrize("late", [False, True])
def test_a_refusal_is_told_as_it_came(late: bool) -> None:
    desk = placed()
    if late:
        desk.wait(10)
        assert desk.status("a1") is OrderStatus.UNKNOWN
    desk.records.clear()
    placed_at = WALL + 100 * SECOND
    refusal = facts.RequestRefused(request_id=FIRST, outcome=Outcome.DEFINITE, reason="would match", due_post_only=True)
    desk.hear(refusal)
    (event,) = desk.events()
    assert isinstance(event, events.Rejected)
    assert (event.reason, event.due_post_only, event.venue_order_id) == ("would match", True, None)
    assert (event.venue_time, event.local_time, event.identity.local_time) == (NO_TIME, WALL + desk.time, placed_at)
    desk.sent()
    desk.wait(30)
    assert queries(desk) == []


def test_a_refusal_of_an_order_that_lives_makes_the_venue_be_asked() -> None:
    desk = placed(acknowledged("v1", 1))
    assert desk.hear(refused(1, Outcome.DEFINITE)) == []
    assert [query.venue_order_id for query in queries(desk)] == ["v1"]


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.AMBIGUOUS])
def test_a_refusal_behind_the_end_of_the_order_changes_nothing(outcome: Outcome) -> None:
    desk = placed(acknowledged("v1", 1), canceled("v1", 1))
    assert desk.hear(refused(1, outcome)) == []
    assert desk.last.warnings == []
    desk.wait(30)
    assert desk.sent() == []
    assert desk.status("a1") is OrderStatus.CANCELED


def test_a_refusal_that_leaves_open_what_came_of_it_says_nothing_of_an_order_that_lives() -> None:
    desk = placed(acknowledged("v1", 1))
    assert desk.hear(refused(1, Outcome.AMBIGUOUS)) == []
    desk.wait(30)
    assert queries(desk) == []
    assert desk.status("a1") is OrderStatus.ACCEPTED


# Nobody answers


ENDS: list[Callable[[Desk], object]] = [lambda desk: desk.lose_link(), lambda desk: desk.wait(10)]


@pytest.mark.parametrize("end", ENDS, ids=["lost", "overdue"])
@pytest.mark.parametrize("told", [acknowledged("v1", 1), rejected("v1", 1)], ids=["accepted", "rejected"])
def test_a_missing_answer_says_nothing_of_an_order_that_the_venue_has_told_of(
    told: facts.Fact, end: Callable[[Desk], object]
) -> None:
    desk = placed(told)
    status = desk.status("a1")
    end(desk)
    assert [type(event) for event in desk.events() if isinstance(event, events.OrderEvent)] == []
    assert desk.status("a1") is status
    assert queries(desk) == []
    desk.hear(took(1))
    assert desk.last.warnings == [TOO_LATE]


def test_an_order_whose_placement_was_answered_is_not_unknown_when_the_link_is_lost() -> None:
    desk = placed(took(1, "v1"))
    assert desk.lose_link() == ["Disconnected"]
    assert desk.status("a1") is OrderStatus.SUBMITTED
    assert is_waiting(desk)


def test_an_order_whose_time_is_over_is_told_as_unknown_and_asked_for_at_once() -> None:
    desk = placed()
    desk.wait(9.999)
    assert desk.events() == []
    desk.wait(0.001)
    (event,) = desk.events()
    assert isinstance(event, events.Unknown)
    assert event.reason == "The venue did not answer within 10 s."
    assert (event.since, event.local_time, event.venue_time) == (WALL + desk.time, WALL + desk.time, NO_TIME)
    assert [query.wire_id for query in queries(desk)] == [1]
    desk.hear(acknowledged("v1", 1))
    desk.hear(took(1, "v1"))
    assert desk.last.warnings == [TOO_LATE], "nothing more was awaited once it lived"


def test_an_order_in_doubt_is_told_so_once_and_asked_for_by_its_own_pauses() -> None:
    desk = placed()
    desk.hear(refused(1, Outcome.AMBIGUOUS, "busy"))
    desk.wait(0.5)
    assert queries(desk) == []
    desk.wait(0.5)
    assert len(queries(desk)) == 1
    desk.wait(8.9)
    desk.sent()
    desk.wait(0.2)
    assert queries(desk) == [], "its time being over is no news"
    assert [type(event) for event in desk.events()] == [events.Unknown]


def test_whoever_waits_for_an_answer_is_told_that_the_session_has_ended() -> None:
    desk = placed()
    assert desk.apply(LinkFailed(1, "The key was withdrawn.", False, None)) == ["SessionFailed", "Unknown"]
    event = desk.events()[-1]
    assert isinstance(event, events.Unknown)
    assert event.reason == "The session ended before the venue answered. The key was withdrawn."


FORGETFUL = 1  # so many ended orders are remembered


def forget(desk: Desk) -> None:
    """The order a1 ends, and then another one."""
    desk.hear(acknowledged("v1", 1), canceled("v1", 1))
    desk.live("a2", "v2")
    desk.hear(canceled("v2", 2))
    desk.records.clear()
    desk.sends.clear()


def test_the_loss_of_the_link_says_nothing_of_an_order_that_is_remembered_no_longer() -> None:
    desk = Desk(finished_window=FORGETFUL)
    desk.place("a1")
    forget(desk)
    assert desk.lose_link() == ["Disconnected"]
