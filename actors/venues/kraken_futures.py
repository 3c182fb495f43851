"""Kraken Futures: how a client of it is configured, and its simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import evolve, field, frozen

from protocol.validation import FLAG, POSITIVE, TEXT, literal, optional
from protocol.venue import Venue

from ..config import MOST_PING_PERIOD, ApiKey, ClientConfig, rest_root
from .row import Simulation, VenueRow

__all__ = ["VENUE", "KrakenFuturesConfig"]


@frozen(kw_only=True)
class KrakenFuturesConfig(ClientConfig):
    """Kraken Futures. Times in seconds. Kraken switches the interfaces that this speaks, Derivatives REST v3 and
    Derivatives WebSocket v1, off on 1 March 2027."""

    url: str | None = field(default=None, validator=optional(TEXT))
    """Of the WebSocket, the venue's own unless given. With one of your own, the REST interface is on the same host."""
    rest_url: str | None = field(default=None, validator=optional(TEXT))
    """Root of the REST interface, if it is elsewhere."""
    qty_semantics: Literal["auto", "remaining", "total"] = field(
        default="auto", validator=literal("auto", "remaining", "total")
    )
    """`auto`, `remaining` or `total`: how to read `qty` on the orders feed."""
    request_timeout: float = field(default=10.0, validator=POSITIVE)
    """An order that is not answered within this is UNKNOWN."""
    process_within: float | None = field(default=5.0, validator=optional(POSITIVE))
    """The venue refuses what reaches it later than this. None: no deadline is sent."""
    audit_period: float = field(default=60.0, validator=POSITIVE)
    """How often the fills are read again and what is open is compared with the venue's list, while orders are open
    (also of other sessions) or in question. AX does it every minute."""
    fills_lag: float = field(default=1.0, validator=POSITIVE)
    """How long fills may come behind a total before history is read for them."""
    use_budget: bool = field(default=True, validator=FLAG)
    """Keep within the venue's limit for calls."""

    def venue(self) -> Venue:
        # What the venue speaks loads when a client is opened, as its simulation does.
        from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue

        credentials = self.credentials
        if not isinstance(credentials, ApiKey):
            raise ValueError("Kraken Futures needs credentials of the kind ApiKey: an API key and its secret.")
        settings = KrakenFuturesSettings(
            api_key=credentials.key,
            api_secret=credentials.secret,
            qty_semantics=self.qty_semantics,
            request_timeout=self.request_timeout,
            process_within=self.process_within,
            audit_period=self.audit_period,
            fills_lag=self.fills_lag,
            use_budget=self.use_budget,
            ping_period=min(self.heartbeat, MOST_PING_PERIOD),
        )
        if self.url is not None:
            settings = evolve(settings, websocket_url=self.url, rest_url=rest_root(self.url))
        return KrakenFuturesVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


def _simulation() -> Simulation:
    # Loaded when one is opened: most programs trade at a real venue, and never need it.
    from protocol.simulation.exchange import Exchange
    from protocol.simulation.faults import FaultSchedule
    from protocol.simulation.kraken_futures import (
        KrakenFuturesExchange,
        KrakenFuturesExchangeSettings,
        KrakenFuturesUser,
    )

    def make_exchange(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
        return KrakenFuturesExchange(KrakenFuturesExchangeSettings(**settings), draw, faults or FaultSchedule())

    def with_key(key: str, secret: str) -> Mapping[str, Any]:
        return {"users": (KrakenFuturesUser(api_key=key, api_secret=secret),)}

    return Simulation(make_exchange, ApiKey("demo-key", KrakenFuturesUser().api_secret), with_key)


VENUE = VenueRow("kraken-futures", KrakenFuturesConfig, _simulation)
