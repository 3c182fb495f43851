"""What is on its way, by number and by order, and the deadlines: each look-up by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.dispatch import in_flight
from protocol.dispatch.in_flight import FIRST_INTERNAL_ID, Flight, Flights, Stage, Timers
from protocol.requests import (
    AskTime,
    CancelOrder,
    ListOpenOrders,
    PlaceOrder,
    PreviewPrice,
    ReplaceOrder,
    Request,
)
from protocol.values import ClientOrderId, Instant, OrderType, RequestId, Side, TimeInForce, VenueOrderId

A1, A2 = ClientOrderId("a1"), ClientOrderId("a2")
O1, O2 = VenueOrderId("o1"), VenueOrderId("o2")


def placement(number: int) -> PlaceOrder:
    return PlaceOrder(
        request_id=RequestId(number),
        symbol="GOLD",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(10),
        price=Decimal(100),
        trigger_price=None,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        wire_id=1,
        tag=None,
        process_before=5,
    )


def cancel(number: int) -> CancelOrder:
    return CancelOrder(request_id=RequestId(number), venue_order_id=O1, wire_id=None)


def change(number: int, quantity: int | None = 12) -> ReplaceOrder:
    return ReplaceOrder(
        request_id=RequestId(number),
        venue_order_id=O1,
        quantity=None if quantity is None else Decimal(quantity),
        price=None,
        time_in_force=None,
        post_only=None,
    )


def preview(number: int) -> PreviewPrice:
    return PreviewPrice(request_id=RequestId(number), symbol="GOLD", side=Side.BUY, quantity=Decimal(10))


def flight(request: Request, name: ClientOrderId | None = A1, **more: Any) -> Flight[Any]:
    return Flight(request=request, client_order_id=name, connection=1, sent_at=10, sent_wall=1000, **more)


def all_of(*more: Flight[Any]) -> Flights:
    """The order a1 awaits a cancel (1), a change (2) and a price (3); its placement (4) is on its way."""
    known = [flight(cancel(1)), flight(change(2)), flight(preview(3)), flight(placement(4)), *more]
    kept = Flights({each.request_id: each for each in known})
    kept.cancel_of[A1], kept.change_of[A1], kept.preview_of[A1] = RequestId(1), RequestId(2), RequestId(3)
    return kept


# One flight


def test_a_request_that_was_released_is_on_its_way_once_with_nothing_said_of_it() -> None:
    sent = flight(placement(4))
    assert (sent.stage, sent.ways, sent.tries, sent.read) == (Stage.ON_ITS_WAY, 1, 0, 0)
    assert (sent.answered, sent.resent, sent.own_query) == (False, False, False)
    assert (sent.doubt, sent.parts, sent.place, sent.replacement) == ("", (), None, None)
    assert (sent.until, sent.reply_to, sent.carrier_ended_at, sent.begun_at) == (None, None, None, None)
    assert (sent.request_id, sent.process_before, sent.released_at) == (4, 5, Instant(10, 1000))
    assert sent.is_awaited


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("held", {Stage.HELD}),
        ("parked", {Stage.PARKED}),
        ("resting", {Stage.RESTING}),
        ("lost", {Stage.LOST, Stage.IN_QUESTION}),
        ("overdue", {Stage.OVERDUE, Stage.IN_QUESTION}),
    ],
)
def test_what_a_stage_means_for_a_flight(name: str, stages: set[Stage]) -> None:
    assert {stage for stage in Stage if getattr(flight(cancel(1), stage=stage), name)} == stages


def test_a_question_in_several_steps_was_asked_with_the_first_of_them() -> None:
    assert flight(cancel(1)).asked_at == 10
    assert flight(cancel(1), begun_at=3).asked_at == 3
    assert flight(cancel(1), begun_at=0).asked_at == 0, "the clock may have stood at zero"


def test_a_request_that_bears_no_deadline_may_be_acted_on_for_ever() -> None:
    assert flight(cancel(1)).process_before is None


def test_only_the_question_for_the_time_is_of_no_use_at_the_end() -> None:
    assert flight(cancel(1)).is_of_use_at_the_end
    assert not flight(AskTime(request_id=RequestId(1))).is_of_use_at_the_end


def test_the_last_of_its_ways_decides() -> None:
    sent = flight(cancel(1), ways=3)
    assert [sent.fail_on_one_way() for _ in range(3)] == [True, True, False]


def test_whether_an_answer_may_still_come() -> None:
    assert not flight(cancel(1), answered=True).is_awaited
    assert not flight(cancel(1), stage=Stage.LOST).is_awaited
    assert flight(cancel(1), stage=Stage.OVERDUE).is_awaited


# Numbers of our own


def test_numbers_of_our_own_begin_beyond_the_users_and_leave_out_what_is_in_flight() -> None:
    kept = Flights()
    taken = RequestId(FIRST_INTERNAL_ID + 1)
    kept.by_id[taken] = flight(ListOpenOrders(request_id=taken))
    assert [kept.next_internal_id() for _ in range(3)] == [FIRST_INTERNAL_ID + n for n in (0, 2, 3)]


def test_numbers_of_our_own_begin_again_after_the_last_that_fits_in_31_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_flight.LAST_REQUEST_ID == 2_147_483_647
    monkeypatch.setattr(in_flight, "LAST_REQUEST_ID", FIRST_INTERNAL_ID + 1)
    kept = Flights()
    assert [kept.next_internal_id() - FIRST_INTERNAL_ID for _ in range(3)] == [0, 1, 0]


# Look-ups


def test_an_order_has_the_cancel_the_change_and_the_price_that_it_awaits() -> None:
    kept = all_of()
    assert kept.cancel(A1) is kept.by_id[RequestId(1)]
    assert kept.change(A1) is kept.by_id[RequestId(2)]
    assert kept.preview(A1) is kept.by_id[RequestId(3)]
    assert (kept.cancel(A2), kept.change(A2), kept.preview(A2)) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "number"), [(CancelOrder, 2), (ReplaceOrder, 1), (CancelOrder, 9), (CancelOrder, None)]
)
def test_what_is_on_its_way_under_a_number_must_be_of_the_kind_that_is_looked_for(
    kind: type[Request], number: int | None
) -> None:
    assert all_of().find(kind, None if number is None else RequestId(number)) is None


def test_a_number_that_is_in_use_again_for_another_order_is_not_the_placement() -> None:
    kept = all_of()
    assert kept.placement(A1, RequestId(4)) is kept.by_id[RequestId(4)]
    assert kept.placement(A2, RequestId(4)) is None
    assert kept.placement(A1, RequestId(1)) is None
    assert kept.placement(A1, None) is None


@pytest.mark.parametrize("quantity", [12, None])
def test_a_change_on_its_way_says_what_is_wanted(quantity: int | None) -> None:
    kept = Flights({RequestId(2): flight(change(2, quantity))})
    assert kept.wanted_quantity(A1) is None
    kept.change_of[A1] = RequestId(2)
    assert kept.wanted_quantity(A1) == quantity
    assert kept.wanted_quantity(A2) is None


@pytest.mark.parametrize(("number", "what"), [(1, "cancel"), (2, "change")])
def test_an_order_owes_the_outcome_of_what_is_asked_for(number: int, what: str) -> None:
    kept = all_of()
    assert not kept.owes(A1)
    kept.by_id[RequestId(number)].stage = Stage.OVERDUE
    assert kept.owes(A1), what
    assert not kept.owes(A2)


def test_an_order_that_awaits_one_of_them_alone_owes_that_one() -> None:
    for of in ("cancel_of", "change_of"):
        kept = all_of()
        getattr(kept, of).clear()
        assert not kept.owes(A1)
        for number in (1, 2):
            kept.by_id[RequestId(number)].stage = Stage.IN_QUESTION
        assert kept.owes(A1)


def test_the_new_id_that_an_answer_to_a_change_named_is_promised_to_its_order() -> None:
    kept = all_of(flight(change(5), A2, replacement=O2))
    kept.change_of |= {ClientOrderId("a0"): RequestId(99), A2: RequestId(5)}
    assert (kept.promised(O2), kept.promised(O1)) == (A2, None)
    del kept.change_of[A2]
    assert kept.promised(O2) is None, "nobody awaits it any more"


# Letting go


def test_a_change_that_is_detached_is_awaited_no_more_and_still_on_its_way() -> None:
    kept = all_of()
    kept.detach(kept.by_id[RequestId(2)])
    assert (kept.change(A1), kept.change_of, len(kept.by_id)) == (None, {}, 4)
    assert (kept.cancel_of, kept.preview_of) == ({A1: 1}, {A1: 3})


def test_only_the_change_that_its_order_awaits_is_detached() -> None:
    kept = all_of()
    kept.detach(flight(change(7)))
    kept.detach(flight(change(2), None))
    assert kept.change_of == {A1: 2}


@pytest.mark.parametrize(("number", "of"), [(1, "cancel_of"), (2, "change_of"), (3, "preview_of")])
def test_a_request_that_is_dropped_is_awaited_no_more(number: int, of: str) -> None:
    kept = all_of()
    dropped = kept.by_id[RequestId(number)]
    assert kept.drop(RequestId(number)) is dropped
    assert RequestId(number) not in kept.by_id
    left = {"cancel_of": {A1: 1}, "change_of": {A1: 2}, "preview_of": {A1: 3}} | {of: {}}
    assert {each: getattr(kept, each) for each in left} == left, "no entry of it stays, and every other does"


def test_a_request_of_no_order_and_one_that_is_not_known_are_dropped_without_a_trace() -> None:
    whole = flight(ListOpenOrders(request_id=RequestId(6)), None)
    kept = all_of(whole)
    assert kept.drop(RequestId(6)) is whole
    assert kept.drop(RequestId(6)) is None
    assert (kept.cancel_of, kept.change_of, kept.preview_of) == ({A1: 1}, {A1: 2}, {A1: 3})


# Deadlines


def test_what_is_due_comes_out_earliest_first_and_what_was_added_first_first() -> None:
    timers = Timers()
    empty = timers.next
    for when, what in ((30, "d"), (20, "b"), (10, "a"), (20, "c")):
        timers.add(when, what)
    assert (empty, timers.next) == (None, 10)
    assert list(timers.due(9)) == []
    assert list(timers.due(20)) == ["a", "b", "c"]
    assert timers.next == 30
    assert list(timers.due(31)) == ["d"]
    assert timers.next is None


def test_things_that_cannot_be_compared_may_be_due_at_once() -> None:
    timers = Timers()
    timers.add(5, evolve(flight(cancel(1))))
    timers.add(5, {})
    assert len(list(timers.due(5))) == 2


def test_what_is_added_while_others_come_out_comes_out_with_them() -> None:
    timers, seen = Timers(), []
    timers.add(1, "first")
    for what in timers.due(2):
        seen.append(what)
        if len(seen) == 1:
            timers.add(2, "added")
            timers.add(3, "later")
    assert (seen, timers.next) == (["first", "added"], 3)
