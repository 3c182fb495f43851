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
from protocol.reasons import RejectReason
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

from ..order_life import GOLD, WALL, PlainVenue, Rig, acknowledged, canceled, refused, rejected, replaced, took, traded
from .test_order_deadlines import change, jumped, measured

A1 = ClientOrderId("a1")
FIRST = RequestId(1)
TOO_LATE = "An answer to request 1 came too late or twice, and was ignored."


def submit(rig: Rig, order: NewOrder, name: str = "a1") -> Any:
    """Gives the local answer."""
    rig.numbers += 1
    asked = Asked(
        command=commands.Place(order),
        request_id=RequestId(rig.numbers),
        reply_to=f"asker {rig.numbers}",
        admission=Admission.ORDER,
        submission=Submission(order=order, client_order_id=ClientOrderId(name), instrument=GOLD),
    )
    rig.apply(asked)
    return rig.answer_to(rig.numbers)


def identity(order: NewOrder, rig: Rig, wire_id: int | None = 1) -> OrderIdentity:
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
        local_time=WALL + rig.time,
    )


def placed(*heard: facts.Fact) -> Rig:
    """The order a1, of which the venue has said this so far."""
    rig = Rig()
    rig.place("a1")
    rig.hear(*heard)
    rig.records.clear()
    rig.sends.clear()
    return rig


def is_waiting(rig: Rig, number: RequestId = FIRST) -> bool:
    """Whether an answer to this request would still find it."""
    rig.hear(took(number))
    return not any(word.startswith(f"An answer to request {number}") for word in rig.last.warnings)


def queries(rig: Rig) -> list[Any]:
    return [request for request in rig.sent() if isinstance(request, QueryOrder)]


# What goes out, and what is told of it


def test_an_order_is_told_as_it_was_placed() -> None:
    rig = Rig()
    order = NewOrder.limit("GOLD.TEST", Side.SELL, quantity=3, price="99.5", post_only=True)
    answer = submit(rig, order)
    assert rig.events() == [
        events.Submitted(
            identity=identity(order, rig),
            venue_order_id=None,
            venue_time=NO_TIME,
            local_time=WALL + rig.time,
            request_id=FIRST,
            quantity=Decimal(3),
            price=Decimal("99.5"),
            trigger_price=None,
            time_in_force=TimeInForce.GTC,
            post_only=True,
        )
    ]
    assert answer.status is OrderStatus.SUBMITTED
    (send,) = rig.sends
    assert (send.connection, send.admission) == (1, Admission.ORDER)
    assert isinstance(send.request, PlaceOrder)
    assert (send.request.own_deadline, send.request.process_before) == (False, None)


def test_a_market_order_counts_as_one_that_may_not_rest() -> None:
    rig = Rig(rules=VenueRules(venue="TEST"))
    submit(rig, NewOrder.market("GOLD.TEST", Side.BUY, quantity=3))
    (submitted,) = rig.events()
    assert isinstance(submitted, events.Submitted)
    assert (submitted.time_in_force, submitted.quantity, submitted.quote_quantity) == (
        TimeInForce.IOC,
        Decimal(3),
        None,
    )


def test_an_order_for_an_amount_of_money_has_no_quantity_yet() -> None:
    rig = Rig(rules=VenueRules(venue="TEST"))
    submit(rig, NewOrder.market("GOLD.TEST", Side.BUY, quantity=500, quote_quantity=True))
    (submitted,) = rig.events()
    assert isinstance(submitted, events.Submitted)
    assert (submitted.quantity, submitted.quote_quantity) == (None, Decimal(500))
    (request,) = rig.sent()
    assert (request.quantity, request.quote_quantity) == (500, True)


def test_a_deadline_that_the_user_chose_goes_out_as_such() -> None:
    rig = Rig()
    rig.place("a1", process_before=WALL + 200 * SECOND)
    (request,) = rig.sent()
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
    rig = Rig()
    submit(rig, order)
    assert [type(request) for request in rig.sent()] == [PlaceOrder]


@frozen
class NamelessVenue(PlainVenue):
    def is_named(self, order: NewOrder) -> bool:
        return False


def test_an_order_whose_name_does_not_cross_the_wire_has_no_wire_id_and_is_not_canceled_by_one() -> None:
    rules = VenueRules(venue="TEST")
    rig = Rig(venue=NamelessVenue(rules), cancel_unknown=True)
    order = NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100)
    submit(rig, order)
    assert rig.newest(events.Submitted).identity == identity(order, rig, wire_id=None)
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sent()
    rig.wait(1)
    assert rig.sent() == []


