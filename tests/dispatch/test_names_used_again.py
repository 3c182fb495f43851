"""A client id at AX that somebody has used a moment before: whatever the venue tells of that older order, and however
late, it is not ours. The placement's answer names ours, and the stream tells of it in the order of what happened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors import NewOrder, OrderStatus, Side
from protocol import commands, events, requests
from protocol.values import ClientOrderId

from ..wire_rig import AxRig

OLD, OURS = "O1", "O2"


@pytest.fixture
def rig() -> AxRig:
    rig = AxRig()
    rig.log_in()
    return rig


def submit(rig: AxRig, quantity: int = 2) -> int:
    name = ClientOrderId("g1")
    return rig.submit(NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=quantity, price="2411", client_order_id=name))


def filled_in_part(rig: AxRig) -> dict[str, Any]:
    """The older order, 30 of it filled."""
    row = rig.row(OLD, "g1", "PARTIALLY_FILLED", size=101, filled=30, price="2371.5")
    rig.fill_row(OLD, "T-1", 30, "2371.5")
    return {**row}


def assert_told_as_anothers(rig: AxRig) -> None:
    (fill,) = rig.told(events.FillReport)
    assert (fill.venue_order_id, fill.trade_id) == (OLD, "T-1")
    assert rig.told(events.Filled) == []
    order = rig.order("g1")
    assert (order.status, order.venue_order_id) == (OrderStatus.ACCEPTED, OURS)
    assert (order.quantity, order.cumulative) == (Decimal(2), Decimal(0))


@pytest.mark.parametrize("is_answered", [True, False], ids=["behind the answer", "ahead of the answer"])
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "lost"])
def test_what_the_stream_tells_late_of_an_older_order_is_not_ours(rig: AxRig, is_answered: bool, is_told: bool) -> None:
    """is_told: so is the acceptance of ours, behind all that; else the message is lost."""
    old = filled_in_part(rig)
    number = submit(rig)
    news = [
        rig.event("n", {**old, "xq": 0, "rq": 101, "o": "ACCEPTED"}),
        rig.event("p", old, xs=rig.execution("T-1", 30, "2371.5")),
        rig.event("c", {**old, "rq": 0, "o": "CANCELED"}),
    ]
    rig.wait(0.5)
    rig.row(OLD, "g1", "CANCELED", size=101, filled=30, price="2371.5")
    ours = rig.row(OURS, "g1", "ACCEPTED", size=2)
    answer = {"rid": number, "res": {"oid": OURS}}
    rig.frames(*([answer, *news] if is_answered else [*news, answer]))
    if is_told:
        rig.frames(rig.event("n", ours))
    rig.serve(120)
    assert_told_as_anothers(rig)
    assert len(rig.told(events.Accepted)) == 1


def test_a_list_that_was_asked_for_before_the_placement_does_not_show_it(rig: AxRig) -> None:
    old = filled_in_part(rig)
    rig.wait(1)
    rig.command(commands.OpenOrders())
    (question,) = rig.asked(requests.ListOpenOrders)
    rig.wait(0.1)
    number = submit(rig)
    ours = rig.row(OURS, "g1", "ACCEPTED", size=2)
    rig.row(OLD, "g1", "CANCELED", size=101, filled=30, price="2371.5")
    rig.frames({"rid": number, "res": {"oid": OURS}}, rig.event("n", ours))
    rig.frames({"rid": question.request_id, "res": {"orders": [old]}})
    rig.serve(120)
    assert_told_as_anothers(rig)


def test_a_history_that_lags_and_shows_the_older_order_as_open_says_nothing_of_ours(rig: AxRig) -> None:
    old = filled_in_part(rig)
    rig.wait(1)
    number = submit(rig)
    ours = rig.row(OURS, "g1", "ACCEPTED", size=2)
    rig.frames({"rid": number, "res": {"oid": OURS}}, rig.event("n", ours))
    rig.cut()
    rig.wait(1)
    rig.log_in(OURS)
    rig.orders = {OLD: old}
    rig.serve(2)
    rig.orders = {OLD: {**old, "rq": 0, "o": "CANCELED"}, OURS: {**ours}}
    rig.serve(120)
    assert_told_as_anothers(rig)


def test_an_older_order_says_nothing_of_the_venues_clock(rig: AxRig) -> None:
    old = {**filled_in_part(rig), "xq": 0, "rq": 101, "o": "ACCEPTED"}
    news = rig.event("n", old)
    rig.wait(30)
    submit(rig)
    rig.frames(news)
    assert rig.warnings == [], "that the clocks are half a minute apart"


def test_a_fill_under_an_id_of_which_two_messages_were_lost_is_ours_once_history_has_named_it(rig: AxRig) -> None:
    """Neither that it began nor that it was replaced was heard: until history is read, it may be an older order's."""
    number = submit(rig, 20)
    rig.row(OURS, "g1", "REPLACED", size=20, filled=5)
    rig.fill_row(OURS, "T-1", 5)
    rig.frames({"rid": number, "res": {"oid": OURS}})
    rig.wait(1)
    third = rig.row("O3", "g1", "PARTIALLY_FILLED", size=30, filled=10)
    rig.fill_row("O3", "T-2", 10)
    rig.frames(rig.event("p", third, xs=rig.execution("T-2", 10)))
    rig.serve(120)
    told = {fill.trade_id: fill.fill_venue_order_id for fill in rig.told(events.Filled)}
    assert told == {"T-1": OURS, "T-2": "O3"}
    assert rig.told(events.FillReport) == []
    order = rig.order("g1")
    assert (order.venue_order_id, order.quantity, order.cumulative) == ("O3", Decimal(35), Decimal(15))


