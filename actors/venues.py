"""The registry: one row for each venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from attrs import frozen

from protocol.simulation.ax import AxExchange, AxExchangeSettings, AxUser
from protocol.simulation.exchange import Exchange
from protocol.simulation.faults import FaultSchedule
from protocol.simulation.kraken_futures import (
    KrakenFuturesExchange,
    KrakenFuturesExchangeSettings,
    KrakenFuturesUser,
)
from protocol.simulation.kraken_spot import KrakenSpotExchange, KrakenSpotExchangeSettings, KrakenSpotUser

from .config import ApiKey, AxConfig, ClientConfig, Credentials, KrakenFuturesConfig, KrakenSpotConfig

__all__ = ["VENUES", "VenueRow", "venue_row"]


FUTURES_SECRET: Final = KrakenFuturesUser().api_secret
SPOT_SECRET: Final = KrakenSpotUser().api_secret


class MakeExchange(Protocol):
    def __call__(self, draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange: ...


@frozen
class VenueRow:
    """What there is of a venue. config: how a client is configured; make_exchange: its simulation's brain;
    credentials: which the simulation accepts unless told otherwise; with_key: the settings with which it accepts this
    key and secret instead."""

    config: type[ClientConfig]
    make_exchange: MakeExchange
    credentials: Credentials
    with_key: Callable[[str, str], Mapping[str, Any]]


def _make_ax(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
    return AxExchange(AxExchangeSettings(**settings), draw, faults or FaultSchedule())


def _ax_with_key(key: str, secret: str) -> Mapping[str, Any]:
    return {"users": (AxUser(api_key=key, api_secret=secret),)}


def _make_kraken_futures(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
    return KrakenFuturesExchange(KrakenFuturesExchangeSettings(**settings), draw, faults or FaultSchedule())


def _kraken_futures_with_key(key: str, secret: str) -> Mapping[str, Any]:
    return {"users": (KrakenFuturesUser(api_key=key, api_secret=secret),)}


def _make_kraken_spot(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
    return KrakenSpotExchange(KrakenSpotExchangeSettings(**settings), draw, faults or FaultSchedule())


def _kraken_spot_with_key(key: str, secret: str) -> Mapping[str, Any]:
    return {"users": (KrakenSpotUser(api_key=key, api_secret=secret),)}


VENUES: Final[Mapping[str, VenueRow]] = MappingProxyType(
    {
        "ax": VenueRow(AxConfig, _make_ax, ApiKey("demo-key", "demo-secret"), _ax_with_key),
        "kraken-futures": VenueRow(
            KrakenFuturesConfig, _make_kraken_futures, ApiKey("demo-key", FUTURES_SECRET), _kraken_futures_with_key
        ),
        "kraken-spot": VenueRow(
            KrakenSpotConfig, _make_kraken_spot, ApiKey("demo-key", SPOT_SECRET), _kraken_spot_with_key
        ),
    }
)


def venue_row(name: str) -> VenueRow:
    """Raises ValueError for a venue that does not exist."""
    row = VENUES.get(name)
    if row is None:
        raise ValueError(f"There is no venue {name!r}; there is {', '.join(VENUES)}.")
    return row
