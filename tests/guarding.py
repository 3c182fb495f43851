"""What the tests of single guards look at: an order, its questions, what was told of it, and what was asked."""

from __future__ import annotations

from typing import Any, Final

from protocol.inquiries import Question
from protocol.tracking import Order
from protocol.values import ClientOrderId, RequestId

from .order_life import Desk

__all__ = ["NOBODYS", "ask_for", "asked", "open_questions", "order_of", "told"]

NOBODYS: Final = RequestId(9_999)
"""Of a question that nobody has asked: what answers it is taken over all the same."""


def order_of(desk: Desk, name: str = "a1") -> Order:
    order = desk.state.orders.by_client_order_id(ClientOrderId(name))
    assert order is not None
    return order


def open_questions(desk: Desk, name: str = "a1") -> set[Question]:
    inquiry = order_of(desk, name).inquiry
    return set() if inquiry is None else set(inquiry.open)


def told(desk: Desk, kind: type) -> list[Any]:
    return [record for record in desk.records if isinstance(record, kind)]


def asked(desk: Desk, kind: type) -> list[Any]:
    """Requests of this kind that were sent since the last look; the others are left."""
    found = [send.request for send in desk.sends if isinstance(send.request, kind)]
    desk.sends = [send for send in desk.sends if not isinstance(send.request, kind)]
    return found


def ask_for(desk: Desk, kind: type) -> Any:
    """Lets time pass until the venue is asked that, ten minutes at most."""
    for _ in range(1200):
        found = asked(desk, kind)
        if found:
            return found[-1]
        desk.wait(0.5)
    raise AssertionError("nobody asked")
