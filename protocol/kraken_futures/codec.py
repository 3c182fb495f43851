"""One connection to Kraken Futures as the client reads it: frames to facts (spec B.2 to B.9, C.2).

`FuturesWire` holds what a connection must remember, so each connection gets a new one. Most frames take the fast way:
msgspec builds the wire class. What it refuses is read again the tolerant way, element by element; what is unreadable
then becomes `Unreadable`, beside the facts of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field

from ..facts import (
    Alive,
    Fact,
    FillsListed,
    LoggedIn,
    Notice,
    OrderAcknowledged,
    OrderReplaced,
    OrderView,
    Trade,
    Unreadable,
)
from ..values import Instrument, RequestId, VenueOrderId
from ..wire.strict import NOT_STRICT, fast_decoder
from ..wire.tolerant import BEGINNING
from .converter import read_body
from .enumerations import DIRECTIONS
from .fills import feed_trade, in_order, traded
from .handshake import Handshake, Stage
from .memory import OrderMemory
from .open_orders import OpenOrders
from .quantity import QuantityReader, QuantitySemantics
from .signing import Credentials
from .wire import FeedFill, Frame, OpenOrder

__all__ = ["UNASKED", "FuturesWire"]

UNASKED: Final = RequestId(0)
"""The number of no request: the venue lists these fills by itself."""

EVENTS: Final = frozenset(
    {
        "info",
        "pong",
        "challenge",
        "subscribed",
        "subscribed_failed",
        "unsubscribed",
        "unsubscribed_failed",
        "error",
        "alert",
    }
)

ALIVE: Final = (Alive(),)
BEAT: Final = (Alive(is_beat=True),)
ECHO: Final = (Alive(is_echo=True),)
UNREAD: Final = frozenset(
    {
        "username",
        "taker_order_type",
        "order_type",
        "max_fixed_leverage",
        "trailing_stop_options",
        "product_ids",
        "version",
        "api_key",
        "original_challenge",
        "signed_challenge",
    }
)
"""Fields of a frame that no fact is made of."""
_FRAME: Final = fast_decoder(Frame, unread=UNREAD)


@define(eq=False)
class FuturesWire:
    """Reads one connection; see the module's docstring. Never raises."""

    _credentials: Credentials = field(repr=False)
    instruments: Mapping[str, Instrument] = field(factory=dict, repr=False)
    """By symbol, as far as they are known."""
    qty_semantics: QuantitySemantics = QuantitySemantics.AUTO
    """How to read `qty` (spec B.8)."""
    heartbeat: bool = True
    """Ask the venue for heartbeats, which keep a quiet connection from looking dead."""
    _memory: OrderMemory = field(init=False, factory=OrderMemory, repr=False)
    _handshake: Handshake = field(init=False)
    _orders: OpenOrders = field(init=False, repr=False)
    _account: str = field(init=False, default="")
    _open: tuple[OrderView, ...] | None = field(init=False, default=None, repr=False)
    _logged_in: bool = field(init=False, default=False)
    _warned: bool = field(init=False, default=False)

    @_handshake.default
    def _make_handshake(self) -> Handshake:
        return Handshake(self._credentials, self.heartbeat)

    @_orders.default
    def _make_orders(self) -> OpenOrders:
        return OpenOrders(self._memory, QuantityReader(self.qty_semantics), self.instruments)

    @property
    def stage(self) -> Stage:
        """How far the login has come."""
        return self._handshake.stage

    def take_token(self, token: str) -> tuple[Fact, ...]:
        return ()  # there are no tokens; each connection has its challenge

    def decode(self, message: str | bytes) -> tuple[Fact, ...]:
        """What one complete message says. Never raises: what cannot be read comes back as `Unreadable`."""
        if not isinstance(message, str):
            beginning = bytes(message[:BEGINNING]).decode("utf-8", "replace")
            return self._unreadable("The venue sent a binary message, which Kraken Futures never does.", beginning)
        try:
            return self._read(_FRAME.decode(message), message)
        except NOT_STRICT:
            return self._decode_tolerantly(message)

    def _decode_tolerantly(self, message: str) -> tuple[Fact, ...]:
        try:
            frame, skipped = read_body(message, Frame)
        except ValueError:
            return self._unreadable("The venue sent text that is not a JSON object.", message)
        facts: list[Fact] = list(self._read(frame, message))
        for element in skipped:
            facts += self._unreadable("An element of a list cannot be read; it was left out.", repr(element))
        return tuple(facts)

    def _unreadable(self, why: str, text: str) -> tuple[Fact, ...]:
        return (Unreadable(why=why, text=self._handshake.hide(text)[:BEGINNING]),)

    # Classification (spec C.2)

    def _read(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        if frame.event is not None:
            return self._event(frame, message)
        feed = frame.feed or ""
        read = FEEDS.get(feed) or FEEDS.get(feed.lower())
        if read is None:
            return self._unreadable("The venue sent a message of an unknown kind.", message)
        return read(self, frame, message)

    def _event(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        if frame.event not in EVENTS:
            return self._unreadable("The venue sent an event of an unknown kind.", message)
        facts = (*self._handshake.hear(frame), *self._login())
        if facts:
            return facts
        if frame.event == "pong":
            return ECHO
        return BEAT if (frame.event, frame.feed) == ("subscribed", "heartbeat") else ALIVE

    def _heartbeat(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        return BEAT

    # Orders

    def _orders_snapshot(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        if frame.orders is None:
            return self._unreadable("The venue sent a snapshot of orders without a list of them.", message)
        self._account = frame.account or self._account
        known = {order.venue_id for order in frame.orders if self._memory.get(VenueOrderId(order.venue_id)) is not None}
        views: list[OrderView] = []
        skipped: list[Fact] = []
        for order in frame.orders:
            view = self._orders.snapshot(order)
            if self._lacks_side(order):
                skipped.append(self._without_side(order))
            if view is not None:
                views.append(view)
            else:
                skipped += self._unreadable("The venue listed an order without an id; it was left out.", str(order))
        if self._logged_in:
            return (*(self._shown_again(view, view.venue_order_id in known) for view in views), *skipped)
        self._open = tuple(views)
        return (*self._login(), *skipped) or ALIVE

    def _shown_again(self, view: OrderView, known: bool) -> Fact:
        """An order of a later snapshot, which a new subscription brings: its terms may have changed meanwhile."""
        if known:
            return OrderReplaced(time=view.time, order=view, new_venue_order_id=None, replacement=None)
        return OrderAcknowledged(time=view.time, order=view)

    def _login(self) -> tuple[Fact, ...]:
        """The login is complete with both subscriptions and the list of open orders, whichever comes last."""
        if self._logged_in or self._open is None or self._handshake.stage is not Stage.READY:
            return ()
        self._logged_in = True
        orders, self._open = self._open, None
        return (LoggedIn(user=self._account, orders=orders, cancel_on_disconnect=False, heartbeat_timeout=None),)

    def _orders_delta(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        facts = self._orders.delta(frame)
        if not facts:
            return self._unreadable("The venue sent a change of an order that it does not name.", message)
        order = frame.order
        return (*facts, self._without_side(order)) if order is not None and self._lacks_side(order) else facts

    def _lacks_side(self, order: OpenOrder) -> bool:
        """True until it has been said that this can be."""
        return order.direction not in DIRECTIONS and not self._warned

    def _without_side(self, order: OpenOrder) -> Notice:
        """A notice about the first order of an unknown direction: it may be so for every order."""
        self._warned = True
        shown = f"The direction of order {order.venue_id} is {order.direction}"
        return Notice(text=f"{shown}; only 0 (buy) and 1 (sell) have a meaning. The side of such orders is left open.")

    # Fills

    def _fills_snapshot(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        if frame.fills is None:
            return (FillsListed(request_id=UNASKED, trades=()), *self._without_fills(message))
        trades: list[Trade] = []
        skipped: list[Fact] = []
        for fill in in_order(frame.fills):
            trade = feed_trade(fill, self._memory.get(VenueOrderId(fill.venue_id)), self.instruments)
            if trade is not None:
                trades.append(trade)
            else:
                skipped += self._unusable(fill)
        return (FillsListed(request_id=UNASKED, trades=tuple(trades)), *skipped)

    def _fills_delta(self, frame: Frame, message: str) -> tuple[Fact, ...]:
        if frame.fills is None:
            return self._without_fills(message)
        facts: list[Fact] = []
        skipped: list[Fact] = []
        for fill in in_order(frame.fills):
            fact = traded(fill, self._memory.get(VenueOrderId(fill.venue_id)), self.instruments)
            if fact is not None:
                facts.append(fact)
            else:
                skipped += self._unusable(fill)
        return (*facts, *skipped) or ALIVE

    def _without_fills(self, message: str) -> tuple[Fact, ...]:
        return self._unreadable("The venue sent a message about fills without a list of them.", message)

    def _unusable(self, fill: FeedFill) -> tuple[Fact, ...]:
        """What must be said about a fill that cannot be counted."""
        return self._unreadable("The venue sent a fill without usable details.", str(fill))


FeedReader = Callable[[FuturesWire, Frame, str], tuple[Fact, ...]]

FEEDS: Final[Mapping[str, FeedReader]] = {
    "heartbeat": FuturesWire._heartbeat,
    "open_orders_snapshot": FuturesWire._orders_snapshot,
    "open_orders_verbose_snapshot": FuturesWire._orders_snapshot,
    "open_orders": FuturesWire._orders_delta,
    "open_orders_verbose": FuturesWire._orders_delta,
    "fills_snapshot": FuturesWire._fills_snapshot,
    "fills": FuturesWire._fills_delta,
}
