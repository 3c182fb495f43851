"""Orders at a venue that tells of them on one feed and of their fills on another: neither may outrun the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import LinkUp, NotWritten
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..guarding import NOBODYS
from ..order_life import GOLD, WALL, Rig, acknowledged, canceled, refused, rejected, replaced, took, trade, traded, view

RULES = VenueRules(
    venue="TEST",
    http_requests=frozenset(
        {
            requests.PlaceOrder,
            requests.CancelOrder,
            requests.QueryOrder,
            requests.ListFills,
            requests.ListOrderHistory,
        }
    ),
    fills_lag=SECOND,
    freshness=SECOND,
    reads_history=True,
    absence_needs_history=True,
    check_unfilled_cancels=True,
)


def new_rig(*, cancel_unknown: bool = False, **changes: Any) -> Rig:
    rig = Rig(rules=evolve(RULES, **changes), cancel_unknown=cancel_unknown)
    rig.sends.clear()
    return rig


def removed(
    oid: str, filled: int | None, ending: OrderStatus = OrderStatus.CANCELED, *, reason: str = "partial_fill"
) -> facts.OrderRemoved:
    total = None if filled is None else Decimal(filled)
    shown = view(oid, 1, cumulative=total, status=ending)
    return facts.OrderRemoved(time=WALL, order=shown, ending=ending, filled=total, reason=reason)


def filled(oid: str, tid: str, size: int, **terms: Any) -> facts.OrderFilled:
    """As a fills feed tells it: it knows no order beside the execution."""
    known: dict[str, Any] = {"cumulative": None, "quantity": None, "price": None, "status": None}
    shown = view(oid, 1, **(known | terms))
    return facts.OrderFilled(time=WALL, order=shown, trade=trade(oid, tid, size), final=False)


def test_an_order_by_amount_is_complete_by_the_venues_word_alone() -> None:
    rig = new_rig(market_needs_price=False)
    rig.place("a1", market=True, quote_quantity=True)
    guessed = facts.OrderPending(time=WALL, order=view("O", 1, quantity=Decimal(3), price=None))
    rig.hear(guessed, acknowledged("O", 1, quantity=Decimal(3), price=None))
    for tid, size, total in (("t1", 3, 3), ("t2", 1, 4)):
        fill = facts.OrderFilled(
            time=WALL,
            order=view("O", 1, quantity=Decimal(3), price=None, cumulative=Decimal(total)),
            trade=trade("O", tid, size),
            final=False,
        )
        assert rig.hear(fill) == ["Filled"]
        assert (rig.status("a1"), rig.last.warnings) == (OrderStatus.PARTIALLY_FILLED, [])
    rig.ask(commands.Status(ClientOrderId("a1")))
    shown = view("O", 1, quantity=Decimal(3), price=None, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    assert rig.hear(took(rig.numbers, order=shown)) == []
    rig.hear(removed("O", 4, OrderStatus.FILLED))
    assert rig.status("a1") is OrderStatus.FILLED


def wait_for_question(rig: Rig, seconds: int) -> requests.ListFills:
    """Lets time pass until history is asked for."""
    for _ in range(seconds):
        for send in rig.sends:
            if isinstance(send.request, requests.ListFills):
                return send.request
        rig.wait(1)
    raise AssertionError("nobody asked for the history")


def history(rig: Rig, *trades: facts.Trade, cursor: str | None = None) -> list[str]:
    """Answers the question for fills that is on its way."""
    asked = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    assert asked, "nobody asked for the history"
    return rig.hear(facts.FillsListed(request_id=asked[-1].request_id, trades=trades, cursor=cursor))


def fate(rig: Rig, *orders: facts.OrderView) -> list[str]:
    """Answers the question for what became of orders."""
    asked = [request for request in rig.sent() if isinstance(request, requests.ListOrderHistory)]
    assert asked, "nobody asked what became of orders"
    return rig.hear(facts.OrderHistoryListed(request_id=asked[-1].request_id, orders=orders))


def test_a_fill_that_is_the_first_news_of_an_order_completes_it() -> None:
    """The venue may tell it ahead of the order's acceptance; it was heard live."""
    rig = new_rig()
    rig.place("a1")
    rig.hear(took(1, "V1"))
    assert rig.hear(filled("V1", "t1", 10)) == ["Accepted", "Filled"]
    (fill,) = [event for event in rig.events() if isinstance(event, events.Filled)]
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)


# Totals


def test_a_total_may_come_before_its_fills() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(acknowledged("V1", 1, cumulative=Decimal(4))) == []
    assert rig.hear(filled("V1", "t1", 3), filled("V1", "t2", 1)) == ["Filled", "Filled"]
    assert rig.wait(5) == []


