"""What one fill does: when it is news, what it leaves, and whether it completes its order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, Side

from ..fills_at_work import A1, ONE_FEED, TWO_FEEDS, at_work, fill_of, gap, read, removed
from ..guarding import NOBODYS, asked, order_of, told
from ..order_life import (
    WALL,
    Rig,
    acknowledged,
    canceled,
    external,
    refused,
    rejected,
    replaced,
    took,
    trade,
    traded,
    view,
)

# Fills that were told before


def many_fills(quantity: int) -> Rig:
    """An order with as many fills as are remembered with it."""
    rig = at_work(ONE_FEED, quantity)
    for number in range(1, 65):
        assert rig.hear(fill_of(f"t{number}", 1, number, quantity)) == ["Filled"]
    return rig


def test_of_an_order_with_many_fills_what_history_has_read_past_was_told() -> None:
    rig = many_fills(100)
    assert rig.hear(fill_of("t99", 1, 64, 100)) == []
    new = fill_of("t65", 1, 65, 100)
    assert rig.hear(evolve(new, trade=evolve(new.trade, time=WALL + rig.time))) == ["Filled"]
    assert order_of(rig).cumulative == 65


def test_of_a_complete_order_with_many_fills_everything_was_told() -> None:
    rig = many_fills(64)
    assert rig.status("a1") is OrderStatus.FILLED
    late = fill_of("t99", 1, 64, 64)
    assert rig.hear(evolve(late, trade=evolve(late.trade, time=WALL + rig.time))) == []


def test_of_a_filled_order_with_many_fills_of_which_some_are_missing_a_new_one_is_news() -> None:
    rig = many_fills(100)
    rig.hear(removed(OrderStatus.FILLED, 100, quantity=Decimal(100)))
    read(rig)
    assert rig.status("a1") is OrderStatus.FILLED
    late = evolve(trade("v1", "t99", 1), time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(late,))) == ["Filled"]


def test_a_fee_that_comes_later_is_told_once_with_the_fill_that_it_is_of() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.records.clear()
    priced = trade("v1", "t1", 4, fee="0.5")
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 4),))) == []
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(priced,))) == ["FeeReported"]
    fee = events.FeeReported(
        identity=order_of(rig).identity,
        venue_order_id=view("v1").venue_order_id,
        venue_time=WALL,
        local_time=rig.wall + rig.time,
        trade_id=priced.trade_id,
        fill_venue_order_id=view("v1").venue_order_id,
        commission=priced.fee,  # type: ignore[arg-type]
    )
    assert rig.events() == [fee]
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(priced,))) == []


# A fill that comes


def test_an_order_that_the_venue_rejected_and_executes_was_accepted_after_all() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(rejected("v1", 1))
    rig.records.clear()
    assert rig.hear(traded("v1", "t1", 10, 10, 1)) == ["Accepted", "Filled"]
    accepted, fill = rig.events()
    assert isinstance(accepted, events.Accepted)
    assert isinstance(fill, events.Filled)
    assert (accepted.venue_order_id, accepted.venue_time) == ("v1", WALL)
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)


def test_an_order_that_was_refused_and_has_executed_in_history_was_accepted_after_all() -> None:
    rig = Rig(rules=ONE_FEED)
    rig.place("a1")
    rig.hear(refused(1, Outcome.DEFINITE))
    rig.records.clear()
    late = evolve(trade("v1", "t1", 4), wire_id=1, time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(late,))) == ["Accepted", "Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_the_first_news_of_an_order_may_be_its_only_fill() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    assert rig.hear(traded("v1", "t1", 10, 10, 1)) == ["Accepted", "Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)


def test_a_fill_on_the_other_side_is_counted_and_cried_about() -> None:
    rig = at_work(ONE_FEED)
    fill = traded("v1", "t1", 4, 4, 1)
    assert rig.hear(evolve(fill, trade=evolve(fill.trade, side=Side.SELL))) == ["Filled"]
    assert rig.last.alarms == [
        "The venue told of a fill of order a1 on the other side: the order is to BUY, the fill a SELL. "
        "Check the position."
    ]
    assert told(rig, events.Filled)[0].side is Side.SELL


def test_a_fill_of_the_orders_side_or_of_none_is_no_alarm() -> None:
    rig = at_work(ONE_FEED)
    fill = traded("v1", "t1", 4, 4, 1)
    assert rig.hear(evolve(fill, trade=evolve(fill.trade, side=None))) == ["Filled"]
    assert told(rig, events.Filled)[0].side is Side.BUY
    assert rig.last.alarms == []
    rig.hear(traded("v1", "t2", 4, 8, 1))
    assert rig.last.alarms == []


def test_a_last_fill_that_is_more_than_the_order_was_for_is_an_overfill_where_orders_are_not_changed_in_place() -> None:
    rig = at_work(ONE_FEED)
    assert rig.hear(traded("v1", "t1", 12, 12, 1, final=True)) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.cumulative, fill.leaves, fill.overfill) == (OrderStatus.FILLED, 12, 0, 2)
    assert fill.concluded is False
    assert rig.last.warnings == ["The venue executed 2 more than the 10 of order a1. Check the position."]
    assert asked(rig, requests.QueryOrder) == []


@pytest.mark.parametrize("final", [True, False], ids=["the last", "not the last"])
def test_a_fill_that_is_more_than_the_order_was_for_hides_a_change_where_orders_are_changed_in_place(
    final: bool,
) -> None:
    """Where the venue says that it is the last; of any other, the venue has not said that all is well."""
    rig = at_work(TWO_FEEDS)
    assert rig.hear(traded("v1", "t1", 12, 12, 1, final=final)) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.leaves) == (OrderStatus.FILLED, 0)
    assert (fill.overfill, fill.concluded) == ((0, False) if final else (2, True))
    assert len(asked(rig, requests.QueryOrder)) == final


def test_a_whole_fill_of_which_the_venue_says_that_the_order_goes_on_completes_nothing() -> None:
    rig = at_work(TWO_FEEDS)
    assert rig.hear(evolve(traded("v1", "t1", 10, 10, 1), goes_on=True)) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.leaves, fill.concluded) == (OrderStatus.PARTIALLY_FILLED, 0, False)
    (query,) = asked(rig, requests.QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1, quantity=Decimal(15), cumulative=Decimal(10)))) == [
        "Updated"
    ]
    assert rig.hear(fill_of("t2", 5, 15, 15)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_canceled_order_that_executes_whole_was_filled_unless_the_venue_says_that_it_went_on(goes_on: bool) -> None:
    rig = at_work(ONE_FEED)
    rig.hear(canceled("v1", 1))
    rig.records.clear()
    assert rig.hear(evolve(traded("v1", "t1", 10, 10, 1), goes_on=goes_on)) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert fill.status is (OrderStatus.CANCELED if goes_on else OrderStatus.FILLED)
    assert fill.concluded is not goes_on
    assert asked(rig, requests.QueryOrder) == []


@pytest.mark.parametrize(
    ("quantity", "question"), [(10, Question.END), (12, Question.TERMS)], ids=["as much", "more than it was for"]
)
def test_a_fill_from_history_completes_no_order_but_the_venue_is_asked(quantity: int, question: Question) -> None:
    """A whole one leaves open whether it lives; more than the whole, for how much it is."""
    rig = at_work(ONE_FEED)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", quantity),))) == ["Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.leaves, fill.overfill) == (OrderStatus.PARTIALLY_FILLED, 0, 0)
    inquiry = order_of(rig).inquiry
    assert inquiry is not None
    assert list(inquiry.open) == [question]
    (query,) = asked(rig, requests.QueryOrder)
    assert query.venue_order_id == "v1"


def test_a_fill_from_history_that_leaves_something_asks_nothing() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 9),)))
    assert order_of(rig).inquiry is None
    assert rig.sent() == []


def test_a_fill_from_history_of_the_whole_asks_nothing_while_a_change_to_more_is_on_its_way() -> None:
    rig = at_work(TWO_FEEDS)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=10, price="99.0"))
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 10),)))
    assert asked(rig, requests.QueryOrder) == []
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_an_order_of_unknown_quantity_is_never_complete_by_arithmetic() -> None:
    rig = Rig()
    external(rig, "x7", "v7")
    blank = evolve(traded("v7", "t1", 10, 10), order=view("v7", quantity=None, cumulative=Decimal(10)))
    rig.records.clear()
    assert rig.hear(blank) == ["Accepted", "Filled"]
    (fill,) = told(rig, events.Filled)
    assert (fill.status, fill.leaves) == (OrderStatus.PARTIALLY_FILLED, 0)


# Under earlier ids


def test_a_fill_under_an_earlier_id_makes_the_whole_order_larger() -> None:
    """What was left when it went on is still to come under the new id."""
    rig = at_work(ONE_FEED)
    rig.hear(replaced("v1", "v2", 1, quantity=Decimal(10)))
    rig.wait(1)
    rig.records.clear()
    assert rig.hear(traded("v1", "t1", 3, 3)) == ["Updated", "Filled"]
    updated, fill = rig.events()
    assert updated == events.Updated(
        identity=order_of(rig).identity,
        venue_order_id=view("v2").venue_order_id,
        venue_time=0,
        local_time=rig.wall + rig.time,
        quantity=Decimal(13),
        price=Decimal("100.0"),
        trigger_price=None,
        previous_venue_order_id=None,
        venue_cumulative_base=Decimal(3),
    )
    assert isinstance(fill, events.Filled)
    assert (fill.cumulative, fill.leaves) == (Decimal(3), Decimal(10))
    assert fill.fill_venue_order_id == "v1"


def test_a_total_under_an_earlier_id_makes_the_order_larger_and_its_fill_does_not_again() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(replaced("v1", "v2", 1, quantity=Decimal(10)))
    rig.records.clear()
    rig.log_in(view("v1", 1, cumulative=Decimal(3), status=OrderStatus.CANCELED), view("v2", 1))
    (updated,) = told(rig, events.Updated)
    assert (updated.quantity, updated.venue_cumulative_base) == (13, 3)
    assert rig.hear(traded("v1", "t1", 3, 3)) == ["Filled"]
    assert told(rig, events.Filled)[0].leaves == 10


def test_an_order_that_has_ended_does_not_grow() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(replaced("v1", "v2", 1, quantity=Decimal(10)))
    rig.hear(canceled("v2", 1))
    assert rig.hear(traded("v1", "t1", 3, 3)) == ["Filled"]


@pytest.mark.parametrize("quantity", [1, 3])
def test_a_fill_under_an_earlier_id_is_counted_whatever_its_size(quantity: int) -> None:
    rig = at_work(ONE_FEED)
    rig.hear(replaced("v1", "v2", 1, quantity=Decimal(10)))
    assert rig.hear(traded("v1", "t1", quantity, quantity)) == ["Updated", "Filled"]
    assert told(rig, events.Filled)[0].leaves == 10


def test_the_last_fill_of_an_earlier_id_is_not_the_last_of_the_order() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(replaced("v1", "v2", 1, quantity=Decimal(10)))
    rig.hear(traded("v1", "t1", 3, 3, 1, final=True))
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert told(rig, events.MissingFills) == []


def test_an_end_waits_for_the_fills_under_an_earlier_id() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(replaced("v1", "v2", 1, filled=4, quantity=Decimal(6)))
    left = view("v2", 1, status=None, quantity=Decimal(6))
    gone = facts.OrderRemoved(time=WALL + 7, order=left, ending=OrderStatus.CANCELED, filled=Decimal(0), reason="gone")
    assert rig.hear(gone) == []
    assert rig.hear(traded("v1", "t1", 4, 4)) == ["Filled", "Canceled"]
    ended = told(rig, events.Canceled)[0]
    assert (ended.reason, ended.venue_time, ended.cumulative) == ("gone", WALL + 7, 4)


# The last fill


def test_a_last_fill_behind_which_others_are_missing_waits_for_them() -> None:
    rig = at_work(TWO_FEEDS)
    assert rig.hear(traded("v1", "t2", 4, 4, 1, final=True)) == ["Filled"]
    assert told(rig, events.Filled)[0].status is OrderStatus.PARTIALLY_FILLED
    rig.wait(1)
    assert read(rig) == ["MissingFills", "Completed"]
    assert told(rig, events.MissingFills) == [gap(rig, 4, 10)]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_last_fill_behind_which_others_are_missing_is_the_end_once_they_are_heard() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(traded("v1", "t2", 4, 4, 1, final=True))
    assert rig.hear(traded("v1", "t1", 5, 9, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t3", 1),))) == ["Filled"]
    fill = told(rig, events.Filled)[-1]
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, False)


def test_what_is_missing_behind_a_last_fill_is_counted_under_the_present_id() -> None:
    """Two of ten filled before the stop went on, so the new id has eight."""
    rig = Rig(rules=evolve(TWO_FEEDS, stops_go_on=True))
    read(rig)
    rig.place("a1", trigger_price="99.0")
    rig.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=Decimal("99.0")))
    rig.hear(traded("v1", "t1", 2, 2, 1))
    rig.hear(replaced("v1", "v2", 1, filled=2, quantity=Decimal(8)))
    assert rig.hear(traded("v2", "t2", 3, 3, 1, final=True))[-1] == "Filled"
    inquiry = order_of(rig).inquiry
    assert inquiry is not None
    assert inquiry.totals == {"v2": 8}


def test_where_fills_come_with_their_totals_the_venues_word_is_enough() -> None:
    """It knows of a change to less that nobody has told."""
    rig = at_work(ONE_FEED)
    assert rig.hear(traded("v1", "t1", 4, 4, 1, final=True)) == ["Filled"]
    fill = told(rig, events.Filled)[0]
    assert (fill.status, fill.leaves, fill.overfill) == (OrderStatus.FILLED, 0, 0)


def test_a_last_fill_of_an_order_whose_quantity_is_in_doubt_is_the_end() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    assert rig.hear(traded("v1", "t1", 4, 4, 1, final=True)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_last_fill_of_an_order_of_unknown_quantity_waits_for_what_the_venue_counts() -> None:
    rig = Rig(rules=TWO_FEEDS)
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None, cumulative=Decimal(6)))
    last = traded("v7", "t2", 4, 6, 7, final=True)
    assert rig.hear(evolve(last, order=evolve(last.order, quantity=None))) == ["Filled"]
    assert rig.status("x7") is OrderStatus.PARTIALLY_FILLED
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v7", "t1", 2),))) == ["Filled"]
    assert rig.status("x7") is OrderStatus.FILLED


def test_a_last_fill_with_a_change_to_less_on_its_way_may_have_been_the_last_of_that() -> None:
    rig = at_work(TWO_FEEDS)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=6))
    assert rig.hear(traded("v1", "t1", 6, 6, 1, final=True)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_what_a_fill_leaves_is_of_the_order_as_it_is_while_a_change_to_more_is_on_its_way() -> None:
    rig = at_work(TWO_FEEDS)
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=15))
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert told(rig, events.Filled)[0].leaves == 6
    rig.hear(traded("v1", "t2", 6, 10, 1))
    fill = told(rig, events.Filled)[1]
    assert (fill.leaves, fill.status) == (5, OrderStatus.PARTIALLY_FILLED)
    rig.hear(traded("v1", "t3", 6, 16, 1))
    fill = told(rig, events.Filled)[2]
    assert (fill.leaves, fill.overfill, fill.status) == (0, 1, OrderStatus.FILLED)


# By arithmetic


def test_of_an_order_in_question_no_fill_completes_it_by_arithmetic() -> None:
    rig = at_work(TWO_FEEDS)
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    assert rig.hear(traded("v1", "t1", 10, 10, 1, status=None)) == ["Filled"]
    fill = told(rig, events.Filled)[0]
    assert (fill.status, fill.concluded) == (OrderStatus.PARTIALLY_FILLED, False)


def test_a_canceled_order_that_history_shows_whole_was_filled() -> None:
    rig = at_work(ONE_FEED)
    rig.hear(canceled("v1", 1))
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v1", "t1", 10),))) == ["Filled"]
    fill = told(rig, events.Filled)[0]
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)


def test_an_order_that_a_login_leaves_out_is_in_doubt_so_more_than_the_whole_is_no_overfill() -> None:
    rig = at_work(ONE_FEED)
    rig.lose_link()
    rig.log_in()
    rig.hear(traded("v1", "t1", 12, 12, 1))
    fill = told(rig, events.Filled)[0]
    assert (fill.overfill, fill.leaves, fill.status) == (0, 0, OrderStatus.PARTIALLY_FILLED)
    assert rig.last.warnings == []


def test_missing_fills_put_no_doubt_on_the_quantity() -> None:
    rig = at_work(ONE_FEED)
    assert rig.hear(acknowledged("v1", 1, cumulative=Decimal(4))) == ["MissingFills"]
    rig.hear(traded("v1", "t1", 12, 12, 1, final=True))
    assert told(rig, events.Filled)[0].overfill == 2


def test_of_an_order_with_many_fills_that_only_history_completed_a_new_one_is_news() -> None:
    rig = at_work(ONE_FEED, 64)
    trades = tuple(evolve(trade("v1", f"t{n}", 1), time=rig.wall + rig.time) for n in range(1, 65))
    rig.hear(facts.FillsListed(request_id=NOBODYS, trades=trades))
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
    late = evolve(trade("v1", "t65", 1), time=rig.wall + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(late,))) == ["Filled"]


def test_what_an_adopted_order_had_filled_is_not_told_again_and_what_fills_then_is() -> None:
    rig = Rig(rules=ONE_FEED)
    rig.log_in(view("v9", 8, cumulative=Decimal(4)))
    (report,) = [report for report in told(rig, events.OrderStatusReport) if report.venue_order_id == "v9"]
    rig.wait(1)
    rig.ask(commands.Adopt(report=report, client_order_id=ClientOrderId("a8")), None)
    rig.records.clear()
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(trade("v9", "t1", 4),))) == []
    new = evolve(trade("v9", "t2", 2), time=rig.wall + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(new,))) == ["Filled"]
    assert told(rig, events.Filled)[0].cumulative == 6
    assert rig.hear(traded("v9", "t3", 4, 10, 8)) == ["Filled"]
    fill = told(rig, events.Filled)[1]
    assert (fill.status, fill.concluded) == (OrderStatus.FILLED, True)
