"""`Reconciled` does not wait for orders of which something is still in question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.reconciliation:Reconciler._settle"
STORY = ("kraken-futures", 14)
FOUND = ("wrong end", "Reconciled ahead of an end of before the login")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def settle(reconciling: Any, login: Any) -> None:
        right(reconciling, login)
        login.outstanding.clear()

    return settle
