"""Requests that wait for the pace of the socket: cancels first, and no placement behind its own cancel."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from protocol import requests
from protocol.dispatch import Send
from protocol.held_sends import HeldSends
from protocol.values import OrderType, Side, TimeInForce

PLACE = requests.PlaceOrder(
    request_id=1,  # type: ignore[arg-type]
    symbol="GOLD",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=1,  # type: ignore[arg-type]
    price=None,
    trigger_price=None,
    time_in_force=TimeInForce.GTC,
    post_only=False,
    wire_id=7,
    tag=None,
)


def send(request: requests.Request) -> Send:
    return Send(request, 1, None)


def place(wire_id: int, symbol: str = "GOLD") -> Send:
    return send(evolve(PLACE, wire_id=wire_id, symbol=symbol))


def cancel(wire_id: int) -> Send:
    return send(requests.CancelOrder(request_id=2, venue_order_id=None, wire_id=wire_id))  # type: ignore[arg-type]


def held(*sends: Send) -> HeldSends:
    queue = HeldSends()
    for since, each in enumerate(sends):
        queue.add(each, since)
    return queue


def in_order(queue: HeldSends) -> list[Send]:
    taken = []
    while queue:
        taken.append(queue.take_first().send)
    return taken


def test_cancels_go_first_and_the_others_in_order() -> None:
    assert in_order(held(place(1), place(2), cancel(8), place(3), cancel(9))) == [
        cancel(8),
        cancel(9),
        place(1),
        place(2),
        place(3),
    ]


def test_a_renewal_goes_with_the_cancels_and_a_question_behind_them() -> None:
    renewal = send(requests.SetCancelAllAfter(request_id=4, seconds=60))  # type: ignore[arg-type]
    question = send(requests.QueryOrder(request_id=5, venue_order_id=None, wire_id=7))  # type: ignore[arg-type]
    assert in_order(held(place(1), question, cancel(8), renewal)) == [cancel(8), renewal, question, place(1)]


def test_a_later_setting_of_the_switch_takes_the_place_of_an_earlier_one() -> None:
    earlier, later = (requests.SetCancelAllAfter(request_id=4, seconds=seconds) for seconds in (60, 0))  # type: ignore[arg-type]
    queue = held(place(1), send(earlier))
    assert queue.withdraw(later) == [send(earlier)]
    assert in_order(queue) == [place(1)]


def test_what_waits_too_long_is_taken_out_and_the_rest_keeps_its_order() -> None:
    queue = held(place(1), cancel(8), place(2), place(3))
    assert queue.oldest == 0
    assert queue.take_older(1) == [cancel(8), place(1)]
    assert queue.oldest == 2
    assert in_order(queue) == [place(2), place(3)]


def test_what_takes_risk_away_may_go_another_way() -> None:
    queue = held(place(1), cancel(8), cancel(9), cancel(10))
    assert queue.oldest_detour == 1
    assert queue.take_detours(2, lambda request: request == cancel(9).request) == [cancel(9)]
    assert queue.oldest_detour == 3  # the first of them has no other way, and is not asked about again
    assert in_order(queue) == [cancel(8), cancel(10), place(1)]


def test_a_cancel_withdraws_the_placement_that_it_is_about() -> None:
    queue = held(place(1), place(2))
    assert queue.withdraw(cancel(2).request) == [place(2)]
    assert in_order(queue) == [place(1)]


def test_a_cancel_of_all_withdraws_every_placement_that_it_is_about() -> None:
    gold: Any = requests.CancelAllOrders(request_id=3, symbol="GOLD")  # type: ignore[arg-type]
    queue = held(place(1), place(2, "SILVER"), place(3))
    assert queue.withdraw(gold) == [place(1), place(3)]
    assert queue.withdraw(evolve(gold, symbol=None)) == [place(2, "SILVER")]


def test_nothing_is_left_after_it_was_cleared() -> None:
    queue = held(place(1), cancel(8))
    assert queue.clear() == [cancel(8), place(1)]
    assert (bool(queue), queue.clear()) == (False, [])