def test_fills_may_come_before_their_total() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 4))
    assert rig.hear(acknowledged("V1", 1, cumulative=Decimal(4))) == []
    assert rig.wait(5) == []


def test_a_removal_tells_the_quantity_that_the_login_left_open() -> None:
    """Somebody else changed the order while the link was down, and what is listed has two readings."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in(view("V1", 1, quantity=Decimal(26), other_quantity=Decimal(14)))
    gone = view("V1", 1, quantity=Decimal(14), cumulative=Decimal(14), status=OrderStatus.FILLED)
    rig.hear(
        facts.OrderRemoved(time=WALL, order=gone, ending=OrderStatus.FILLED, filled=Decimal(14), reason="full_fill"),
        filled("V1", "t1", 14),
    )
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert fill.status is OrderStatus.FILLED
    assert not fill.overfill


def test_a_fill_beyond_the_quantity_that_leaves_something_to_fill_is_no_overfill() -> None:
    """Somebody else changed the order to more, and the other feed tells of it later."""
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(evolve(filled("V1", "t1", 18), goes_on=True)) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.status, fill.overfill) == (OrderStatus.PARTIALLY_FILLED, Decimal(0))
    (question,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    shown = view("V1", 1, quantity=Decimal(30), cumulative=Decimal(18), status=OrderStatus.PARTIALLY_FILLED)
    assert rig.hear(took(question.request_id, order=shown)) == ["Updated"]


def test_a_last_fill_beyond_the_quantity_is_of_a_change_that_nobody_told() -> None:
    """Somebody else changed the order to more; that message was lost, and the venue says that it is complete now."""
    rig = new_rig(changes_in_place=True)
    rig.live("a1", "V1")
    assert rig.hear(evolve(filled("V1", "t1", 18), final=True)) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.status, fill.overfill, rig.last.warnings) == (OrderStatus.FILLED, Decimal(0), [])


def test_a_total_whose_fills_do_not_come_has_history_read_and_is_no_gap_if_that_has_them() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(4)))
    rig.wait(0.9)
    assert rig.sent() == [], "they may be on their way"
    assert rig.wait(0.2) == []
    assert history(rig, trade("V1", "t1", 4)) == ["Filled"]
    assert rig.wait(5) == []


def test_a_total_whose_fills_history_does_not_have_either_is_a_gap_and_a_later_reading_closes_it() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(4)))
    rig.wait(1.1)
    assert history(rig, trade("V1", "t1", 1)) == ["Filled", "MissingFills"]
    gap = rig.events()[-1]
    assert isinstance(gap, events.MissingFills)
    assert (gap.known, gap.reported) == (Decimal(1), Decimal(4))
    wait_for_question(rig, 70)
    assert history(rig, trade("V1", "t1", 1), trade("V1", "t2", 3)) == ["Filled"], "looked for again, and told once"


def test_a_history_that_lags_proves_nothing_until_its_lag_is_over() -> None:
    rig = new_rig(lists_lag=5 * SECOND)
    rig.live("a1", "V1")
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(4)))
    rig.wait(1.1)
    assert history(rig) == [], "asked for 1 s after the total, when it may not have its fills yet"
    wait_for_question(rig, 10)
    assert rig.time >= 105 * SECOND
    assert history(rig) == ["MissingFills"]


def test_where_history_cannot_be_read_a_gap_is_told_after_five_minutes() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(4)))
    told: list[str] = []
    while rig.time < 399 * SECOND:
        told += rig.wait(1)
        for request in rig.sent():
            if isinstance(request, requests.ListFills):
                told += rig.hear(refused(request.request_id, Outcome.THROTTLED, "busy"))
    assert told == []
    assert rig.wait(2) == ["MissingFills"]


def test_each_total_has_its_own_time_for_its_fills() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(4)))
    rig.wait(0.5)
    rig.hear(filled("V1", "t1", 4))
    rig.wait(0.49)
    rig.hear(acknowledged("V1", 1, cumulative=Decimal(6)))
    assert rig.wait(0.5) == []
    assert rig.hear(filled("V1", "t2", 2)) == ["Filled"]
    assert rig.wait(5) == []


def test_a_fill_of_history_beyond_the_quantity_is_no_overfill_before_the_terms_are_known() -> None:
    """No message told of the fill, so none may have told of a change to more."""
    rig = new_rig()
    rig.live("a1", "V1")
    wait_for_question(rig, 61)
    rig.sends[:] = [send for send in rig.sends if isinstance(send.request, requests.ListFills)]
    assert history(rig, trade("V1", "t1", 18)) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.status, fill.overfill, rig.last.warnings) == (OrderStatus.PARTIALLY_FILLED, Decimal(0), [])
    (question,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    shown = view("V1", 1, quantity=Decimal(18), cumulative=Decimal(18), status=OrderStatus.FILLED)
    assert "Completed" in rig.hear(took(question.request_id, order=shown))


def test_the_fee_of_a_fill_that_a_snapshot_told_is_read_for_after_the_order_has_ended() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    fill = trade("V1", "t1", 10)
    rig.hear(facts.FillsListed(request_id=RequestId(0), trades=(fill,), cursor=None))
    rig.hear(removed("V1", 10, OrderStatus.FILLED))
    wait_for_question(rig, 61)
    assert history(rig) == [], "it follows behind"
    wait_for_question(rig, 61)
    assert history(rig, trade("V1", "t1", 10, fee="0.5")) == ["FeeReported"]


def test_a_jump_of_what_remains_on_the_fills_feed_is_a_gap() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t2", 2, quantity=Decimal(10), cumulative=Decimal(5)))
    assert rig.wait(2) == []
    assert history(rig) == ["MissingFills"], "and history does not have the other fills"


def test_a_jump_that_comes_of_a_change_to_less_is_no_gap() -> None:
    """Somebody else changed the order to 7, and the other feed tells of it behind the fill."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 2, quantity=Decimal(10), cumulative=Decimal(5)))
    changed = view("V1", 1, quantity=Decimal(7), cumulative=Decimal(2), status=OrderStatus.PARTIALLY_FILLED)
    told = facts.OrderReplaced(time=WALL, order=changed, new_venue_order_id=None, replacement=None)
    assert rig.hear(told) == ["Updated"]
    rig.wait(2)
    assert not any(isinstance(request, requests.ListFills) for request in rig.sent()), "nothing is missing"


