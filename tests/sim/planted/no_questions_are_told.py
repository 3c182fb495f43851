"""`Reconciled` says that no question is open, whatever is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.reconciliation:Reconciler._finish"
STORY = ("kraken-futures", 0)
FOUND = ("other", "Reconciled without questions, and an order is Unknown")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def finish(reconciling: Any, login: Any) -> None:
        questions = reconciling._questions
        standing, questions.count = questions.count, 0
        right(reconciling, login)
        questions.count = standing

    return finish