# What is not sent


def test_a_name_or_an_id_on_the_wire_that_is_known_is_not_used_again() -> None:
    rig = Rig()
    rig.place("a1")
    again = rig.place("a1")
    assert isinstance(again, DuplicateOrder)
    assert str(again) == (
        "Order a1 was not sent: an order with this client order id is known already, SUBMITTED. Choose another id."
    )
    other = rig.place("b1")
    assert type(other) is NotSent
    assert str(other) == (
        "Order b1 was not sent: on the wire it would carry the same id (1) as order a1. Choose another client order id."
    )
    assert len(rig.sent()) == 1
    assert [type(event) for event in rig.events()] == [events.Submitted]


def test_a_cancel_of_all_orders_leaves_a_change_that_waits_for_the_venues_time() -> None:
    rig = measured()
    rig.live("a1", "v1")
    rig.jump(3600)
    rig.ask(change("a1"))
    (question,) = rig.asked()
    rig.ask(commands.CancelAll(None), Admission.CANCEL)
    assert [type(request) for request in rig.sent()] == [requests.CancelAllOrders]
    rig.tell_time(question)
    assert [type(request) for request in rig.sent()] == [requests.ReplaceOrder]


def test_an_order_that_waited_and_was_canceled_is_denied_and_its_number_is_free() -> None:
    rig = jumped()
    rig.place("a1")
    assert rig.ask(commands.Cancel(A1), Admission.CANCEL) == 2
    assert sorted(each.name for each in rig.last.released) == ["CANCEL", "ORDER"]
    assert not is_waiting(rig)


# The venue has it


def test_an_answer_that_names_the_id_which_is_known_notes_nothing() -> None:
    rig = placed(acknowledged("v1", 1))
    rig.hear(took(1, "v1"))
    assert rig.last.records == []
    assert rig.last.warnings == []


def test_an_answer_with_the_id_is_noted_once() -> None:
    rig = placed()
    rig.hear(took(1, "v1"))
    (noted,) = rig.last.records
    assert isinstance(noted, Bound)
    assert (noted.venue_order_id, noted.identity.client_order_id) == (VenueOrderId("v1"), A1)


def test_an_answer_that_the_acceptance_says_again_is_not_noted() -> None:
    """Both often come in one read."""
    rig = placed()
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    (told,) = rig.last.records
    assert isinstance(told, events.Accepted)
    assert told.venue_order_id == VenueOrderId("v1")


def test_an_answer_that_came_in_an_earlier_read_stays_noted() -> None:
    rig = placed()
    rig.hear(took(1, "v1"))
    rig.hear(acknowledged("v1", 1))
    assert [type(record) for record in rig.records] == [Bound, events.Accepted]


def test_an_answer_with_an_id_that_the_order_had_before_its_change_notes_nothing() -> None:
    rig = placed(acknowledged("v1", 1), replaced("v1", "v2", 1))
    rig.hear(took(1, "v1"))
    assert rig.last.records == []


def test_an_answer_behind_a_change_names_the_id_that_the_order_began_with() -> None:
    rig = placed(acknowledged("v2", 1))
    rig.hear(took(1, "v1"))
    (noted,) = rig.last.records
    assert isinstance(noted, FormerId)
    assert noted.venue_order_id == VenueOrderId("v1")
    rig.records.clear()
    assert rig.hear(traded("v1", "t1", 4, 4)) == ["Updated", "Filled"], "a late fill under it finds the order"
    update = rig.events()[0]
    assert isinstance(update, events.Updated)
    assert (update.quantity, update.venue_order_id) == (Decimal(14), VenueOrderId("v2")), "what goes on is for 10 more"


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
    rig = placed()
    if late:
        rig.wait(10)
        assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.records.clear()
    placed_at = WALL + 100 * SECOND
    refusal = facts.RequestRefused(
        request_id=FIRST, outcome=Outcome.DEFINITE, reason="would match", why=RejectReason.POST_ONLY
    )
    rig.hear(refusal)
    (event,) = rig.events()
    assert isinstance(event, events.Rejected)
    assert (event.reason, event.due_post_only, event.venue_order_id) == ("would match", True, None)
    assert (event.venue_time, event.local_time, event.identity.local_time) == (NO_TIME, WALL + rig.time, placed_at)
    rig.sent()
    rig.wait(30)
    assert queries(rig) == []


