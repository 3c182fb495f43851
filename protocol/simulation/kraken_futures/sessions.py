"""One client's connection to a simulated Kraken Futures."""

from __future__ import annotations

from attrs import define, field, frozen

from ...limits import Bucket
from ..simulated_exchange import SimulatedSession

__all__ = ["Session", "Subscription"]


@frozen
class Subscription:
    """products: symbols that fills are wanted of, None for all."""

    account: str
    products: frozenset[str] | None


@define(kw_only=True)
class Session(SimulatedSession):
    """One socket."""

    quiet: bool
    """No heartbeats, because of a fault."""
    bucket: Bucket
    """How many requests it may still send, where rates count."""
    challenge: str | None = None
    """The latest one."""
    next_heartbeat: int | None = None
    """ns, monotonic; None: it is not subscribed to heartbeats."""
    feeds: dict[str, Subscription] = field(factory=dict)
    sequences: dict[str, int] = field(factory=dict)

    def listens_to(self, account: str) -> bool:
        return any(feed.account == account for feed in self.feeds.values())
