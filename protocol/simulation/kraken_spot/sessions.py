"""One client's connection to a simulated Kraken Spot."""

from __future__ import annotations

from typing import Final

from attrs import define

from ..simulated_exchange import SimulatedSession
from .balances import BalanceFeed
from .feeds import Subscription

__all__ = ["Session"]

SECOND: Final = 1_000_000_000


@define(kw_only=True)
class Session(SimulatedSession):
    """One socket. Times: ns, monotonic."""

    last_sent: int
    """When the last message went to the client."""
    last_heard: int
    """When its last message or ping came."""
    quiet: bool
    """No heartbeats, because of a fault."""
    unsubscribed_since: int
    subscription: Subscription | None = None
    balances: BalanceFeed | None = None
    _second: int
    _messages: int = 0

    @property
    def listens(self) -> bool:
        return self.subscription is not None or self.balances is not None

    def counts(self, now: int) -> int:
        """Messages in this second, with this one."""
        if now - self._second >= SECOND:
            self._second, self._messages = now, 0
        self._messages += 1
        return self._messages
