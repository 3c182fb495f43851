"""What a list shows of an order's terms is not taken over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.dispatch.inquiries import Source
from protocol.structs import evolve

PLACE = "protocol.dispatch.terms:Terms.sync"
STORY = ("kraken-spot", 23)
FOUND = ("other", "another quantity left")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def sync(terms: Any, order: Any, view: Any, evidence: Any) -> None:
        if evidence.source in (Source.LIST, Source.SNAPSHOT) and order.quantity is not None:
            view = evolve(view, price=None, quantity=None, other_quantity=None)
        right(terms, order, view, evidence)

    return sync
