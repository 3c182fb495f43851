"""How orders of a simulated Kraken Spot looked a while ago: REST follows the socket by up to a minute (spec A.17)."""

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
    _states: dict[str, list[tuple[int, VenueOrder]]] = field(factory=dict, init=False)

    def note(self, order: VenueOrder, time: int) -> None:
        """An order has changed. time: ns since 1970."""
        if not self.lag:
            return
        state = copy(order)
        state.waiting = copy(order.waiting)
        states = self._states.setdefault(order.order_id, [])
        states.append((time, state))
        while len(states) > 1 and states[1][0] <= time - self.lag:
            del states[0]

    def view(self, order: VenueOrder, now: int) -> VenueOrder | None:
        """The order as it was, None if it was not there yet. now: ns since 1970."""
        if not self.lag:
            return order
        known = (state for time, state in reversed(self._states.get(order.order_id, ())) if time <= now - self.lag)
        return next(known, None)

    def forget(self, order_id: str) -> None:
        self._states.pop(order_id, None)
