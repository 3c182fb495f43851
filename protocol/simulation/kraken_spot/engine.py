"""The trading engine of a simulated Kraken Spot: order life, matching, fees. It knows no sockets.

What happens to an order becomes notices, each to one account, in the order in which it happened. A request that is
not executed raises Refused, before anything has changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Final

from attrs import evolve, frozen

from ...values import ZERO, Instant, LiquiditySide, Side
from ..book import Incoming, Match, Matched, Resting, SelfTrade
from ..ledger import Execution, Ledger
from ..simulated_exchange import MARKET_MAKER
from ..triggers import Reference, Trailing, Waiting
from . import refusals
from .accounts import Account
from .checks import check_mode, check_terms
from .funds import check_funds, check_reduces, need_of
from .identifiers import Ids
from .market import Market
from .messages import Report
from .orders import TRAILING, Fill, LedgerEntry, Phase, Taking, Terms, VenueOrder, fires_when
from .past import Past
from .rates import ADD, CANCEL_ALL, SET_SWITCH, TIERS, RateCounters, cancel_cost
from .refusals import Refused, invalid
from .reports import Reporter
from .settings import Asset, KrakenSpotExchangeSettings, Pair
from .timers import Timers

__all__ = ["BY_USER", "Engine", "Notice", "is_tag"]

SECOND: Final = 1_000_000_000
HUNDRED: Final = Decimal(100)

BY_USER: Final = "User requested"
BY_SWITCH: Final = "Cancel all orders after timeout"
POST_ONLY: Final = "Post only order"
SELF_TRADE: Final = "Self trade prevention"
NOT_FILLED: Final = "Fill or kill"
NO_FUNDS: Final = "Insufficient funds"

TAG_DIGITS: Final = 10

START: Final = "start"
EXPIRE: Final = "expire"
SWITCH: Final = "switch"


@frozen
class Notice:
    """One report for every session of an account that listens. rate: the account's trading counter in this market."""

    account: str
    report: Report
    rate: Decimal


