"""What meets the limit of a venue for calls: a cancel is sent again, a change is told as refused."""

from __future__ import annotations

from typing import Any

import pytest

from actors import NewOrder, Side
from protocol import commands, events, requests
from protocol.dispatch.inputs import Admission
from protocol.values import ClientOrderId

from ..wire_rig import AxRig, FuturesRig, SpotRig

A1 = ClientOrderId("a1")


def ax() -> AxRig:
    rig = AxRig()
    rig.log_in()
    order = NewOrder.limit(str(rig.instrument.id), Side.BUY, quantity=5, price="2411", client_order_id=A1)
    number = rig.submit(order)
    rig.frames({"rid": number, "res": {"oid": "O1"}}, rig.event("n", rig.row("O1", "a1", "ACCEPTED", size=5)))
    return rig


def spot() -> SpotRig:
    rig = SpotRig()
    rig.log_in()
    rig.live_order("TX1", "a1", "0.5", side=Side.BUY)
    return rig


def futures() -> FuturesRig:
    rig = FuturesRig()
    rig.log_in()
    order = NewOrder.limit(str(rig.instrument.id), Side.BUY, quantity=5, price="60000", client_order_id=A1)
    rig.submit(order)
    rig.placed("ID1", "a1", 5)
    return rig


def refused_by_ax(rig: Any, request: Any) -> list[str]:
    told = {"rid": request.request_id, "err": {"code": 429, "msg": "too many requests"}}
    return rig.frames(told)  # type: ignore[no-any-return]


def refused_by_ax_over_http(rig: Any, request: Any) -> list[str]:
    """Where a cancel goes that the socket does not take (spec AX 7)."""
    return rig.over_http(request, {"error": "too many requests"}, 429)  # type: ignore[no-any-return]


def refused_by_spot(rig: Any, request: Any) -> list[str]:
    method = "cancel_order" if isinstance(request, requests.CancelOrder) else "amend_order"
    no = {"method": method, "req_id": request.request_id, "success": False, "error": "EOrder:Rate limit exceeded"}
    return rig.frames(no)  # type: ignore[no-any-return]


def refused_by_futures(rig: Any, request: Any) -> list[str]:
    no = {"result": "error", "error": "apiLimitExceeded", "serverTime": rig.iso}
    return rig.over_http(request, no)  # type: ignore[no-any-return]


VENUES = {
    "ax": (ax, refused_by_ax),
    "ax over http": (ax, refused_by_ax_over_http),
    "kraken-spot": (spot, refused_by_spot),
    "kraken-futures": (futures, refused_by_futures),
}


@pytest.mark.parametrize("venue", VENUES)
def test_a_cancel_that_meets_the_limit_is_sent_again_after_one_two_and_four_seconds(venue: str) -> None:
    open_desk, refuse = VENUES[venue]
    rig = open_desk()
    rig.sends.clear()
    number = rig.command(commands.Cancel(A1), Admission.CANCEL)
    for pause in (1, 2, 4):
        (request,) = rig.asked(requests.CancelOrder)
        assert request.request_id == number
        assert refuse(rig, request) == []
        rig.wait(pause - 0.1)
        assert rig.asked(requests.CancelOrder) == []
        rig.wait(0.2)
    (last,) = rig.asked(requests.CancelOrder)
    assert refuse(rig, last) == ["CancelRejected"]
    (told,) = rig.told(events.CancelRejected)
    assert (told.client_order_id, told.request_id) == ("a1", number)


@pytest.mark.parametrize("venue", VENUES)
def test_a_change_that_meets_the_limit_is_told_as_refused_and_not_sent_again(venue: str) -> None:
    open_desk, refuse = VENUES[venue]
    rig = open_desk()
    rig.sends.clear()
    price = {"ax": "2410", "kraken-spot": "63000"}.get(venue.split(" ")[0], "59000")
    number = rig.command(commands.Replace(client_order_id=A1, instrument=rig.instrument.id, price=price))
    (request,) = rig.asked(requests.ReplaceOrder)
    assert refuse(rig, request) == ["ReplaceRejected"]
    (told,) = rig.told(events.ReplaceRejected)
    assert (told.client_order_id, told.request_id) == ("a1", number)
    rig.wait(30)
    assert rig.asked(requests.ReplaceOrder) == []
