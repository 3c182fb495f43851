"""Where Kraken Futures is and who we are there."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from ..settings import check_positive, check_url, without_slash
from .quantity import QuantitySemantics
from .signing import Credentials

__all__ = ["KrakenFuturesSettings"]

SOCKET: Final = "wss://futures.kraken.com/ws/v1"
REST: Final = "https://futures.kraken.com"


@frozen(kw_only=True)
class KrakenFuturesSettings:
    """Secrets never show in repr. Times in seconds. Raises ValueError for values that make no sense."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    """Base64 text, as the venue shows it."""
    websocket_url: str = field(default=SOCKET, validator=check_url("wss", "ws"))
    """The venue's own unless given; it has no other, for play money or tests."""
    rest_url: str = field(default=REST, converter=without_slash, validator=check_url("https", "http"))
    """As `websocket_url`."""
    qty_semantics: QuantitySemantics = field(default=QuantitySemantics.AUTO, converter=QuantitySemantics)
    """How to read `qty` on the orders feed (spec B.8); auto finds out."""
    heartbeat: bool = True
    """Ask the venue for heartbeats, so that a quiet connection does not look dead."""
    request_timeout: float = field(default=10.0, validator=check_positive)
    process_within: float | None = 5.0
    """The venue refuses what reaches it later than this (`processBefore`); None: no such limit is sent."""
    ping_period: float = field(default=20.0, validator=check_positive)
    """The venue wants a ping at least every 60 s."""
    audit_period: float = field(default=60.0, validator=check_positive)
    """How often, while orders are open, the fills are read again and what is open is compared with the venue's list."""
    use_budget: bool = True
    """Keep within the venue's cost budget."""
    fills_lag: float = field(default=1.0, validator=check_positive)
    """How long fills may come behind a total before one is missed."""
    user_agent: str = "trio-orders"

    def __attrs_post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("There are no credentials for Kraken Futures: give an API key with its secret.")
        Credentials(self.api_key, self.api_secret)
