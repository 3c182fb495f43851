"""One client's connection to a simulated AX Exchange."""

from __future__ import annotations

from attrs import define

from ..simulated_exchange import SimulatedSession
from .access import Login
from .accounts import Account

__all__ = ["Session"]


@define(kw_only=True)
class Session(SimulatedSession):
    """One socket. Times: ns, monotonic."""

    login: Login
    account: Account
    cancel_on_disconnect: bool
    heartbeat_timeout: int | None
    """Seconds of silence after which the venue ends the session, if the client asked for it."""
    last_text: int
    """When the client's last text message came."""
    next_heartbeat: int | None
    next_check: int | None
    """When the client's silence is looked at next."""
