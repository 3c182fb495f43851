"""What there is of a venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from ..config import ClientConfig, Credentials

if TYPE_CHECKING:
    from protocol.simulation.exchange import Exchange
    from protocol.simulation.faults import FaultSchedule

__all__ = ["MakeExchange", "Simulation", "VenueRow"]


class MakeExchange(Protocol):
    def __call__(self, draw: Callable[[], float], faults: FaultSchedule | None, **settings: Any) -> Exchange: ...


@frozen
class Simulation:
    """A venue's simulation."""

    make_exchange: MakeExchange
    """Makes its brain. Raises TypeError for a setting that it does not have."""
    credentials: Credentials
    """Which it accepts unless its settings say otherwise."""
    with_key: Callable[[str, str], Mapping[str, Any]]
    """The settings with which it accepts this key and secret instead."""


@frozen
class VenueRow:
    """What there is of a venue."""

    name: str
    """The name of its module, with hyphens."""
    config: type[ClientConfig]
    """How a client of it is configured."""
    simulation: Callable[[], Simulation]
    """Loads its simulation."""
