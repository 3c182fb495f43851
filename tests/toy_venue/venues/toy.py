"""The Toy Exchange: how a client of it is configured, and its simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from actors.config import ApiKey, ClientConfig, rest_root
from actors.venues.row import Simulation, VenueRow
from protocol.simulation.exchange import Exchange
from protocol.simulation.faults import FaultSchedule
from protocol.venue import Venue
from tests.toy_venue.toy.venue import ToySettings, ToyVenue

__all__ = ["VENUE", "ToyConfig"]


@frozen(kw_only=True)
class ToyConfig(ClientConfig):
    """The Toy Exchange. Times in seconds. request_timeout: the result of an order not answered by then is unknown."""

    url: str = "wss://toy.example/socket"
    request_timeout: float = 5.0

    def venue(self) -> Venue:
        credentials = self.credentials
        if not isinstance(credentials, ApiKey):
            raise ValueError("The Toy Exchange needs credentials of the kind ApiKey: an API key and its secret.")
        settings = ToySettings(
            websocket_url=self.url,
            rest_url=rest_root(self.url),
            key=credentials.key,
            secret=credentials.secret,
            request_timeout=self.request_timeout,
        )
        return ToyVenue(settings)


def _simulation() -> Simulation:
    # Imported when it is opened, because most programs trade at a real venue and never need it.
    from tests.toy_venue.simulation import ToyExchange, ToyExchangeSettings, ToyUser

    def make_exchange(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
        return ToyExchange(ToyExchangeSettings(**settings), draw, faults or FaultSchedule())

    def with_key(key: str, secret: str) -> Mapping[str, Any]:
        return {"users": (ToyUser(key=key, secret=secret),)}

    return Simulation(make_exchange, ApiKey("demo-key", "demo-secret"), with_key)


VENUE = VenueRow("toy", ToyConfig, _simulation)
