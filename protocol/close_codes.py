"""What the code of a WebSocket's Close frame means: the registry of IANA (RFC 6455, 7.4 and 11.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["is_close_code", "meaning_of"]

REGISTERED: Final[Mapping[int, str]] = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "invalid payload",
    1008: "policy violation",
    1009: "message too big",
    1010: "extension missing",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    3000: "unauthorized",
    3003: "forbidden",
    3008: "timeout",
}
"""Codes that a Close frame may carry. 1004 is reserved; 1005, 1006 and 1015 stand for closes without such a frame."""
FREE: Final = range(3000, 5000)
"""For libraries and applications; a venue may give them a meaning of its own."""


def is_close_code(code: int) -> bool:
    """False for a code that may not be sent: to send it breaks the protocol."""
    return code in REGISTERED or code in FREE


def meaning_of(code: int) -> str:
    """The registered meaning in a word or two, "" if there is none."""
    return REGISTERED.get(code, "")
