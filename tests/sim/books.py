"""What was placed at the venue, by whom, and what became of it: the brain's own orders, put into one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from attrs import define, field, frozen

from protocol.simulation.ledger import Execution
from protocol.values import Side

__all__ = ["Books", "Placed", "View"]


@frozen(kw_only=True)
class View:
    """An order as the brain has it now. quantity: of this venue order id; end: filled, canceled, expired, rejected, or
    moved where another venue order id goes on; None while it is open."""

    order_id: str
    wire_id: object
    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    end: str | None
    fired: bool = False


@define(eq=False)
class Placed:
    """One order with all the venue order ids that it had. quantity, price: as they were at first; by_other: not by a
    client of ours; time: when it came, ended: when it was first seen to have ended, None: not yet, ns since 1970;
    under_switch: when it came, the dead man's switch of the account was set."""

    wire_id: object
    quantity: Decimal
    price: Decimal | None
    time: int
    by_other: bool
    ids: list[str]
    changed_by_other: bool = False
    ended: int | None = None
    under_switch: bool = False


@define(eq=False)
class Books:
    """Looks at the brain between two inputs. look: gives the view of an order; account: the clients'; is_armed: whether
    the account's dead man's switch is set in the brain, None: the venue has none."""

    engine: Any
    ledger: Any
    look: Callable[[Any], View]
    account: str
    is_armed: Callable[[Any], bool] | None = None
    orders: list[Placed] = field(factory=list)
    by_id: dict[str, Placed] = field(factory=dict)
    others_turn: bool = False  # what comes into being now, another session does
    _kept: dict[str, Any] = field(factory=dict)

    def note(self, now: int) -> None:
        """Takes down what has come into being since the last time, and what has ended. now: ns since 1970."""
        new = []
        for order_id in reversed(self.engine.orders):
            if order_id in self._kept:
                break
            order = self.engine.orders[order_id]
            if order.account == self.account:
                new.append(order)
                self._kept[order_id] = order
        for order in reversed(new):
            self._note(self.look(order), now)
        for placed in self.orders:
            if placed.ended is None and self.view(placed).end not in (None, "moved"):
                placed.ended = now

    def _note(self, view: View, now: int) -> None:
        before = self._moved_from(view)
        if before is not None:
            before.ids.append(view.order_id)
            self.by_id[view.order_id] = before
            return
        placed = Placed(
            wire_id=view.wire_id,
            quantity=view.quantity,
            price=view.price,
            time=now,
            by_other=self.others_turn,
            ids=[view.order_id],
            under_switch=self.is_armed is not None and self.is_armed(self.engine),
        )
        self.orders.append(placed)
        self.by_id[view.order_id] = placed

    def _moved_from(self, view: View) -> Placed | None:
        """The order that goes on under this venue order id."""
        if view.wire_id is None:
            return None
        for placed in reversed(self.orders):
            if placed.wire_id == view.wire_id and self.view(placed).end == "moved":
                return placed
        return None

    def view(self, placed: Placed) -> View:
        """Under its latest venue order id."""
        return self.look(self.kept(placed))

    def kept(self, placed: Placed) -> Any:
        """The brain's own order, under its latest venue order id, which a fired stop may share with what it became."""
        order_id = placed.ids[-1]
        return self.engine.orders.get(order_id, self._kept[order_id])

    def filled(self, placed: Placed) -> Decimal:
        """Under all its ids."""
        return self.filled_under(placed.ids)

    def filled_under(self, ids: Iterable[str]) -> Decimal:
        total: Decimal = self.ledger.filled(ids)
        return total

    def executions(self) -> list[Execution]:
        found: list[Execution] = self.ledger.executions_of({self.account})
        return found