# Removals


def test_an_order_that_left_the_book_is_canceled_behind_its_last_fills() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", 6)) == []
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert rig.hear(filled("V1", "t2", 2)) == ["Filled", "Canceled"]
    end = rig.events()[-1]
    assert isinstance(end, events.Canceled)
    assert (end.cumulative, end.reason) == (Decimal(6), "partial_fill")
    assert rig.hear(filled("V1", "t2", 2)) == [], "told twice"


def test_an_order_whose_fills_were_all_heard_is_canceled_at_once() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 6))
    assert rig.hear(removed("V1", 6)) == ["Canceled"]


def test_the_last_fills_of_a_removed_order_are_looked_for_in_history() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    assert rig.wait(1.5) == []
    assert history(rig, trade("V1", "t1", 6)) == ["Filled", "Canceled"]


def test_an_order_whose_last_fills_nobody_has_ends_with_a_gap() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    rig.wait(1.5)
    assert history(rig) == ["MissingFills", "Canceled"]
    assert rig.hear(filled("V1", "t1", 6)) == ["Filled"], "a fill after a cancel is a fill"


def test_a_removal_after_fills_that_nobody_counted_waits_for_history() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", None)) == []
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled"]
    assert rig.wait(1.5) == []
    assert history(rig, trade("V1", "t1", 4)) == ["Canceled"]


