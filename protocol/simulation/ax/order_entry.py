"""Requests over the socket of a simulated AX Exchange: orders, cancels, replacements and questions (spec 3)."""

from __future__ import annotations

from typing import Final

from attrs import define, field

from ...ax import venue_side, wire
from ...values import Instant
from ..faults import FaultKind, FaultSchedule, Occasion
from .access import Access
from .accounts import Account
from .engine import Engine
from .orders import VenueOrder
from .refusals import Refusal
from .requests import Placing, Reference, Replacing
from .sessions import Session
from .settings import AxExchangeSettings, Scope

__all__ = ["OrderEntry"]

READ_REQUESTS: Final = frozenset({"o", "s", "ef", "h"})


@define
class OrderEntry:
    """Executes requests. The engine notes what happens to orders."""

    settings: AxExchangeSettings
    engine: Engine
    access: Access
    faults: FaultSchedule
    _now: Instant = field(default=Instant(0, 0), init=False)

    def result(self, client: Session, request: wire.Outbound, now: Instant) -> object:
        """The body of the answer, or the `Refusal`."""
        self._now = now
        if request.t not in READ_REQUESTS and client.login.user.scope == Scope.READ_ONLY:
            return Refusal(403, "this key may only read")
        if not self.access.within_rate(client.login.user, self._now):
            return Refusal(429, "too many requests, slow down")
        account = self._account(client, request.aid or request.account_id)
        if isinstance(account, Refusal):
            return account
        handle = {
            "p": self._place,
            "x": self._cancel,
            "r": self._replace,
            "o": self._open_orders,
            "s": self._status,
            "X": self._cancel_all,
            "ef": self._funding,
        }[request.t]
        return handle(client, account, request)

    def _account(self, client: Session, name: str | None) -> Account | Refusal:
        if name is None:
            return client.account
        if name not in client.login.user.accounts:
            return Refusal(403, f"account {name} is not yours")
        return self.engine.accounts[name]

    def _place(self, client: Session, account: Account, request: wire.Outbound) -> object:
        faults = self.faults.next(Occasion.PLACE, request.t)
        if FaultKind.PLACE_ERROR in faults:
            return Refusal(faults[FaultKind.PLACE_ERROR].code, "the gateway has a problem")
        placing = Placing(request=request, user=client.login.user.id, account=account, session=client.number)
        result = self.engine.place(placing)
        if FaultKind.PLACE_ERROR_EXECUTED in faults:
            return Refusal(faults[FaultKind.PLACE_ERROR_EXECUTED].code, "the engine did not answer in time")
        return result if isinstance(result, Refusal) else wire.OrderId(oid=result)

    def _cancel(self, client: Session, account: Account, request: wire.Outbound) -> object:
        faults = self.faults.next(Occasion.CANCEL, request.t)
        reference = Reference(request.oid, request.cid)
        if FaultKind.CANCEL_ERROR in faults:
            return Refusal(faults[FaultKind.CANCEL_ERROR].code, "the cancel was not executed")
        if FaultKind.CANCEL_DECLINED in faults:
            return wire.CancelReceived(cxl_rx=False)
        if FaultKind.CANCEL_REFUSED_LATER in faults:
            found = self.engine.find(account, reference)
            self.engine.tell_cancel_refused(account, reference, found if isinstance(found, VenueOrder) else None)
            return wire.CancelReceived(cxl_rx=True)
        result = self.engine.cancel(account, reference)
        if isinstance(result, Refusal):
            return result
        if result is None:
            return self._cancel_of_unknown(account, reference)
        return wire.CancelReceived(cxl_rx=True)

    def _cancel_of_unknown(self, account: Account, reference: Reference) -> object:
        manner = self.settings.cancel_of_unknown
        if manner == "404":
            return Refusal(404, "no such open order")
        if manner == "declined":
            return wire.CancelReceived(cxl_rx=False)
        found = self.engine.find(account, reference)
        self.engine.tell_cancel_refused(account, reference, found if isinstance(found, VenueOrder) else None)
        return wire.CancelReceived(cxl_rx=True)

    def _replace(self, client: Session, account: Account, request: wire.Outbound) -> object:
        terms = Replacing(price=request.p, quantity=request.q, tif=request.tif, post_only=request.po)
        result = self.engine.replace(account, Reference(request.oid, request.cid), terms)
        return result if isinstance(result, Refusal) else wire.OrderId(oid=result)

    def _open_orders(self, client: Session, account: Account, request: wire.Outbound) -> object:
        legacy = self.settings.legacy
        orders = [order.on_wire(legacy=legacy) for order in self.engine.open_orders(account)]
        return orders if legacy else wire.OpenOrders(orders=orders)

    def _status(self, client: Session, account: Account, request: wire.Outbound) -> object:
        order = self.engine.asked_for(account, Reference(request.oid, request.cid))
        if isinstance(order, Refusal):
            return order
        return Refusal(404, "no such order") if order is None else wire.StatusEnvelope(status=order.status())

    def _cancel_all(self, client: Session, account: Account, request: wire.Outbound) -> object:
        self.engine.cancel_all(account, request.symbol)
        return {}

    def _funding(self, client: Session, account: Account, request: wire.Outbound) -> object:
        if request.symbol not in self.engine.markets:
            return Refusal(404, f"no funding for {request.symbol}")
        return wire.FundingResponse(
            symbol=request.symbol,
            status="unavailable",
            reason="the simulation pays no funding",
            timestamp=venue_side.rfc3339(self._now.wall_ns),
        )
