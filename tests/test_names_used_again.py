"""A client id at AX that somebody has used a moment before: whatever the venue tells of that older order, and however
late, it is not ours. The placement's answer names ours, and the stream tells of it in the order of what happened."""

from __future__ import annotations

from typing import Any

import pytest

from actors import NewOrder, OrderStatus, Side
from protocol import commands, events, requests
from protocol.values import ClientOrderId

from .wire_desk import AxDesk

OLD, OURS = "O1", "O2"


@pytest.fixture
def desk() -> AxDesk:
    desk = AxDesk()
    desk.log_in()
    return desk


def submit(desk: AxDesk, quantity: int = 2) -> int:
    name = ClientOrderId("g1")
    return desk.submit(NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=quantity, price="2411", client_order_id=name))


def filled_in_part(desk: AxDesk) -> dict[str, Any]:
    """The older order, 30 of it filled."""
    row = desk.row(OLD, "g1", "PARTIALLY_FILLED", size=101, filled=30, price="2371.5")
    desk.fill_row(OLD, "T-1", 30, "2371.5")
    return {**row}


def assert_told_as_anothers(desk: AxDesk) -> None:
    (fill,) = desk.told(events.FillReport)
    assert (fill.venue_order_id, fill.trade_id) == (OLD, "T-1")
    assert desk.told(events.Filled) == []
    order = desk.order("g1")
    assert (order.status, order.venue_order_id) == (OrderStatus.ACCEPTED, OURS)
    assert (order.quantity, order.cumulative) == (2, 0)


@pytest.mark.parametrize("is_answered", [True, False], ids=["behind the answer", "ahead of the answer"])
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "lost"])
def test_what_the_stream_tells_late_of_an_older_order_is_not_ours(
    desk: AxDesk, is_answered: bool, is_told: bool
) -> None:
    """is_told: so is the acceptance of ours, behind all that; else the message is lost."""
    old = filled_in_part(desk)
    number = submit(desk)
    news = [
        desk.event("n", {**old, "xq": 0, "rq": 101, "o": "ACCEPTED"}),
        desk.event("p", old, xs=desk.execution("T-1", 30, "2371.5")),
        desk.event("c", {**old, "rq": 0, "o": "CANCELED"}),
    ]
    desk.wait(0.5)
    desk.row(OLD, "g1", "CANCELED", size=101, filled=30, price="2371.5")
    ours = desk.row(OURS, "g1", "ACCEPTED", size=2)
    answer = {"rid": number, "res": {"oid": OURS}}
    desk.frames(*([answer, *news] if is_answered else [*news, answer]))
    if is_told:
        desk.frames(desk.event("n", ours))
    desk.serve(120)
    assert_told_as_anothers(desk)
    assert len(desk.told(events.Accepted)) == 1


def test_a_list_that_was_asked_for_before_the_placement_does_not_show_it(desk: AxDesk) -> None:
    old = filled_in_part(desk)
    desk.wait(1)
    desk.command(commands.OpenOrders())
    (question,) = desk.asked(requests.ListOpenOrders)
    desk.wait(0.1)
    number = submit(desk)
    ours = desk.row(OURS, "g1", "ACCEPTED", size=2)
    desk.row(OLD, "g1", "CANCELED", size=101, filled=30, price="2371.5")
    desk.frames({"rid": number, "res": {"oid": OURS}}, desk.event("n", ours))
    desk.frames({"rid": question.request_id, "res": {"orders": [old]}})
    desk.serve(120)
    assert_told_as_anothers(desk)


def test_a_history_that_lags_and_shows_the_older_order_as_open_says_nothing_of_ours(desk: AxDesk) -> None:
    old = filled_in_part(desk)
    desk.wait(1)
    number = submit(desk)
    ours = desk.row(OURS, "g1", "ACCEPTED", size=2)
    desk.frames({"rid": number, "res": {"oid": OURS}}, desk.event("n", ours))
    desk.cut()
    desk.wait(1)
    desk.log_in(OURS)
    desk.orders = {OLD: old}
    desk.serve(2)
    desk.orders = {OLD: {**old, "rq": 0, "o": "CANCELED"}, OURS: {**ours}}
    desk.serve(120)
    assert_told_as_anothers(desk)


def test_an_older_order_says_nothing_of_the_venues_clock(desk: AxDesk) -> None:
    old = {**filled_in_part(desk), "xq": 0, "rq": 101, "o": "ACCEPTED"}
    news = desk.event("n", old)
    desk.wait(30)
    submit(desk)
    desk.frames(news)
    assert desk.warnings == [], "that the clocks are half a minute apart"