def test_a_placement_that_was_lost_does_not_take_over_what_history_shows_of_an_older_order(rig: AxRig) -> None:
    """The venue's answer about one order tells neither its side nor its terms, so it does not tell whose a fill is."""
    rig.row(OLD, "g1", "FILLED", size=101, filled=101, price="2371.5")
    rig.fill_row(OLD, "T-1", 101, "2371.5")
    rig.wait(1)
    submit(rig)
    rig.cut()
    rig.wait(1)
    rig.log_in()
    rig.serve(120)
    assert rig.told(events.Filled) == []
    assert rig.order("g1").status is OrderStatus.DENIED


def test_a_fill_that_history_shows_before_its_order_is_told_once_that_says_whose_it_is(rig: AxRig) -> None:
    submit(rig)
    rig.cut()
    rig.wait(1)
    rig.log_in()
    rig.fill_row(OURS, "T-1", 2)
    rig.serve(2)
    assert (rig.told(events.Filled), rig.told(events.FillReport)) == ([], [])
    rig.row(OURS, "g1", "FILLED", size=2, filled=2)
    rig.serve(10)
    assert [fill.trade_id for fill in rig.told(events.Filled)] == ["T-1"]
    assert rig.order("g1").status is OrderStatus.FILLED


@pytest.mark.parametrize("kind", [requests.ListOpenOrders, requests.ListOrderHistory])
def test_what_was_asked_for_before_the_placement_and_shows_it_keeps_it_from_nobody(rig: AxRig, kind: type) -> None:
    """The venue looked after it had taken the order; its news comes behind that, and the placement's answer is lost."""
    rig.cut()
    rig.wait(1)
    rig.log_in()
    rig.command(commands.OpenOrders())
    rig.wait(0.1)
    (question,) = rig.asked(kind)
    submit(rig)
    ours = rig.row(OURS, "g1", "ACCEPTED", size=2)
    shown = {"orders": [ours], "next_cursor": None}
    if kind is requests.ListOpenOrders:
        rig.frames({"rid": question.request_id, "res": shown})
    else:
        rig.over_http(question, shown)
    rig.frames(rig.event("n", ours))
    rig.fill_row(OURS, "T-1", 2)
    rig.row(OURS, "g1", "FILLED", size=2, filled=2)
    rig.frames(rig.event("f", rig.orders[OURS], xs=rig.execution("T-1", 2)))
    rig.serve(120)
    assert [fill.trade_id for fill in rig.told(events.Filled)] == ["T-1"]
    assert rig.told(events.FillReport) == []
    assert rig.order("g1").status is OrderStatus.FILLED


@pytest.mark.parametrize("is_replaced", [False, True], ids=["one order", "replaced before"])
@pytest.mark.parametrize("is_linked", [False, True], ids=["link down", "link up"])
def test_an_older_order_that_history_shows_ahead_of_ours_is_not_ours(
    rig: AxRig, is_replaced: bool, is_linked: bool
) -> None:
    """Its rows stand ahead of those of ours, and behind its last one nothing can follow."""
    old = filled_in_part(rig)
    rig.wait(1)
    number = submit(rig)
    ours = rig.row(OURS, "g1", "ACCEPTED", size=2)
    rig.frames({"rid": number, "res": {"oid": OURS}}, rig.event("n", ours))
    rig.cut()
    rig.wait(1)
    rig.log_in(OURS)
    if not is_linked:
        rig.cut()
    ended = {**old, "rq": 0, "o": "REPLACED" if is_replaced else "CANCELED"}
    rig.orders = {OLD: ended, OURS: {**ours}}
    if is_replaced:
        rig.orders["O1b"] = {**ended, "oid": "O1b", "xq": 0, "o": "CANCELED"}
        rig.orders[OURS] = rig.orders.pop(OURS)
    rig.serve(1)
    if not is_linked:
        rig.log_in(OURS)
    rig.serve(120)
    assert_told_as_anothers(rig)
