"""The trading engine of a simulated Kraken Futures: order life, matching, triggers, fees. It knows no sockets.

What happens becomes notices, in order, noted as order events for the answers of REST, and written down for the
history.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

from ...values import ZERO, Instant, LiquiditySide, Side
from ..book import Incoming, Match, Resting, SelfTrade
from ..ledger import Execution, Ledger
from ..simulated_exchange import MARKET_MAKER
from ..triggers import Reference, Trailing, Waiting
from . import rest_rows, views
from .accounts import Account, Fill
from .checks import Checks, Situation
from .history import History, Traded
from .identifiers import Ids
from .market import OPEN, Market
from .notices import FULL_FILL, PARTIAL_FILL, TRIGGERED, Notices
from .orders import IMMEDIATE, State, Terms, VenueOrder
from .settings import KrakenFuturesExchangeSettings

__all__ = ["Answer", "Editing", "Engine"]

MILLISECOND: Final = 1_000_000
FIRST_NUMBER: Final = 700_001
"""Of the accounts, where the venue counts them."""
HUNDRED: Final = Decimal(100)

PLACED: Final = "new_placed_order_by_user"
FROM_STOP: Final = "limit_order_from_stop"
SELF: Final = "would_execute_self"
NOT_REDUCING: Final = "would_not_reduce_position"

REASONS: Final = {
    "postWouldExecute": "post_order_failed_because_it_would_filled",
    "iocWouldNotExecute": "ioc_order_failed_because_it_would_not_be_executed",
    "selfFill": SELF,
    "wouldNotReducePosition": NOT_REDUCING,
}
"""Statuses of orders that the market refuses, as reasons of the feed."""
STOPPING: Final = frozenset({SelfTrade.CANCEL_INCOMING, SelfTrade.CANCEL_BOTH})


@frozen(kw_only=True)
class Answer:
    """What came of a placement or an edit. order: None when none came into being."""

    status: str
    order: VenueOrder | None = None
    events: tuple[rest_rows.OrderEvent, ...] = ()


@frozen(kw_only=True)
class Editing:
    """New terms; None is kept. absolute: the quantity is that of the whole order, else of what is open."""

    quantity: Decimal | None = None
    absolute: bool = False
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing: Trailing | None = None


class Engine:
    """All markets, orders and accounts. What every method changes goes to `notices`."""

    def __init__(self, settings: KrakenFuturesExchangeSettings, ledger: Ledger, draw: Callable[[], float]) -> None:
        self.settings = settings
        self.ledger = ledger
        self.ids = Ids(draw)
        self.markets = {
            row.symbol: Market(row, settings.reference_prices.get(row.symbol)) for row in settings.instruments
        }
        self.accounts: dict[str, Account] = {}
        for user in settings.users:
            account = Account(user.account, user.balance, user.maker_fee, user.taker_fee, user.fixed_leverage)
            self.accounts.setdefault(user.account, evolve(account, number_at_venue=FIRST_NUMBER + len(self.accounts)))
        self.accounts[MARKET_MAKER] = Account(MARKET_MAKER, Decimal(10) ** 12, ZERO, ZERO)
        self.orders: dict[str, VenueOrder] = {}
        self.checks = Checks(settings, self.markets, self.orders)
        self.notices = Notices(settings, self.markets, self.accounts)
        self.history = History(settings, self.markets, self.accounts, self.ids.unique)
        self._held: list[tuple[int, int, Callable[[], object]]] = []
        self._holds = 0
        self._moves: deque[tuple[Market, Reference, Decimal]] = deque()
        self._moving = False
        self._now = Instant(0, 0)

    # Time

    @property
    def next_due(self) -> int | None:
        """When something held is let go, or a timer runs out: ns, monotonic."""
        dues = [account.timer for account in self.accounts.values() if account.timer is not None]
        if self._held:
            dues.append(self._held[0][0])
        return min(dues, default=None)

    def at(self, now: Instant) -> None:
        """Everything that follows happens at this moment."""
        self._now = self.notices.now = self.history.now = now
        self.notices.begin_call()

    def tick(self) -> None:
        while self._held and self._held[0][0] <= self._now.monotonic_ns:
            heapq.heappop(self._held)[2]()
        for account in self.accounts.values():
            if account.timer is not None and account.timer <= self._now.monotonic_ns:
                account.timer = None
                self.cancel_all(account, reason="dead_man_switch")

    def hold_of(self, market: Market, kind: str) -> int:
        """How long an order of this type waits before it is let into the market: ns."""
        if kind == "post":
            return 0
        return max(self.settings.maker_protection, (market.row.makerProtectionMillis or 0) * MILLISECOND)

    def _hold(self, due: int, action: Callable[[], object]) -> None:
        self._holds += 1
        heapq.heappush(self._held, (due, self._holds, action))

    # Placing

    def place(self, account: Account, terms: Terms) -> Answer:
        """A client's order. One that the checks refuse has no id and leaves no trace; one that the market refuses has
        both."""
        market = self.markets[terms.symbol]
        refusal = self.checks.new_order(Situation(account, terms, market))
        if refusal is not None:
            return Answer(status=refusal)
        order = self._new_order(account.id, terms, self.ids.unique())
        hold = self.hold_of(market, terms.type)
        if hold:
            self._claim(order)
            self._hold(self._now.monotonic_ns + hold, lambda: self._admit(order, market, PLACED, quiet=False))
            return Answer(status="placed", order=order)
        self.notices.begin_call()
        self._claim(order)
        status = self._admit(order, market, PLACED, quiet=True)
        return Answer(status=status, order=order, events=self.notices.events_of(order))

    def _new_order(self, account: str, terms: Terms, order_id: str) -> VenueOrder:
        wall = self._now.wall_ns
        return VenueOrder(
            order_id=order_id,
            account=account,
            terms=terms,
            received=wall,
            updated=wall,
            placed=self._now.monotonic_ns,
        )

    def _claim(self, order: VenueOrder) -> None:
        self.orders[order.order_id] = order
        if order.client_id is not None:
            self.accounts[order.account].by_client_id[order.client_id] = order.order_id
        if len(self.orders) > 2 * self.settings.history:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        ended = [order for order in self.orders.values() if order.ended is not None]
        for order in ended[: -self.settings.history]:
            del self.orders[order.order_id]
            names = self.accounts[order.account].by_client_id
            if order.client_id is not None and names.get(order.client_id) == order.order_id:
                del names[order.client_id]

    def _admit(self, order: VenueOrder, market: Market, reason: str, *, quiet: bool) -> str:
        """Lets an order into the market. Gives a status word. quiet: a refusal is answered, so the plain feed need not
        show it."""
        if order.is_trigger:
            return self._wait(order, market)
        refusal = self._refusal(order, market)
        if refusal is not None:
            self._reject(order, refusal, quiet=quiet)
            return refusal
        announced = reason == FROM_STOP and self.settings.announce_child
        if announced:
            order.shown = True
            self.notices.report(order, reason)
        status, fills = self._trade(order, market, quiet=quiet, placed=reason)
        if status == "rests":
            self.notices.add_event(order, views.placed(order, market, self.settings))
            if fills or not announced:
                self.notices.report(order, PARTIAL_FILL if announced else reason, fills)
            status = "partiallyFilled" if fills else "placed"
        self._moved_by(market, fills)
        return status if self.settings.fill_statuses or status in REASONS else "placed"

    def _refusal(self, order: VenueOrder, market: Market) -> str | None:
        """Why the market does not take an order. A reduce-only order is made smaller instead, if that is enough."""
        terms, book = order.terms, market.book
        if terms.reduce_only:
            position = self.accounts[order.account].position(order.symbol)
            if not position.opposes(order.side):
                return "wouldNotReducePosition"
            if terms.quantity > abs(position.signed):
                order.reduced = terms.quantity - abs(position.signed)
                terms = order.terms = evolve(terms, quantity=abs(position.signed))
        if terms.type == "mkt":
            terms = order.terms = evolve(terms, limit_price=self._protected(order, market))
        limit = terms.limit_price
        if terms.type == "post" and limit is not None and book.would_cross(order.side, limit):
            return "postWouldExecute"
        if terms.type == "fok":
            others = book.available(order.side, limit, order.account)
            if others < terms.quantity:
                return "iocWouldNotExecute"
            if others < book.available(order.side, limit) and self._self_trade(order) in STOPPING:
                return "selfFill"  # it could be stopped half-way
        if terms.type in IMMEDIATE and (limit is None or not book.would_cross(order.side, limit)):
            return "iocWouldNotExecute"
        return None

    def _protected(self, order: VenueOrder, market: Market) -> Decimal | None:
        """The worst price of a market order; None when there is nothing to trade with."""
        best = market.book.best(order.side.opposite)
        if best is None:
            return None
        room = best * self.settings.price_protection / HUNDRED
        return market.rounded(best + room if order.side is Side.BUY else best - room, order.side)

    # Trading

    def _trade(
        self, order: VenueOrder, market: Market, *, quiet: bool, placed: str | None = None
    ) -> tuple[str, list[Fill]]:
        """Matches an order and ends it, or lets it rest: then the status is `rests`, its fills still unpublished.
        placed: why it comes into the market, None if it is there already."""
        before = self.history.shown(order)
        fills, stopped = self._match(order, market)
        immediate = order.terms.type in IMMEDIATE
        if order.left and not fills and (immediate or (stopped and not order.shown)):
            refusal = "selfFill" if stopped else "iocWouldNotExecute"
            self._reject(order, refusal, quiet=quiet)
            return refusal, fills
        if placed is not None:
            self.history.placed(order, placed, order.reduced)
        elif fills:
            self.history.filled(order, before)
        if not order.left:
            self._finish(order, State.FILLED)
            self.notices.report(order, FULL_FILL, fills, removed=True)
            return "filled", fills
        if stopped or immediate:
            reason = SELF if stopped else PARTIAL_FILL
            self._finish(order, State.CANCELED)
            self.history.canceled(order, self.history.shown(order), reason)
            self.notices.add_event(order, views.canceled(order, market, self.settings))
            self.notices.report(order, reason, fills, removed=True)
            return "partiallyFilled", fills
        price = order.terms.limit_price
        assert price is not None  # only immediate orders go without
        market.book.rest(Resting(order.order_id, order.account, order.side, price, order.left))
        order.state, order.shown = State.RESTING, True
        self.accounts[order.account].open(order)
        return "rests", fills

    def _match(self, order: VenueOrder, market: Market) -> tuple[list[Fill], bool]:
        """Trades with one resting order after another; each trade may end orders that then no longer reduce. Gives
        the fills, and whether a self-trade stopped it."""
        fills: list[Fill] = []
        mode = self._self_trade(order)
        while order.left and market.state == OPEN:
            best = next(market.book.orders(order.side.opposite), None)
            if best is None:
                break
            matched = market.book.match(
                Incoming(
                    order_id=order.order_id,
                    account=order.account,
                    side=order.side,
                    quantity=min(order.left, best.quantity),
                    price=order.terms.limit_price,
                    self_trade=mode,
                )
            )
            for resting in matched.removed:
                self._end(self.orders[resting.order_id], SELF)
            for match in matched.matches:
                fills.append(self._execute(order, self.orders[match.resting_id], match, market))
            if matched.stopped:
                return fills, True
            if not matched.matches and not matched.removed:
                break
        return fills, False

    def _self_trade(self, order: VenueOrder) -> SelfTrade:
        # The market maker stands for all other traders, and they may trade with each other.
        return SelfTrade.ALLOW if order.account == MARKET_MAKER else self.settings.self_trade

    def _execute(self, taker: VenueOrder, maker: VenueOrder, match: Match, market: Market) -> Fill:
        """Books both sides of one trade and reports the maker's. Gives the taker's fill."""
        fill_id = self.ids.unique()
        taker_type = views.order_word(taker)
        maker_before, taker_before = views.body(maker, self.settings), views.body(taker, self.settings)
        resting = self.history.shown(maker)
        made = self._book(maker, match, market, (fill_id, "maker", taker_type))
        took = self._book(taker, match, market, (fill_id, taker.fill_type, taker_type))
        self.notices.add_event(taker, views.executed(took, taker_before, taker.before_edit))
        self.notices.add_event(maker, views.executed(made, maker_before, None))
        self.history.traded(Traded(made, took, maker, taker, taker.reduced))
        self.history.filled(maker, resting)
        if maker.left:
            self.notices.report(maker, PARTIAL_FILL, [made])
        else:
            self._finish(maker, State.FILLED)
            self.notices.report(maker, FULL_FILL, [made], removed=True)
        for account in {maker.account: None, taker.account: None}:
            self._keep_reducing(self.accounts[account], taker.symbol)
        return took

    def _book(self, order: VenueOrder, match: Match, market: Market, kinds: tuple[str, str, str]) -> Fill:
        """kinds: fill id, fill type, and the taker's order type."""
        fill_id, fill_type, taker_type = kinds
        account, position = self.accounts[order.account], self.accounts[order.account].position(order.symbol)
        liquidity = LiquiditySide.MAKER if fill_type == "maker" else LiquiditySide.TAKER
        rate = account.maker_fee if liquidity is LiquiditySide.MAKER else account.taker_fee
        fee = market.fee(match.quantity, match.price, rate)
        signed = match.quantity if order.side is Side.BUY else -match.quantity
        position.entry = market.average_entry(position.signed, position.entry, signed, match.price)
        position.signed += signed
        position.cost += market.worth(signed, match.price)
        position.fees += fee
        position.traded_at = self._now.wall_ns
        order.filled += match.quantity
        order.updated = self._now.wall_ns
        execution = Execution(
            trade_id=fill_id,
            account=order.account,
            venue_order_id=order.order_id,
            wire_id=order.client_id,
            symbol=order.symbol,
            side=order.side,
            price=match.price,
            quantity=match.quantity,
            liquidity=liquidity,
            fee=fee,
            time=self._now.wall_ns,
        )
        self.ledger.book(execution)
        return Fill(
            execution=execution,
            remaining=order.left,
            fill_type=fill_type,
            order_type=views.order_word(order),
            taker_type=taker_type,
            fee_currency=market.settlement,
        )

    def _keep_reducing(self, account: Account, symbol: str) -> None:
        """Ends reduce-only orders that would no longer reduce, and makes those smaller that would do more."""
        position = account.position(symbol)
        for order in [order for order in account.reducing.values() if order.symbol == symbol]:
            if order.order_id not in self.markets[symbol].book:
                continue  # a trigger, or an edited order that is just trading
            if not position.opposes(order.side):
                self._end(order, NOT_REDUCING)
            elif order.left > abs(position.signed):
                before, by = self.history.shown(order), order.left - abs(position.signed)
                order.terms = evolve(order.terms, quantity=order.filled + abs(position.signed))
                self.markets[symbol].book.reduce(order.order_id, order.left)
                self.history.reduced(order, before, by)
                self.notices.report(order, "status_update")

    def _moved_by(self, market: Market, fills: Iterable[Fill]) -> None:
        for fill in fills:
            self.move(market, Reference.LAST, fill.execution.price)
            self.move(market, Reference.MARK, fill.execution.price)

    # Triggers

    def move(self, market: Market, reference: Reference, price: Decimal) -> None:
        """A new price, and every trigger that it fires. Those that fired triggers make follow one after another."""
        self._moves.append((market, reference, price))
        if self._moving:
            return
        self._moving = True
        while self._moves:
            market, reference, price = self._moves.popleft()
            for order_id in market.triggers.update(reference, price):
                self._fire(self.orders[order_id], market, price)
        self._moving = False

    def _wait(self, order: VenueOrder, market: Market) -> str:
        order.state = State.WAITING
        self.accounts[order.account].open(order)
        market.triggers.add(self._waiting(order))
        self.notices.add_event(order, views.placed(order, market, self.settings))
        self.history.trigger_placed(order)
        self.notices.report(order, PLACED)
        self._look_again(market, order.terms.signal)
        return "placed"

    def _waiting(self, order: VenueOrder) -> Waiting:
        return Waiting(
            order_id=order.order_id,
            reference=order.terms.signal,
            when=order.when,
            level=order.terms.stop_price,
            trailing=order.terms.trailing,
        )

    def _look_again(self, market: Market, reference: Reference) -> None:
        """A trigger may be reached already when it is set."""
        price = market.triggers.price(reference)
        if price is not None:
            self.move(market, reference, price)

    def _fire(self, stop: VenueOrder, market: Market, price: Decimal) -> None:
        """A stop becomes a limit or a market order."""
        if stop.terms.trailing is not None:
            stop.terms = evolve(stop.terms, stop_price=market.rounded(price, stop.side))
        self._finish(stop, State.FIRED)
        self.history.fired(stop)
        self.notices.report(stop, TRIGGERED, removed=True)
        child = self._child(stop, market)
        self._claim(child)
        if self._admit(child, market, FROM_STOP, quiet=False) in REASONS:
            failed = child if child.order_id == stop.order_id else stop
            failed.activation_failed = True

    def _child(self, stop: VenueOrder, market: Market) -> VenueOrder:
        limit = self._limit_of(stop.terms, market)
        manner = self.settings.child_client_id
        client_id = {"same": stop.client_id, "none": None}.get(manner) if manner != "new" else self.ids.unique()
        terms = evolve(
            stop.terms,
            type="mkt" if limit is None else "lmt",
            limit_price=limit,
            stop_price=None,
            trailing=None,
            offset=None,
            client_id=client_id,
        )
        order_id = stop.order_id if self.settings.child_order_id == "same" else self.ids.unique()
        child = self._new_order(stop.account, terms, order_id)
        child.received = stop.received
        return child

    def _limit_of(self, terms: Terms, market: Market) -> Decimal | None:
        if terms.offset is None or terms.stop_price is None:
            return terms.limit_price
        offset = terms.stop_price * terms.offset / HUNDRED if terms.offset_percent else terms.offset
        return market.rounded(terms.stop_price + offset, terms.side)

    # Editing

    def edit(self, order: VenueOrder, editing: Editing) -> Answer:
        """Changes an open order."""
        market, account = self.markets[order.symbol], self.accounts[order.account]
        moves_trigger = editing.stop_price is not None or editing.trailing is not None
        if moves_trigger and not order.is_trigger:
            return Answer(status="orderForEditNotAStop", order=order)
        terms = self._edited(order, editing)
        kept = self._kept_of(order, terms)
        refusal = self.checks.edit(Situation(account, kept, market, order))
        if refusal is not None:
            self.history.edit_refused(order, terms, refusal)
            return Answer(status=refusal, order=order)
        hold = self.hold_of(market, order.terms.type)
        if hold:
            self._hold(self._now.monotonic_ns + hold, lambda: self._edit_later(order, editing, market))
            return Answer(status="edited", order=order)
        self.notices.begin_call()
        self._change(order, kept, market, terms.quantity - kept.quantity)
        return Answer(status="edited", order=order, events=self.notices.events_of(order))

    def _edited(self, order: VenueOrder, editing: Editing) -> Terms:
        terms = order.terms
        quantity = terms.quantity
        if editing.quantity is not None:
            quantity = editing.quantity if editing.absolute else order.filled + editing.quantity
        terms = evolve(terms, quantity=quantity, limit_price=editing.limit_price or terms.limit_price)
        if terms.trailing is not None:
            return evolve(terms, trailing=editing.trailing or terms.trailing)
        return evolve(terms, stop_price=editing.stop_price or terms.stop_price)

    def _edit_later(self, order: VenueOrder, editing: Editing, market: Market) -> None:
        """An edit that was held; meanwhile the order may have ended, or filled more than is wanted of it."""
        terms = self._edited(order, editing)
        kept = self._kept_of(order, terms)
        wanted = Situation(self.accounts[order.account], kept, market, order)
        refusal = self.checks.edit(wanted)
        if not order.is_open or refusal is not None:
            self.history.edit_refused(order, terms, refusal or "orderForEditNotFound")
            notice = self.notices.notice(order, "order_for_edit_not_found", removed=False)
            self.notices.add(evolve(notice, whole=False))
        else:
            self._change(order, kept, market, terms.quantity - kept.quantity)

    def _kept_of(self, order: VenueOrder, terms: Terms) -> Terms:
        """What the venue keeps of an edit: a reduce-only order is made no larger than the position."""
        position = self.accounts[order.account].position(order.symbol)
        most = order.filled + abs(position.signed)
        if not terms.reduce_only or order.is_trigger or not position.opposes(order.side) or terms.quantity <= most:
            return terms
        return evolve(terms, quantity=most)

    def _change(self, order: VenueOrder, terms: Terms, market: Market, cut: Decimal) -> None:
        """cut: by how much less it is than was asked for."""
        before, old, was = views.body(order, self.settings), order.terms, self.history.as_it_is(order)
        resting = order.state is State.RESTING
        stays = resting and terms.limit_price == old.limit_price and terms.quantity <= old.quantity
        order.terms, order.updated = terms, self._now.wall_ns
        if stays and terms.quantity < old.quantity:
            market.book.reduce(order.order_id, order.left)
        elif resting and not stays:
            market.book.remove(order.order_id)
        elif not resting:
            self._wait_again(order, market)
        after = views.body(order, self.settings)
        self.notices.add_event(order, views.edited(before, after, cut or None))
        self.history.edited(order, was, cut)
        self.notices.report(order, "edited_by_user")
        if resting and not stays:
            self._trade_again(order, market, before)
        elif not resting:
            self._look_again(market, terms.signal)

    def _wait_again(self, order: VenueOrder, market: Market) -> None:
        """A changed trigger goes to the end of those that wait; a trailing one still follows the best price it saw."""
        waited = market.triggers.remove(order.order_id)
        waiting = self._waiting(order)
        if waited is not None:
            waiting.best = waited.best
        market.triggers.add(waiting)

    def _trade_again(self, order: VenueOrder, market: Market, before: rest_rows.OrderBody) -> None:
        """before: the order before the edit."""
        order.fill_type, order.before_edit = "takerAfterEdit", before
        status, fills = self._trade(order, market, quiet=False)
        if status == "rests" and fills:
            self.notices.report(order, PARTIAL_FILL, fills)
        self._moved_by(market, fills)

    # Ending

    def cancel(self, order: VenueOrder, reason: str = "cancelled_by_user") -> tuple[rest_rows.OrderEvent, ...]:
        """Ends an open order; gives the events of it."""
        self.notices.begin_call()
        self._end(order, reason)
        return self.notices.events_of(order)

    def cancel_all(
        self, account: Account, symbol: str | None = None, *, reason: str = "cancelled_by_user"
    ) -> tuple[Sequence[VenueOrder], tuple[rest_rows.OrderEvent, ...]]:
        """Ends all open orders of an account, or those in one symbol; gives them and the events of them."""
        self.notices.begin_call()
        ended = [order for order in account.open_orders.values() if symbol in (None, order.symbol)]
        for order in ended:
            self._end(order, reason)
        return ended, self.notices.events()

    def _end(self, order: VenueOrder, reason: str) -> None:
        market = self.markets[order.symbol]
        shown = views.feed_order(order, market, self.settings)  # while a trailing stop still has a level
        event, was = views.canceled(order, market, self.settings), self.history.as_it_is(order)
        market.book.remove(order.order_id)
        market.triggers.remove(order.order_id)
        self._finish(order, State.CANCELED)
        order.reason = reason
        self.notices.add_event(order, event)
        self.history.canceled(order, evolve(was, lastUpdateTimestamp=order.updated // MILLISECOND), reason)
        shown = evolve(shown, last_update_time=order.updated // MILLISECOND)
        self.notices.add(self.notices.notice(order, reason, removed=True, shown=shown))

    def _finish(self, order: VenueOrder, state: State) -> None:
        order.state, order.ended, order.updated = state, self._now.monotonic_ns, self._now.wall_ns
        self.accounts[order.account].close(order)
        if order.account == MARKET_MAKER:
            del self.orders[order.order_id]

    def _reject(self, order: VenueOrder, status: str, *, quiet: bool) -> None:
        market = self.markets[order.symbol]
        order.reason = self.settings.post_reason if status == "postWouldExecute" else REASONS[status]
        self._finish(order, State.REJECTED)
        self.notices.add_event(order, views.rejected(order, market, self.settings))
        self.history.rejected(order, order.reason)
        notice = self.notices.notice(order, order.reason, removed=True)
        self.notices.add(notice if quiet else evolve(notice, verbose_only=False))

    # Orders of the venue itself

    def accept(
        self, terms: Terms, account: str = MARKET_MAKER, fill_type: str = "taker", reason: str = PLACED
    ) -> VenueOrder:
        """An order of another trader, or of the venue itself on a client's account: no checks."""
        order = self._new_order(account, terms, self.ids.counted() if account == MARKET_MAKER else self.ids.unique())
        order.fill_type = fill_type
        self._claim(order)
        self._admit(order, self.markets[terms.symbol], reason, quiet=True)
        return order

    def withdraw(self, order: VenueOrder) -> None:
        """Takes an order of the market maker out of the book."""
        self._end(order, "")

    # Looking

    def find(self, account: Account, order_id: str, client_id: str | None) -> VenueOrder | None:
        """By venue order id, else by client order id. Only the account's own."""
        order = self.orders.get(order_id or account.by_client_id.get(client_id or "", ""))
        return order if order is not None and order.account == account.id else None