def test_a_fill_under_an_id_of_which_two_messages_were_lost_is_ours_once_history_has_named_it(desk: AxDesk) -> None:
    """Neither that it began nor that it was replaced was heard: until history is read, it may be an older order's."""
    number = submit(desk, 20)
    desk.row(OURS, "g1", "REPLACED", size=20, filled=5)
    desk.fill_row(OURS, "T-1", 5)
    desk.frames({"rid": number, "res": {"oid": OURS}})
    desk.wait(1)
    third = desk.row("O3", "g1", "PARTIALLY_FILLED", size=30, filled=10)
    desk.fill_row("O3", "T-2", 10)
    desk.frames(desk.event("p", third, xs=desk.execution("T-2", 10)))
    desk.serve(120)
    told = {fill.trade_id: fill.fill_venue_order_id for fill in desk.told(events.Filled)}
    assert told == {"T-1": OURS, "T-2": "O3"}
    assert desk.told(events.FillReport) == []
    order = desk.order("g1")
    assert (order.venue_order_id, order.quantity, order.cumulative) == ("O3", 35, 15)


def test_a_placement_that_was_lost_does_not_take_over_what_history_shows_of_an_older_order(desk: AxDesk) -> None:
    """The venue's answer about one order tells neither its side nor its terms, so it does not tell whose a fill is."""
    desk.row(OLD, "g1", "FILLED", size=101, filled=101, price="2371.5")
    desk.fill_row(OLD, "T-1", 101, "2371.5")
    desk.wait(1)
    submit(desk)
    desk.cut()
    desk.wait(1)
    desk.log_in()
    desk.serve(120)
    assert desk.told(events.Filled) == []
    assert desk.order("g1").status is OrderStatus.DENIED


def test_a_fill_that_history_shows_before_its_order_is_told_once_that_says_whose_it_is(desk: AxDesk) -> None:
    submit(desk)
    desk.cut()
    desk.wait(1)
    desk.log_in()
    desk.fill_row(OURS, "T-1", 2)
    desk.serve(2)
    assert (desk.told(events.Filled), desk.told(events.FillReport)) == ([], [])
    desk.row(OURS, "g1", "FILLED", size=2, filled=2)
    desk.serve(10)
    assert [fill.trade_id for fill in desk.told(events.Filled)] == ["T-1"]
    assert desk.order("g1").status is OrderStatus.FILLED


@pytest.mark.parametrize("kind", [requests.ListOpenOrders, requests.ListOrderHistory])
def test_what_was_asked_for_before_the_placement_and_shows_it_keeps_it_from_nobody(desk: AxDesk, kind: type) -> None:
    """The venue looked after it had taken the order; its news comes behind that, and the placement's answer is lost."""
    desk.cut()
    desk.wait(1)
    desk.log_in()
    desk.command(commands.OpenOrders())
    desk.wait(0.1)
    (question,) = desk.asked(kind)
    submit(desk)
    ours = desk.row(OURS, "g1", "ACCEPTED", size=2)
    shown = {"orders": [ours], "next_cursor": None}
    if kind is requests.ListOpenOrders:
        desk.frames({"rid": question.request_id, "res": shown})
    else:
        desk.over_http(question, shown)
    desk.frames(desk.event("n", ours))
    desk.fill_row(OURS, "T-1", 2)
    desk.row(OURS, "g1", "FILLED", size=2, filled=2)
    desk.frames(desk.event("f", desk.orders[OURS], xs=desk.execution("T-1", 2)))
    desk.serve(120)
    assert [fill.trade_id for fill in desk.told(events.Filled)] == ["T-1"]
    assert desk.told(events.FillReport) == []
    assert desk.order("g1").status is OrderStatus.FILLED


@pytest.mark.parametrize("is_replaced", [False, True], ids=["one order", "replaced before"])
@pytest.mark.parametrize("is_linked", [False, True], ids=["link down", "link up"])
def test_an_older_order_that_history_shows_ahead_of_ours_is_not_ours(
    desk: AxDesk, is_replaced: bool, is_linked: bool
) -> None:
    """Its rows stand ahead of those of ours, and behind its last one nothing can follow."""
    old = filled_in_part(desk)
    desk.wait(1)
    number = submit(desk)
    ours = desk.row(OURS, "g1", "ACCEPTED", size=2)
    desk.frames({"rid": number, "res": {"oid": OURS}}, desk.event("n", ours))
    desk.cut()
    desk.wait(1)
    desk.log_in(OURS)
    if not is_linked:
        desk.cut()
    ended = {**old, "rq": 0, "o": "REPLACED" if is_replaced else "CANCELED"}
    desk.orders = {OLD: ended, OURS: {**ours}}
    if is_replaced:
        desk.orders["O1b"] = {**ended, "oid": "O1b", "xq": 0, "o": "CANCELED"}
        desk.orders[OURS] = desk.orders.pop(OURS)
    desk.serve(1)
    if not is_linked:
        desk.log_in(OURS)
    desk.serve(120)
    assert_told_as_anothers(desk)
