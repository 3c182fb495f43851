"""Orders that are our own though the journal does not have them: their intents were lost with the power.

Names that this program makes up carry a mark of the journal and of the life that made them (see `client_order_ids`);
where a venue's wire shows a name as a number only, the order's tag carries it. An order that comes with the mark of an
earlier life, and of which nothing is known, was placed by that life after the last record that was kept. It is tracked
from its beginning, so its fills come out as fills of ours. Names that the user chose carry no mark: such an order is
another session's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from ..client_order_ids import IdMark, is_marked
from ..facts import OrderView, Trade
from ..orders import DEFAULT_STRATEGY, OrderIdentity
from ..values import ClientOrderId, InstrumentId, OrderType, Side, VenueOrderId, WireId
from .context import UNMEASURED, Context
from .records import Registered
from .tracking import Order

__all__ = ["OwnOrders"]


@frozen
class Seen:
    """What a view or an execution shows of an order."""

    venue_order_id: VenueOrderId
    wire_id: WireId
    symbol: str
    side: Side | None
    type: OrderType | None
    time: int


class OwnOrders:
    """Stateless. earlier: the marks of the lives before this one; currency_of: the quote currency of a symbol."""

    def __init__(self, context: Context, earlier: Iterable[IdMark], currency_of: Callable[[str], str]) -> None:
        self._context = context
        marks = list(earlier)
        self._digits = frozenset(mark.digits for mark in marks)
        self._tags = frozenset(mark.tag for mark in marks) if context.rules.marks_by_tag else frozenset()
        self._currency_of = currency_of

    def of(self, view: OrderView) -> Order | None:
        """The order of a view that no tracked order fits, if it is ours: tracked from now on."""
        if view.wire_id is None:
            return None
        seen = Seen(view.venue_order_id, view.wire_id, view.symbol, view.side, view.type, view.time)
        name = self._name(seen, view.tag)
        if name is None:
            return None
        identity = self._identity(name, seen)
        self._context.record(
            Registered(
                identity=identity,
                venue_order_id=view.venue_order_id,
                quantity=view.quantity if view.other_quantity is None else None,
                price=None if view.type is OrderType.MARKET else view.price,
                trigger_price=view.trigger_price,
                time_in_force=view.time_in_force,
                post_only=view.post_only,
            )
        )
        return self._told(name)

    def of_trade(self, trade: Trade) -> Order | None:
        """The same of an execution, which shows less of its order."""
        if trade.wire_id is None:
            return None
        seen = Seen(trade.venue_order_id, trade.wire_id, trade.symbol, trade.side, None, trade.time)
        name = self._name(seen, None)
        if name is None:
            return None
        self._context.record(Registered(identity=self._identity(name, seen), venue_order_id=trade.venue_order_id))
        return self._told(name)

    def may_have(self, trade: Trade) -> bool:
        """Whether an execution that names no client id may be of such an order: it is from the time between the last
        record of an order that was kept and the start of this run."""
        context = self._context
        if not self._digits or not context.rules.status_shows_terms or trade.wire_id is not None:
            return False
        if trade.venue_order_id in context.foreign:
            return False  # heard of, and without a mark of ours
        until = context.by_venue(context.restarted_at)
        return context.last_intent - UNMEASURED <= trade.time <= until + UNMEASURED

    def _told(self, name: ClientOrderId) -> Order:
        self._context.warn(
            f"Order {name} is this program's own, though the journal does not have it: its intent was lost with the "
            "power. It is tracked from now on."
        )
        return self._context.orders.live[name]

    def _name(self, seen: Seen, tag: str | None) -> ClientOrderId | None:
        """What the order is called here; None: it is not ours, or known already."""
        context = self._context
        if isinstance(seen.wire_id, str) and is_marked(seen.wire_id, self._digits):
            name = ClientOrderId(seen.wire_id)
        elif tag in self._tags and self._is_later(seen):
            name = context.venue.external_client_order_id(seen.wire_id)
        else:
            return None
        # What was heard of before is known as another session's, and stays that.
        if not seen.symbol or seen.venue_order_id in context.foreign:
            return None
        if context.orders.by_client_order_id(name) is not None:
            return None
        return None if context.is_name_of_old(name) else name

    def _is_later(self, seen: Seen) -> bool:
        """Whether an order that the tag alone shows to be ours can be one that the journal does not have. Records are
        lost from the end, so it was placed after every order that was kept."""
        context = self._context
        if seen.time < context.last_intent - UNMEASURED:
            return False
        if context.orders.has_forgotten and seen.time <= context.orders.forgotten_until + UNMEASURED:
            return False  # the journal may have it, for a wire's number is no name that it could be asked for
        finished = context.orders.finished
        ended = (finished.get(name) for name in finished)
        return all(order is None or order.identity.wire_id != seen.wire_id for order in ended)

    def _identity(self, name: ClientOrderId, seen: Seen) -> OrderIdentity:
        context = self._context
        # It may have been changed before it is heard of, so what is known of its beginning counts.
        moments = (seen.time, context.last_intent, context.now.wall_ns)
        return OrderIdentity(
            trader=context.trader,
            strategy=DEFAULT_STRATEGY,
            account=context.account,
            instrument=InstrumentId(seen.symbol, context.rules.venue),
            client_order_id=name,
            side=seen.side,
            type=seen.type,
            currency=self._currency_of(seen.symbol),
            wire_id=seen.wire_id,
            local_time=min(moment for moment in moments if moment),
        )
