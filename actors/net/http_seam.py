"""The seam between this library and HTTP: what a client does, and how a call fails. Filled by `http`, which loads when
a client is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from protocol.venue import HttpAnswer, HttpCall

__all__ = ["ORDINARY_CONNECTIONS", "HttpClient", "HttpFailed"]

ORDINARY_CONNECTIONS: Final = 64
"""Calls that are not urgent and may be under way at the same time; one more waits, and has not been sent."""


class HttpFailed(OSError):
    """No complete answer came. sent False: the request certainly did not reach the venue; True: it may have."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class HttpClient(Protocol):
    """What `open_http` yields. Any number of tasks may call at the same time."""

    async def call(
        self,
        call: HttpCall,
        token: str | None,
        *,
        on_written: Callable[[], None] | None = None,
        finish: Callable[[], HttpCall] | None = None,
    ) -> HttpAnswer:
        """The venue's answer, whatever its status. The token goes along only if the call is authorized. on_written:
        called when the request has been written, which is before its answer is there. finish: called once, when a
        connection is at hand and just before the first byte is written; gives the call as it goes out, with the method
        and path of `call` (a signature must not grow old in a queue). What it raises leaves unchanged, and then nothing
        was sent; until it is called, canceling means certainly not sent.

        Raises HttpFailed when no complete answer came in time, counted from here, a wait for a connection included.
        Canceled: the request may have been sent.
        """
