"""Several orders in one request, and the switch that has the venue cancel them all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, facts, requests
from protocol.dispatch.inputs import NotWritten
from protocol.errors import DuplicateOrder, NotSent, RequestFailed
from protocol.events import CancelRejected
from protocol.facts import Outcome
from protocol.orders import NewOrder, OrderState
from protocol.values import ClientOrderId, OrderStatus, RequestId, Side
from protocol.venue import SECOND, BatchRules, VenueRules

from ..order_life import GOLD, WALL, Rig, acknowledged, refused, rejected, took

RULES = VenueRules(
    venue="TEST",
    batch=BatchRules(most=5, most_orders=3, market=False),
    cancel_all_after=True,
    process_within=5 * SECOND,
)


def new_rig(rules: VenueRules = RULES, **options: Any) -> Rig:
    rig = Rig(rules=rules, **options)
    rig.sends.clear()
    return rig


def place(name: str, *, market: bool = False) -> commands.Place:
    id = ClientOrderId(name)
    if market:
        return commands.Place(NewOrder.market("GOLD.TEST", Side.BUY, quantity=1, client_order_id=id))
    return commands.Place(NewOrder.limit("GOLD.TEST", Side.BUY, quantity=10, price=100, client_order_id=id))


def cancel(name: str) -> commands.Cancel:
    return commands.Cancel(ClientOrderId(name))


# Batches


def test_each_part_of_a_batch_is_registered_and_lives_its_own_life() -> None:
    rig = new_rig()
    answers = rig.batch(place("a1"), place("a2"))
    assert [type(answer) for answer in answers] == [OrderState, OrderState]
    (batch,) = rig.sent()
    assert isinstance(batch, requests.BatchOrders)
    assert [leg.request_id for leg in batch.legs] == [1, 2]
    assert batch.process_before == WALL + rig.time + 5 * SECOND
    out = rig.hear(took(3), took(1, "V1"), acknowledged("V1", 1), refused(2, Outcome.DEFINITE, "too small"))
    assert out == ["Accepted", "Rejected"]
    assert rig.hear(rejected("V2", 2)) == []


def answered(rig: Rig, *legs: facts.LegAnswer) -> list[str]:
    """The answer of a venue whose wire does not know what was sent."""
    (batch,) = rig.sent()
    return rig.hear(facts.BatchAnswered(request_id=batch.request_id, legs=legs))


NO: Mapping[str, Any] = {"outcome": Outcome.DEFINITE, "reason": "no"}
A1 = ClientOrderId("a1")


def test_a_part_without_an_answer_never_takes_over_that_of_a_change_beside_it() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.batch(place("a2"), commands.Replace(client_order_id=A1, instrument=GOLD.id, quantity=Decimal(20)))
    out = answered(rig, facts.LegAnswer(wire_id=1, venue_order_id=None, **NO))
    assert sorted(out) == ["ReplaceRejected", "StatusUnknown"], "whether the placement was carried out, nobody has said"
    assert rig.status("a2") is OrderStatus.UNKNOWN


def test_a_change_without_an_answer_never_takes_over_that_of_a_placement_beside_it() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.batch(commands.Replace(client_order_id=A1, instrument=GOLD.id, quantity=Decimal(20)), place("a2"))
    assert answered(rig, facts.LegAnswer(wire_id=2, venue_order_id=None, **NO)) == ["Rejected"]
    assert rig.status("a2") is OrderStatus.REJECTED


def test_answers_that_name_nobody_are_those_of_the_parts_in_their_places() -> None:
    """Cancels go by the venue's ids, so no client id names theirs."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    rig.batch(cancel("a1"), cancel("a2"))
    taken = facts.LegAnswer(wire_id=None, venue_order_id=None)
    assert answered(rig, taken, facts.LegAnswer(wire_id=None, venue_order_id=None, **NO)) == ["CancelRejected"]
    (refusal,) = [event for event in rig.events() if isinstance(event, CancelRejected)]
    assert refusal.client_order_id == "a2"


def test_a_batch_has_the_earliest_deadline_of_its_parts() -> None:
    rig = new_rig()
    early = WALL + rig.time + SECOND
    first, second = place("a1"), place("a2")
    rig.batch(first, commands.Place(evolve(second.order, process_before=early)))
    (batch,) = rig.sent()
    assert batch.process_before == early


def test_placements_changes_and_cancels_go_together() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    change = commands.Replace(client_order_id=ClientOrderId("a2"), instrument="GOLD.TEST", price=99)
    first = rig.numbers + 1
    placed, changed, canceled = rig.batch(place("a3"), change, cancel("a1"))
    assert placed.client_order_id == "a3"
    assert (changed, canceled) == (first + 1, first + 2)
    orders, cancels = rig.sent()
    assert [type(leg) for leg in orders.legs] == [requests.PlaceOrder, requests.ReplaceOrder]
    assert isinstance(cancels, requests.CancelOrder), "a group of one is sent as itself"


def test_a_batch_larger_than_the_venue_takes_is_cut() -> None:
    rig = new_rig()
    rig.batch(*(place(f"a{number}") for number in range(1, 8)))
    assert [len(batch.legs) if isinstance(batch, requests.BatchOrders) else 1 for batch in rig.sent()] == [3, 3, 1]