def test_the_status_of_an_order_that_left_the_book_counts_its_fills_before_history_does() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", None, reason="cancelled_by_user")) == []
    (question,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    gone = view("V1", 1, cumulative=Decimal(4), status=OrderStatus.CANCELED, reason="CANCELLED")
    assert rig.hear(took(question.request_id, order=gone)) == [], "its fill is on its way"
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled", "Canceled"]
    ended = rig.events()[-1]
    assert isinstance(ended, events.Canceled)
    assert (ended.cumulative, ended.reason) == (Decimal(4), "cancelled_by_user")


def test_an_order_of_which_nothing_had_filled_is_canceled_as_soon_as_its_status_says_so() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", None)) == []
    (question,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    gone = view("V1", 1, cumulative=Decimal(0), status=OrderStatus.CANCELED)
    assert rig.hear(took(question.request_id, order=gone)) == ["Canceled"]


def test_an_order_that_leaves_the_book_with_more_than_it_was_for_had_been_changed() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    left = removed("V1", 18, OrderStatus.FILLED)
    assert rig.hear(evolve(left, order=evolve(left.order, quantity=Decimal(18)))) == ["Updated"]
    assert rig.hear(filled("V1", "t1", 18)) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.status, fill.overfill, rig.last.warnings) == (OrderStatus.FILLED, Decimal(0), [])


def test_an_answer_that_counts_less_than_was_heard_does_not_show_that_the_order_lives() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 4))
    rig.lose_link()
    rig.log_in()
    (question,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    rig.hear(took(question.request_id, order=view("V1", 1)))
    rig.wait(1)
    questions = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    assert "Canceled" in rig.hear(took(questions[-1].request_id, order=ended))


def test_a_filled_order_is_never_canceled() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", 10, OrderStatus.FILLED, reason="full_fill")) == []
    assert rig.hear(filled("V1", "t1", 10)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert rig.hear(removed("V1", 10, OrderStatus.FILLED, reason="full_fill")) == []
    assert rig.wait(5) == []


def test_a_filled_order_whose_fills_nobody_has_is_closed_with_a_gap() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 10, OrderStatus.FILLED))
    rig.wait(1.5)
    assert history(rig) == ["MissingFills", "Completed"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_last_fill_that_is_too_small_for_the_order_waits_for_the_others() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(evolve(filled("V1", "t2", 6), final=True)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert rig.hear(removed("V1", 10, OrderStatus.FILLED, reason="full_fill")) == []
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert rig.wait(5) == []


def test_a_last_fill_without_the_others_is_a_gap() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(evolve(filled("V1", "t2", 6), final=True))
    rig.wait(1.5)
    assert history(rig) == ["MissingFills", "Completed"]
    assert rig.status("a1") is OrderStatus.FILLED


@pytest.mark.parametrize("total", [None, 0])
def test_a_filled_order_that_nobody_counted_waits_for_all_of_its_fills(total: int | None) -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(removed("V1", total, OrderStatus.FILLED, reason="full_fill")) == []
    rig.wait(1.5)
    assert history(rig) == ["MissingFills", "Completed"]
    gap = rig.events()[-2]
    assert isinstance(gap, events.MissingFills)
    assert (gap.known, gap.reported) == (Decimal(0), Decimal(10))


@pytest.mark.parametrize("total", [None, 0])
def test_a_filled_order_that_nobody_counted_is_asked_for_while_its_quantity_is_in_doubt(total: int | None) -> None:
    """Another session changed the order from 10 to 14 while the link was down, and 12 of it filled; the login's list
    can be read as 14 and as 26."""
    rig = new_rig(changes_in_place=True)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("V1", "t1", 12),), cursor=None))
    shown = view("V1", 1, quantity=Decimal(26), other_quantity=Decimal(14), cumulative=Decimal(12))
    rig.log_in(shown)
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert rig.hear(removed("V1", total, OrderStatus.FILLED, reason="full_fill")) == []
    assert rig.hear(evolve(filled("V1", "t2", 2), final=True)) == ["Filled"]
    last = rig.events()[-1]
    assert isinstance(last, events.Filled)
    assert (last.cumulative, last.overfill) == (Decimal(14), Decimal(0))
    ended = view("V1", 1, quantity=Decimal(14), cumulative=Decimal(14), status=OrderStatus.FILLED)
    rig.hear(took(query.request_id, order=ended))
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_total_that_is_told_after_the_end_is_a_gap_if_its_fills_do_not_come() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 0))
    assert rig.status("a1") is OrderStatus.CANCELED
    rig.hear(removed("V1", 4))
    rig.wait(2)
    assert history(rig) == ["MissingFills"]


def test_a_status_answer_ends_an_order_behind_its_fills() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    assert rig.hear(took(query.request_id, order=ended)) == []
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled", "Canceled"]


def test_an_end_that_a_status_answer_tells_is_dated_by_when_the_order_ended() -> None:
    """Not by when the venue received it, which its view tells, too."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.CANCELED, time=WALL, ended=WALL + 7 * SECOND)
    assert rig.hear(took(query.request_id, order=ended)) == ["Canceled"]
    end = rig.records[-1]
    assert isinstance(end, events.Canceled)
    assert end.venue_time == WALL + 7 * SECOND


def test_an_order_that_was_found_ended_is_not_asked_for_again_while_its_fills_are_awaited() -> None:
    rig = new_rig(fills_lag=5 * SECOND)
    rig.live("a1", "V1")
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    rig.wait(10)  # no answer to the cancel, so the order is asked for
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.FILLED, cumulative=Decimal(10))
    assert rig.hear(took(query.request_id, order=ended)) == []
    rig.wait(4)
    assert not [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert rig.hear(filled("V1", "t1", 10)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert rig.wait(30) == []


def test_an_order_that_the_venue_took_and_rejected_unfilled_has_its_fills_looked_for() -> None:
    """Removals are told unfilled although something was executed (spec Kraken E.7)."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.place("a2")
    assert rig.hear(evolve(rejected("V2", 2), removed=True)) == ["Rejected"]
    assert wait_for_question(rig, 5)