class Engine:
    """All markets, orders and accounts. Every method that changes something appends to `notices`."""

    def __init__(self, settings: KrakenSpotExchangeSettings, ledger: Ledger, ids: Ids) -> None:
        self.settings, self.ledger, self.ids = settings, ledger, ids
        self.system = settings.system
        pairs = {pair.symbol: pair for pair in settings.pairs}
        from_last = settings.limit_distance_from == "last"
        self.markets = {
            name: Market(pair, settings.reference_prices.get(name), limits_from_last=from_last)
            for name, pair in pairs.items()
        }
        self.assets = _assets(settings)
        self.reporter = Reporter(settings, pairs)
        self.accounts: dict[str, Account] = {}
        for user in settings.users:
            if user.account not in self.accounts:
                counters = RateCounters(TIERS[user.tier])
                self.accounts[user.account] = Account(
                    user.account, user.maker_fee, user.taker_fee, counters, dict(user.balances)
                )
        self.accounts[MARKET_MAKER] = Account(MARKET_MAKER, ZERO, ZERO, RateCounters(TIERS["pro"]), {}, unlimited=True)
        self.orders: dict[str, VenueOrder] = {}
        self.notices: list[Notice] = []
        self.moves: list[tuple[str, tuple[LedgerEntry, ...]]] = []
        self.timers: Timers[tuple[str, str]] = Timers()
        self.past = Past(settings.rest_lag)
        self.now = Instant(0, 0)
        self._ended: deque[VenueOrder] = deque()
        self._pending: deque[Callable[[], None]] = deque()

    # Time

    @property
    def next_due(self) -> int | None:
        """ns, monotonic."""
        return self.timers.next_due

    def at(self, now: Instant) -> None:
        """Everything that follows happens at this moment."""
        self.now = now

    def tick(self) -> None:
        while (key := self.timers.pop(self.now.monotonic_ns)) is not None:
            kind, name = key
            if kind == SWITCH:
                self.cancel_all(self.accounts[name], BY_SWITCH)
            elif kind == START:
                self._start(self.orders[name])
            else:
                self.end(self.orders[name], "expired")
            self.settle()

    def _plan(self, kind: str, name: str, wall: int) -> None:
        """wall: ns since 1970."""
        self.timers.set((kind, name), self.now.monotonic_ns + wall - self.now.wall_ns)

    def set_switch(self, account: Account, seconds: int) -> None:
        """The dead man's switch: cancels all orders of the account after so many seconds; 0 disarms it. It counts in
        every market in which the account has traded."""
        account.rates.add_everywhere(SET_SWITCH, self.now.monotonic_ns)
        if seconds:
            self.timers.set((SWITCH, account.name), self.now.monotonic_ns + seconds * SECOND)
        else:
            self.timers.forget((SWITCH, account.name))

    # Placing

    def check(self, terms: Terms) -> Market:
        """Validation: what can be said without looking at the account. Raises Refused."""
        market = self.market(terms.symbol)
        check_terms(terms, market, self.now, self.settings)
        return market

    def check_batch(self, account: Account, batch: Sequence[Terms]) -> None:
        """Validation, which refuses all orders for one. Raises Refused."""
        names = [terms.cl_ord_id for terms in batch if terms.cl_ord_id is not None]
        if len(set(names)) < len(names) or any(name in account.client_ids for name in names):
            raise invalid("cl_ord_id not unique")
        for terms in batch:
            self.check(terms)

    def pair_named(self, name: str | None) -> Pair:
        """By any of the names that REST takes. Raises Refused."""
        for market in self.markets.values():
            if name in market.pair.names:
                return market.pair
        raise Refused(refusals.UNKNOWN_PAIR)

    def market(self, symbol: str) -> Market:
        market = self.markets.get(symbol)
        if market is None:
            raise Refused(f"Currency pair not supported {symbol}")
        return market

    def place(self, account: Account, terms: Terms, *, batch: int = 1) -> VenueOrder:
        """The new order. batch: of how many it is one, which makes it cheaper. Raises Refused."""
        market = self.check(terms)
        self.admit(account, terms, market)
        self.charge(account, terms.symbol, ADD if batch == 1 else ADD / 2)
        order = self.accept(account, terms)
        self.settle()
        return order

    def admit(self, account: Account, terms: Terms, market: Market, *, freed: VenueOrder | None = None) -> None:
        """Whether account and market take the order now. freed: an order that will be gone by then. Raises Refused."""
        check_mode(self.system, market, terms)
        if terms.cl_ord_id is not None and terms.cl_ord_id in account.client_ids:
            raise invalid("cl_ord_id not unique")
        most = account.rates.tier.open_orders
        if self.settings.rate_limit and account.open_in(terms.symbol) >= most and freed is None:
            raise Refused(refusals.TOO_MANY_ORDERS)
        quantity = self._quantity_of(account, terms, market)
        if terms.reduce_only:
            check_reduces(account, terms, quantity)
        check_funds(account, need_of(account, terms, market, quantity), terms, freed)
        if self.settings.post_only == "error" and self._would_cross(terms, market):
            raise Refused(refusals.POST_ONLY)

    def _quantity_of(self, account: Account, terms: Terms, market: Market) -> Decimal:
        if terms.quantity is not None:
            return terms.quantity
        assert terms.cash is not None  # an order has either
        quantity = market.bought_for(terms.cash, account.name)
        if quantity < market.pair.order_minimum:
            raise Refused(refusals.ORDER_MINIMUM)
        return quantity

    def check_enough(self, account: Account, order: VenueOrder, terms: Terms) -> None:
        """Whether the account can afford an open order under new terms. Raises Refused."""
        assert terms.quantity is not None  # orders by value cannot be changed
        market = self.markets[terms.symbol]
        need = need_of(account, terms, market, max(terms.quantity - order.filled, ZERO))
        check_funds(account, need, terms, order)

    def _would_cross(self, terms: Terms, market: Market) -> bool:
        price = terms.limit_price
        plain = terms.post_only and not terms.is_triggered and terms.starts is None
        return plain and price is not None and market.book.would_cross(terms.side, price)

    def charge(self, account: Account, symbol: str, cost: Decimal) -> None:
        """Counts against the account's trading counter. Raises Refused when that is over, if it is enforced."""
        counter = account.rates.pair(symbol, self.now.monotonic_ns)
        if self.settings.rate_limit and not counter.has_room(cost, self.now.monotonic_ns):
            raise Refused(refusals.RATE_LIMIT)
        counter.add(cost, self.now.monotonic_ns)

    def accept(self, account: Account, terms: Terms, *, parent: str | None = None) -> VenueOrder:
        """An order that was checked becomes one. Follow with `settle`."""
        market = self.markets[terms.symbol]
        order = VenueOrder(
            order_id=self.ids.order(),
            account=account.name,
            terms=terms,
            quantity=self._quantity_of(account, terms, market),
            received=self.now,
            parent=parent,
            limit=terms.limit_price if terms.limit_kind == "static" else None,
        )
        order.shown = min(terms.display or order.quantity, order.quantity)
        self.orders[order.order_id] = account.open_orders[order.order_id] = order
        if terms.cl_ord_id is not None:
            account.client_ids[terms.cl_ord_id] = account.past_client_ids[terms.cl_ord_id] = order.order_id
        account.hold(order, need_of(account, terms, market, order.left))
        if terms.is_triggered and terms.starts is None:
            order.waiting = self._waiting(order, market)
        self._tell(order, self.reporter.pending_new, order, self.now.wall_ns)
        if terms.expires is not None:
            self._plan(EXPIRE, order.order_id, terms.expires)
        if terms.starts is not None and terms.starts > self.now.wall_ns:
            self._plan(START, order.order_id, terms.starts)
        else:
            self._go_live(order)
        return order

    def _start(self, order: VenueOrder) -> None:
        if self._lacks_funds(order, self.markets[order.terms.symbol]):
            self.end(order, "canceled", NO_FUNDS)
        else:
            self._go_live(order)

    def _go_live(self, order: VenueOrder) -> None:
        market = self.markets[order.terms.symbol]
        if order.terms.post_only and self._would_cross(evolve(order.terms, starts=None), market):
            self.end(order, "canceled", POST_ONLY)
            return
        order.status = "new"
        order.phase = Phase.WAITING if order.terms.is_triggered else Phase.LIVE
        if order.phase is Phase.WAITING:
            self._wait(order, market)
        self._tell(order, self.reporter.new, order, self.now.wall_ns)
        if order.phase is Phase.WAITING:
            self._pending.append(partial(self._check_price_again, order, market))
        else:
            self.trade(order)

    # Triggers

    def wait_anew(self, order: VenueOrder, market: Market) -> None:
        """After its trigger was changed. Follow with `settle`."""
        market.triggers.remove(order.order_id)
        self._wait(order, market)
        self._pending.append(partial(self._check_price_again, order, market))

    def _wait(self, order: VenueOrder, market: Market) -> None:
        waiting = self._waiting(order, market)
        market.triggers.add(waiting)
        order.waiting, order.level = waiting, waiting.level
        if waiting.trailing is not None:
            market.trailing[order.order_id] = None

    def _waiting(self, order: VenueOrder, market: Market) -> Waiting:
        """How an order with a trigger waits, at the prices of now."""
        trigger = order.terms.trigger
        assert trigger is not None  # it was checked
        trails = order.terms.type in TRAILING
        waiting = Waiting(
            order_id=order.order_id,
            reference=trigger.reference,
            when=order.terms.when,
            level=None if trails else market.level(trigger, order.terms.when),
            trailing=Trailing(trigger.price, trigger.kind == "pct") if trails else None,
        )
        price = market.triggers.price(trigger.reference)
        if price is not None:
            waiting.follow(price)
        return waiting

    def _check_price_again(self, order: VenueOrder, market: Market) -> None:
        """The level may be reached already."""
        if order.phase is Phase.WAITING and order.terms.trigger is not None:
            price = market.triggers.price(order.terms.trigger.reference)
            if price is not None:
                self.see_price(market, order.terms.trigger.reference, price)

    def see_price(self, market: Market, reference: Reference, price: Decimal) -> None:
        """A new price: levels move, orders fire. Follow with `settle`."""
        if reference is Reference.INDEX:
            market.index, market.stale = price, True
        for order_id in market.triggers.update(reference, price):
            order = self.orders[order_id]
            market.trailing.pop(order_id, None)
            assert order.waiting is not None  # it was in there
            order.fired, order.level = (self.now.wall_ns, price), order.waiting.level
            self._pending.append(partial(self._fire, order, market))
        for order_id in list(market.trailing):
            order = self.orders[order_id]
            if order.waiting is not None and order.waiting.level != order.level:
                order.level = order.waiting.level
                self._tell(order, self.reporter.status, order, self.now.wall_ns)

    def _fire(self, order: VenueOrder, market: Market) -> None:
        if order.phase is not Phase.WAITING:
            return
        self._tell(order, self.reporter.status, order, self.now.wall_ns)
        order.phase = Phase.LIVE
        terms = order.terms
        if terms.limit_price is not None and terms.limit_kind != "static" and order.level is not None:
            part = order.level / HUNDRED if terms.limit_kind == "pct" else Decimal(1)
            distance = terms.limit_price * part * (1 if terms.side is Side.BUY else -1)
            order.limit = market.rounded(order.level + distance)
        if self._lacks_funds(order, market):
            self.end(order, "canceled", NO_FUNDS)
        elif terms.post_only and order.limit is not None and market.book.would_cross(terms.side, order.limit):
            self.end(order, "canceled", POST_ONLY)
        else:
            self.trade(order)

    def _lacks_funds(self, order: VenueOrder, market: Market) -> bool:
        """The price may have become worse than what was kept ready for."""
        account = self.accounts[order.account]
        need = need_of(account, _as_live(order), market, order.left)
        try:
            check_funds(account, need, order.terms, order)
        except Refused:
            return True
        account.hold(order, need)
        return False

    # Matching

    def trade(self, order: VenueOrder) -> None:
        """A live order meets the book; what is left rests, or ends if it may not."""
        market, terms = self.markets[order.terms.symbol], order.terms
        if terms.tif == "FOK" and self._fillable(order, market) < order.left:
            self.end(order, "canceled", NOT_FILLED)
            return
        taking = Taking()
        while order.left:
            matched = market.book.match(
                Incoming(
                    order_id=order.order_id,
                    account=order.account,
                    side=terms.side,
                    quantity=order.left,
                    price=order.limit,
                    self_trade=terms.self_trade,
                )
            )
            refilled = self._execute_all(order, taking, matched, market)
            for resting in matched.removed:
                self.end(self.orders[resting.order_id], "canceled", SELF_TRADE)
            if matched.stopped:
                self.end(order, "canceled", SELF_TRADE)
                return
            if not refilled:
                break
        if order.left:
            self._rest(order, market)

    def _rest(self, order: VenueOrder, market: Market) -> None:
        if order.limit is None or order.terms.tif in ("IOC", "FOK"):
            self.end(order, "canceled")
            return
        order.shown = min(order.terms.display or order.left, order.left)
        resting = Resting(order.order_id, order.account, order.terms.side, order.limit, order.shown)
        market.book.rest(resting)

    def _fillable(self, order: VenueOrder, market: Market) -> Decimal:
        """How much the order could trade now, hidden quantities included."""
        side, limit, total = order.terms.side, order.limit, ZERO
        for resting in market.book.orders(side.opposite):
            beyond = limit is not None and (resting.price > limit if side is Side.BUY else resting.price < limit)
            own = resting.account == order.account and order.terms.self_trade is not SelfTrade.ALLOW
            if beyond or (own and order.terms.self_trade is not SelfTrade.CANCEL_RESTING):
                break
            if not own:
                total += self.orders[resting.order_id].left
        return total

    def _execute_all(self, taker: VenueOrder, taking: Taking, matched: Matched, market: Market) -> bool:
        """True when icebergs have shown more of themselves."""
        refilled = False
        for match in matched.matches:
            maker = self.orders[match.resting_id]
            self._execute(taker, taking, maker, match, market)
            if maker.is_open and not maker.shown:
                refilled = True
                self._rest(maker, market)
                self._tell(maker, self.reporter.refilled, maker, self.now.wall_ns)
        return refilled

    def _execute(self, taker: VenueOrder, taking: Taking, maker: VenueOrder, match: Match, market: Market) -> None:
        number = self.ids.trade_number(market.pair.symbol)
        maker.shown -= match.quantity
        market.stale = True
        for order, part_of in ((maker, None), (taker, taking)):
            fill = self._settle_side(order, match, part_of, market, number)
            self._tell(order, self.reporter.trade, fill)
        for order in (maker, taker):
            if order.terms.conditional is not None:
                self._pending.append(partial(self._follow, order, match.quantity))
            if not order.left:
                self.end(order, "filled")
        self.see_price(market, Reference.LAST, match.price)

    def _settle_side(self, order: VenueOrder, match: Match, taking: Taking | None, market: Market, number: int) -> Fill:
        """taking: None for the maker's side."""
        account, terms, quantity = self.accounts[order.account], order.terms, match.quantity
        cost, pair = match.price * quantity, market.pair
        rate = account.maker_fee if taking is None else account.taker_fee
        fee = (quantity if terms.fee_in_base else cost) * rate
        execution_id = self.ids.execution()
        entries = self._move_money(order, execution_id, quantity, cost, fee)
        if terms.margin or terms.reduce_only:
            account.move_position(pair.symbol, terms.side, quantity)
        order.filled += quantity
        order.cost += cost
        order.fee += fee
        order.status = "partially_filled"
        self.resize(order)
        fill = Fill(
            execution_id=execution_id,
            number=number,
            order=order,
            price=match.price,
            quantity=quantity,
            cost=cost,
            fee=fee,
            fee_asset=pair.base if terms.fee_in_base else pair.quote,
            liquidity=LiquiditySide.MAKER if taking is None else LiquiditySide.TAKER,
            time=self.now.wall_ns,
            filled=order.filled,
            total_cost=order.cost,
            entries=entries,
            taking=taking,
        )
        if taking is not None:
            self._add_part(taking, fill)
        self._remember(account, fill, cost * rate)
        return fill

    def _move_money(
        self, order: VenueOrder, reference: str, quantity: Decimal, cost: Decimal, fee: Decimal
    ) -> tuple[LedgerEntry, ...]:
        """Both sides of a trade on the account's balances: an entry each."""
        account, terms, pair = self.accounts[order.account], order.terms, self.markets[order.terms.symbol].pair
        sign = 1 if terms.side is Side.BUY else -1
        fees = (fee, ZERO) if terms.fee_in_base else (ZERO, fee)
        entries = []
        for asset, amount, part in zip((pair.base, pair.quote), (sign * quantity, -sign * cost), fees, strict=True):
            account.move(asset, amount - part)
            entry = LedgerEntry(
                entry_id=self.ids.ledger_entry(),
                reference=reference,
                asset=asset,
                amount=amount,
                fee=part,
                balance=account.balance(asset),
                time=self.now.wall_ns,
            )
            entries.append(entry)
        return tuple(entries)

    def _add_part(self, taking: Taking, fill: Fill) -> None:
        """The second part makes it a trade that is put together, with an id of its own."""
        taking.fills.append(fill)
        if len(taking.fills) == 2:
            first = taking.fills[0].execution_id
            taking.trade_id = self.ids.execution() if self.settings.consolidated_id == "own" else first

    def _remember(self, account: Account, fill: Fill, worth: Decimal) -> None:
        """worth: of the fee, in quote currency."""
        order = fill.order
        self.ledger.book(
            Execution(
                trade_id=fill.execution_id,
                account=account.name,
                venue_order_id=order.order_id,
                wire_id=order.terms.cl_ord_id,
                symbol=order.terms.symbol,
                side=order.terms.side,
                price=fill.price,
                quantity=fill.quantity,
                liquidity=fill.liquidity,
                fee=worth,
                time=fill.time,
            )
        )
        if account.unlimited:
            return
        if order.terms.margin or order.terms.reduce_only:
            account.book_position(fill)
        order.fills.append(fill)
        account.fills.append(fill)
        account.entries.extend(fill.entries)
        self.moves.append((account.name, fill.entries))
        if len(account.fills) > self.settings.history:
            account.forget(account.fills.popleft())

    # Ending

    def cancel(self, order: VenueOrder, reason: str = BY_USER) -> None:
        """What the user asked for; it counts by the order's age, and is never refused for that."""
        counter = self.accounts[order.account].rates.pair(order.terms.symbol, self.now.monotonic_ns)
        counter.add(cancel_cost(self.now.monotonic_ns - order.received.monotonic_ns), self.now.monotonic_ns)
        self.end(order, "canceled", reason)

    def cancel_all(self, account: Account, reason: str = BY_USER) -> int:
        """How many were canceled."""
        orders = list(account.open_orders.values())
        for order in orders:
            self.end(order, "canceled", reason)
        self.settle()
        return len(orders)

    def cancel_all_asked(self, account: Account) -> int:
        """The same as a request: it counts once in every market with an order of the account."""
        for symbol in {order.terms.symbol for order in account.open_orders.values()}:
            account.rates.pair(symbol, self.now.monotonic_ns).add(CANCEL_ALL, self.now.monotonic_ns)
        return self.cancel_all(account)

    def cancel_some(self, account: Account, names: Iterable[str], client_ids: Iterable[str] = ()) -> int:
        """How many were canceled. names: order ids, or tags as text; what is not open is passed over."""
        count = 0
        for name in names:
            with suppress(Refused):
                orders = self.find_by_userref(account, int(name)) if is_tag(name) else [self.find(account, name)]
                count += len(orders)
                for order in orders:
                    self.cancel(order)
        for client_id in client_ids:
            with suppress(Refused):
                self.cancel(self.find(account, None, client_id))
                count += 1
        self.settle()
        return count

    def end(self, order: VenueOrder, kind: str, reason: str | None = None) -> None:
        """An open order is filled, canceled or expired. Follow with `settle`."""
        market, account = self.markets[order.terms.symbol], self.accounts[order.account]
        order.phase, order.status, order.reason, order.closed = Phase.ENDED, kind, reason, self.now.wall_ns
        market.book.remove(order.order_id)
        market.triggers.remove(order.order_id)
        market.trailing.pop(order.order_id, None)
        self.timers.forget((START, order.order_id))
        self.timers.forget((EXPIRE, order.order_id))
        account.hold(order, None)
        del account.open_orders[order.order_id]
        client_id = order.terms.cl_ord_id
        if client_id is not None:
            del account.client_ids[client_id]
        market.stale = True
        if account.unlimited:
            del self.orders[order.order_id]  # no client asks for it
        else:
            self._archive(order, account)
        if kind != "filled":
            self._tell(order, self.reporter.ended, order, kind, self.now.wall_ns)
        elif not self.settings.omit_filled:
            self._tell(order, self.reporter.filled, order, self.now.wall_ns)
        elif not account.unlimited:
            self.past.note(order, self.now.wall_ns)  # lists must see the end that no report shows

    def _archive(self, order: VenueOrder, account: Account) -> None:
        self._ended.append(order)
        account.closed_orders.append(order)
        while len(self._ended) > self.settings.history:
            oldest = self._ended.popleft()
            owner = self.accounts[oldest.account]
            owner.closed_orders.popleft()
            del self.orders[oldest.order_id]
            self.past.forget(oldest.order_id)
            client_id = oldest.terms.cl_ord_id
            if client_id is not None and owner.past_client_ids.get(client_id) == oldest.order_id:
                del owner.past_client_ids[client_id]

    def _follow(self, parent: VenueOrder, quantity: Decimal) -> None:
        """The conditional close of one fill."""
        close, side = parent.terms.conditional, parent.terms.side.opposite
        assert close is not None  # asked for only then
        market = self.markets[parent.terms.symbol]
        limit, distance = close.limit_price, close.limit_distance
        if distance is not None:
            fires = None if close.trigger is None else market.level(close.trigger, fires_when(side, close.type))
            limit = market.rounded(distance.price(fires or market.mark or ZERO))
        terms = Terms(
            symbol=parent.terms.symbol,
            side=side,
            type=close.type,
            quantity=quantity,
            trigger=close.trigger,
            limit_price=limit,
            limit_kind=close.limit_kind,
            limit_distance=distance,
            margin=parent.terms.margin,
        )
        account = self.accounts[parent.account]
        with suppress(Refused):  # the fill has used up what the other order would need
            self.admit(account, terms, market)
            self.accept(account, terms, parent=parent.order_id)

    def settle(self) -> None:
        """Does what followed from what was done: triggers that fired, orders that close others."""
        while self._pending:
            self._pending.popleft()()

    # Looking

    def find(self, account: Account, order_id: str | None, cl_ord_id: str | None = None) -> VenueOrder:
        """An open order of the account, by exactly one of its ids. Raises Refused."""
        if (order_id is None) == (cl_ord_id is None):
            raise invalid("order_id")
        if cl_ord_id is not None:
            order_id = account.client_ids.get(cl_ord_id) or account.past_client_ids.get(cl_ord_id)
        order = self.orders.get(order_id or "")
        if order is None or order.account != account.name or not order.is_open:
            raise Refused(self.settings.gone_error)
        return order

    def find_by_userref(self, account: Account, userref: int) -> list[VenueOrder]:
        """Open orders with this tag. Raises Refused if there is none."""
        found = [order for order in account.open_orders.values() if order.terms.userref == userref]
        if not found:
            raise Refused(self.settings.gone_error)
        return found

    # Notices

    def _tell(self, order: VenueOrder, write: Callable[..., Report], *what: object) -> None:
        """write: a method of the reporter, what: its arguments. The market maker's orders are not reported."""
        account = self.accounts[order.account]
        if not account.unlimited:
            self.past.note(order, self.now.wall_ns)
            rate = account.rates.pair(order.terms.symbol, self.now.monotonic_ns).at(self.now.monotonic_ns)
            self.notices.append(Notice(account.name, write(*what), rate))

    def take_moves(self) -> list[tuple[str, tuple[LedgerEntry, ...]]]:
        """What trades did to balances: the name of an account, and its entries of one trade."""
        moves, self.moves = self.moves, []
        return moves

    def take_notices(self) -> list[Notice]:
        notices, self.notices = self.notices, []
        return notices

    def tell_changed(self, order: VenueOrder, kind: str, reason: str) -> None:
        """kind: amended or restated."""
        order.amended = True
        self._tell(order, self.reporter.amended, order, kind, reason, self.now.wall_ns)

    def resize(self, order: VenueOrder) -> None:
        """Keeps ready what the order needs as it is now."""
        account, market = self.accounts[order.account], self.markets[order.terms.symbol]
        account.hold(order, need_of(account, _as_live(order), market, order.left))


def _assets(settings: KrakenSpotExchangeSettings) -> dict[str, Asset]:
    """By their modern codes: those of the markets, and those that accounts hold."""
    codes = {user_asset: user_asset for user in settings.users for user_asset in user.balances}
    for pair in settings.pairs:
        codes |= {pair.base: pair.base_code, pair.quote: pair.quote_code}
    return {name: Asset.usual(code) for name, code in codes.items()}


def is_tag(name: str) -> bool:
    """A user's tag rather than an order id."""
    return name.isascii() and name.isdecimal() and len(name) <= TAG_DIGITS


def _as_live(order: VenueOrder) -> Terms:
    """The terms of an order as they are in the book: without a trigger that has fired."""
    terms = order.terms
    if order.phase is not Phase.LIVE or not terms.is_triggered:
        return terms
    if order.limit is None:
        return evolve(terms, type="market")
    return evolve(terms, limit_price=order.limit, limit_kind="static")
