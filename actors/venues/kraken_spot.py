"""Kraken Spot: how a client of it is configured, and its simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from attrs import evolve, field, frozen

from protocol.limits import Backoff
from protocol.validation import FLAG, POSITIVE, SECRET, TEXT, a, literal, optional
from protocol.venue import Venue

from ..config import MOST_PING_PERIOD, ApiKey, ClientConfig, rest_root
from .row import Simulation, VenueRow

__all__ = ["VENUE", "KrakenSpotConfig"]

SPOT_RECONNECT: Final = Backoff(initial=0.5, factor=1.5, maximum=5.0, jitter=0.25, attempts=None, attempt_timeout=10.0)
"""Never at once: a rolling ten minutes allow 150 connects (spec Kraken A.4); at 5 s apart there are 120 of them."""


@frozen(kw_only=True)
class KrakenSpotConfig(ClientConfig):
    """Kraken Spot. Times in seconds."""

    url: str | None = field(default=None, validator=optional(TEXT))
    """Of the WebSocket, the venue's own unless given. With one of your own, the REST interface is on the same host."""
    rest_url: str | None = field(default=None, validator=optional(TEXT))
    """Root of the REST interface, if it is elsewhere."""
    otp: str | None = field(default=None, repr=False, validator=optional(SECRET))
    """What a key with two-factor authentication needs as well; never shows in repr."""
    tier: Literal["starter", "intermediate", "pro"] = field(
        default="starter", validator=literal("starter", "intermediate", "pro")
    )
    """`starter`, `intermediate` or `pro`: how far the account is verified, which decides how many requests it may
    make."""
    request_timeout: float = field(default=5.0, validator=POSITIVE)
    """An order that is not answered within this is UNKNOWN."""
    process_within: float | None = field(default=5.0, validator=optional(POSITIVE))
    """The venue refuses what reaches it later than this, 1 to 60. None: after its own 5 s."""
    audit_period: float = field(default=60.0, validator=POSITIVE)
    """How often the fills are read again and what is open is compared with the venue's list, while orders are open
    (also of other sessions) or in question."""
    fills_lag: float = field(default=1.0, validator=POSITIVE)
    """How long fills may come behind a total before history is read for them."""
    use_budget: bool = field(default=True, validator=FLAG)
    """Keep within the venue's counters."""
    rest_entry: bool = field(default=False, validator=FLAG)
    """Place, replace and cancel over REST; the socket only brings what happens."""
    reconnect: Backoff = field(default=SPOT_RECONNECT, validator=a(Backoff))
    """As for every venue, but never at once and with 10 s for an attempt, since the venue limits how often one may
    connect."""

    def venue(self) -> Venue:
        # What the venue speaks loads when a client is opened, as its simulation does.
        from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue

        credentials = self.credentials
        if not isinstance(credentials, ApiKey):
            raise ValueError("Kraken Spot needs credentials of the kind ApiKey: an API key and its secret.")
        settings = KrakenSpotSettings(
            api_key=credentials.key,
            api_secret=credentials.secret,
            otp=self.otp,
            tier=self.tier,
            request_timeout=self.request_timeout,
            process_within=self.process_within,
            ping_period=min(self.heartbeat, MOST_PING_PERIOD),
            audit_period=self.audit_period,
            fills_lag=self.fills_lag,
            use_budget=self.use_budget,
            rest_entry=self.rest_entry,
        )
        if self.url is not None:
            settings = evolve(settings, websocket_url=self.url, rest_url=rest_root(self.url))
        return KrakenSpotVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


def _simulation() -> Simulation:
    # Loaded when one is opened: most programs trade at a real venue, and never need it.
    from protocol.simulation.exchange import Exchange
    from protocol.simulation.faults import FaultSchedule
    from protocol.simulation.kraken_spot import KrakenSpotExchange, KrakenSpotExchangeSettings, KrakenSpotUser

    def make_exchange(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
        return KrakenSpotExchange(KrakenSpotExchangeSettings(**settings), draw, faults or FaultSchedule())

    def with_key(key: str, secret: str) -> Mapping[str, Any]:
        return {"users": (KrakenSpotUser(api_key=key, api_secret=secret),)}

    return Simulation(make_exchange, ApiKey("demo-key", KrakenSpotUser().api_secret), with_key)


VENUE = VenueRow("kraken-spot", KrakenSpotConfig, _simulation)
