"""AX Exchange (Architect): how a client of it is configured, and its simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from protocol.validation import COUNT, FLAG, POSITIVE, TEXT, optional
from protocol.venue import Venue

from ..config import ApiKey, ClientConfig, Password, Token
from .row import Simulation, VenueRow

__all__ = ["VENUE", "AxConfig"]


@frozen(kw_only=True)
class AxConfig(ClientConfig):
    """AX Exchange (Architect). Times in seconds."""

    url: str = field(default="wss://gateway.architect.exchange/orders/ws", validator=TEXT)
    """Of the orders WebSocket."""
    rest_url: str | None = field(default=None, validator=optional(TEXT))
    """Root of the REST interface. None: the same host, over https (http where `url` says ws)."""
    account_id: str | None = field(default=None, validator=optional(TEXT))
    """The venue's account to trade on, None for the key's default."""
    order_tag: str = field(default="trioorders", validator=TEXT)
    """1 to 10 letters and digits on every order that has no tag of its own."""
    cancel_on_disconnect: bool = field(default=False, validator=FLAG)
    """The venue cancels the orders of a connection when that ends: a safety option, verified at login."""
    client_heartbeat_timeout: int | None = field(default=None, validator=optional(COUNT))
    """Whole seconds, 1 to 300: the venue ends a connection on which we are silent for so long. None: it does not. A
    safety option, verified at login."""
    supports_stop_limit: bool = field(default=False, validator=FLAG)
    """State that the venue honours trigger prices (today's does not)."""
    strict: bool = field(default=True, validator=FLAG)
    """Check tick, minimum and unsupported terms here before sending."""
    cancel_by_client_id: bool = field(default=True, validator=FLAG)
    """An order whose venue id is not known yet is canceled by its client id."""
    request_timeout: float = field(default=10.0, validator=POSITIVE)
    """An unanswered request is given up after this long, and an order is UNKNOWN then."""

    def venue(self) -> Venue:
        # What the venue speaks loads when a client is opened, as its simulation does.
        from protocol.ax.venue import AxSettings, AxVenue

        if self.cancel_all_after:
            raise ValueError("AX has no timer that cancels all orders; leave cancel_all_after out.")
        credentials = self.credentials
        key = credentials if isinstance(credentials, ApiKey) else None
        user = credentials if isinstance(credentials, Password) else None
        settings = AxSettings(
            websocket_url=self.url,
            api_key=None if key is None else key.key,
            api_secret=None if key is None else key.secret,
            username=None if user is None else user.username,
            password=None if user is None else user.password,
            totp=None if user is None else user.totp,
            token=credentials.text if isinstance(credentials, Token) else None,
            account=self.account_id,
            order_tag=self.order_tag,
            cancel_on_disconnect=self.cancel_on_disconnect,
            client_heartbeat_timeout=self.client_heartbeat_timeout,
            supports_stop_limit=self.supports_stop_limit,
            strict=self.strict,
            cancel_by_client_id=self.cancel_by_client_id,
            request_timeout=self.request_timeout,
        )
        return AxVenue(settings if self.rest_url is None else evolve(settings, rest_url=self.rest_url))


def _simulation() -> Simulation:
    # Loaded when one is opened: most programs trade at a real venue, and never need it.
    from protocol.simulation.ax import AxExchange, AxExchangeSettings, AxUser
    from protocol.simulation.exchange import Exchange
    from protocol.simulation.faults import FaultSchedule

    def make_exchange(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
        return AxExchange(AxExchangeSettings(**settings), draw, faults or FaultSchedule())

    def with_key(key: str, secret: str) -> Mapping[str, Any]:
        return {"users": (AxUser(api_key=key, api_secret=secret),)}

    return Simulation(make_exchange, ApiKey("demo-key", "demo-secret"), with_key)


VENUE = VenueRow("ax", AxConfig, _simulation)
