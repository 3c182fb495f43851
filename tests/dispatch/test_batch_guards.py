"""Batches: whose answer is whose, how the parts are grouped, and what is left when the whole is answered or lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen

from protocol import commands, facts, requests
from protocol.dispatch.batch_answers import settle_batch
from protocol.dispatch.inputs import Admission
from protocol.errors import NotSent
from protocol.events import Rejected
from protocol.facts import SILENT, BatchAnswered, LegAnswer, Outcome, RequestAnswered, RequestRefused
from protocol.orders import NewOrder
from protocol.reasons import RejectReason
from protocol.requests import BatchOrders, CancelOrder, PlaceOrder, ReplaceOrder
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, Side, SystemMode, VenueOrderId
from protocol.venue import SECOND, BatchRules, VenueRules

from ..order_life import GOLD, PlainVenue, Rig, acknowledged, refused, took

PARTS = BatchRules(most=3, most_orders=2)
RULES = VenueRules(venue="TEST", batch=PARTS)


def rules(**batch: Any) -> VenueRules:
    return evolve(RULES, batch=evolve(PARTS, **batch))


def new_rig(venue: VenueRules = RULES) -> Rig:
    """With a1 to a4 live."""
    rig = Rig(rules=venue)
    for number in range(1, 5):
        rig.live(f"a{number}", f"v{number}")
    return rig


def place(name: str, *, symbol: str = "GOLD", market: bool = False) -> commands.Place:
    known: dict[str, Any] = {"quantity": 10, "client_order_id": ClientOrderId(name)}
    if market:
        return commands.Place(NewOrder.market(f"{symbol}.TEST", Side.BUY, **known))
    return commands.Place(NewOrder.limit(f"{symbol}.TEST", Side.BUY, price=100, **known))


def cancel(name: str) -> commands.Cancel:
    return commands.Cancel(ClientOrderId(name))


def change(name: str) -> commands.Replace:
    return commands.Replace(client_order_id=ClientOrderId(name), instrument=GOLD.id, quantity=Decimal(20))


# Whose answer is whose

LEGS = tuple(
    CancelOrder(request_id=RequestId(number), venue_order_id=None, wire_id=wire_id)
    for number, wire_id in ((1, 11), (2, 12))
)
BATCH = BatchOrders(request_id=RequestId(3), legs=LEGS)


def silent(number: int) -> RequestRefused:
    nothing, open_still = RejectReason.NO_ANSWER, Outcome.AMBIGUOUS
    return RequestRefused(request_id=RequestId(number), outcome=open_still, reason=SILENT, why=nothing)


@pytest.mark.parametrize(("count", "is_whole"), [(2, True), (3, True), (1, False), (0, False), (None, False)], ids=str)
def test_a_count_answers_all_parts_or_leaves_all_of_them_open(count: int | None, is_whole: bool) -> None:
    """Of fewer than were sent, nobody knows which."""
    told = settle_batch(BATCH, BatchAnswered(request_id=RequestId(3), count=count))
    if is_whole:
        assert told == [RequestAnswered(request_id=RequestId(1)), RequestAnswered(request_id=RequestId(2))]
    else:
        assert told == [silent(1), silent(2)]


def answer(wire_id: int | None, oid: str) -> LegAnswer:
    return LegAnswer(wire_id=None if wire_id is None else wire_id, venue_order_id=VenueOrderId(oid))


@pytest.mark.parametrize(
    ("answers", "first", "second"),
    [
        ((answer(12, "v2"), answer(11, "v1")), "v1", "v2"),
        ((answer(None, "v1"), answer(None, "v2")), "v1", "v2"),
        ((answer(99, "v1"), answer(12, "v2")), "v1", "v2"),  # an id that nobody has is that of its place
        ((answer(12, "v2"),), None, "v2"),
        ((answer(None, "v1"),), "v1", None),
        ((answer(12, "v2"), answer(None, "v9")), None, "v2"),  # whose own answer goes before that of its place
        ((), None, None),
    ],
)
def test_a_part_takes_the_answer_with_its_id_or_else_the_one_in_its_place(
    answers: tuple[LegAnswer, ...], first: str | None, second: str | None
) -> None:
    told = settle_batch(BATCH, BatchAnswered(request_id=RequestId(3), legs=answers))
    for number, oid, fact in zip((1, 2), (first, second), told, strict=True):
        taken = RequestAnswered(request_id=RequestId(number), venue_order_id=None if oid is None else VenueOrderId(oid))
        assert fact == (silent(number) if oid is None else taken)


def test_the_refusal_of_a_part_is_told_as_the_venue_words_it() -> None:
    no = LegAnswer(
        wire_id=11, venue_order_id=None, outcome=Outcome.DEFINITE, reason="would cross", why=RejectReason.POST_ONLY
    )
    told = settle_batch(BATCH, BatchAnswered(request_id=RequestId(3), legs=(no, answer(12, "v2"))))
    assert told == [
        RequestRefused(
            request_id=RequestId(1), outcome=Outcome.DEFINITE, reason="would cross", why=RejectReason.POST_ONLY
        ),
        RequestAnswered(request_id=RequestId(2), venue_order_id=VenueOrderId("v2")),
    ]


# How the parts are grouped


def sizes(rig: Rig) -> list[tuple[type, int]]:
    """What was sent: of which kind of part, and how many."""
    return [
        (type(request.legs[0]), len(request.legs)) if isinstance(request, BatchOrders) else (type(request), 1)
        for request in rig.sent()
    ]


def test_cancels_go_together_up_to_the_most_and_orders_up_to_theirs() -> None:
    rig = new_rig()
    rig.batch(*map(cancel, ("a1", "a2", "a3", "a4")))
    assert sizes(rig) == [(CancelOrder, 3), (CancelOrder, 1)]
    rig.batch(*map(place, ("b5", "b6", "b7")))
    assert sizes(rig) == [(PlaceOrder, 2), (PlaceOrder, 1)]


def test_parts_of_a_kind_that_no_batch_takes_are_sent_one_by_one() -> None:
    rig = new_rig(rules(kinds=frozenset({PlaceOrder, CancelOrder})))
    rig.batch(change("a1"), change("a2"), place("b5"), cancel("a3"), place("b6"), cancel("a4"))
    assert sizes(rig) == [(ReplaceOrder, 1), (ReplaceOrder, 1), (PlaceOrder, 2), (CancelOrder, 2)]


def test_market_orders_go_with_the_others_where_a_batch_takes_them() -> None:
    rig = new_rig(rules(market=True))
    rig.batch(place("b5"), place("b6", market=True))
    assert sizes(rig) == [(PlaceOrder, 2)]
    rig = new_rig(rules(market=False))
    rig.batch(place("b5"), place("b6", market=True))
    assert sizes(rig) == [(PlaceOrder, 1), (PlaceOrder, 1)]
    rig.batch(change("a1"), change("a2"))
    assert sizes(rig) == [(ReplaceOrder, 2)], "only placements can be at any price"


def test_where_a_batch_is_of_one_instrument_it_is_of_one_kind_too() -> None:
    rig = new_rig(rules(one_symbol=True))
    rig.batch(place("b5"), change("a1"), place("b6"), change("a2"))
    assert sizes(rig) == [(PlaceOrder, 2), (ReplaceOrder, 2)]
    rig.batch(place("b7"), place("b8", symbol="SILVER"))
    assert sizes(rig) == [(PlaceOrder, 1), (PlaceOrder, 1)]


def test_a_batch_with_fewer_parts_than_the_venue_wants_is_sent_one_by_one() -> None:
    rig = new_rig(rules(least=3))
    rig.batch(*map(cancel, ("a1", "a2", "a3")), place("b5"), place("b6"))
    assert sizes(rig) == [(CancelOrder, 3), (PlaceOrder, 1), (PlaceOrder, 1)]


def test_a_batch_in_several_requests_takes_one_credit_and_its_own_number_once() -> None:
    rig = new_rig()
    rig.batch(*map(place, ("b5", "b6", "b7", "b8")))
    first, second = rig.sends
    assert (first.request.request_id, first.admission) == (rig.numbers, Admission.ORDER)
    assert second.admission is None
    assert second.request.request_id >= requests.FIRST_INTERNAL_ID
    assert [leg.request_id for batch in rig.sent() for leg in batch.legs] == [5, 6, 7, 8]


def test_a_batch_whose_number_is_in_use_is_not_sent() -> None:
    rig = new_rig()
    rig.place("b5")
    assert rig.numbers == 5
    rig.sends.clear()
    rig.numbers = 3  # so the part gets number 4, and the batch 5
    error = rig.batch(place("b6"))
    assert type(error) is NotSent
    assert str(error) == "Nothing was sent: request 5 is still waiting for its answer."
    assert rig.sent() == []
    assert ClientOrderId("b6") not in rig.state.orders.live


@frozen
class StrictVenue(PlainVenue):
    """Keeps what it was asked to take, and of which instrument and age."""

    asked: list[Any] = field(factory=list)

    def check_mode(self, request: requests.Request, mode: SystemMode | None) -> None:
        self.asked.append(request)

    def open_throttle(self) -> Any:
        return self

    def take(self, request: requests.Request, symbol: str, ages: Sequence[int], now: int) -> int:
        self.asked.extend((symbol, list(ages)))
        return 0


def test_a_venue_is_asked_for_room_for_each_request_as_it_goes_out() -> None:
    """Of orders that are there already, it may count how old they are."""
    venue = StrictVenue(RULES)
    rig = Rig(venue=venue)
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.wait(7)
    venue.asked.clear()
    rig.batch(place("b5"), place("b6"), place("b7"), cancel("a1"), cancel("a2"))
    kinds = [type(each) for each in venue.asked[::3]]
    assert kinds == [BatchOrders, PlaceOrder, BatchOrders]
    assert [len(batch.legs) for batch in (venue.asked[0], venue.asked[6])] == [2, 2]
    assert venue.asked[1::3] == ["GOLD"] * 3
    assert venue.asked[2::3] == [[], [], [7 * SECOND, 7 * SECOND]]


# The answer


def sent_batch(rig: Rig) -> Any:
    rig.batch(place("b5"), place("b6"))
    (batch,) = rig.sent()
    return batch


def test_a_second_answer_to_a_batch_is_ignored_aloud() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    fact = BatchAnswered(request_id=batch.request_id, count=2)
    assert rig.hear(fact) == []
    assert rig.last.warnings == []
    assert rig.hear(fact) == []
    assert rig.last.warnings == [f"An answer to batch {batch.request_id} came too late or twice, and was ignored."]


def test_the_refusal_of_a_batch_is_that_of_every_part_without_an_answer() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    rig.hear(took(batch.legs[0].request_id, "v5"))
    whole = evolve(refused(batch.request_id, Outcome.DEFINITE, "too much"), why=RejectReason.POST_ONLY)
    assert rig.hear(whole) == ["Rejected"]
    (event,) = (event for event in rig.events() if isinstance(event, Rejected))
    assert (event.client_order_id, event.reason, event.due_post_only) == ("b6", "too much", True)
    assert rig.status("b5") is OrderStatus.SUBMITTED
    assert rig.hear(acknowledged("v5", 5)) == ["Accepted"]
    assert rig.hear(whole) == []


def test_each_part_that_was_taken_learns_its_id_from_the_answer() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    assert rig.hear(BatchAnswered(request_id=batch.request_id, legs=(answer(6, "v6"), answer(5, "v5")))) == []
    for name, oid in (("b5", "v5"), ("b6", "v6")):
        assert rig.state.orders.live[ClientOrderId(name)].venue_order_id == oid


def test_a_batch_that_was_refused_is_not_waited_for_at_the_end() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    rig.hear(refused(batch.request_id, Outcome.DEFINITE, "too much"))
    rig.ask(commands.Disconnect(grace=5 * SECOND), None)
    assert [reply.reply_to for reply in rig.replies] == [f"asker {rig.numbers}"]


def test_a_batch_that_was_taken_as_a_whole_leaves_its_parts_to_their_own_news() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    assert rig.hear(took(batch.request_id)) == []
    assert rig.hear(BatchAnswered(request_id=batch.request_id, count=0)) == [], "it is answered"
    assert len(rig.last.warnings) == 1
    assert rig.hear(took(batch.legs[0].request_id, "v5"), acknowledged("v5", 5)) == ["Accepted"]


def test_an_answer_after_the_time_of_a_batch_is_too_late() -> None:
    rig = new_rig()
    batch = sent_batch(rig)
    assert rig.wait(10) == ["StatusUnknown", "StatusUnknown"]
    assert rig.hear(facts.BatchAnswered(request_id=batch.request_id, count=2)) == []
    assert rig.last.warnings == [f"An answer to batch {batch.request_id} came too late or twice, and was ignored."]
