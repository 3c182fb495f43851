"""The change of one order, and the news that an order was changed: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.dispatch.records import FormerId
from protocol.errors import NotSent
from protocol.facts import Outcome
from protocol.requests import QueryOrder, ReplaceOrder
from protocol.structs import evolve
from protocol.values import NO_TIME, ClientOrderId, OffsetUnit, RequestId, TimeInForce, VenueOrderId
from protocol.venue import BatchRules, VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, traded, view
from .test_cancels_guards import sent
from .test_placements_guards import is_waiting

A1 = ClientOrderId("a1")
V1, V2 = VenueOrderId("v1"), VenueOrderId("v2")
CHANGE, SECOND_CHANGE = RequestId(2), RequestId(3)
IN_PLACE = VenueRules(venue="TEST", changes_in_place=True)


def change(rig: Rig, **terms: Any) -> Any:
    """Asks for the price 99.0 unless told otherwise."""
    return rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", **(terms or {"price": "99.0"})))


def living(rules: VenueRules | None = None) -> Rig:
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    return rig


def changing(rules: VenueRules | None = None, **terms: Any) -> Rig:
    """The order a1 lives as v1, 10 at 100.0, and its change, request 2, has just gone out."""
    rig = living(rules)
    assert change(rig, **terms) == CHANGE
    rig.sends.clear()
    return rig


def in_place(**terms: Any) -> facts.OrderReplaced:
    """News of the order under its old id; what is not named is as it was placed."""
    return facts.OrderReplaced(time=WALL, order=view("v1", 1, **terms), new_venue_order_id=None, replacement=None)


def filled(oid: str, tid: str, size: int, quantity: Decimal | None) -> facts.OrderFilled:
    """The first fill under this id of an order for so much."""
    fact = traded(oid, tid, size, size, 1)
    return evolve(fact, order=evolve(fact.order, quantity=quantity))


def updated(rig: Rig) -> events.Updated:
    """What was told last."""
    event = rig.events()[-1]
    assert isinstance(event, events.Updated)
    assert (event.venue_time, event.local_time) == (WALL, WALL + rig.time)
    return event


def rejection(rig: Rig, number: RequestId = CHANGE) -> str:
    """Why the change came to nothing, as was told last."""
    event = rig.events()[-1]
    assert isinstance(event, events.ReplaceRejected)
    assert (event.request_id, event.venue_order_id, event.client_order_id) == (number, V1, A1)
    assert (event.venue_time, event.local_time) == (NO_TIME, WALL + rig.time)
    return event.reason


# The command


def test_a_change_goes_out_with_the_terms_that_are_to_change() -> None:
    rig = living()
    change(
        rig,
        quantity=12,
        time_in_force=TimeInForce.IOC,
        post_only=True,
        trailing_offset=5,
        trailing_unit=OffsetUnit.PRICE,
        display_quantity=2,
    )
    (send,) = rig.sends
    assert send.request == ReplaceOrder(
        request_id=CHANGE,
        venue_order_id=V1,
        quantity=Decimal(12),
        price=None,
        time_in_force=TimeInForce.IOC,
        post_only=True,
        trailing_offset=Decimal(5),
        trailing_unit=OffsetUnit.PRICE,
        display_quantity=Decimal(2),
        symbol="GOLD",
        wire_id=1,
    )
    assert (send.connection, send.admission) == (1, Admission.ORDER)


def test_an_offset_that_is_not_changed_has_the_unit_that_says_nothing() -> None:
    rig = living()
    change(rig)
    (request,) = rig.sent()
    assert (request.trailing_offset, request.trailing_unit) == (None, OffsetUnit.PERCENT)


def test_an_order_without_an_id_at_the_venue_cannot_be_changed() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    answer = change(rig)
    assert isinstance(answer, NotSent)
    assert str(answer) == (
        "Cannot change order a1: missing venue_order_id. Wait until the venue has accepted the order."
    )
    assert rig.last.released == [Admission.ORDER]
    assert rig.sent() == []


def test_the_number_of_a_change_is_not_given_to_another() -> None:
    rig = living()
    rig.live("a2", "v2")
    rig.ask(commands.Status(A1))
    rig.sends.clear()
    rig.numbers -= 1
    answer = change(rig)
    assert isinstance(answer, NotSent)
    assert str(answer) == "Nothing was sent: request 3 is still waiting for its answer."
    assert rig.sent() == []


def test_a_second_change_waits_for_the_first_unless_that_is_in_doubt() -> None:
    rig = changing()
    second = change(rig, price="98.0")
    assert isinstance(second, NotSent)
    assert str(second) == "The change was not sent: order a1 is being changed already."
    rig.hear(refused(2, Outcome.AMBIGUOUS))
    assert change(rig, price="98.0") == 4


@pytest.mark.parametrize("what", ["change", "cancel"])
def test_nothing_about_an_order_is_sent_without_a_connection_or_behind_its_end(what: str) -> None:
    changed = commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0")
    command = changed if what == "change" else commands.Cancel(A1)
    rig = living()
    rig.lose_link()
    rig.sends.clear()
    answer = rig.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"The {what} of order a1 was not sent: there is no connection to TEST at the moment."
    rig.log_in(view("v1", 1))
    rig.hear(canceled("v1", 1))
    rig.sends.clear()
    answer = rig.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"The {what} was not sent: order a1 has ended, CANCELED."
    assert rig.sent() == []


def test_a_change_in_a_batch_is_the_one_that_its_order_awaits() -> None:
    rig = living(VenueRules(venue="TEST", batch=BatchRules(most=5, most_orders=5)))
    rig.batch(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    assert isinstance(change(rig), NotSent)


def test_what_may_still_fill_is_wanted_beside_what_filled_under_the_id_that_the_order_has() -> None:
    """Four of ten filled before the order went on under another id, which does not count them."""
    rules = VenueRules(venue="TEST", changes_in_place=True, stops_go_on=True)
    rig = living(rules)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.hear(replaced("v1", "v2", 1, filled=4, quantity=Decimal(6)))
    rig.hear(filled("v2", "t2", 1, Decimal(6)))
    rig.sends.clear()
    change(rig, leaves=3)
    (request,) = sent(rig, ReplaceOrder)
    assert request.quantity == 4


# The venue's answer


def test_a_change_that_the_venue_did_not_take_is_told() -> None:
    rig = changing()
    assert rig.hear(took(2, refused=True)) == ["ReplaceRejected"]
    assert rejection(rig) == "The venue did not take the change."
    assert rig.sent() == []
    assert not is_waiting(rig, CHANGE)


def test_a_change_that_the_venue_took_is_awaited() -> None:
    rig = changing()
    assert rig.hear(took(2, "v2")) == []
    assert is_waiting(rig, CHANGE)


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.NOT_FOUND, Outcome.THROTTLED, Outcome.TOO_EARLY])
def test_a_refused_change_is_told_with_the_venues_words(outcome: Outcome) -> None:
    rig = changing()
    assert rig.hear(refused(2, outcome, "not now")) == ["ReplaceRejected"]
    assert rejection(rig) == "not now"
    assert len(sent(rig, QueryOrder)) == (1 if outcome is Outcome.NOT_FOUND else 0)
    assert not is_waiting(rig, CHANGE)


@pytest.mark.parametrize(
    "answer", [took(2), took(2, refused=True), refused(2, Outcome.NOT_FOUND), refused(2, Outcome.AMBIGUOUS)]
)
@pytest.mark.parametrize("over", [canceled("v1", 1), replaced("v1", "v2", 1)], ids=["ended", "made"])
def test_an_answer_behind_the_end_of_the_order_or_the_news_of_the_change_says_nothing_more(
    answer: facts.Fact, over: facts.Fact
) -> None:
    rig = changing()
    rig.hear(over)
    rig.sends.clear()
    assert rig.hear(answer) == []
    assert rig.last.warnings == []
    assert not is_waiting(rig, CHANGE)
    rig.wait(30)
    assert rig.sent() == []


def test_a_change_that_was_not_written_is_told_with_the_reason() -> None:
    rig = changing()
    assert rig.apply(NotWritten([CHANGE], "no connection")) == ["ReplaceRejected"]
    assert rejection(rig) == "no connection"


def told_refused(oid: str, cid: int | None = None) -> facts.ReplaceRefused:
    return facts.ReplaceRefused(venue_order_id=VenueOrderId(oid), wire_id=cid, reason="too late", time=0)


def test_news_of_a_refused_change_end_it_for_the_order_that_they_name() -> None:
    rig = changing()
    assert rig.hear(told_refused("v9", 9)) == []
    assert rig.hear(told_refused("v9", 1)) == ["ReplaceRejected"]
    assert rejection(rig) == "too late"
    assert not is_waiting(rig, CHANGE)


def test_news_of_a_refused_change_behind_the_end_of_the_order_leave_its_answer_to_come() -> None:
    rig = changing()
    rig.hear(canceled("v1", 1))
    assert rig.hear(told_refused("v1")) == []
    assert is_waiting(rig, CHANGE)


# News of a change that makes another order


def test_a_change_that_makes_another_order_is_over_with_its_news_and_answer() -> None:
    rig = changing()
    assert rig.hear(replaced("v1", "v2", 1, price=Decimal("99.0"))) == ["Updated"]
    update = updated(rig)
    assert (update.venue_order_id, update.previous_venue_order_id, update.price) == (V2, V1, Decimal("99.0"))
    assert (update.quantity, update.venue_cumulative_base) == (Decimal(10), Decimal(0))
    assert change(rig, price="98.0") == 3, "the answer to the first is still to come"
    assert rig.hear(took(2, "v2")) == []
    assert not is_waiting(rig, CHANGE)
    rig.sends.clear()
    rig.wait(9)
    assert rig.sent() == []


def test_the_news_name_the_new_order_by_its_terms_alone_or_by_its_id_alone() -> None:
    rig = changing()
    news = replaced("v1", "v2", 1, price=Decimal("99.0"))
    by_terms = facts.OrderReplaced(time=WALL, order=news.order, new_venue_order_id=None, replacement=news.replacement)
    assert rig.hear(by_terms) == ["Updated"]
    assert (updated(rig).venue_order_id, updated(rig).price) == (V2, Decimal("99.0"))
    rig = living()
    by_id = facts.OrderReplaced(time=WALL, order=news.order, new_venue_order_id=V2, replacement=None)
    assert rig.hear(by_id) == ["Updated"], "somebody else's change"
    assert (updated(rig).venue_order_id, updated(rig).price) == (V2, Decimal("100.0"))


def test_an_id_in_the_news_counts_more_than_that_in_the_answer() -> None:
    rig = changing()
    rig.hear(took(2, "v3"))
    rig.hear(replaced("v1", "v2", 1, price=Decimal("99.0")))
    assert updated(rig).venue_order_id == V2


@pytest.mark.parametrize(
    ("filled", "asked", "quantity"),
    [(Decimal(4), {}, Decimal(10)), (Decimal(4), {"quantity": 8}, Decimal(12)), (None, {}, Decimal(10))],
    ids=["the rest", "another quantity", "nobody says what had filled"],
)
def test_a_change_of_which_the_answer_alone_names_the_new_id_has_our_terms(
    filled: Decimal | None, asked: dict[str, int], quantity: Decimal
) -> None:
    """Four had filled under the old id: of ten six are left, or the eight that were asked for stand beside them."""
    rig = living()
    if filled:
        rig.hear(traded("v1", "t1", 4, 4, 1))
    assert change(rig, price="99.0", **asked) == CHANGE
    rig.hear(took(2, "v2"))
    old = view("v1", 1, status=None, cumulative=filled)
    news = facts.OrderReplaced(time=WALL, order=old, new_venue_order_id=None, replacement=None)
    assert rig.hear(news) == ["Updated"]
    update = updated(rig)
    assert (update.venue_order_id, update.price, update.quantity) == (V2, Decimal("99.0"), quantity)
    assert update.venue_cumulative_base == (filled or 0)
    assert change(rig, price="98.0") == SECOND_CHANGE


def test_news_without_an_id_make_the_order_be_asked_for_by_its_name() -> None:
    rig = changing()
    assert rig.hear(replaced("v1", None, 1)) == []
    assert [(query.venue_order_id, query.wire_id) for query in sent(rig, QueryOrder)] == [(None, 1)]


def test_terms_that_are_asked_for_are_no_longer_once_the_news_tell_them() -> None:
    rig = living()
    rig.hear(replaced("v1", None, 1))
    (query,) = sent(rig, QueryOrder)
    assert rig.hear(replaced("v1", "v2", 1, quantity=Decimal(8))) == ["Updated"]
    rig.hear(took(query.request_id, order=view("v2", 1, quantity=None, price=None)))
    rig.wait(30)
    assert rig.sent() == []


def test_news_that_name_the_old_id_again_and_no_terms_change_nothing() -> None:
    rig = living()
    rig.hear(replaced("v1", None, 1))
    rig.sends.clear()
    old = view("v1", 1, status=None)
    news = facts.OrderReplaced(time=WALL, order=old, new_venue_order_id=V1, replacement=None)
    assert rig.hear(news) == []
    assert (rig.last.records, rig.sent()) == ([], [])


def test_news_of_a_change_show_an_order_alive_that_a_login_left_out() -> None:
    rig = living()
    rig.lose_link()
    rig.log_in()
    assert rig.hear(replaced("v1", "v2", 1)) == ["Updated", "Reconciled"]
    rig.hear(traded("v2", "t1", 10, 10, 1))
    assert rig.status("a1").value == "FILLED"


def test_news_of_another_id_that_do_not_count_what_filled_are_followed() -> None:
    rig = living()
    assert rig.hear(replaced("v1", "v2", 1, cumulative=None)) == ["Updated"]
    assert (updated(rig).quantity, updated(rig).venue_cumulative_base) == (Decimal(10), Decimal(0))


def test_a_replacement_that_counts_what_filled_before_carries_it() -> None:
    rig = living()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert rig.hear(replaced("v1", "v2", 1, filled=4, cumulative=Decimal(4))) == ["Updated"]
    assert (updated(rig).quantity, updated(rig).venue_cumulative_base) == (Decimal(10), Decimal(0))


def test_news_of_a_change_behind_the_end_of_the_order_change_nothing() -> None:
    rig = changing()
    rig.hear(canceled("v1", 1))
    assert rig.hear(replaced("v1", "v2", 1)) == []
    assert rig.last.records == []
    rig.wait(5)
    assert rig.sent() == []


def test_a_change_that_is_told_again_after_the_next_is_noted_no_more() -> None:
    rig = living()
    rig.hear(replaced("v1", "v2", 1))
    rig.hear(replaced("v2", "v3", 1))
    rig.sends.clear()
    for news in (replaced("v1", "v2", 1), replaced("v1", None, 1)):
        rig.hear(news)
        assert (rig.last.records, rig.sent()) == ([], [])


def test_an_id_between_two_that_are_known_is_noted_for_its_late_fills() -> None:
    rig = living()
    rig.hear(acknowledged("v3", 1))
    rig.records.clear()
    assert rig.hear(replaced("v1", "v2", 1)) == []
    (noted,) = rig.last.records
    assert isinstance(noted, FormerId)
    assert (noted.venue_order_id, noted.identity.client_order_id) == (V2, A1)
    assert "Filled" in rig.hear(traded("v2", "t1", 4, 4))


# Nobody answers


def test_a_change_whose_time_is_over_is_asked_for_and_has_come_to_nothing_if_the_order_is_as_it_was() -> None:
    rig = changing()
    rig.wait(9.999)
    assert rig.sent() == []
    rig.wait(0.001)
    (query,) = sent(rig, QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == ["ReplaceRejected"]
    assert rejection(rig) == "The venue has not acted on it; the order is live as it was."
    assert not is_waiting(rig, CHANGE)


def test_a_status_query_of_before_its_time_settles_no_change() -> None:
    rig = changing()
    rig.hear(facts.CancelRefused(venue_order_id=V1, wire_id=None, reason="gone", time=0))
    (query,) = sent(rig, QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == []
    assert is_waiting(rig, CHANGE)
    assert isinstance(change(rig), NotSent)


def test_a_status_query_for_an_order_that_awaits_no_change_settles_none() -> None:
    rig = living()
    rig.hear(facts.CancelRefused(venue_order_id=V1, wire_id=None, reason="gone", time=0))
    (query,) = sent(rig, QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == []


def test_the_time_of_a_change_is_over_for_an_order_that_has_ended_without_a_question() -> None:
    rig = changing()
    rig.hear(canceled("v1", 1))
    rig.wait(30)
    assert rig.sent() == []
    assert not is_waiting(rig, CHANGE)


def test_only_the_latest_change_of_an_order_is_asked_for() -> None:
    rig = changing()
    rig.wait(5)
    rig.hear(refused(2, Outcome.AMBIGUOUS))
    show = sent(rig, QueryOrder)[-1]
    assert change(rig, price="98.0") == SECOND_CHANGE
    rig.hear(took(show.request_id, order=view("v1", 1)))
    rig.sends.clear()
    rig.wait(5)
    assert sent(rig, QueryOrder) == []
    assert not is_waiting(rig, CHANGE)
    rig.wait(5)
    assert len(sent(rig, QueryOrder)) == 1
