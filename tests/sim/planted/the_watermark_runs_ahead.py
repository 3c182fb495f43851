"""A new life reads history from a minute behind the moment until which the last one had all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.account_state:AccountState._fold_history_read"
STORY = ("ax", 16)
LIVES = True
FOUND = ("lost", "of another session")
MINUTE = 60_000_000_000


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def fold(account: Any, record: Any) -> None:
        right(account, record)
        account.history_until += MINUTE

    return fold