def test_a_refusal_of_an_order_that_lives_makes_the_venue_be_asked() -> None:
    rig = placed(acknowledged("v1", 1))
    assert rig.hear(refused(1, Outcome.DEFINITE)) == []
    assert [query.venue_order_id for query in queries(rig)] == ["v1"]


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.AMBIGUOUS])
def test_a_refusal_behind_the_end_of_the_order_changes_nothing(outcome: Outcome) -> None:
    rig = placed(acknowledged("v1", 1), canceled("v1", 1))
    assert rig.hear(refused(1, outcome)) == []
    assert rig.last.warnings == []
    rig.wait(30)
    assert rig.sent() == []
    assert rig.status("a1") is OrderStatus.CANCELED


def test_a_refusal_that_leaves_open_what_came_of_it_says_nothing_of_an_order_that_lives() -> None:
    rig = placed(acknowledged("v1", 1))
    assert rig.hear(refused(1, Outcome.AMBIGUOUS)) == []
    rig.wait(30)
    assert queries(rig) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


# Nobody answers


ENDS: list[Callable[[Rig], object]] = [lambda rig: rig.lose_link(), lambda rig: rig.wait(10)]


@pytest.mark.parametrize("end", ENDS, ids=["lost", "overdue"])
@pytest.mark.parametrize("told", [acknowledged("v1", 1), rejected("v1", 1)], ids=["accepted", "rejected"])
def test_a_missing_answer_says_nothing_of_an_order_that_the_venue_has_told_of(
    told: facts.Fact, end: Callable[[Rig], object]
) -> None:
    rig = placed(told)
    status = rig.status("a1")
    end(rig)
    assert [type(event) for event in rig.events() if isinstance(event, events.OrderEvent)] == []
    assert rig.status("a1") is status
    assert queries(rig) == []
    rig.hear(took(1))
    assert rig.last.warnings == [TOO_LATE]


def test_an_order_whose_placement_was_answered_is_not_unknown_when_the_link_is_lost() -> None:
    rig = placed(took(1, "v1"))
    assert rig.lose_link() == ["Disconnected"]
    assert rig.status("a1") is OrderStatus.SUBMITTED
    assert is_waiting(rig)


def test_an_order_whose_time_is_over_is_told_as_unknown_and_asked_for_at_once() -> None:
    rig = placed()
    rig.wait(9.999)
    assert rig.events() == []
    rig.wait(0.001)
    (event,) = rig.events()
    assert isinstance(event, events.StatusUnknown)
    assert event.reason == "The venue did not answer within 10 s."
    assert (event.since, event.local_time, event.venue_time) == (WALL + rig.time, WALL + rig.time, NO_TIME)
    assert [query.wire_id for query in queries(rig)] == [1]
    rig.hear(acknowledged("v1", 1))
    rig.hear(took(1, "v1"))
    assert rig.last.warnings == [TOO_LATE], "nothing more was awaited once it lived"


def test_an_order_in_doubt_is_told_so_once_and_asked_for_by_its_own_pauses() -> None:
    rig = placed()
    rig.hear(refused(1, Outcome.AMBIGUOUS, "busy"))
    rig.wait(0.5)
    assert queries(rig) == []
    rig.wait(0.5)
    assert len(queries(rig)) == 1
    rig.wait(8.9)
    rig.sent()
    rig.wait(0.2)
    assert queries(rig) == [], "its time being over is no news"
    assert [type(event) for event in rig.events()] == [events.StatusUnknown]


def test_whoever_waits_for_an_answer_is_told_that_the_session_has_ended() -> None:
    rig = placed()
    assert rig.apply(LinkFailed(1, "The key was withdrawn.", False, None)) == ["SessionFailed", "StatusUnknown"]
    event = rig.events()[-1]
    assert isinstance(event, events.StatusUnknown)
    assert event.reason == "The session ended before the venue answered. The key was withdrawn."


FORGETFUL = 1  # so many ended orders are remembered


def forget(rig: Rig) -> None:
    """The order a1 ends, and then another one."""
    rig.hear(acknowledged("v1", 1), canceled("v1", 1))
    rig.live("a2", "v2")
    rig.hear(canceled("v2", 2))
    rig.records.clear()
    rig.sends.clear()


def test_the_loss_of_the_link_says_nothing_of_an_order_that_is_remembered_no_longer() -> None:
    rig = Rig(finished_window=FORGETFUL)
    rig.place("a1")
    forget(rig)
    assert rig.lose_link() == ["Disconnected"]
