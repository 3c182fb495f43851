"""The life of one order, told by the venue: acceptance, fills, ends, replacements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, facts
from protocol.errors import DuplicateOrder, NotSent
from protocol.events import Accepted, Canceled, FeeReported, Filled, FillReport, MissingFills, Rejected, Updated
from protocol.orders import NEXT_STATUS, Happening
from protocol.values import ClientOrderId, OrderStatus, RequestId, TimeInForce

from ..order_life import (
    GOLD,
    Rig,
    acknowledged,
    canceled,
    expired,
    external,
    rejected,
    replaced,
    took,
    trade,
    traded,
    view,
)


def test_an_order_is_submitted_accepted_and_filled() -> None:
    rig = Rig()
    state = rig.place("a1")
    assert state.status is OrderStatus.SUBMITTED
    assert rig.hear(took(1, "v1")) == []
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted"]
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert rig.hear(traded("v1", "t2", 6, 10, 1, final=True)) == ["Filled"]
    fills = [event for event in rig.events() if isinstance(event, Filled)]
    assert [(fill.cumulative, fill.leaves) for fill in fills] == [(Decimal(4), Decimal(6)), (Decimal(10), Decimal(0))]
    assert fills[-1].status is OrderStatus.FILLED


def test_the_event_may_come_before_the_answer() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted"]
    assert rig.hear(took(1, "v1")) == []
    assert rig.last.warnings == []


def test_accepted_comes_once_however_often_the_venue_says_it() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(acknowledged("v1", 1), acknowledged("v1", 1)) == ["Accepted"]


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        (traded("v1", "t1", 4, 4, 1), ["Accepted", "Filled"]),
        (canceled("v1", 1), ["Accepted", "Canceled"]),
        (expired("v1", 1), ["Accepted", "Expired"]),
        (facts.OrderTriggered(time=1, order=view("v1", 1)), ["Accepted", "Triggered"]),
        (rejected("v1", 1), ["Rejected"]),
    ],
)
def test_acceptance_is_synthesised_before_what_presupposes_it(fact: facts.Fact, names: list[str]) -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(fact) == names


def test_a_repeated_fill_is_dropped() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == []


def test_one_trade_between_two_own_orders_is_two_fills() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    assert rig.hear(traded("v1", "t1", 4, 4, 1), traded("v2", "t1", 4, 4, 2)) == ["Filled", "Filled"]


def test_a_fill_after_a_cancel_is_a_fill() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.CANCELED
    assert rig.hear(traded("v1", "t2", 6, 10, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_nothing_but_fills_comes_after_the_end() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 10, 10, 1, final=True))
    late = (acknowledged("v1", 1), canceled("v1", 1), expired("v1", 1), rejected("v1", 1), replaced("v1", "v2", 1))
    assert rig.hear(*late) == []
    assert rig.status("a1") is OrderStatus.FILLED


def test_an_overfill_is_reported_and_not_swallowed() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 13, 13, 1))
    fill = rig.events()[-1]
    assert isinstance(fill, Filled)
    assert (fill.overfill, fill.leaves, fill.cumulative) == (Decimal(3), Decimal(0), Decimal(13))
    assert "a1" in rig.last.warnings[0]


def test_a_jump_of_the_total_is_a_gap_and_never_a_fill() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t2", 2, 6, 1)) == ["MissingFills", "Filled"]
    gap, fill = rig.events()
    assert isinstance(gap, MissingFills)
    assert isinstance(fill, Filled)
    assert (gap.known, gap.reported, fill.cumulative) == (Decimal(0), Decimal(4), Decimal(2))


def test_a_gap_is_told_once_and_again_only_when_it_grows() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t2", 1, 3, 1)) == ["MissingFills", "Filled"]
    assert rig.hear(traded("v1", "t3", 1, 4, 1)) == ["Filled"]
    assert rig.hear(traded("v1", "t5", 1, 6, 1)) == ["MissingFills", "Filled"]
    gap = rig.events()[-2]
    assert isinstance(gap, MissingFills)
    assert (gap.known, gap.reported) == (Decimal(2), Decimal(5)), (
        "the fill that the message itself tells is not missing"
    )


def test_the_missing_fill_comes_out_when_history_tells_it() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t2", 2, 6, 1))
    rig.ask(commands.ReadFills(1, 2))
    history = facts.FillsListed(
        request_id=RequestId(rig.numbers), trades=(trade("v1", "t1", 4, "0.5"), trade("v1", "t2", 2, "0.25"))
    )
    assert rig.hear(history) == ["Filled", "FeeReported"]
    assert rig.answer_to(rig.numbers) == 2
    late, fee = rig.events()[-2:]
    assert isinstance(late, Filled)
    assert isinstance(fee, FeeReported)
    assert (late.cumulative, fee.trade_id, fee.commission.amount) == (Decimal(6), "t2", Decimal("0.25"))
    assert rig.hear(acknowledged("v1", 1, cumulative=Decimal(6))) == []


def test_a_fee_is_reported_once() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 2, 2, 1))
    for expected in (["FeeReported"], []):
        rig.ask(commands.ReadFills(1, 2))
        assert (
            rig.hear(facts.FillsListed(request_id=RequestId(rig.numbers), trades=(trade("v1", "t1", 2, "0.5"),)))
            == expected
        )


def test_an_expired_ioc_is_canceled() -> None:
    rig = Rig()
    rig.place("a1", time_in_force=TimeInForce.IOC)
    assert rig.hear(expired("v1", 1, TimeInForce.IOC)) == ["Accepted", "Canceled"]


def test_a_post_only_rejection_says_so() -> None:
    rig = Rig()
    rig.place("a1", post_only=True)
    rig.hear(took(1, "v1"), rejected("v1", 1, post_only=True))
    event = rig.events()[-1]
    assert isinstance(event, Rejected)
    assert event.due_post_only


# Replacing


def change(rig: Rig, name: str = "a1", **terms: Any) -> int:
    command = commands.Replace(client_order_id=ClientOrderId(name), instrument=GOLD.id, **terms)
    return int(rig.ask(command))


def test_a_replaced_order_goes_on_under_its_new_id() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 3, 3, 1))
    number = change(rig, price=Decimal("101.0"))
    rig.hear(took(number, "v2"))
    names = rig.hear(replaced("v1", "v2", 1, filled=3, quantity=Decimal(7), price=Decimal("101.0")))
    assert names == ["Updated"]
    update = rig.events()[-1]
    assert isinstance(update, Updated)
    assert (update.quantity, update.venue_order_id, update.previous_venue_order_id) == (Decimal(10), "v2", "v1")
    assert rig.hear(traded("v2", "t2", 7, 7, 1, final=True)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_late_fill_of_the_old_id_finds_the_order() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    assert rig.hear(traded("v1", "t1", 2, 2, 1)) == ["Updated", "Filled"]
    update, fill = rig.events()[-2:]
    assert isinstance(update, Updated)
    assert isinstance(fill, Filled)
    assert update.quantity == 12, "the new one was placed for 10, before this had filled"
    assert (fill.cumulative, fill.leaves) == (Decimal(2), Decimal(10))
    assert rig.hear(canceled("v1", 1)) == [], "the old id's own end is no news"


def test_a_venue_that_carries_the_filled_quantity_over_gives_the_same_total() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 3, 3, 1))
    rig.hear(replaced("v1", "v2", 1, filled=3, quantity=Decimal(10), cumulative=Decimal(3)))
    assert rig.hear(traded("v2", "t2", 7, 10, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_replacement_told_twice_changes_nothing() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(replaced("v1", "v2", 1)) == ["Updated"]
    assert rig.hear(replaced("v1", "v2", 1)) == []
    assert rig.hear(replaced("v2", "v3", 1)) == ["Updated"]
    assert rig.hear(replaced("v1", "v2", 1)) == []


def test_an_amendment_in_place_keeps_the_id() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    amended = facts.OrderReplaced(
        time=1, order=view("v1", 1, quantity=Decimal(8)), new_venue_order_id=None, replacement=None
    )
    assert rig.hear(amended, amended) == ["Updated"]
    update = rig.events()[-1]
    assert isinstance(update, Updated)
    assert (update.quantity, update.venue_order_id, update.previous_venue_order_id) == (Decimal(8), "v1", None)


def test_the_answer_names_the_new_id_where_the_event_does_not() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = change(rig, price=Decimal("99.0"))
    rig.hear(took(number, "v2"))
    assert rig.hear(replaced("v1", None, 1)) == ["Updated"]
    update = rig.events()[-1]
    assert isinstance(update, Updated)
    assert (update.venue_order_id, update.price, update.quantity) == ("v2", Decimal("99.0"), Decimal(10))


def test_a_rejected_replacement_leaves_the_original() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = change(rig, price=Decimal("99.0"))
    rig.hear(took(number, "v2"))
    assert rig.hear(rejected("v2", 1)) == ["ReplaceRejected"]
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_a_missed_replacement_shows_by_its_first_news() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(traded("v2", "t1", 2, 2, 1)) == ["Updated", "Filled"]


# Names


def test_a_client_order_id_is_never_used_twice() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert isinstance(rig.place("a1"), DuplicateOrder)
    assert rig.sent() == []
    rig.hear(canceled("v1", 1))
    assert isinstance(rig.place("a1"), DuplicateOrder)


def test_two_names_with_one_wire_id_are_not_both_sent() -> None:
    rig = Rig()
    rig.place("a1")
    answer = rig.place("b1")
    assert isinstance(answer, NotSent)
    assert "a1" in str(answer)


def test_orders_of_others_are_reported() -> None:
    rig = Rig()
    assert rig.hear(acknowledged("x1", 77)) == ["OrderStatusReport"]
    assert rig.hear(traded("x1", "t1", 2, 2, 77)) == ["FillReport", "OrderStatusReport"]
    assert rig.hear(traded("x1", "t1", 2, 2, 77)) == []
    report = next(event for event in rig.events() if isinstance(event, FillReport))
    assert report.client_order_id == "CID-77"


def test_a_registered_order_is_tracked_from_then_on() -> None:
    rig = Rig()
    assert external(rig, "a5", "x5") is True
    assert rig.hear(traded("x5", "t1", 2, 2)) == ["Accepted", "Filled"]
    assert external(rig, "a5", "x6") is True
    order = rig.state.orders.by_client_order_id(ClientOrderId("a5"))
    assert order is not None
    assert (order.venue_order_id, order.quantity) == ("x5", Decimal(10))


@pytest.mark.parametrize(("status", "happening"), list(NEXT_STATUS))
def test_no_row_of_the_table_reopens_an_order_that_ended(status: OrderStatus, happening: Happening) -> None:
    after = NEXT_STATUS[status, happening]
    if status in (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED):
        assert after.is_terminal
    if happening in (Happening.CANCELED, Happening.EXPIRED, Happening.REJECTED, Happening.DENIED):
        assert after.is_terminal


def test_a_cancel_says_what_had_filled() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 4, 4, 1), canceled("v1", 1, total=4))
    event = rig.events()[-1]
    assert isinstance(event, Canceled)
    assert event.cumulative == 4
    assert isinstance(rig.events()[0], Filled)
    assert not any(isinstance(event, Accepted) for event in rig.events())