def test_a_fill_ahead_of_a_change_to_less_completes_the_order_without_a_gap() -> None:
    rig = new_rig(changes_in_place=True)
    rig.live("a1", "V1")
    rig.ask(commands.Replace(client_order_id=ClientOrderId("a1"), instrument=GOLD.id, quantity=Decimal(6)))
    # The count is made of what was the order's quantity: 10, of which nothing remains.
    fill = filled("V1", "t1", 6, quantity=Decimal(10), cumulative=Decimal(10))
    assert rig.hear(evolve(fill, final=True)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert "MissingFills" not in rig.wait(5)


def test_a_change_in_place_tells_of_fills_that_were_not_heard() -> None:
    rig = new_rig(changes_in_place=True)
    rig.live("a1", "V1")
    shown = view("V1", 1, quantity=Decimal(8), cumulative=Decimal(4))
    rig.hear(facts.OrderReplaced(time=WALL, order=shown, new_venue_order_id=None, replacement=None))
    rig.wait(2)
    assert history(rig) == ["MissingFills"]


def test_an_expired_order_waits_for_its_fills_too() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 3, OrderStatus.EXPIRED, reason="contract_expired"))
    assert rig.hear(filled("V1", "t1", 3)) == ["Filled", "Expired"]


def test_a_removal_before_any_acceptance_accepts_first() -> None:
    rig = new_rig()
    rig.place("a1")
    assert rig.hear(removed("V1", 6)) == ["Accepted"]
    assert rig.hear(filled("V1", "t1", 6)) == ["Filled", "Canceled"]


def test_an_order_taken_out_for_crossing_is_canceled_if_it_was_accepted() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(evolve(rejected("V1", 1, post_only=True), removed=True)) == ["Canceled"]
    end = rig.events()[-1]
    assert isinstance(end, events.Canceled)
    assert end.due_post_only


def test_an_order_taken_out_for_crossing_is_rejected_if_it_was_not() -> None:
    rig = new_rig()
    rig.place("a1")
    assert rig.hear(evolve(rejected("V1", 1, post_only=True), removed=True)) == ["Rejected"]


def test_an_order_canceled_with_nothing_filled_is_looked_up_once_more() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    assert rig.hear(canceled("V1", 1)) == ["Canceled"]
    assert history(rig, trade("V1", "t1", 10)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


# Others' orders


def test_the_full_fill_of_another_sessions_order_is_told_once_beside_its_fills() -> None:
    rig = new_rig()
    assert rig.hear(removed("X1", 10, OrderStatus.FILLED)) == ["OrderStatusReport"]
    assert rig.hear(filled("X1", "t1", 10)) == ["FillReport"]
    assert rig.hear(removed("X1", 10, OrderStatus.FILLED)) == []
    assert rig.hear(filled("X1", "t1", 10)) == []


def test_a_change_is_told_with_its_own_time() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    later = view("V1", 1, price=Decimal("99.0"), time=WALL)
    rig.hear(facts.OrderReplaced(time=WALL + SECOND, order=later, new_venue_order_id=None, replacement=None))
    updated = rig.events()[-1]
    assert isinstance(updated, events.Updated)
    assert updated.venue_time == WALL + SECOND


def test_the_cancel_of_another_sessions_order_is_a_report() -> None:
    rig = new_rig()
    assert rig.hear(removed("X1", 4)) == ["OrderStatusReport"]


def test_a_message_about_an_order_without_an_instrument_is_left_out_aloud() -> None:
    rig = new_rig()
    fact = canceled("X1")
    assert rig.hear(evolve(fact, order=evolve(fact.order, symbol=""))) == []
    assert "X1" in rig.last.warnings[0]


def test_fills_from_before_this_client_began_are_not_reported_unasked() -> None:
    rig = new_rig()
    old = evolve(trade("X1", "t1", 1), time=WALL - 3600 * SECOND)
    new = evolve(trade("X2", "t2", 1), time=WALL + 3600 * SECOND)
    listed = facts.FillsListed(request_id=RequestId(0), trades=(old, new))
    assert rig.hear(listed) == ["FillReport"]
    assert rig.hear(listed) == []


# Changes and cancels


def test_a_refused_change_is_told_without_a_request_number() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.ask(commands.Replace(client_order_id=ClientOrderId("a1"), instrument="GOLD.TEST", quantity=Decimal(5)))
    fact = facts.ReplaceRefused(venue_order_id=VenueOrderId("V1"), wire_id=1, reason="gone", time=WALL)
    assert rig.hear(fact) == ["ReplaceRejected"]
    assert rig.hear(fact) == []
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_a_cancel_that_overtakes_its_order_is_sent_again() -> None:
    rig = new_rig()
    rig.place("a1")
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    rig.sent()
    assert rig.hear(refused(rig.numbers, Outcome.NOT_FOUND)) == []
    rig.wait(0.2)
    (again,) = rig.sent()
    assert isinstance(again, requests.CancelOrder)
    assert rig.hear(took(1, "V1"), acknowledged("V1", 1), canceled("V1", 1)) == ["Accepted", "Canceled"]


@pytest.mark.parametrize(("age", "told"), [(0.9, []), (1, ["CancelRejected"]), (5, ["CancelRejected"])])
def test_a_cancel_of_an_order_long_known_that_is_not_found_is_refused(age: float, told: list[str]) -> None:
    """One that the venue may not know yet is canceled again."""
    rig = new_rig()
    rig.live("a1", "V1")
    rig.wait(age)
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    assert rig.hear(refused(rig.numbers, Outcome.NOT_FOUND)) == told


# Orders that nobody knows


def lost_placement(rig: Rig) -> requests.QueryOrder:
    """An order whose answer was lost; the status query that follows."""
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS, "the connection broke"))
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.sent()
    rig.wait(6)
    query = next(request for request in rig.sent() if isinstance(request, requests.QueryOrder))
    return query


