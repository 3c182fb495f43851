"""How orders of a simulated AX Exchange looked a while ago: lists and history over REST follow the socket."""

from __future__ import annotations

from copy import copy

from attrs import define, field

from .orders import VenueOrder

__all__ = ["Past"]


@define
class Past:
    """Copies of orders as they were after each change, as far back as REST lags. lag: ns; without one nothing is
    kept."""

    lag: int
    _states: dict[str, list[VenueOrder]] = field(factory=dict, init=False)

    def note(self, order: VenueOrder) -> None:
        """An order has changed, at the moment that it names."""
        if not self.lag:
            return
        states = self._states.setdefault(order.oid, [])
        states.append(copy(order))
        while len(states) > 1 and states[1].changed <= order.changed - self.lag:
            del states[0]

    def view(self, order: VenueOrder, now: int) -> VenueOrder | None:
        """The order as it was, None if it was not there yet. now: ns since 1970."""
        if not self.lag:
            return order
        known = (state for state in reversed(self._states.get(order.oid, ())) if state.changed <= now - self.lag)
        return next(known, None)

    def forget(self, oid: str) -> None:
        self._states.pop(oid, None)
