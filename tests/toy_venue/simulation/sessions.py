"""One client's connection to a simulated Toy Exchange."""

from __future__ import annotations

from attrs import define

from protocol.simulation.simulated_exchange import SimulatedSession

from .orders import Account

__all__ = ["Session"]


@define(kw_only=True)
class Session(SimulatedSession):
    account: Account
    next_heartbeat: int | None
    """ns, monotonic; None: it gets no heartbeats, because of a fault."""
