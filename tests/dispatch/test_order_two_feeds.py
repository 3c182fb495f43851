"""Orders at a venue that tells of them on one feed and of their fills on another: neither may outrun the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND

from ..guarding import NOBODYS
from ..order_life import GOLD, WALL, acknowledged, canceled, refused, rejected, took, trade, view
from ..two_feeds import filled, history, new_rig, removed, wait_for_question


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
