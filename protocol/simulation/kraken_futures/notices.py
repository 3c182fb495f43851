"""What the engine of a simulated Kraken Futures reports: changes of orders, and events for answers.

A notice does not say yet which sessions get it; the exchange finds that out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from ...values import Instant
from ..simulated_exchange import MARKET_MAKER
from . import feed_rows, rest_rows, views
from .accounts import Account, Fill
from .market import Market
from .orders import State, VenueOrder
from .settings import KrakenFuturesExchangeSettings

__all__ = [
    "FULL_FILL",
    "PARTIAL_FILL",
    "TRIGGERED",
    "FillsNotice",
    "MoneyNotice",
    "Notice",
    "Notices",
    "OrderNotice",
]

FULL_FILL: Final = "full_fill"
PARTIAL_FILL: Final = "partial_fill"
TRIGGERED: Final = "stop_order_triggered"


@frozen(kw_only=True)
class OrderNotice:
    """A change of one open order, as it was at that moment. whole: show the order, else only that it is gone;
    verbose_only: the plain feed does not have it."""

    account: str
    order: feed_rows.OpenOrder
    removed: bool
    reason: str
    whole: bool = True
    verbose_only: bool = False


@frozen
class FillsNotice:
    """Fills of one frame."""

    account: str
    fills: tuple[Fill, ...]


@frozen
class MoneyNotice:
    """Trades changed positions and wallets. symbols: in which instruments."""

    account: str
    symbols: frozenset[str]


Notice = OrderNotice | FillsNotice | MoneyNotice


@define
class Notices:
    """Keeps notices until they are taken, in the order in which things happened. There are none of the market maker's
    orders."""

    settings: KrakenFuturesExchangeSettings
    markets: Mapping[str, Market]
    accounts: Mapping[str, Account]
    now: Instant = field(default=Instant(0, 0), init=False)
    _notices: list[Notice] = field(factory=list, init=False)
    _moved: dict[str, set[str]] = field(factory=dict, init=False)
    _events: list[tuple[str, rest_rows.OrderEvent]] = field(factory=list, init=False)

    # On the feeds

    def report(self, order: VenueOrder, reason: str, fills: Sequence[Fill] = (), *, removed: bool = False) -> None:
        """One change of an order, and the fills that made it."""
        order.reason = reason
        self.add(self.notice(order, reason, removed=removed), fills)

    def notice(
        self, order: VenueOrder, reason: str, *, removed: bool, shown: feed_rows.OpenOrder | None = None
    ) -> OrderNotice:
        """shown: the order as the feeds have it, if that is not as it is now."""
        if shown is None:
            shown = views.feed_order(order, self.markets[order.symbol], self.settings)
        if removed and self.settings.omit_client_id:
            shown = evolve(shown, cli_ord_id=None)
        return OrderNotice(
            account=order.account,
            order=shown,
            removed=removed,
            reason=reason,
            whole=not removed or self._is_shown_whole(reason),
            verbose_only=removed and self._is_verbose(order),
        )

    def add(self, notice: OrderNotice, fills: Sequence[Fill] = ()) -> None:
        """Adds a change and the fills that made it, in the order of the settings."""
        if notice.account == MARKET_MAKER:
            return
        notices: list[Notice] = [notice]
        if fills:
            account = self.accounts[notice.account]
            numbered = tuple(account.number(fill, self.settings.history) for fill in fills)
            notices.insert(0 if self.settings.fills_first else 1, FillsNotice(notice.account, numbered))
            symbols = (fill.execution.symbol for fill in fills)
            self._moved.setdefault(notice.account, set()).update(symbols)
        self._notices += notices

    def _is_shown_whole(self, reason: str) -> bool:
        settings = self.settings
        manners = {FULL_FILL: settings.full_fill, PARTIAL_FILL: settings.remainder, TRIGGERED: "delta"}
        return manners.get(reason, settings.removal) == "delta"

    def _is_verbose(self, order: VenueOrder) -> bool:
        """True when the plain feed does not say how this order ended, because it never was in the book."""
        if order.shown or order.is_trigger:
            return False
        return not (self.settings.tell_rejects if order.state is State.REJECTED else self.settings.tell_never_rested)

    def take(self) -> list[Notice]:
        """Everything in order, and then whose money it moved."""
        moved = [MoneyNotice(account, frozenset(symbols)) for account, symbols in self._moved.items()]
        notices, self._notices, self._moved = [*self._notices, *moved], [], {}
        return notices

    # In answers

    def add_event(self, order: VenueOrder, event: rest_rows.OrderEvent) -> None:
        """An event for the answer to the call that caused it."""
        if order.account != MARKET_MAKER:
            self._events.append((order.order_id, event))

    def begin_call(self) -> None:
        """Forgets the events of other calls."""
        self._events.clear()

    def events_of(self, order: VenueOrder) -> tuple[rest_rows.OrderEvent, ...]:
        return tuple(event for order_id, event in self._events if order_id == order.order_id)

    def events(self) -> tuple[rest_rows.OrderEvent, ...]:
        return tuple(event for _, event in self._events)
