"""The change of one order, and the news that an order was changed: one condition at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.dispatch.records import FormerId
from protocol.errors import NotSent
from protocol.facts import Outcome
from protocol.requests import QueryOrder, ReplaceOrder
from protocol.values import NO_TIME, ClientOrderId, OffsetUnit, RequestId, TimeInForce, VenueOrderId
from protocol.venue import BatchRules, VenueRules

from .order_life import WALL, Desk, acknowledged, canceled, refused, replaced, took, traded, view
from .test_cancels_guards import sent
from .test_placements_guards import is_waiting

A1 = ClientOrderId("a1")
V1, V2 = VenueOrderId("v1"), VenueOrderId("v2")
CHANGE, SECOND_CHANGE = RequestId(2), RequestId(3)
IN_PLACE = VenueRules(venue="TEST", changes_in_place=True)


def change(desk: Desk, **terms: Any) -> Any:
    """Asks for the price 99.0 unless told otherwise."""
    return desk.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", **(terms or {"price": "99.0"})))


def living(rules: VenueRules | None = None) -> Desk:
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    return desk


def changing(rules: VenueRules | None = None, **terms: Any) -> Desk:
    """The order a1 lives as v1, 10 at 100.0, and its change, request 2, has just gone out."""
    desk = living(rules)
    assert change(desk, **terms) == CHANGE
    desk.sends.clear()
    return desk


def in_place(**terms: Any) -> facts.OrderReplaced:
    """News of the order under its old id; what is not named is as it was placed."""
    return facts.OrderReplaced(time=WALL, order=view("v1", 1, **terms), new_venue_order_id=None, replacement=None)


def filled(oid: str, tid: str, size: int, quantity: Decimal | None) -> facts.OrderTraded:
    """The first fill under this id of an order for so much."""
    fact = traded(oid, tid, size, size, 1)
    return evolve(fact, order=evolve(fact.order, quantity=quantity))


def updated(desk: Desk) -> events.Updated:
    """What was told last."""
    event = desk.events()[-1]
    assert isinstance(event, events.Updated)
    assert (event.venue_time, event.local_time) == (WALL, WALL + desk.time)
    return event


def rejection(desk: Desk, number: RequestId = CHANGE) -> str:
    """Why the change came to nothing, as was told last."""
    event = desk.events()[-1]
    assert isinstance(event, events.ModifyRejected)
    assert (event.request_id, event.venue_order_id, event.client_order_id) == (number, V1, A1)
    assert (event.venue_time, event.local_time) == (NO_TIME, WALL + desk.time)
    return event.reason


# The command


def test_a_change_goes_out_with_the_terms_that_are_to_change() -> None:
    desk = living()
    change(
        desk,
        quantity=12,
        time_in_force=TimeInForce.IOC,
        post_only=True,
        trailing_offset=5,
        trailing_unit=OffsetUnit.PRICE,
        display_quantity=2,
    )
    (send,) = desk.sends
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
    desk = living()
    change(desk)
    (request,) = desk.sent()
    assert (request.trailing_offset, request.trailing_unit) == (None, OffsetUnit.PERCENT)


def test_an_order_without_an_id_at_the_venue_cannot_be_changed() -> None:
    desk = Desk()
    desk.place("a1")
    desk.sent()
    answer = change(desk)
    assert isinstance(answer, NotSent)
    assert str(answer) == (
        "Cannot change order a1: missing venue_order_id. Wait until the venue has accepted the order."
    )
    assert desk.last.released == [Admission.ORDER]
    assert desk.sent() == []


def test_the_number_of_a_change_is_not_given_to_another() -> None:
    desk = living()
    desk.live("a2", "v2")
    desk.ask(commands.Status(A1))
    desk.sends.clear()
    desk.numbers -= 1
    answer = change(desk)
    assert isinstance(answer, NotSent)
    assert str(answer) == "Nothing was sent: request 3 is still waiting for its answer."
    assert desk.sent() == []


def test_a_second_change_waits_for_the_first_unless_that_is_in_doubt() -> None:
    desk = changing()
    second = change(desk, price="98.0")
    assert isinstance(second, NotSent)
    assert str(second) == "The change was not sent: order a1 is being changed already."
    desk.hear(refused(2, Outcome.AMBIGUOUS))
    assert change(desk, price="98.0") == 4


@pytest.mark.parametrize("what", ["change", "cancel"])
def test_nothing_about_an_order_is_sent_without_a_connection_or_behind_its_end(what: str) -> None:
    changed = commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0")
    command = changed if what == "change" else commands.Cancel(A1)
    desk = living()
    desk.lose_link()
    desk.sends.clear()
    answer = desk.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"The {what} of order a1 was not sent: there is no connection to TEST at the moment."
    desk.log_in(view("v1", 1))
    desk.hear(canceled("v1", 1))
    desk.sends.clear()
    answer = desk.ask(command)
    assert isinstance(answer, NotSent)
    assert str(answer) == f"The {what} was not sent: order a1 has ended, CANCELED."
    assert desk.sent() == []


def test_a_change_in_a_batch_is_the_one_that_its_order_awaits() -> None:
    desk = living(VenueRules(venue="TEST", batch=BatchRules(most=5, most_orders=5)))
    desk.batch(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    assert isinstance(change(desk), NotSent)


def test_what_may_still_fill_is_wanted_beside_what_filled_under_the_id_that_the_order_has() -> None:
    """Four of ten filled before the order went on under another id, which does not count them."""
    rules = VenueRules(venue="TEST", changes_in_place=True, stops_go_on=True)
    desk = living(rules)
    desk.hear(traded("v1", "t1", 4, 4, 1))
    desk.hear(replaced("v1", "v2", 1, filled=4, quantity=Decimal(6)))
    desk.hear(filled("v2", "t2", 1, Decimal(6)))
    desk.sends.clear()
    change(desk, leaves=3)
    (request,) = sent(desk, ReplaceOrder)
    assert request.quantity == 4


# The venue's answer


def test_a_change_that_the_venue_did_not_take_is_told() -> None:
    desk = changing()
    assert desk.hear(took(2, refused=True)) == ["ModifyRejected"]
    assert rejection(desk) == "The venue did not take the change."
    assert desk.sent() == []
    assert not is_waiting(desk, CHANGE)


def test_a_change_that_the_venue_took_is_awaited() -> None:
    desk = changing()
    assert desk.hear(took(2, "v2")) == []
    assert is_waiting(desk, CHANGE)


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.NOT_FOUND, Outcome.THROTTLED, Outcome.TOO_EARLY])
def test_a_refused_change_is_told_with_the_venues_words(outcome: Outcome) -> None:
    desk = changing()
    assert desk.hear(refused(2, outcome, "not now")) == ["ModifyRejected"]
    assert rejection(desk) == "not now"
    assert len(sent(desk, QueryOrder)) == (1 if outcome is Outcome.NOT_FOUND else 0)
    assert not is_waiting(desk, CHANGE)


@pytest.mark.parametrize(
    "answer", [took(2), took(2, refused=True), refused(2, Outcome.NOT_FOUND), refused(2, Outcome.AMBIGUOUS)]
)
@pytest.mark.parametrize("over", [canceled("v1", 1), replaced("v1", "v2", 1)], ids=["ended", "made"])
def test_an_answer_behind_the_end_of_the_order_or_the_news_of_the_change_says_nothing_more(
    answer: facts.Fact, over: facts.Fact
) -> None:
    desk = changing()
    desk.hear(over)
    desk.sends.clear()
    assert desk.hear(answer) == []
    assert desk.last.warnings == []
    assert not is_waiting(desk, CHANGE)
    desk.wait(30)
    assert desk.sent() == []


def test_a_change_that_was_not_written_is_told_with_the_reason() -> None:
    desk = changing()
    assert desk.apply(NotWritten([CHANGE], "no connection")) == ["ModifyRejected"]
    assert rejection(desk) == "no connection"


def told_refused(oid: str, cid: int | None = None) -> facts.ChangeRefused:
    return facts.ChangeRefused(venue_order_id=VenueOrderId(oid), wire_id=cid, reason="too late", time=0)


def test_news_of_a_refused_change_end_it_for_the_order_that_they_name() -> None:
    desk = changing()
    assert desk.hear(told_refused("v9", 9)) == []
    assert desk.hear(told_refused("v9", 1)) == ["ModifyRejected"]
    assert rejection(desk) == "too late"
    assert not is_waiting(desk, CHANGE)


def test_news_of_a_refused_change_behind_the_end_of_the_order_leave_its_answer_to_come() -> None:
    desk = changing()
    desk.hear(canceled("v1", 1))
    assert desk.hear(told_refused("v1")) == []
    assert is_waiting(desk, CHANGE)


# News of a change that makes another order


def test_a_change_that_makes_another_order_is_over_with_its_news_and_answer() -> None:
    desk = changing()
    assert desk.hear(replaced("v1", "v2", 1, price=Decimal("99.0"))) == ["Updated"]
    update = updated(desk)
    assert (update.venue_order_id, update.previous_venue_order_id, update.price) == (V2, V1, Decimal("99.0"))
    assert (update.quantity, update.venue_cumulative_base) == (10, 0)
    assert change(desk, price="98.0") == 3, "the answer to the first is still to come"
    assert desk.hear(took(2, "v2")) == []
    assert not is_waiting(desk, CHANGE)
    desk.sends.clear()
    desk.wait(9)
    assert desk.sent() == []


def test_the_news_name_the_new_order_by_its_terms_alone_or_by_its_id_alone() -> None:
    desk = changing()
    news = replaced("v1", "v2", 1, price=Decimal("99.0"))
    by_terms = facts.OrderReplaced(time=WALL, order=news.order, new_venue_order_id=None, replacement=news.replacement)
    assert desk.hear(by_terms) == ["Updated"]
    assert (updated(desk).venue_order_id, updated(desk).price) == (V2, Decimal("99.0"))
    desk = living()
    by_id = facts.OrderReplaced(time=WALL, order=news.order, new_venue_order_id=V2, replacement=None)
    assert desk.hear(by_id) == ["Updated"], "somebody else's change"
    assert (updated(desk).venue_order_id, updated(desk).price) == (V2, Decimal("100.0"))


def test_an_id_in_the_news_counts_more_than_that_in_the_answer() -> None:
    desk = changing()
    desk.hear(took(2, "v3"))
    desk.hear(replaced("v1", "v2", 1, price=Decimal("99.0")))
    assert updated(desk).venue_order_id == V2


@pytest.mark.parametrize(
    ("filled", "asked", "quantity"),
    [(Decimal(4), {}, 10), (Decimal(4), {"quantity": 8}, 12), (None, {}, 10)],
    ids=["the rest", "another quantity", "nobody says what had filled"],
)
def test_a_change_of_which_the_answer_alone_names_the_new_id_has_our_terms(
    filled: Decimal | None, asked: dict[str, int], quantity: int
) -> None:
    """Four had filled under the old id: of ten six are left, or the eight that were asked for stand beside them."""
    desk = living()
    if filled:
        desk.hear(traded("v1", "t1", 4, 4, 1))
    assert change(desk, price="99.0", **asked) == CHANGE
    desk.hear(took(2, "v2"))
    old = view("v1", 1, status=None, cumulative=filled)
    news = facts.OrderReplaced(time=WALL, order=old, new_venue_order_id=None, replacement=None)
    assert desk.hear(news) == ["Updated"]
    update = updated(desk)
    assert (update.venue_order_id, update.price, update.quantity) == (V2, Decimal("99.0"), quantity)
    assert update.venue_cumulative_base == (filled or 0)
    assert change(desk, price="98.0") == SECOND_CHANGE


def test_news_without_an_id_make_the_order_be_asked_for_by_its_name() -> None:
    desk = changing()
    assert desk.hear(replaced("v1", None, 1)) == []
    assert [(query.venue_order_id, query.wire_id) for query in sent(desk, QueryOrder)] == [(None, 1)]


def test_terms_that_are_asked_for_are_no_longer_once_the_news_tell_them() -> None:
    desk = living()
    desk.hear(replaced("v1", None, 1))
    (query,) = sent(desk, QueryOrder)
    assert desk.hear(replaced("v1", "v2", 1, quantity=Decimal(8))) == ["Updated"]
    desk.hear(took(query.request_id, order=view("v2", 1, quantity=None, price=None)))
    desk.wait(30)
    assert desk.sent() == []


def test_news_that_name_the_old_id_again_and_no_terms_change_nothing() -> None:
    desk = living()
    desk.hear(replaced("v1", None, 1))
    desk.sends.clear()
    old = view("v1", 1, status=None)
    news = facts.OrderReplaced(time=WALL, order=old, new_venue_order_id=V1, replacement=None)
    assert desk.hear(news) == []
    assert (desk.last.records, desk.sent()) == ([], [])


def test_news_of_a_change_show_an_order_alive_that_a_login_left_out() -> None:
    desk = living()
    desk.lose_link()
    desk.log_in()
    assert desk.hear(replaced("v1", "v2", 1)) == ["Updated", "Reconciled"]
    desk.hear(traded("v2", "t1", 10, 10, 1))
    assert desk.status("a1").value == "FILLED"


def test_news_of_another_id_that_do_not_count_what_filled_are_followed() -> None:
    desk = living()
    assert desk.hear(replaced("v1", "v2", 1, cumulative=None)) == ["Updated"]
    assert (updated(desk).quantity, updated(desk).venue_cumulative_base) == (10, 0)


def test_a_replacement_that_counts_what_filled_before_carries_it() -> None:
    desk = living()
    desk.hear(traded("v1", "t1", 4, 4, 1))
    assert desk.hear(replaced("v1", "v2", 1, filled=4, cumulative=Decimal(4))) == ["Updated"]
    assert (updated(desk).quantity, updated(desk).venue_cumulative_base) == (10, 0)


def test_news_of_a_change_behind_the_end_of_the_order_change_nothing() -> None:
    desk = changing()
    desk.hear(canceled("v1", 1))
    assert desk.hear(replaced("v1", "v2", 1)) == []
    assert desk.last.records == []
    desk.wait(5)
    assert desk.sent() == []


def test_a_change_that_is_told_again_after_the_next_is_noted_no_more() -> None:
    desk = living()
    desk.hear(replaced("v1", "v2", 1))
    desk.hear(replaced("v2", "v3", 1))
    desk.sends.clear()
    for news in (replaced("v1", "v2", 1), replaced("v1", None, 1)):
        desk.hear(news)
        assert (desk.last.records, desk.sent()) == ([], [])


def test_an_id_between_two_that_are_known_is_noted_for_its_late_fills() -> None:
    desk = living()
    desk.hear(acknowledged("v3", 1))
    desk.records.clear()
    assert desk.hear(replaced("v1", "v2", 1)) == []
    (noted,) = desk.last.records
    assert isinstance(noted, FormerId)
    assert (noted.venue_order_id, noted.identity.client_order_id) == (V2, A1)
    assert "Filled" in desk.hear(traded("v2", "t1", 4, 4))


# Nobody answers


def test_a_change_whose_time_is_over_is_asked_for_and_has_come_to_nothing_if_the_order_is_as_it_was() -> None:
    desk = changing()
    desk.wait(9.999)
    assert desk.sent() == []
    desk.wait(0.001)
    (query,) = sent(desk, QueryOrder)
    assert desk.hear(took(query.request_id, order=view("v1", 1))) == ["ModifyRejected"]
    assert rejection(desk) == "The venue has not acted on it; the order is live as it was."
    assert not is_waiting(desk, CHANGE)


def test_a_status_query_of_before_its_time_settles_no_change() -> None:
    desk = changing()
    desk.hear(facts.CancelRefused(venue_order_id=V1, wire_id=None, reason="gone", time=0))
    (query,) = sent(desk, QueryOrder)
    assert desk.hear(took(query.request_id, order=view("v1", 1))) == []
    assert is_waiting(desk, CHANGE)
    assert isinstance(change(desk), NotSent)


def test_a_status_query_for_an_order_that_awaits_no_change_settles_none() -> None:
    desk = living()
    desk.hear(facts.CancelRefused(venue_order_id=V1, wire_id=None, reason="gone", time=0))
    (query,) = sent(desk, QueryOrder)
    assert desk.hear(took(query.request_id, order=view("v1", 1))) == []


def test_the_time_of_a_change_is_over_for_an_order_that_has_ended_without_a_question() -> None:
    desk = changing()
    desk.hear(canceled("v1", 1))
    desk.wait(30)
    assert desk.sent() == []
    assert not is_waiting(desk, CHANGE)


def test_only_the_latest_change_of_an_order_is_asked_for() -> None:
    desk = changing()
    desk.wait(5)
    desk.hear(refused(2, Outcome.AMBIGUOUS))
    show = sent(desk, QueryOrder)[-1]
    assert change(desk, price="98.0") == SECOND_CHANGE
    desk.hear(took(show.request_id, order=view("v1", 1)))
    desk.sends.clear()
    desk.wait(5)
    assert sent(desk, QueryOrder) == []
    assert not is_waiting(desk, CHANGE)
    desk.wait(5)
    assert len(sent(desk, QueryOrder)) == 1
