"""What views of an order teach, and what they do not: ids, quantity, price, trigger, end; and whose news it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, TimeInForce
from protocol.values import VenueOrderId as Oid
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, IN_PLACE, asked, at_work, listed, open_questions, order_of, status_of, terms, told, updated
from ..order_life import WALL, Rig, acknowledged, canceled, external, refused, rejected, replaced, took, traded, view

STOPS = VenueRules(venue="TEST", changes_in_place=True, stops_go_on=True)
CHAINS = VenueRules(venue="TEST", reads_history=True, chain_history=True, audit_period=10_000 * SECOND)
D = Decimal


# Ends that an answer shows


@pytest.mark.parametrize(
    ("status", "tif", "kind"),
    [
        (OrderStatus.CANCELED, TimeInForce.GTC, events.Canceled),
        (OrderStatus.EXPIRED, TimeInForce.GTC, events.Expired),
        (OrderStatus.EXPIRED, TimeInForce.IOC, events.Canceled),
        (OrderStatus.CANCELED, TimeInForce.IOC, events.Canceled),
    ],
)
@pytest.mark.parametrize("why", ["", "self trade"])
def test_an_end_that_an_answer_shows_is_told_with_its_time_and_reason(
    status: OrderStatus, tif: TimeInForce, kind: type, why: str
) -> None:
    rig = at_work()
    shown = view("v1", 1, status=status, time_in_force=tif, reason=why, ended=WALL + 9)
    assert status_of(rig, shown) == [kind.__name__]
    ended = told(rig, kind)[0]
    assert ended.reason == (why or f"The venue showed it as {status.value.lower()} when its status was asked for.")
    assert (ended.venue_time, ended.cumulative) == (WALL + 9, 0)


def test_a_filled_order_that_may_not_rest_is_filled_when_an_answer_shows_it() -> None:
    rig = at_work()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    shown = view("v1", 1, status=OrderStatus.FILLED, time_in_force=TimeInForce.IOC, quantity=D(4), cumulative=D(4))
    assert status_of(rig, shown) == ["Completed"]


def test_how_long_an_order_was_for_is_known_though_the_answer_leaves_it_out() -> None:
    rig = Rig()
    rig.place("a1", time_in_force=TimeInForce.IOC)
    rig.hear(acknowledged("v1", 1, time_in_force=TimeInForce.IOC))
    assert status_of(rig, view("v1", 1, status=OrderStatus.EXPIRED, time_in_force=None)) == ["Canceled"]


def test_an_end_under_an_id_that_the_order_does_not_have_any_more_ends_nothing() -> None:
    rig = at_work()
    rig.hear(replaced("v1", "v2", 1))
    assert listed(rig, view("v1", 1, status=OrderStatus.CANCELED), view("v2", 1)) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_an_order_that_an_answer_shows_as_rejected_is_told_so() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    shown = view("v1", 1, status=OrderStatus.REJECTED, ended=WALL + 9)
    assert status_of(rig, shown) == ["Rejected"]
    (ended,) = told(rig, events.Rejected)
    assert (ended.reason, ended.due_post_only) == ("The venue shows the order as rejected.", False)
    assert (ended.venue_time, ended.venue_order_id) == (WALL + 9, "v1")


@pytest.mark.parametrize("why", ["", "no margin"])
def test_an_accepted_order_that_an_answer_shows_as_rejected_was_canceled(why: str) -> None:
    rig = at_work()
    assert status_of(rig, view("v1", 1, status=OrderStatus.REJECTED, reason=why, ended=WALL + 9)) == ["Canceled"]
    (ended,) = told(rig, events.Canceled)
    reason = why or "The venue shows the order as rejected."
    assert ended.reason == f"The venue rejected it after it had accepted it. {reason}"
    assert (ended.venue_time, ended.due_post_only) == (WALL + 9, False)


def fired_stop(*, fired: bool = True) -> Rig:
    rig = Rig(rules=STOPS)
    rig.place("a1", trigger_price="99.0")
    rig.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=D("99.0")))
    if fired:
        rig.hear(facts.OrderTriggered(time=WALL, order=view("v1", 1, trigger_price=D("99.0"))))
    rig.records.clear()
    rig.sends.clear()
    return rig


@pytest.mark.parametrize("fired", [True, False], ids=["fired", "not heard to fire"])
def test_what_a_fired_stop_became_is_refused_and_that_is_its_end(fired: bool) -> None:
    rig = fired_stop(fired=fired)
    shown = view("v2", 1, status=OrderStatus.REJECTED, trigger_price=D("99.0"), reason="no margin", ended=WALL + 9)
    names = listed(rig, shown)
    assert names == (["Updated", "Canceled"] if fired else ["Triggered", "Updated", "Canceled"])
    (ended,) = told(rig, events.Canceled)
    assert (ended.venue_order_id, ended.reason, ended.venue_time) == ("v2", "no margin", WALL + 9)
    assert ended.due_post_only is False


def test_a_refused_replacement_is_the_end_of_the_change_and_the_order_stands() -> None:
    rig = at_work()
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    number = RequestId(rig.numbers)
    assert rig.hear(evolve(rejected("v2", 1), reason="too far")) == ["ReplaceRejected"]
    (refusal,) = told(rig, events.ReplaceRejected)
    assert (refusal.request_id, refusal.reason) == (number, "too far")
    assert rig.hear(rejected("v2", 1)) == []
    assert rig.hear(refused(number, Outcome.DEFINITE)) == []
    assert terms(rig) == ("v1", 10, D("100.0"), None)


# Ends that we concluded


def concluded() -> Rig:
    """Its only fill was heard, and nobody has said that it was the last."""
    rig = at_work(IN_PLACE)
    rig.hear(traded("v1", "t1", 10, 10, 1))
    assert rig.status("a1") is OrderStatus.FILLED
    rig.records.clear()
    return rig


@pytest.mark.parametrize(
    ("status", "counts_as"),
    [
        (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED),
        (OrderStatus.PARTIALLY_FILLED, OrderStatus.PARTIALLY_FILLED),
        (OrderStatus.TRIGGERED, OrderStatus.TRIGGERED),
    ],
)
def test_an_order_that_we_concluded_to_be_complete_is_reopened_by_a_list_that_shows_it(
    status: OrderStatus, counts_as: OrderStatus
) -> None:
    rig = concluded()
    rig.wait(1)
    assert listed(rig, view("v1", 1, status=status, quantity=D(15), cumulative=D(10))) == ["Reopened", "Updated"]
    reopened, change = rig.events()
    assert reopened == events.Reopened(
        identity=order_of(rig).identity,
        venue_order_id=Oid("v1"),
        venue_time=0,
        local_time=rig.wall + rig.time,
        was=OrderStatus.FILLED,
        status=counts_as,
        leaves=D(0),
        reason="The venue shows the order as live.",
    )
    assert change == updated(rig, quantity=D(15))


@pytest.mark.parametrize(
    "shown",
    [
        {"status": OrderStatus.SUBMITTED},
        {"status": None},
        {"status": OrderStatus.CANCELED},
        {"cumulative": None},
        {"cumulative": D(9)},
    ],
    ids=["pending", "no status", "ended", "no total", "older"],
)
def test_an_order_that_we_concluded_to_be_complete_stays_so(shown: dict[str, Any]) -> None:
    rig = concluded()
    rig.wait(1)
    assert listed(rig, view("v1", 1, **({"cumulative": D(10), "quantity": D(15)} | shown))) == []
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_list_that_was_asked_for_before_we_concluded_it_contradicts_nothing() -> None:
    rig = at_work(IN_PLACE)
    rig.ask(commands.OpenOrders(), None)
    (listing,) = asked(rig, requests.ListOpenOrders)
    rig.time += SECOND
    rig.hear(traded("v1", "t1", 10, 10, 1))
    assert rig.hear(took(listing.request_id, orders=(view("v1", 1, quantity=D(15), cumulative=D(10)),))) == []
    assert rig.status("a1") is OrderStatus.FILLED


def test_an_order_that_the_venue_called_complete_is_not_reopened_by_a_list() -> None:
    rig = at_work()
    rig.hear(traded("v1", "t1", 10, 10, 1, final=True))
    rig.wait(1)
    assert listed(rig, view("v1", 1, cumulative=D(10))) == []


def test_a_reopened_order_is_complete_again_by_arithmetic() -> None:
    """The login has not listed it, so nothing but the list that reopens it shows it."""
    rig = concluded()
    rig.lose_link()
    rig.log_in()
    rig.wait(1)
    assert listed(rig, view("v1", 1, quantity=D(15), cumulative=D(10))) == ["Reopened", "Updated"]
    fill = traded("v1", "t2", 5, 15, 1)
    rig.hear(evolve(fill, order=evolve(fill.order, quantity=D(15))))
    filled = told(rig, events.Filled)[-1]
    assert (filled.status, filled.concluded) == (OrderStatus.FILLED, True)


@pytest.mark.parametrize("news", [facts.OrderTriggered, facts.OrderTriggerMoved, facts.OrderUnclear])
def test_late_news_of_an_ended_order_change_nothing(news: type) -> None:
    rig = at_work(IN_PLACE)
    rig.hear(canceled("v1", 1))
    rig.records.clear()
    late = view("v1", 1, cumulative=D(4), trigger_price=D("98.0"))
    assert rig.hear(news(time=WALL, order=late)) == []
    assert rig.sent() == []
    assert open_questions(rig) == set()
    assert terms(rig) == ("v1", 10, D("100.0"), None)


# Terms


@pytest.mark.parametrize(
    "changed",
    [{"price": D("98.0")}, {"quantity": D(7)}, {"trigger_price": D("97.0")}, {"price": D("98.0"), "quantity": D(12)}],
    ids=["price", "quantity", "trigger", "both"],
)
def test_other_terms_that_an_answer_shows_are_told(changed: dict[str, Any]) -> None:
    rig = at_work(IN_PLACE)
    rig.wait(1)
    names = status_of(rig, view("v1", 1, **changed))
    if "trigger_price" in changed:
        assert names == []  # it had none that was known, so it is no change
        assert terms(rig)[3] == D("97.0")
    else:
        assert rig.events() == [updated(rig, **changed)]


def test_a_view_that_leaves_terms_out_leaves_them_as_they_were() -> None:
    rig = at_work(IN_PLACE)
    assert status_of(rig, view("v1", 1, price=None, quantity=None)) == []
    assert terms(rig) == ("v1", 10, D("100.0"), None)


def test_terms_that_are_older_than_a_change_are_no_news() -> None:
    rig = at_work(IN_PLACE)
    rig.ask(commands.OpenOrders(), None)
    (listing,) = asked(rig, requests.ListOpenOrders)
    rig.time += SECOND
    change = facts.OrderReplaced(
        time=WALL, order=view("v1", 1, price=D("98.0")), new_venue_order_id=None, replacement=None
    )
    assert rig.hear(change) == ["Updated"]
    assert rig.hear(took(listing.request_id, orders=(view("v1", 1),))) == []
    assert terms(rig)[2] == D("98.0")


def test_a_market_order_has_no_price_whatever_the_venue_shows() -> None:
    rig = Rig(rules=IN_PLACE)
    rig.place("a1", market=True)
    rig.hear(took(1, "v1"), acknowledged("v1", 1, price=D("103.0")))
    assert terms(rig) == ("v1", 10, None, None)
    assert status_of(rig, view("v1", 1, price=D("104.0"))) == []
    assert terms(rig) == ("v1", 10, None, None)


def test_a_trigger_that_the_market_took_along_changes_no_other_term() -> None:
    rig = fired_stop(fired=False)
    moved = view("v1", 1, trigger_price=D("99.5"), quantity=D(7), price=D("98.0"), other_quantity=D(6))
    assert rig.hear(facts.OrderTriggerMoved(time=WALL + 3, order=moved)) == ["Updated"]
    assert rig.events() == [updated(rig, time=WALL + 3, trigger_price=D("99.5"))]
    assert open_questions(rig) == set()


def test_the_trigger_of_a_trailing_stop_is_learned_and_is_no_change() -> None:
    rig = at_work(IN_PLACE)
    assert rig.hear(acknowledged("v1", 1, trigger_price=D("97.0"))) == []
    assert terms(rig) == ("v1", 10, D("100.0"), D("97.0"))
    assert rig.hear(acknowledged("v1", 1, trigger_price=D("96.0"))) == []
    assert terms(rig)[3] == D("97.0")


def test_the_venue_may_place_a_reduce_only_order_for_less_and_says_so_first() -> None:
    rig = Rig(rules=IN_PLACE)
    rig.place("a1")
    rig.records.clear()
    shown = acknowledged("v1", 1, quantity=D(6), price=D("99.0"), trigger_price=D("98.0"))
    assert rig.hear(shown) == ["Accepted", "Updated"]
    assert rig.events()[1] == updated(rig, time=WALL, quantity=D(6), trigger_price=D("98.0"))
    rig.time += SECOND
    assert rig.hear(acknowledged("v1", 1, quantity=D(5))) == []


def test_where_orders_are_not_changed_in_place_the_first_quantity_is_what_was_placed() -> None:
    rig = at_work()
    assert rig.hear(acknowledged("v1", 1, quantity=D(6))) == []
    assert terms(rig)[1] == 10


def test_an_ended_order_learns_no_quantity() -> None:
    rig = at_work(IN_PLACE)
    rig.hear(canceled("v1", 1))
    assert rig.hear(acknowledged("v1", 1, quantity=D(6))) == []
    assert terms(rig)[1] == 10


# Two readings of a quantity


def both(first: int, second: int, **more: Any) -> facts.OrderView:
    return view("v1", 1, quantity=D(first), other_quantity=D(second), **more)


@pytest.mark.parametrize("shown", [(10, 7), (7, 10)], ids=["the first", "the second"])
def test_of_two_readings_the_one_by_which_nothing_has_changed_is_right(shown: tuple[int, int]) -> None:
    rig = at_work(IN_PLACE)
    assert status_of(rig, both(*shown, price=D("98.0"))) == ["Updated"]
    assert rig.events() == [updated(rig, price=D("98.0"))]
    assert open_questions(rig) == set()


def test_of_two_readings_the_one_that_was_asked_for_is_right() -> None:
    rig = at_work(IN_PLACE)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=12))
    rig.wait(1)
    assert status_of(rig, both(14, 12)) == ["Updated"]
    assert terms(rig)[1] == 12


def test_where_neither_reading_is_right_the_order_is_asked_for() -> None:
    rig = at_work(IN_PLACE)
    assert listed(rig, both(14, 12, price=D("98.0"))) == ["Updated"]
    assert terms(rig) == ("v1", 10, D("98.0"), None)
    assert open_questions(rig) == {Question.TERMS}
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v1"
    rig.time += SECOND
    assert rig.hear(took(query.request_id, order=view("v1", 1, price=D("98.0"), quantity=D(12)))) == ["Updated"]
    assert terms(rig)[1] == 12


def test_of_an_order_without_a_known_quantity_the_first_reading_counts() -> None:
    rig = Rig(rules=IN_PLACE)
    external(rig, "x7", "v1")
    rig.hear(facts.OrderAcknowledged(time=WALL, order=both(14, 12)))
    assert terms(rig, "x7")[1] == 14
    assert rig.sent() == []


# What else an answer shows


def test_a_fired_trigger_that_an_answer_shows_is_told_without_a_time() -> None:
    rig = fired_stop(fired=False)
    assert status_of(rig, view("v1", 1, status=OrderStatus.TRIGGERED, trigger_price=D("99.0"))) == ["Triggered"]
    assert told(rig, events.Triggered)[0].venue_time == 0


def test_what_an_ended_order_counts_more_is_missing() -> None:
    rig = at_work()
    rig.hear(canceled("v1", 1))
    assert status_of(rig, view("v1", 1, status=OrderStatus.CANCELED, cumulative=D(4))) == ["MissingFills"]


def test_what_an_order_counts_that_is_shown_as_rejected_is_missing_and_it_has_ended() -> None:
    rig = at_work()
    shown = view("v1", 1, status=OrderStatus.REJECTED, cumulative=D(4))
    assert status_of(rig, shown) == ["MissingFills", "Canceled"]


def test_a_rejected_order_that_a_list_shows_alive_is_warned_of() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(rejected("v1", 1))
    rig.wait(1)
    assert listed(rig, view("v1", 1)) == []
    assert "The venue shows order a1 as live, though it had rejected it." in rig.last.warnings[0]


def test_an_order_that_we_concluded_to_be_complete_is_reopened_by_its_own_news() -> None:
    rig = concluded()
    rig.wait(1)
    assert rig.hear(acknowledged("v1", 1, quantity=D(15), cumulative=D(10))) == ["Reopened", "Updated"]
    assert terms(rig)[1] == 15


def test_what_was_shown_at_the_instant_of_our_conclusion_contradicts_nothing() -> None:
    rig = concluded()
    assert listed(rig, view("v1", 1, quantity=D(15), cumulative=D(10))) == []
    assert rig.status("a1") is OrderStatus.FILLED


def test_more_than_the_whole_leaves_nothing_when_the_order_is_reopened() -> None:
    rig = at_work(IN_PLACE)
    rig.hear(traded("v1", "t1", 12, 12, 1))
    rig.wait(1)
    assert listed(rig, view("v1", 1, cumulative=D(12)))[0] == "Reopened"
    assert told(rig, events.Reopened)[0].leaves == 0


def test_an_answer_under_an_id_that_a_concluded_order_never_had_contradicts_nothing() -> None:
    rig = at_work()
    rig.ask(commands.Status(A1), None)
    (query,) = asked(rig, requests.QueryOrder)
    rig.hear(traded("v1", "t1", 10, 10, 1))
    rig.wait(1)
    assert rig.hear(took(query.request_id, order=view("v2", 1))) == []
    assert rig.status("a1") is OrderStatus.FILLED