def unknown_to_questions(rig: Rig) -> None:
    """Asked until the question came late enough to prove something, and answered every time with: no such order."""
    query = lost_placement(rig)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    for _ in range(10):
        if any(isinstance(send.request, requests.ListFills) for send in rig.sends):
            return
        rig.wait(16)
        for request in [send.request for send in rig.sends]:
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))


def test_no_such_order_proves_nothing_before_history_says_so_too() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    history(rig)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    while rig.status("a1") is OrderStatus.UNKNOWN:
        sends = [send.request for send in rig.sends]
        assert sends
        request = sends[-1]
        rig.sends.clear()
        if isinstance(request, requests.ListOrderHistory):
            rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
        else:
            rig.wait(2)
            history(rig)
    assert rig.status("a1") is OrderStatus.DENIED


def test_an_order_that_questions_no_longer_know_is_found_in_history() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    history(rig)
    if not any(isinstance(send.request, requests.ListOrderHistory) for send in rig.sends):
        rig.wait(2)
        history(rig)
    assert fate(rig, view("V1", 1, status=OrderStatus.CANCELED, reason="CANCEL")) == ["Accepted", "Canceled"]


def test_a_step_of_an_order_that_history_tells_says_nothing_of_the_steps_behind_it() -> None:
    """Both orders were canceled while the link was down. Where a2 stands, the venue does not answer; the history that
    is read for a1 tells on its first page that both were placed, and on the second that both were canceled."""
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.live("a2", "V2")
    rig.wait(10)
    rig.lose_link()
    rig.log_in()
    first = next(send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder))
    assert first.venue_order_id == "V1"
    rig.hear(refused(first.request_id, Outcome.NOT_FOUND))
    history(rig)
    rig.wait(1)
    history(rig)
    (page,) = [send.request for send in rig.sends if isinstance(send.request, requests.ListOrderHistory)]
    placed = tuple(evolve(view(f"V{number}", number), as_of=WALL + 100 * SECOND) for number in (1, 2))
    assert rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=placed, cursor="next")) == []
    ended = (evolve(row, status=OrderStatus.CANCELED, ended=row.as_of + SECOND) for row in placed)
    assert fate(rig, *ended) == ["Canceled", "Canceled", "Reconciled"]


def test_a_change_in_place_that_is_the_first_news_of_an_order_is_its_own() -> None:
    """The message that it was accepted was lost, and another session has changed both its quantity and its price."""
    rig = new_rig(changes_in_place=True)
    rig.place("a1")
    placed_at = WALL + 100 * SECOND
    other = view("V1", 1, quantity=Decimal(14), price=Decimal("99.0"), time=placed_at)
    told = facts.OrderReplaced(time=placed_at + SECOND, order=other, new_venue_order_id=None, replacement=None)
    assert rig.hear(told) == ["Accepted", "Updated"]
    assert rig.hear(filled("V1", "t1", 4)) == ["Filled"]


