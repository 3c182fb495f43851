"""A venue as small as can be that tells the truth: it takes what dispatch sends, answers at once, and keeps the books.

Its orders live on whether a program is there or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from attrs import define, field

from protocol import facts, requests
from protocol.facts import Outcome
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from .order_life import refused, took, trade, view
from .question_rig import dated
from .restarting import Run

__all__ = ["CHAINED", "IN_PLACE", "Book", "Entry"]

LISTS = frozenset({requests.ListFills, requests.ListOrderHistory})
ANY: dict[str, Any] = {
    "reads_history": True,
    "absence_needs_history": True,
    "process_within": 5 * SECOND,
    "http_requests": LISTS,
    "cancel_all_after": True,
}
IN_PLACE = VenueRules(venue="TEST", changes_in_place=True, **ANY)
CHAINED = VenueRules(venue="TEST", chain_history=True, **ANY)


@define
class Entry:
    """One venue order id."""

    oid: str
    cid: int
    quantity: Decimal
    price: Decimal
    born: int
    filled: Decimal = Decimal(0)
    status: OrderStatus | None = OrderStatus.ACCEPTED
    ended: int = 0
    replaced: bool = False
    root: str = ""

    @property
    def is_open(self) -> bool:
        return self.status is not None and not self.status.is_terminal

    def view(self) -> facts.OrderView:
        return view(
            self.oid,
            self.cid,
            quantity=self.quantity,
            price=self.price,
            cumulative=self.filled,
            status=self.status,
            time=self.born,
            ended=self.ended,
            replaced=self.replaced,
        )


@define
class Book:
    """run: the program that is there now; None: none is."""

    rules: VenueRules
    run: Run | None = None
    entries: dict[str, Entry] = field(factory=dict)
    trades: list[facts.Trade] = field(factory=list)
    now: int = 0
    _numbers: int = 0

    # The program

    def meet(self, run: Run) -> None:
        """A program logs in."""
        self.run = run
        run.log_in(*self._open())
        self.serve()

    def leave(self) -> None:
        self.run = None

    def serve(self) -> None:
        """Answers what was asked, and what is asked because of the answers."""
        run = self.run
        while run is not None and run.sends:
            sends, run.sends = run.sends, []
            for send in sends:
                self.take(send.request)

    def take(self, request: Any) -> None:
        """One request of the program's."""
        self._clock()
        answer = ANSWERS.get(type(request))
        if answer is not None:
            self._say(*answer(self, request))

    def _clock(self) -> None:
        if self.run is not None:
            self.now = self.run.wall + self.run.time

    def _say(self, *said: facts.Fact) -> None:
        if self.run is not None and said:
            self.run.hear(*said)

    def _open(self) -> Iterable[facts.OrderView]:
        return [entry.view() for entry in self.entries.values() if entry.is_open]

    def of_name(self, cid: int) -> Entry | None:
        """The last one under a client id."""
        return next((entry for entry in reversed(self.entries.values()) if entry.cid == cid), None)

    # What happens by itself

    def execute(self, cid: int, quantity: int) -> None:
        """The market takes a part of the order of that name, if it is open and there is so much of it."""
        self._clock()
        entry = self.of_name(cid)
        if entry is None or not entry.is_open:
            return
        size = min(Decimal(quantity), entry.quantity - entry.filled)
        entry.filled += size
        self._numbers += 1
        execution = dated(trade(entry.oid, f"t{self._numbers}", int(size), "0.1"), self.now)
        self.trades.append(execution)
        is_final = entry.filled == entry.quantity
        if is_final:
            entry.status, entry.ended = OrderStatus.FILLED, self.now
        self._say(facts.OrderFilled(time=self.now, order=entry.view(), trade=execution, final=is_final))

    def open_another(self, cid: int) -> None:
        """Another session places an order."""
        self._clock()
        self._say(self._begin(cid, Decimal(10), Decimal(100)))

    def _begin(self, cid: int, quantity: Decimal, price: Decimal, root: str = "") -> facts.OrderAcknowledged:
        self._numbers += 1
        oid = f"v{self._numbers}"
        entry = self.entries[oid] = Entry(oid, cid, quantity, price, self.now, root=root or oid)
        return facts.OrderAcknowledged(time=self.now, order=entry.view())

    # Answers

    def place(self, place: requests.PlaceOrder) -> list[facts.Fact]:
        assert self.of_name(int(place.wire_id)) is None, "an order was sent twice"
        if place.process_before is not None and place.process_before < self.now:
            return [refused(place.request_id, Outcome.DEFINITE, "too late")]
        assert place.price is not None
        begun = self._begin(int(place.wire_id), place.quantity, place.price)
        return [took(place.request_id, begun.order.venue_order_id), begun]

    def cancel(self, cancel: requests.CancelOrder) -> list[facts.Fact]:
        entry = self._meant(cancel.venue_order_id, cancel.wire_id)
        if entry is None or not entry.is_open:
            return [refused(cancel.request_id, Outcome.NOT_FOUND)]
        entry.status, entry.ended = OrderStatus.CANCELED, self.now
        canceled = facts.OrderCanceled(time=self.now, order=entry.view(), reason="asked for")
        return [took(cancel.request_id), canceled]

    def replace(self, change: requests.ReplaceOrder) -> list[facts.Fact]:
        entry = self._meant(change.venue_order_id, None)
        if entry is None or not entry.is_open:
            return [refused(change.request_id, Outcome.NOT_FOUND)]
        price = entry.price if change.price is None else change.price
        if self.rules.changes_in_place:
            entry.price = price
            told = facts.OrderReplaced(time=self.now, order=entry.view(), new_venue_order_id=None, replacement=None)
            return [took(change.request_id), told]
        entry.status, entry.replaced = None, True
        new = self._begin(entry.cid, entry.quantity - entry.filled, price, entry.root).order
        told = facts.OrderReplaced(
            time=self.now, order=entry.view(), new_venue_order_id=new.venue_order_id, replacement=new
        )
        return [took(change.request_id, new.venue_order_id), told]

    def query(self, query: requests.QueryOrder) -> list[facts.Fact]:
        entry = self._meant(query.venue_order_id, query.wire_id)
        if entry is None:
            return [refused(query.request_id, Outcome.NOT_FOUND)]
        return [took(query.request_id, order=entry.view())]

    def list_open(self, listing: requests.ListOpenOrders) -> list[facts.Fact]:
        return [took(listing.request_id, orders=tuple(self._open()))]

    def list_fills(self, page: requests.ListFills) -> list[facts.Fact]:
        found = [each for each in self.trades if page.start <= each.time <= page.end]
        if page.venue_order_id is not None:
            found = [each for each in found if each.venue_order_id == page.venue_order_id]
        return [facts.FillsListed(request_id=page.request_id, trades=tuple(found))]

    def list_orders(self, page: requests.ListOrderHistory) -> list[facts.Fact]:
        found = [entry.view() for entry in self.entries.values() if page.start <= (entry.ended or entry.born)]
        return [facts.OrderHistoryListed(request_id=page.request_id, orders=tuple(found))]

    def set_switch(self, setting: requests.SetCancelAllAfter) -> list[facts.Fact]:
        return [facts.CancelAllAfterSet(request_id=setting.request_id, cancels_at=None)]

    def _meant(self, oid: object, cid: object) -> Entry | None:
        return self.entries.get(str(oid)) if oid is not None else self.of_name(int(str(cid)))


ANSWERS: dict[type, Callable[[Book, Any], list[facts.Fact]]] = {
    requests.PlaceOrder: Book.place,
    requests.CancelOrder: Book.cancel,
    requests.ReplaceOrder: Book.replace,
    requests.QueryOrder: Book.query,
    requests.ListOpenOrders: Book.list_open,
    requests.ListFills: Book.list_fills,
    requests.ListOrderHistory: Book.list_orders,
    requests.SetCancelAllAfter: Book.set_switch,
}
