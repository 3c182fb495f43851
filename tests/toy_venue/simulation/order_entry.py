"""Requests over the socket of a simulated Toy Exchange: orders, cancels and questions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from attrs import define

from protocol.simulation.faults import FaultKind, FaultSchedule, Occasion

from ..toy.enumerations import SIDES, TIMES_IN_FORCE
from ..toy.wire import Message, Request
from .engine import Engine
from .orders import Account, VenueOrder

__all__ = ["OrderEntry"]


@define
class OrderEntry:
    """Executes requests. The engine notes what happens to orders."""

    engine: Engine
    faults: FaultSchedule

    def answer(self, account: Account, request: Request) -> Message:
        handlers: dict[str, Callable[[Account, Request], Message]] = {
            "place": self._place,
            "cancel": self._cancel,
            "cancel_all": self._cancel_all,
            "orders": self._orders,
            "order": self._order,
            "fills": self._fills,
            "history": self._history,
        }
        handle = handlers.get(request.do)
        return _refused(request, "invalid", "no such request") if handle is None else handle(account, request)

    def _place(self, account: Account, request: Request) -> Message:
        faults = self.faults.next(Occasion.PLACE, "place")
        if FaultKind.PLACE_ERROR in faults:
            return _refused(request, "busy", "try again later")
        if not self._is_complete(request):
            return _refused(request, "invalid", "an order needs a symbol, side, quantity, price and time in force")
        order = VenueOrder(
            order_id=self.engine.next_id("O"),
            account=account.name,
            client_id=request.id,
            symbol=request.symbol or "",
            side=SIDES[request.side or ""],
            quantity=request.quantity or Decimal(0),
            price=request.price or Decimal(0),
            time_in_force=request.time_in_force or "",
            received=self.engine.now.wall_ns,
        )
        self.engine.place(order)
        if FaultKind.PLACE_ERROR_EXECUTED in faults:
            return _refused(request, "broken", "no answer from the engine")
        return Message(number=request.number, placed=order.order_id)

    def _is_complete(self, request: Request) -> bool:
        if request.symbol not in self.engine.books or request.time_in_force not in TIMES_IN_FORCE:
            return False
        terms = (request.quantity, request.price)
        return request.side in SIDES and all(term is not None and term > 0 for term in terms)

    def _cancel(self, account: Account, request: Request) -> Message:
        if FaultKind.CANCEL_ERROR in self.faults.next(Occasion.CANCEL, "cancel"):
            return _refused(request, "busy", "try again later")
        order = account.find(request.order, request.id)
        if order is None or order.state != "open":
            return _refused(request, "unknown", "no such open order")
        self.engine.cancel(order)
        return Message(number=request.number, canceled=1)

    def _cancel_all(self, account: Account, request: Request) -> Message:
        orders = [order for order in account.open_orders if request.symbol in (None, order.symbol)]
        for order in orders:
            self.engine.cancel(order)
        return Message(number=request.number, canceled=len(orders))

    def _orders(self, account: Account, request: Request) -> Message:
        return Message(number=request.number, orders=[order.on_wire() for order in account.open_orders])

    def _order(self, account: Account, request: Request) -> Message:
        order = account.find(request.order, request.id)
        if order is None:
            return _refused(request, "unknown", "no such order")
        return Message(number=request.number, order=order.on_wire())

    def _fills(self, account: Account, request: Request) -> Message:
        fills = [fill for fill in account.fills if _is_within(fill.time, request)]
        return Message(number=request.number, fills=[f for f in fills if request.symbol in (None, f.symbol)])

    def _history(self, account: Account, request: Request) -> Message:
        ended = [order for order in account.orders.values() if order.ended is not None]
        rows = [order.on_wire() for order in ended if _is_within(order.ended or 0, request)]
        return Message(number=request.number, history=rows)


def _is_within(time: int, request: Request) -> bool:
    return (request.start or 0) <= time and (request.end is None or time < request.end)


def _refused(request: Request, error: str, reason: str) -> Message:
    return Message(number=request.number, error=error, reason=reason)
