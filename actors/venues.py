"""The registry: one row for each venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from attrs import frozen

from protocol.simulation.ax import AxExchange, AxExchangeSettings
from protocol.simulation.exchange import Exchange
from protocol.simulation.faults import FaultSchedule

from .config import ApiKey, AxConfig, ClientConfig, Credentials

__all__ = ["VENUES", "VenueRow", "venue_row"]


class MakeExchange(Protocol):
    def __call__(self, draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange: ...


@frozen
class VenueRow:
    """What there is of a venue. config: how a client is configured; make_exchange: its simulation's brain;
    credentials: which the simulation accepts unless told otherwise."""

    config: type[ClientConfig]
    make_exchange: MakeExchange
    credentials: Credentials


def _make_ax(draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange:
    return AxExchange(AxExchangeSettings(**settings), draw, faults or FaultSchedule())


VENUES: Final[Mapping[str, VenueRow]] = MappingProxyType(
    {
        "ax": VenueRow(AxConfig, _make_ax, ApiKey("demo-key", "demo-secret")),
    }
)


def venue_row(name: str) -> VenueRow:
    """Raises ValueError for a venue that does not exist."""
    row = VENUES.get(name)
    if row is None:
        raise ValueError(f"There is no venue {name!r}; there is {', '.join(VENUES)}.")
    return row