def test_market_orders_leave_one_by_one_where_batches_have_none() -> None:
    rig = new_rig()
    rig.batch(place("a1"), place("a2", market=True), place("a3"))
    assert sorted(type(request).__name__ for request in rig.sent()) == ["BatchOrders", "PlaceOrder"]


def test_a_venue_may_want_one_instrument_and_two_orders_at_least() -> None:
    rules = evolve(RULES, batch=BatchRules(most=5, most_orders=5, least=2, one_symbol=True))
    rig = new_rig(rules)
    silver = NewOrder.limit("SILVER.TEST", Side.BUY, quantity=1, price=20, client_order_id=ClientOrderId("a3"))
    rig.batch(place("a1"), commands.Place(silver), place("a2"))
    batch, alone = rig.sent()
    assert [leg.symbol for leg in batch.legs] == ["GOLD", "GOLD"]
    assert alone.symbol == "SILVER"


@pytest.mark.parametrize(
    ("legs", "error"),
    [
        ((place("a1"), place("a1")), DuplicateOrder),
        ((place("a2"), place("b2")), DuplicateOrder),  # the same id on the wire
        ((place("a1"), cancel("nobody")), NotSent),
        ((place("a9"), place("a1")), DuplicateOrder),  # a9 is known
    ],
)
def test_a_batch_with_one_bad_part_is_not_sent_at_all(legs: Any, error: type[Exception]) -> None:
    rig = new_rig()
    rig.live("a9", "V9")
    assert isinstance(rig.batch(*legs), error)
    assert rig.sent() == []
    assert rig.events() == []


def test_a_venue_without_batches_says_so() -> None:
    rig = new_rig(VenueRules(venue="TEST"))
    answer = rig.batch(place("a1"))
    assert isinstance(answer, NotSent)
    assert "one by one" in str(answer)


def test_a_batch_that_was_never_written_leaves_no_order() -> None:
    rig = new_rig()
    rig.batch(place("a1"), place("a2"))
    assert rig.apply(NotWritten([RequestId(1), RequestId(2), RequestId(3)], "no way")) == ["Denied", "Denied"]
    assert rig.wait(60) == []


def test_a_batch_whose_answer_is_lost_leaves_orders_unknown() -> None:
    rig = new_rig()
    rig.batch(place("a1"), place("a2"))
    assert rig.wait(11) == ["StatusUnknown", "StatusUnknown"]
    assert rig.status("a1") is OrderStatus.UNKNOWN


# The switch


def arm(rig: Rig, seconds: int) -> RequestId:
    rig.ask(commands.CancelAllAfter(seconds=seconds))
    (request,) = rig.sent()
    assert request == requests.SetCancelAllAfter(request_id=RequestId(rig.numbers), seconds=seconds)
    return RequestId(rig.numbers)


def test_the_switch_is_set_again_long_before_it_acts() -> None:
    rig = new_rig()
    number = arm(rig, 60)
    rig.hear(facts.CancelAllAfterSet(request_id=number, cancels_at=WALL))
    assert rig.answer_to(number) == WALL
    renewed = []
    for _ in range(3):
        rig.wait(15)
        (request,) = rig.sent()
        renewed.append(request.seconds)
        rig.hear(facts.CancelAllAfterSet(request_id=request.request_id, cancels_at=WALL))
    assert renewed == [60, 60, 60]


def test_a_client_that_wants_it_sets_the_switch_at_every_login() -> None:
    rig = new_rig(cancel_all_after=40)
    rig.lose_link()
    rig.wait(30)
    assert rig.sent() == [], "without a connection it is left to act"
    rig.log_in()
    assert [request.seconds for request in rig.sent()] == [40]


def test_the_switch_is_turned_off_before_we_leave() -> None:
    rig = new_rig()
    arm(rig, 60)
    rig.hear(facts.CancelAllAfterSet(request_id=RequestId(rig.numbers), cancels_at=WALL))
    rig.ask(commands.Disconnect(grace=SECOND))
    (request,) = rig.sent()
    assert request.seconds == 0
    assert rig.answer_to(rig.numbers) is None
    rig.hear(facts.CancelAllAfterSet(request_id=request.request_id, cancels_at=None))
    assert len(rig.replies) == 1, "the link ends once the venue has answered"


def test_a_switch_that_was_turned_off_is_not_set_again() -> None:
    rig = new_rig()
    arm(rig, 60)
    arm(rig, 0)
    assert rig.wait(9) == []
    assert rig.sent() == []


@pytest.mark.parametrize("how", ["refused", "never answered", "never written"])
def test_a_switch_that_was_not_set_says_so(how: str) -> None:
    rig = new_rig()
    number = arm(rig, 60)
    if how == "refused":
        rig.hear(refused(number, Outcome.DEFINITE, "not now"))
    elif how == "never written":
        rig.apply(NotWritten([number], "no way"))
    else:
        rig.wait(10)
    assert isinstance(rig.answer_to(number), RequestFailed)
    assert "not set" in rig.last.warnings[0]
    rig.sends.clear()
    rig.wait(15)
    assert rig.sent(), "and is tried again"


def test_a_venue_without_a_switch_says_so() -> None:
    rig = new_rig(VenueRules(venue="TEST"))
    assert isinstance(rig.ask(commands.CancelAllAfter(seconds=5)), NotSent)