def test_a_change_that_history_tells_takes_back_none_that_was_heard_later() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.wait(10)
    assert rig.hear(replaced("V1", "V1", 1, quantity=Decimal(7))) == ["Updated"]
    rig.lose_link()
    rig.log_in()
    (query,) = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    history(rig)
    rig.wait(1)
    history(rig)
    assert fate(rig, evolve(view("V1", 1), as_of=WALL + 100 * SECOND)) == []
    assert rig.state.orders.live[ClientOrderId("a1")].quantity == 7


def test_a_fill_in_history_finds_its_order_by_the_wire_id() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    fill = evolve(trade("V1", "t1", 10), wire_id=1, time=WALL + 100 * SECOND)
    assert history(rig, fill) == ["Accepted", "Filled"]


def test_a_fill_from_before_an_order_was_placed_is_none_of_its_own_whatever_client_id_it_names() -> None:
    """Names may be used again at the venues once the older order has ended."""
    rig = new_rig(audit_period=3600 * SECOND)
    unknown_to_questions(rig)
    older = evolve(trade("V0", "t0", 10), wire_id=1, time=WALL + 39 * SECOND)
    assert history(rig, older) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_history_fills_whole_and_that_the_venue_shows_nowhere_any_more_is_complete() -> None:
    """Not a message of it came on the stream, and by now the venue has forgotten how it ended."""
    rig = new_rig()
    rig.live("a1", "V1")
    wait_for_question(rig, 61)
    assert history(rig, trade("V1", "t1", 10)) == ["Filled"]
    rig.wait(2)
    (query,) = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    rig.sends.clear()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == [], "history is asked, too"
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    wait_for_question(rig, 5)
    assert history(rig) == []
    assert fate(rig) == ["Completed"]
    completed = rig.events()[-1]
    assert isinstance(completed, events.Completed)
    assert completed.concluded, "that is our own conclusion, which the venue may contradict"


def test_an_answer_that_follows_behind_says_nothing_of_an_order_that_it_cannot_know_yet() -> None:
    """Somebody else changed the order to more and canceled it while the link was down; more was heard to fill than is
    known of. Its answer about orders is a minute old."""
    rig = new_rig(lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}), absence_needs_history=False)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("V1", "t1", 10),), cursor=None))
    rig.log_in()
    told: list[str] = []
    for _ in range(30):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                told += rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
        told += rig.wait(1)
    assert not {"Completed", "StatusUnknown"} & set(told)


def next_query(rig: Rig) -> requests.QueryOrder:
    """Lets time pass until an order is asked for."""
    rig.wait_for_sends()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    return query


FOLLOWING: dict[str, Any] = {
    "lists_lag": 60 * SECOND,
    "http_requests": frozenset({requests.QueryOrder}),
    "reads_history": False,
}


