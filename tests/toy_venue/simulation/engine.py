"""The trading engine of a simulated Toy Exchange: order life, matching, fees. It knows no sockets."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field, frozen

from protocol.simulation.book import Book, Incoming, Match, Resting, SelfTrade
from protocol.simulation.ledger import Execution, Ledger
from protocol.simulation.simulated_exchange import MARKET_MAKER
from protocol.values import ZERO, Instant, LiquiditySide

from ..toy.enumerations import SIDE_NAMES
from ..toy.wire import Fill, Message
from .orders import Account, VenueOrder
from .settings import ToyExchangeSettings

__all__ = ["Engine", "Notice"]


@frozen
class Notice:
    """One event for every session of an account."""

    account: str
    message: Message


@define
class Engine:
    """All books, orders and accounts. What a method changes is appended to the notices."""

    settings: ToyExchangeSettings
    ledger: Ledger
    now: Instant = field(default=Instant(0, 0), init=False)
    accounts: dict[str, Account] = field(init=False)
    books: dict[str, Book] = field(init=False)
    _notices: list[Notice] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        names = [MARKET_MAKER, *(user.name for user in self.settings.users)]
        self.accounts = {name: Account(name) for name in names}
        self.books = {row.symbol: Book() for row in self.settings.instruments}

    @property
    def next_due(self) -> int | None:
        return None  # nothing happens by itself here

    def at(self, now: Instant) -> None:
        self.now = now

    def tick(self) -> None:
        pass

    def next_id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def place(self, order: VenueOrder) -> None:
        """Trades an order as far as it goes; the rest stays in the book, unless it is immediate or cancel."""
        self.accounts[order.account].orders[order.order_id] = order
        self._note("open", order)
        incoming = Incoming(
            order_id=order.order_id,
            account=order.account,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
            self_trade=SelfTrade.ALLOW if order.account == MARKET_MAKER else SelfTrade.CANCEL_INCOMING,
        )
        matched = self.books[order.symbol].match(incoming)
        for match in matched.matches:
            self._execute(order, match)
        if not order.left:
            return
        if matched.stopped or order.time_in_force == "ioc":
            self._end(order, "self-trade" if matched.stopped else "immediate or cancel")
        else:
            self.books[order.symbol].rest(Resting(order.order_id, order.account, order.side, order.price, order.left))

    def cancel(self, order: VenueOrder, reason: str = "canceled by the user") -> None:
        self.books[order.symbol].remove(order.order_id)
        self._end(order, reason)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def _execute(self, taker: VenueOrder, match: Match) -> None:
        maker = next(
            account.orders[match.resting_id] for account in self.accounts.values() if match.resting_id in account.orders
        )
        trade_id = self.next_id("T")
        for order, is_maker in ((maker, True), (taker, False)):
            order.filled += match.quantity
            if not order.left:
                order.state, order.ended = "filled", self.now.wall_ns
            self._book(order, match, trade_id, is_maker=is_maker)

    def _book(self, order: VenueOrder, match: Match, trade_id: str, *, is_maker: bool) -> None:
        fee = ZERO if is_maker else match.price * match.quantity * self.settings.fee
        fill = Fill(
            trade=trade_id,
            order=order.order_id,
            id=order.client_id,
            symbol=order.symbol,
            side=SIDE_NAMES[order.side],
            quantity=match.quantity,
            price=match.price,
            maker=is_maker,
            fee=fee,
            time=self.now.wall_ns,
        )
        self.accounts[order.account].fills.append(fill)
        self.ledger.book(_execution(order, fill, fee))
        self._note("fill", order, fill)

    def _end(self, order: VenueOrder, reason: str) -> None:
        order.state, order.ended, order.reason = "canceled", self.now.wall_ns, reason
        self._note("canceled", order)

    def _note(self, event: str, order: VenueOrder, fill: Fill | None = None) -> None:
        message = Message(event=event, time=self.now.wall_ns, order=order.on_wire(), fill=fill)
        self._notices.append(Notice(order.account, message))


def _execution(order: VenueOrder, fill: Fill, fee: Decimal) -> Execution:
    return Execution(
        trade_id=fill.trade,
        account=order.account,
        venue_order_id=order.order_id,
        wire_id=order.client_id,
        symbol=order.symbol,
        side=order.side,
        price=fill.price,
        quantity=fill.quantity,
        liquidity=LiquiditySide.MAKER if fill.maker else LiquiditySide.TAKER,
        fee=fee,
        time=fill.time,
    )
