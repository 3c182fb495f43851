"""The trading engine of a simulated AX Exchange: order life, matching, fees, margin. It knows no sockets.

What happens to an order becomes notices, each to one account, in the order in which it happened. Refusals before an
order has an id are values; later ones are events (spec 4.5, 10).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Final

from attrs import evolve, frozen

from ...ax import wire
from ...values import ZERO, Instant, LiquiditySide, Side
from ..book import Incoming, Match, Resting
from ..ledger import Execution, Ledger
from ..simulated_exchange import MARKET_MAKER
from .accounts import Account
from .checks import POST_ONLY_TEXT, SELF_TRADES, SIDES, TIMES_IN_FORCE, engine_rejection, gateway_refusal
from .identifiers import Ids
from .market import Market
from .orders import VenueOrder, time_parts
from .past import Past
from .refusals import Refusal
from .requests import Placing, Reference, Replacing
from .settings import AxExchangeSettings

__all__ = ["Engine", "Notice"]

FROZEN: Final = frozenset({"CLOSED_FROZEN", "HALTED"})
HUNDRED: Final = Decimal(100)


@frozen
class Notice:
    """One event for every session of an account. nulls: keys to write as null (see `venue_side.encode`)."""

    account: str
    event: wire.Inbound
    nulls: tuple[str, ...] = ()


class Engine:
    """All markets, orders and accounts. Every method that changes something appends to `notices`."""

    def __init__(self, settings: AxExchangeSettings, ledger: Ledger) -> None:
        self.settings = settings
        self.ledger = ledger
        self.ids = Ids()
        self.notices: list[Notice] = []
        self.markets = {
            row.symbol: Market(row, settings.reference_prices.get(row.symbol)) for row in settings.instruments
        }
        self.accounts: dict[str, Account] = {
            name: Account(name, user.id, user.balance, user.maker_fee, user.taker_fee, user.close_only)
            for user in settings.users
            for name in user.accounts
        }
        self.accounts[MARKET_MAKER] = Account(MARKET_MAKER, MARKET_MAKER, Decimal(10) ** 12, ZERO, ZERO, False)
        self.orders: dict[str, VenueOrder] = {}
        self.past = Past(settings.rest_lag)
        self._acknowledgements: list[tuple[int, str]] = []
        self.now = Instant(0, 0)

    # Time

    @property
    def next_due(self) -> int | None:
        """When a pending order is acknowledged next: ns, monotonic."""
        return self._acknowledgements[0][0] if self._acknowledgements else None

    def at(self, now: Instant) -> None:
        """Everything that follows happens at this moment."""
        self.now = now

    def tick(self) -> None:
        while self._acknowledgements and self._acknowledgements[0][0] <= self.now.monotonic_ns:
            _, oid = heapq.heappop(self._acknowledgements)
            order = self.orders.get(oid)
            if order is not None and order.state == "PENDING":
                self._to_market(order)

    # Placing

    def place(self, placing: Placing) -> str | Refusal:
        """The venue order id. Refused without an id by the checks of the gateway; with an id and an event by those
        of the engine."""
        request, account = placing.request, placing.account
        refusal = gateway_refusal(placing, self.markets)
        if refusal is not None:
            return refusal
        assert request.s is not None
        assert request.d is not None
        assert request.q is not None
        assert request.p is not None
        honours_stops = self.settings.supports_stop_limit and isinstance(request, wire.Outbound)
        order = VenueOrder(
            oid=self.ids.order(self.now.wall_ns),
            user=placing.user,
            account=account.id,
            symbol=request.s,
            side=SIDES[request.d],
            price=request.p,
            quantity=request.q,
            tif=request.tif or "GTC",
            post_only=bool(request.po),
            cid=request.cid,
            tag=request.tag,
            self_trade=SELF_TRADES[request.st],
            session=placing.session,
            received=self.now.wall_ns,
            trigger_price=request.trigger_price if honours_stops and isinstance(request, wire.Outbound) else None,
            reprice=request.rb,
        )
        self._keep(order)
        rejection = engine_rejection(order, account, self.markets[order.symbol], self.settings.max_open_orders)
        if rejection is not None:
            self._reject(order, *rejection)
        elif self.settings.acknowledge_after:
            due = self.now.monotonic_ns + self.settings.acknowledge_after
            heapq.heappush(self._acknowledgements, (due, order.oid))
            self._claim(order, account)
        else:
            self._claim(order, account)
            self._to_market(order)
        return order.oid

    def _keep(self, order: VenueOrder) -> None:
        self.orders[order.oid] = order
        self._note(order)
        if len(self.orders) > 2 * self.settings.history:
            ended = [oid for oid, kept in self.orders.items() if not kept.is_open and kept.state != "PENDING"]
            for oid in ended[: -self.settings.history]:
                del self.orders[oid]
                self.past.forget(oid)

    def _note(self, order: VenueOrder) -> None:
        order.changed = self.now.wall_ns
        self.past.note(order)

    def _claim(self, order: VenueOrder, account: Account) -> None:
        account.open_orders[order.oid] = order
        if order.cid is not None:
            account.open_cids[order.cid] = account.last_cids[order.cid] = order.oid
            account.first_cids.setdefault(order.cid, order.oid)

    def _release(self, order: VenueOrder) -> None:
        account = self.accounts[order.account]
        account.open_orders.pop(order.oid, None)
        if order.cid is not None and account.open_cids.get(order.cid) == order.oid:
            del account.open_cids[order.cid]

    def _to_market(self, order: VenueOrder) -> None:
        order.state = "ACCEPTED"
        self._tell(order, "n")
        symbol = self.markets[order.symbol]
        if order.trigger_price is not None and not self._fires(order, symbol):
            symbol.stops.append(order.oid)
        else:
            self._trade(order, symbol)

    def _fires(self, order: VenueOrder, symbol: Market) -> bool:
        last, trigger = symbol.last, order.trigger_price
        if last is None or trigger is None:
            return False
        return last >= trigger if order.side is Side.BUY else last <= trigger

    # Matching

    def _trade(self, order: VenueOrder, symbol: Market) -> None:
        if symbol.state == "OPEN":
            matched = symbol.book.match(
                Incoming(
                    order_id=order.oid,
                    account=order.account,
                    side=order.side,
                    quantity=Decimal(order.left),
                    price=order.price,
                    self_trade=order.self_trade,
                )
            )
            for match in matched.matches:
                self._execute(order, self.orders[match.resting_id], match, symbol)
            for resting in matched.removed:
                self._cancel(self.orders[resting.order_id], "SELF_TRADE_PREVENTION")
            if matched.stopped and order.is_open:
                self._cancel(order, "SELF_TRADE_PREVENTION")
        if order.is_open:
            if order.tif == "IOC":
                self._end(order, "EXPIRED", "x")
            else:
                symbol.book.rest(Resting(order.oid, order.account, order.side, order.price, Decimal(order.left)))
        self._fire_stops(symbol)

    def _execute(self, taker: VenueOrder, maker: VenueOrder, match: Match, symbol: Market) -> None:
        quantity, trade_id = int(match.quantity), self.ids.trade()
        symbol.last = match.price
        for order, liquidity in ((maker, LiquiditySide.MAKER), (taker, LiquiditySide.TAKER)):
            order.filled += quantity
            order.state = "PARTIALLY_FILLED" if order.left else "FILLED"
            account = self.accounts[order.account]
            value = match.price * quantity * symbol.row.multiplier
            rate = account.maker_fee if liquidity is LiquiditySide.MAKER else account.taker_fee
            profit = account.position(order.symbol).trade(order.side, quantity, value)
            account.balance += profit - value * rate
            self.ledger.book(
                Execution(
                    trade_id=trade_id,
                    account=order.account,
                    venue_order_id=order.oid,
                    wire_id=order.cid,
                    symbol=order.symbol,
                    side=order.side,
                    price=match.price,
                    quantity=Decimal(quantity),
                    liquidity=liquidity,
                    fee=value * rate,
                    time=self.now.wall_ns,
                )
            )
            execution = wire.Execution(
                tid=trade_id,
                aid=order.account,
                s=order.symbol,
                q=quantity,
                p=match.price,
                d="B" if order.side is Side.BUY else "S",
                agg=liquidity is LiquiditySide.TAKER,
            )
            self._tell(order, "p" if order.left else "f", xs=execution)
            if not order.left:
                self._release(order)

    def _fire_stops(self, symbol: Market) -> None:
        for oid in list(symbol.stops):
            order = self.orders[oid]
            if not order.is_open:
                symbol.stops.remove(oid)
            elif self._fires(order, symbol):
                symbol.stops.remove(oid)
                self._trade(order, symbol)

    # Ending

    def cancel(self, account: Account, reference: Reference) -> VenueOrder | Refusal | None:
        """The order, canceled; a refusal; None for an order that has ended or never was."""
        order = self.find(account, reference)
        if isinstance(order, Refusal):
            return order
        if order is None or not (order.is_open or order.state == "PENDING"):
            return None
        if order.state == "PENDING":
            return Refusal(409, "not acknowledged yet, try again shortly")
        if self.markets[order.symbol].state in FROZEN:
            return Refusal(400, f"{order.symbol} is frozen: nothing can be canceled now")
        self._cancel(order, "")
        return order

    def cancel_all(self, account: Account, symbol: str | None) -> None:
        for order in list(account.open_orders.values()):
            frozen_market = self.markets[order.symbol].state in FROZEN
            if order.is_open and symbol in (None, order.symbol) and not frozen_market:
                self._cancel(order, "")

    def cancel_session(self, session: int) -> None:
        """Cancels what was placed over this socket (spec 1.2)."""
        for account in self.accounts.values():
            for order in list(account.open_orders.values()):
                if order.session == session and order.is_open:
                    self._cancel(order, "CANCEL_ON_DISCONNECT")

    def forget_sessions(self) -> None:
        """No order belongs to a socket any more."""
        for order in self.orders.values():
            order.session = None

    def _cancel(self, order: VenueOrder, reason: str) -> None:
        shown = reason if self.settings.state_reasons else ""
        self._end(order, "CANCELED", "c", xr=shown, txt="")

    def end(self, order: VenueOrder, state: str) -> None:
        """Ends an open order as the venue does on schedule: EXPIRED or DONE_FOR_DAY."""
        if order.is_open:
            self._end(order, state, "x" if state == "EXPIRED" else "d")

    def _end(self, order: VenueOrder, state: str, kind: str, **keys: Any) -> None:
        order.state = state
        self.markets[order.symbol].book.remove(order.oid)
        self._release(order)
        self._tell(order, kind, **keys)

    def _reject(self, order: VenueOrder, code: str | None, text: str) -> None:
        order.state, order.reason, order.text = "REJECTED", code, text if code else None
        self._release(order)
        self._tell(order, "j", r=code, txt=text, nulls=("r",))

    # Replacing

    def replace(self, account: Account, reference: Reference, terms: Replacing) -> str | Refusal:
        """The id of the replacement. Quantities: an explicit one counts from zero, an inherited one is what was left
        (spec 3.3)."""
        old = self.find(account, reference)
        if isinstance(old, Refusal):
            return old
        if old is None or not old.is_open:
            code = 409 if old is not None and old.state == "PENDING" else 404
            return Refusal(code, "not acknowledged yet" if code == 409 else "no such open order")
        if terms.tif is not None and terms.tif not in TIMES_IN_FORCE:
            return Refusal(400, f"time in force {terms.tif!r} is not accepted")
        symbol = self.markets[old.symbol]
        new = evolve(
            old,
            oid=self.ids.order(self.now.wall_ns),
            price=old.price if terms.price is None else terms.price,
            quantity=old.left if terms.quantity is None else terms.quantity,
            tif=terms.tif or old.tif,
            post_only=old.post_only if terms.post_only is None else terms.post_only,
            filled=0,
            state="ACCEPTED",
            received=self.now.wall_ns,
        )
        if new.price <= 0 or new.price % symbol.row.tick_size or new.quantity < symbol.row.minimum_order_size:
            return Refusal(400, "price or quantity is not valid for this instrument")
        if new.post_only and symbol.book.would_cross(new.side, new.price):
            return Refusal(400, POST_ONLY_TEXT)
        old.state = "REPLACED"
        symbol.book.remove(old.oid)
        self._release(old)
        self._keep(new)
        self._claim(new, account)
        self._tell_replaced(old, new)
        self._trade(new, symbol)
        return new.oid

    def _tell_replaced(self, old: VenueOrder, new: VenueOrder) -> None:
        self._note(old)
        ts, tn = time_parts(self.now.wall_ns)
        eid = self.ids.event()
        if self.settings.legacy:
            event = wire.Inbound(t="r", ts=ts, tn=tn, eid=eid, o=evolve(new.on_wire(legacy=True), oid=old.oid))
        else:
            event = wire.Inbound(t="r", ts=ts, tn=tn, eid=eid, ro=old.on_wire(), noid=new.oid, no=new.on_wire())
        self.notices.append(Notice(old.account, event))

    # Looking

    def find(self, account: Account, reference: Reference) -> VenueOrder | Refusal | None:
        """By venue order id, else the order that had the cid last. Only the account's own."""
        if (reference.oid is None) == (reference.cid is None):
            return Refusal(400, "give either oid or cid")
        oid = reference.oid
        if reference.cid is not None:
            oid = account.open_cids.get(reference.cid) or account.last_cids.get(reference.cid)
        order = None if oid is None else self.orders.get(oid)
        return order if order is not None and order.account == account.id else None

    def asked_for(self, account: Account, reference: Reference) -> VenueOrder | Refusal | None:
        """As `find`, which order a status shows (spec 4.3)."""
        found = self.find(account, reference)
        if reference.cid is None or self.settings.status_by_cid == "newest" or not isinstance(found, VenueOrder):
            return found
        first = self.orders.get(account.first_cids[reference.cid])
        return found if first is None or first.is_open or first.state == "PENDING" else first

    def open_orders(self, account: Account) -> list[VenueOrder]:
        """Open ones only: pending orders are left out (spec 2.1)."""
        return [order for order in account.open_orders.values() if order.is_open]

    def seen_orders(self, account: Account) -> Iterator[VenueOrder]:
        """All of them, whether open or not, as lists and history over REST show them now."""
        for order in self.orders.values():
            seen = self.past.view(order, self.now.wall_ns) if order.account == account.id else None
            if seen is not None:
                yield seen

    def seen_executions(self, accounts: Collection[str]) -> Iterator[Execution]:
        """Those that history over REST shows now."""
        until = self.now.wall_ns - self.settings.rest_lag
        for execution in self.ledger.executions:
            if execution.account in accounts and execution.time <= until:
                yield execution

    @property
    def fills_since(self) -> int:
        """From when on the list of all fills shows them: ns since 1970."""
        span = self.settings.fills_span
        return 0 if span is None else self.now.wall_ns - span

    # Notices

    def _tell(self, order: VenueOrder, kind: str, *, nulls: tuple[str, ...] = (), **keys: Any) -> None:
        self._note(order)
        ts, tn = time_parts(self.now.wall_ns)
        shown = order.on_wire(legacy=self.settings.legacy)
        event = wire.Inbound(t=kind, ts=ts, tn=tn, eid=self.ids.event(), o=shown, **keys)
        self.notices.append(Notice(order.account, event, nulls))

    def tell_cancel_refused(self, account: Account, reference: Reference, order: VenueOrder | None) -> None:
        """The event for a cancel that was taken and came to nothing (spec 9, row 9)."""
        ts, tn = time_parts(self.now.wall_ns)
        event = wire.Inbound(
            t="e",
            ts=ts,
            tn=tn,
            oid=reference.oid or (order.oid if order is not None else "unknown"),
            cid=reference.cid if order is None else order.cid,
            r="ORDER_NOT_FOUND",
            txt="no such open order" if order is None else "the order has ended",
            o=None if order is None else order.on_wire(),
        )
        self.notices.append(Notice(account.id, event))

    def take_notices(self) -> list[Notice]:
        notices, self.notices = self.notices, []
        return notices

    # Orders of the venue itself

    def accept(self, order: VenueOrder) -> None:
        """Takes an order without checks, to trade at once or to rest."""
        self._keep(order)
        self._claim(order, self.accounts[order.account])
        self._to_market(order)

    def withdraw(self, order: VenueOrder) -> None:
        """Takes one of the market maker's quotes out of the book."""
        self._end(order, "CANCELED", "c")