def test_an_order_that_a_login_leaves_out_lives_only_by_an_answer_that_is_younger_than_that() -> None:
    """It was placed and canceled while nobody listened; the venue's answers about orders are a minute old."""
    rig = new_rig(**FOLLOWING)
    rig.place("a1")
    rig.lose_link()
    rig.wait(10)
    rig.log_in()
    assert rig.hear(took(next_query(rig).request_id, order=view("V1", 1))) == ["Accepted"]
    for _ in range(4):
        assert rig.hear(took(next_query(rig).request_id, order=view("V1", 1))) == []
    ended = view("V1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(next_query(rig).request_id, order=ended)) == ["Canceled", "Reconciled"]


def test_an_order_that_was_in_question_before_the_login_that_leaves_it_out_is_so_after_it() -> None:
    """Another session changed and canceled it; that it was changed proves nothing of how it stands now."""
    rig = new_rig(**FOLLOWING)
    rig.live("a1", "V1")
    rig.lose_link()
    rig.log_in()
    rig.wait(50)
    rig.lose_link()
    rig.log_in()
    rig.sends = rig.sends[-1:]
    changed = view("V1", 1, price=Decimal("99.0"))
    for _ in range(5):
        assert "Reconciled" not in rig.hear(took(next_query(rig).request_id, order=changed))
    ended = view("V1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(next_query(rig).request_id, order=ended)) == ["Canceled", "Reconciled"]


def test_an_order_that_the_venue_shows_nowhere_any_more_and_that_was_filled_in_part_is_unknown() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(filled("V1", "t1", 9))
    rig.lose_link()
    rig.log_in()
    told: list[str] = []
    for _ in range(60):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                told += rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                told += rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                told += rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
        told += rig.wait(1)
    assert "StatusUnknown" in told
    assert "Completed" not in told


# Cancelling what may live


def own_cancels(rig: Rig) -> list[requests.CancelOrder]:
    return [request for request in rig.sent() if isinstance(request, requests.CancelOrder)]


def test_an_order_whose_answer_is_lost_is_canceled_if_that_is_wanted() -> None:
    rig = new_rig(cancel_unknown=True)
    rig.place("a1")
    rig.sent()
    assert rig.hear(refused(1, Outcome.AMBIGUOUS)) == ["StatusUnknown"]
    rig.wait(0.1)
    (cancel,) = own_cancels(rig)
    assert cancel.wire_id == 1
    assert rig.hear(acknowledged("V1", 1), took(cancel.request_id), canceled("V1", 1)) == ["Accepted", "Canceled"]


def test_a_cancel_that_nobody_asked_for_fails_in_silence() -> None:
    rig = new_rig(cancel_unknown=True, freshness=0)
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(0.1)
    (cancel,) = own_cancels(rig)
    assert rig.hear(refused(cancel.request_id, Outcome.NOT_FOUND)) == []


def test_an_order_lost_with_its_connection_is_canceled_after_the_next_login() -> None:
    rig = new_rig(cancel_unknown=True, http_requests=frozenset())
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
    rig.wait(1)
    rig.sent()
    rig.log_in()
    assert len(own_cancels(rig)) == 1


def test_unless_it_is_wanted_nothing_is_canceled() -> None:
    rig = new_rig()
    rig.place("a1")
    rig.sent()
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(5)
    assert own_cancels(rig) == []


# Reading history


def test_after_a_lost_connection_history_is_read_before_all_is_reconciled() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.lose_link()
    names = rig.log_in(view("V1", 1))
    assert names == ["Reconnected", "Authenticated"]
    assert history(rig, trade("V1", "t1", 2)) == ["Filled", "Reconciled"]


def test_at_the_first_login_there_is_nothing_to_read() -> None:
    rig = Rig(rules=RULES, logged_in=False)
    assert rig.log_in() == ["Connected", "Authenticated", "Reconciled"]
    assert rig.sent() == []


def test_history_is_read_from_time_to_time() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    wait_for_question(rig, 61)
    assert history(rig, trade("V1", "t1", 10)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED, "history may lack a change to more of it"
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    ended = view("V1", 1, status=OrderStatus.FILLED, cumulative=Decimal(10))
    assert rig.hear(took(query.request_id, order=ended)) == ["Completed"]
    wait_for_question(rig, 61)
    assert history(rig) == [], "it has no more of it"


def test_a_fill_of_another_session_is_told_though_nothing_was_heard_of_its_order_and_nothing_is_open_here() -> None:
    rig = new_rig()
    wait_for_question(rig, 61)
    assert history(rig) == []
    wait_for_question(rig, 61)
    missed = evolve(trade("X1", "t1", 10), time=WALL + 190 * SECOND)
    assert history(rig, missed) == ["FillReport"]


def test_history_that_cannot_be_read_is_read_later() -> None:
    rig = new_rig(audit_period=3600 * SECOND)
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    request = wait_for_question(rig, 3)
    rig.sends.clear()
    rig.hear(refused(request.request_id, Outcome.THROTTLED))
    request = wait_for_question(rig, 3)
    rig.sends.clear()
    rig.apply(NotWritten([request.request_id], "no connection"))
    wait_for_question(rig, 3)
    rig.sends.clear()  # and this one is never answered
    wait_for_question(rig, 140)
    assert history(rig, trade("V1", "t1", 6)) == ["Filled", "Canceled"]


def test_history_is_read_page_by_page() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    rig.wait(1.5)
    assert history(rig, trade("V1", "t2", 2), cursor="older") == ["Filled"]
    (following,) = [send.request for send in rig.sends]
    assert isinstance(following, requests.ListFills)
    assert following.cursor == "older"
    assert history(rig, trade("V1", "t1", 4)) == ["Filled", "Canceled"]


def test_a_reading_that_outlives_its_connection_still_counts() -> None:
    rig = new_rig()
    rig.live("a1", "V1")
    rig.hear(removed("V1", 6))
    rig.wait(1.5)
    (request,) = rig.sent()
    rig.lose_link()
    rig.apply(LinkUp(2, "ws://test"))
    listed = facts.FillsListed(request_id=request.request_id, trades=(trade("V1", "t1", 6),))
    assert rig.hear(listed) == ["Filled", "Canceled"]


def test_a_fill_told_by_an_answer_and_by_the_feed_is_one_fill() -> None:
    rig = new_rig()
    rig.place("a1")
    answer = traded("V1", "t1", 4, 4, 1, status=None)
    assert rig.hear(took(1, "V1"), acknowledged("V1", 1), answer) == ["Accepted", "Filled"]
    assert rig.hear(filled("V1", "t1", 4)) == []
