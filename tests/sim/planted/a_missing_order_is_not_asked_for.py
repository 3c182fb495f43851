"""An order of ours that a list leaves out is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "protocol.dispatch.settling:Settling.unlisted"
STORY = ("kraken-spot", 95)
FOUND = ("stuck", "open here, ended there")


def bug(right: Callable[..., None]) -> Callable[..., None]:
    def unlisted(settling: Any, order: Any, evidence: Any) -> None:
        pass

    return unlisted
