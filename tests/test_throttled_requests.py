"""What meets the limit of a venue for calls: a cancel is sent again, a change is told as refused."""

from __future__ import annotations

from typing import Any

import pytest

from actors import NewOrder, Side
from protocol import commands, events, requests
from protocol.dispatch.inputs import Admission
from protocol.values import ClientOrderId

from .wire_desk import AxDesk, FuturesDesk, SpotDesk

A1 = ClientOrderId("a1")


def ax() -> AxDesk:
    desk = AxDesk()
    desk.log_in()
    order = NewOrder.limit(desk.instrument.id, Side.BUY, quantity=5, price="2411", client_order_id=A1)
    number = desk.submit(order)
    desk.frames({"rid": number, "res": {"oid": "O1"}}, desk.event("n", desk.row("O1", "a1", "ACCEPTED", size=5)))
    return desk


def spot() -> SpotDesk:
    desk = SpotDesk()
    desk.log_in()
    desk.live_order("TX1", "a1", "0.5", side=Side.BUY)
    return desk


def futures() -> FuturesDesk:
    desk = FuturesDesk()
    desk.log_in()
    order = NewOrder.limit(desk.instrument.id, Side.BUY, quantity=5, price="60000", client_order_id=A1)
    desk.submit(order)
    desk.placed("ID1", "a1", 5)
    return desk


def refused_by_ax(desk: Any, request: Any) -> list[str]:
    told = {"rid": request.request_id, "err": {"code": 429, "msg": "too many requests"}}
    return desk.frames(told)  # type: ignore[no-any-return]


def refused_by_ax_over_http(desk: Any, request: Any) -> list[str]:
    """Where a cancel goes that the socket does not take (spec AX 7)."""
    return desk.over_http(request, {"error": "too many requests"}, 429)  # type: ignore[no-any-return]


def refused_by_spot(desk: Any, request: Any) -> list[str]:
    method = "cancel_order" if isinstance(request, requests.CancelOrder) else "amend_order"
    no = {"method": method, "req_id": request.request_id, "success": False, "error": "EOrder:Rate limit exceeded"}
    return desk.frames(no)  # type: ignore[no-any-return]


def refused_by_futures(desk: Any, request: Any) -> list[str]:
    no = {"result": "error", "error": "apiLimitExceeded", "serverTime": desk.iso}
    return desk.over_http(request, no)  # type: ignore[no-any-return]


VENUES = {
    "ax": (ax, refused_by_ax),
    "ax over http": (ax, refused_by_ax_over_http),
    "kraken-spot": (spot, refused_by_spot),
    "kraken-futures": (futures, refused_by_futures),
}


@pytest.mark.parametrize("venue", VENUES)
def test_a_cancel_that_meets_the_limit_is_sent_again_after_one_two_and_four_seconds(venue: str) -> None:
    open_desk, refuse = VENUES[venue]
    desk = open_desk()
    desk.sends.clear()
    number = desk.command(commands.Cancel(A1), Admission.CANCEL)
    for pause in (1, 2, 4):
        (request,) = desk.asked(requests.CancelOrder)
        assert request.request_id == number
        assert refuse(desk, request) == []
        desk.wait(pause - 0.1)
        assert desk.asked(requests.CancelOrder) == []
        desk.wait(0.2)
    (last,) = desk.asked(requests.CancelOrder)
    assert refuse(desk, last) == ["CancelRejected"]
    (told,) = desk.told(events.CancelRejected)
    assert (told.client_order_id, told.request_id) == ("a1", number)


@pytest.mark.parametrize("venue", VENUES)
def test_a_change_that_meets_the_limit_is_told_as_refused_and_not_sent_again(venue: str) -> None:
    open_desk, refuse = VENUES[venue]
    desk = open_desk()
    desk.sends.clear()
    price = {"ax": "2410", "kraken-spot": "63000"}.get(venue.split(" ")[0], "59000")
    number = desk.command(commands.Replace(client_order_id=A1, instrument=desk.instrument.id, price=price))
    (request,) = desk.asked(requests.ReplaceOrder)
    assert refuse(desk, request) == ["ModifyRejected"]
    (told,) = desk.told(events.ModifyRejected)
    assert (told.client_order_id, told.request_id) == ("a1", number)
    desk.wait(30)
    assert desk.asked(requests.ReplaceOrder) == []
