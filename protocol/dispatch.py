"""The state machine of order execution, for every venue: what the venue says and what the user asks → what we decide.

`DispatchState.apply` takes inputs in order and returns decisions: records (most of them events), requests to send,
replies to give. Order state changes only by folding those records (`protocol.tracking`); what belongs to one
connection (requests on their way, queries, time-outs) is kept apart in `protocol.flights`.

The promises:

- Accepted comes once, and before anything else the venue says of an order.
- Each fill comes once, whatever the venue repeats; no fill is inferred from a total.
- Nothing comes after an order's end but late fills and fees.
- A request whose answer is lost is neither failed nor sent again: its order is Unknown until the venue's word,
  an execution or a status query settles it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from attrs import define, field, frozen

from . import commands, events, facts, records, requests
from .errors import DuplicateOrder, NotSent, RequestFailed, SessionFailed, TradingError
from .events import OrderStatusReport
from .facts import OrderView, Outcome, Trade
from .flights import Flight, Flights, Timers
from .inputs import Admission, Asked, Heard, Input, LinkDown, LinkFailed, LinkUp, NotWritten
from .orders import NEXT_STATUS, Happening, OrderIdentity
from .records import Bound, Closed, Record, Registered
from .tracking import FILL_WINDOW, FINISHED_WINDOW, Order, TrackedOrders, Window
from .values import (
    NO_TIME,
    ZERO,
    AccountId,
    ClientOrderId,
    Instant,
    InstrumentId,
    OrderStatus,
    OrderType,
    RequestId,
    TimeInForce,
    TraderId,
    VenueOrderId,
)
from .venue import SECOND, Venue

__all__ = ["Decisions", "DispatchState", "EndLink", "Reply", "Send"]

MOST_QUERIES_AT_ONCE: Final = 16
"""Status queries of our own that may be on their way; the others wait, so that a reconnect with a million orders
neither floods the venue nor crowds out the user's requests."""

EVENT_ID_WINDOW: Final = 10_000


@frozen
class Send:
    """Release this request. connection: only on this one, 0 over HTTP; admission: the credit that it holds."""

    request: requests.Request
    connection: int
    admission: Admission | None


@frozen
class EndLink:
    """Close the connection; everything that was to be answered has been, or its grace is over."""


@frozen
class Reply:
    """An answer for whoever asked. value: an exception is to be raised there."""

    reply_to: object
    value: object


@define
class Decisions:
    """What one call of `apply` decided, each list in order. released: credits of requests that will not be sent;
    warnings: sentences for the log."""

    records: list[Record] = field(factory=list)
    sends: list[Send | EndLink] = field(factory=list)
    replies: list[Reply] = field(factory=list)
    released: list[Admission] = field(factory=list)
    warnings: list[str] = field(factory=list)

    def __bool__(self) -> bool:
        return bool(self.records or self.sends or self.replies or self.released or self.warnings)


@define
class Settlement:
    """What a login has to settle before `Reconciled`: orders still asked for, and what came of the others."""

    open_orders: int
    outstanding: set[ClientOrderId] = field(factory=set)
    settled: int = 0


@define
class Closing:
    """A Disconnect in progress. deadline: ns, monotonic, when its grace is over."""

    reply_to: object
    deadline: int
    until_flat: bool


@frozen
class RequestDue:
    request_id: RequestId


@frozen
class QueryDue:
    client_order_id: ClientOrderId


@frozen
class CancelDue:
    """Time to send again a cancel that came too early."""

    request_id: RequestId


@frozen
class ClosingDue:
    pass


def _never(_: object) -> bool:
    return False


class DispatchState:
    """See the module's docstring. One per venue and account; owned by one task.

    abandoned: tells whether whoever waits at a reply address has given up, so that its watch can be dropped.
    """

    def __init__(
        self,
        venue: Venue,
        trader: TraderId,
        account: AccountId,
        *,
        fill_window: int = FILL_WINDOW,
        finished_window: int = FINISHED_WINDOW,
        abandoned: Callable[[object], bool] = _never,
    ) -> None:
        self._venue = venue
        self._rules = venue.rules
        self._trader = trader
        self._account = account
        self._abandoned = abandoned
        self.orders = TrackedOrders(fill_window=fill_window, finished_window=finished_window)
        self._watches: dict[ClientOrderId, list[tuple[commands.Milestone, object]]] = {}
        # The connection's own state, rebuilt on every reconnect.
        self._flights = Flights()
        self._timers = Timers()
        self._connection = 0
        self._ready = False
        self._attempts: dict[ClientOrderId, int] = {}
        self._queries_waiting: deque[ClientOrderId] = deque()
        self._queries_under_way = 0
        self._missing: dict[ClientOrderId, Decimal] = {}
        self._event_ids: Window[str, bool] = Window(EVENT_ID_WINDOW)
        self._settlement: Settlement | None = None
        self._closing: Closing | None = None
        self._failed: TradingError | None = None
        self._out = Decisions()
        self._now = Instant(0, 0)
        self._inputs: dict[type, Callable[[Any], None]] = {
            Asked: self._asked,
            Heard: self._heard,
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            LinkFailed: self._link_failed,
            NotWritten: self._not_written,
        }
        self._commands: dict[type, Callable[[Any], None]] = {
            commands.Place: self._place,
            commands.Cancel: self._cancel,
            commands.Replace: self._replace,
            commands.CancelAll: self._cancel_all,
            commands.OpenOrders: self._open_orders,
            commands.Status: self._status,
            commands.ReadFills: self._read_fills,
            commands.RegisterExternal: self._register_external,
            commands.Resolve: self._resolve,
            commands.Watch: self._watch,
            commands.Show: self._show,
            commands.Disconnect: self._disconnect,
        }
        self._facts: dict[type, Callable[[Any], None]] = {
            facts.OrderAcknowledged: self._acknowledged,
            facts.OrderTraded: self._traded,
            facts.OrderTriggered: self._triggered,
            facts.OrderCanceled: self._canceled,
            facts.OrderExpired: self._expired,
            facts.OrderRejected: self._rejected,
            facts.OrderReplaced: self._replaced,
            facts.CancelRefused: self._cancel_refused,
            facts.RequestAnswered: self._answered,
            facts.RequestRefused: self._refused,
            facts.PricePreviewed: self._previewed,
            facts.FillsListed: self._fills_listed,
            facts.LoggedIn: self._logged_in,
            facts.Alive: self._ignore,
            facts.Unreadable: self._unreadable,
        }
        self._answers: dict[type, Callable[[Flight, Any], None]] = {
            requests.PlaceOrder: self._place_answered,
            requests.CancelOrder: self._cancel_answered,
            requests.ReplaceOrder: self._replace_answered,
            requests.CancelAllOrders: self._drop_answered,
            requests.ListOpenOrders: self._open_orders_answered,
            requests.QueryOrder: self._query_answered,
        }
        self._refusals: dict[type, Callable[[Flight, facts.RequestRefused], None]] = {
            requests.PlaceOrder: self._place_refused,
            requests.CancelOrder: self._cancel_request_refused,
            requests.ReplaceOrder: self._replace_refused,
            requests.CancelAllOrders: self._cancel_all_refused,
            requests.ListOpenOrders: self._question_refused,
            requests.QueryOrder: self._query_refused,
            requests.PreviewPrice: self._preview_refused,
            requests.ListFills: self._question_refused,
        }
        self._due: dict[type, Callable[[Any], None]] = {
            RequestDue: self._request_due,
            QueryDue: self._query_due,
            CancelDue: self._cancel_due,
            ClosingDue: self._ignore,
        }

    # Driving

    @property
    def next_deadline(self) -> int | None:
        """When `apply` must be called again even without an input: ns, monotonic; None if nothing is due ever."""
        return self._timers.next

    @property
    def is_ready(self) -> bool:
        """True while requests can be sent."""
        return self._ready and self._closing is None and self._failed is None

    def apply(self, inputs: Iterable[Input], now: Instant) -> Decisions:
        """Decides what follows from `inputs`, in order, and from deadlines that passed by `now`."""
        self._now = now
        self._out = out = Decisions()
        next_deadline = self._timers.next
        if next_deadline is not None and next_deadline <= now.monotonic_ns:
            for due in self._timers.due(now.monotonic_ns):
                self._due[type(due)](due)
        for item in inputs:
            self._inputs[type(item)](item)
        if self._closing is not None:
            self._finish_closing(self._closing)
        return out

    def _record(self, record: Record) -> None:
        self.orders.fold(record)
        self._out.records.append(record)
        if self._watches and isinstance(record, events.OrderEvent | records.Note):
            self._answer_watches(record.identity.client_order_id)

    def _reply(self, reply_to: object, value: object) -> None:
        if reply_to is not None:
            self._out.replies.append(Reply(reply_to, value))

    def _warn(self, sentence: str) -> None:
        self._out.warnings.append(sentence)

    def _ignore(self, _: object) -> None:
        pass

    # Commands

    def _asked(self, asked: Asked) -> None:
        try:
            self._commands[type(asked.command)](asked)
        except NotSent as error:
            self._reply(asked.reply_to, error)
            if asked.admission is not None:
                self._out.released.append(asked.admission)

    def _require_link(self, what: str) -> None:
        if self._closing is not None:
            raise NotSent(f"{what} was not sent: the client is closing.")
        if not self._ready:
            raise NotSent(f"{what} was not sent: there is no connection to {self._rules.venue} at the moment.")

    def _require_free_number(self, request_id: RequestId) -> None:
        if request_id in self._flights.by_id:
            raise NotSent(f"Nothing was sent: request {request_id} is still waiting for its answer.")

    def _send(
        self,
        request: requests.Request,
        *,
        client_order_id: ClientOrderId | None = None,
        reply_to: object = None,
        admission: Admission | None = None,
        timeout: int | None = None,
    ) -> Flight:
        now = self._now.monotonic_ns
        connection = 0 if type(request) in self._rules.http_requests else self._connection
        flight = Flight(
            request=request,
            client_order_id=client_order_id,
            connection=connection,
            sent_at=now,
            reply_to=reply_to,
        )
        self._flights.by_id[request.request_id] = flight
        self._timers.add(now + (timeout or self._rules.request_timeout), RequestDue(request.request_id))
        self._out.sends.append(Send(request, connection, admission))
        return flight

    def _place(self, asked: Asked) -> None:
        submission = asked.submission
        assert submission is not None  # the command handler made it
        order, client_order_id = submission.order, submission.client_order_id
        what = f"Order {client_order_id}"
        known = self.orders.by_client_order_id(client_order_id)
        if known is not None:
            raise DuplicateOrder(
                f"{what} was not sent: an order with this client order id is known already, "
                f"{known.status.value}. Choose another id."
            )
        self._require_link(what)
        self._require_free_number(asked.request_id)
        wire_id = self._venue.wire_id(client_order_id)
        holder = self.orders.by_wire_id(wire_id)
        if holder is not None:
            raise NotSent(
                f"{what} was not sent: on the wire it would carry the same id ({wire_id}) as order "
                f"{holder.identity.client_order_id}. Choose another client order id."
            )
        identity = OrderIdentity(
            trader=self._trader,
            strategy=order.strategy,
            account=self._account,
            instrument=order.instrument,
            client_order_id=client_order_id,
            side=order.side,
            type=order.type,
            currency=submission.instrument.quote_currency,
            wire_id=wire_id,
            local_time=self._now.wall_ns,
        )
        self._record(
            events.Submitted(
                identity=identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._now.wall_ns,
                request_id=asked.request_id,
                quantity=order.quantity,
                price=order.price,
                trigger_price=order.trigger_price,
                time_in_force=TimeInForce.IOC if order.type is OrderType.MARKET else order.time_in_force,
                post_only=order.post_only,
            )
        )
        place = requests.PlaceOrder(
            request_id=asked.request_id,
            symbol=order.instrument.symbol,
            side=order.side,
            type=order.type,
            quantity=order.quantity,
            price=order.price,
            trigger_price=order.trigger_price,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            wire_id=wire_id,
            tag=order.tag,
        )
        if order.type is OrderType.MARKET and order.price is None and self._rules.market_needs_price:
            self._preview(place, client_order_id)
        else:
            self._send(place, client_order_id=client_order_id, admission=asked.admission)
        self._reply(asked.reply_to, self.orders.live[client_order_id].view())

    def _preview(self, place: requests.PlaceOrder, client_order_id: ClientOrderId) -> None:
        preview = requests.PreviewPrice(
            request_id=self._flights.next_internal_id(),
            symbol=place.symbol,
            side=place.side,
            quantity=place.quantity,
        )
        self._send(preview, client_order_id=client_order_id).place = place

    def _order_named(self, client_order_id: ClientOrderId, what: str) -> Order:
        order = self.orders.by_client_order_id(client_order_id)
        if order is None:
            raise NotSent(f"{what} was not sent: order {client_order_id} is not known here.")
        return order

    def _live_order_named(self, client_order_id: ClientOrderId, what: str) -> Order:
        order = self._order_named(client_order_id, what)
        if order.status.is_terminal:
            raise NotSent(f"{what} was not sent: order {client_order_id} has ended, {order.status.value}.")
        return order

    def _cancel(self, asked: Asked) -> None:
        client_order_id = asked.command.client_order_id  # type: ignore[union-attr]
        order = self._live_order_named(client_order_id, "The cancel")
        wire_id = order.identity.wire_id if self._rules.cancel_by_wire_id else None
        if order.venue_order_id is None and wire_id is None:
            raise NotSent(
                f"Cannot cancel order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order."
            )
        self._require_link(f"The cancel of order {client_order_id}")
        self._require_free_number(asked.request_id)
        self._send_cancel(order, asked.request_id, asked.admission)
        self._reply(asked.reply_to, asked.request_id)

    def _send_cancel(self, order: Order, request_id: RequestId, admission: Admission | None) -> Flight:
        by_venue_id = order.venue_order_id is not None
        request = requests.CancelOrder(
            request_id=request_id,
            venue_order_id=order.venue_order_id,
            wire_id=None if by_venue_id else order.identity.wire_id,
        )
        client_order_id = order.identity.client_order_id
        self._flights.cancel_of[client_order_id] = request_id
        return self._send(request, client_order_id=client_order_id, admission=admission)

    def _replace(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.Replace)
        client_order_id = command.client_order_id
        order = self._live_order_named(client_order_id, "The change")
        if order.venue_order_id is None:
            raise NotSent(
                f"Cannot change order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order."
            )
        self._require_link(f"The change of order {client_order_id}")
        self._require_free_number(asked.request_id)
        if self._flights.change(client_order_id) is not None:
            raise NotSent(f"The change was not sent: order {client_order_id} is being changed already.")
        request = requests.ReplaceOrder(
            request_id=asked.request_id,
            venue_order_id=order.venue_order_id,
            quantity=command.quantity,
            price=command.price,
            time_in_force=command.time_in_force,
            post_only=command.post_only,
        )
        self._flights.change_of[client_order_id] = asked.request_id
        self._send(request, client_order_id=client_order_id, admission=asked.admission)
        self._reply(asked.reply_to, asked.request_id)

    def _cancel_all(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.CancelAll)
        self._require_link("The cancel of all orders")
        self._require_free_number(asked.request_id)
        symbol = None if command.instrument is None else command.instrument.symbol
        request = requests.CancelAllOrders(request_id=asked.request_id, symbol=symbol)
        self._send(request, admission=asked.admission)
        self._reply(asked.reply_to, asked.request_id)

    def _open_orders(self, asked: Asked) -> None:
        self._require_link("The question for open orders")
        self._require_free_number(asked.request_id)
        request = requests.ListOpenOrders(request_id=asked.request_id)
        self._send(request, reply_to=asked.reply_to, admission=asked.admission)

    def _status(self, asked: Asked) -> None:
        client_order_id = asked.command.client_order_id  # type: ignore[union-attr]
        order = self._order_named(client_order_id, "The status query")
        self._require_link("The status query")
        self._require_free_number(asked.request_id)
        request = self._query_for(order, asked.request_id)
        self._send(request, client_order_id=client_order_id, reply_to=asked.reply_to, admission=asked.admission)

    def _read_fills(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.ReadFills)
        self._require_link("The question for fills")
        self._require_free_number(asked.request_id)
        request = requests.ListFills(
            request_id=asked.request_id,
            start=command.start,
            end=command.end,
            symbol=None if command.instrument is None else command.instrument.symbol,
        )
        self._send(request, reply_to=asked.reply_to, admission=asked.admission)

    def _register_external(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.RegisterExternal)
        assert asked.instrument is not None  # the command handler found it
        if self.orders.by_client_order_id(command.client_order_id) is None:
            identity = OrderIdentity(
                trader=self._trader,
                strategy=command.strategy,
                account=self._account,
                instrument=command.instrument,
                client_order_id=command.client_order_id,
                side=None,
                type=None,
                currency=asked.instrument.quote_currency,
                wire_id=self._venue.wire_id(command.client_order_id),
                local_time=self._now.wall_ns,
            )
            self._record(Registered(identity=identity, venue_order_id=command.venue_order_id))
        self._reply(asked.reply_to, True)

    def _resolve(self, asked: Asked) -> None:
        order = self.orders.by_wire_id(asked.command.wire_id)  # type: ignore[union-attr]
        self._reply(asked.reply_to, None if order is None else order.identity.client_order_id)

    def _show(self, asked: Asked) -> None:
        order = self.orders.by_client_order_id(asked.command.client_order_id)  # type: ignore[union-attr]
        self._reply(asked.reply_to, None if order is None else order.view())

    def _watch(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.Watch)
        order = self._order_named(command.client_order_id, "The question")
        if self._failed is not None:
            self._reply(asked.reply_to, self._failed)
        elif _reached(order, command.milestone):
            self._reply(asked.reply_to, order.view())
        else:
            watches = self._watches.setdefault(command.client_order_id, [])
            watches[:] = [watch for watch in watches if not self._abandoned(watch[1])]
            watches.append((command.milestone, asked.reply_to))

    def _answer_watches(self, client_order_id: ClientOrderId) -> None:
        watches = self._watches.get(client_order_id)
        order = self.orders.by_client_order_id(client_order_id)
        if not watches or order is None:
            return
        waiting = []
        for milestone, reply_to in watches:
            if _reached(order, milestone):
                self._reply(reply_to, order.view())
            else:
                waiting.append((milestone, reply_to))
        if waiting:
            self._watches[client_order_id] = waiting
        else:
            del self._watches[client_order_id]

    def _disconnect(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.Disconnect)
        if self._closing is not None or self._failed is not None:
            self._reply(asked.reply_to, None)
            return
        deadline = self._now.monotonic_ns + command.grace
        until_flat = command.cancel_all and self._ready and bool(self.orders.live)
        if until_flat:
            self._send(requests.CancelAllOrders(request_id=self._flights.next_internal_id(), symbol=None))
        self._closing = Closing(asked.reply_to, deadline, until_flat)
        self._timers.add(deadline, ClosingDue())

    def _finish_closing(self, closing: Closing) -> None:
        if closing.reply_to is None:
            return
        if self._ready and self._now.monotonic_ns < closing.deadline:
            awaited = (f for f in self._flights.by_id.values() if not (f.answered or f.lost))
            if any(awaited) or (closing.until_flat and self.orders.live):
                return
        self._out.sends.append(EndLink())
        self._reply(closing.reply_to, None)
        closing.reply_to = None

    # The link

    def _link_up(self, link: LinkUp) -> None:
        kind = events.Connected if link.connection == 1 else events.Reconnected
        self._connection = link.connection
        self._record(
            kind(
                venue=self._rules.venue,
                connection=link.connection,
                local_time=self._now.wall_ns,
                url=link.url,
            )
        )

    def _link_down(self, link: LinkDown) -> None:
        self._ready = False
        self._record(
            events.Disconnected(
                venue=self._rules.venue,
                connection=link.connection,
                local_time=self._now.wall_ns,
                reason=link.reason,
                will_retry=link.will_retry,
            )
        )
        for flight in list(self._flights.by_id.values()):
            if flight.connection == link.connection and not flight.lost:
                self._lose_flight(flight, "The connection ended before the venue answered.")
        self._attempts.clear()
        self._queries_waiting.clear()
        self._queries_under_way = 0
        self._missing.clear()
        self._settlement = None

    def _lose_flight(self, flight: Flight, why: str) -> None:
        """No answer to this request will come in time, or ever."""
        flight.lost = True
        order = self._order_of(flight)
        if isinstance(flight.request, requests.PlaceOrder):
            if not flight.answered and order is not None:
                self._lose_order(order, why)
            return
        if isinstance(flight.request, requests.PreviewPrice):
            self._deny_preview(flight, f"The venue named no price for it. {why}")
            return
        if isinstance(flight.request, requests.QueryOrder) and flight.reply_to is None:
            self._queries_under_way = max(0, self._queries_under_way - 1)
        self._flights.drop(flight.request_id)
        self._reply(flight.reply_to, RequestFailed(f"{why} Ask again."))

    def _lose_order(self, order: Order, why: str) -> None:
        if (order.status, Happening.LOST) in NEXT_STATUS:
            self._record(
                events.Unknown(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._now.wall_ns,
                    reason=why,
                    since=self._now.wall_ns,
                )
            )

    def _link_failed(self, link: LinkFailed) -> None:
        kind = events.AuthenticationFailed if link.unauthorized else events.SessionFailed
        self._ready = False
        self._record(
            kind(
                venue=self._rules.venue,
                connection=link.connection,
                local_time=self._now.wall_ns,
                reason=link.reason,
            )
        )
        self._failed = SessionFailed(link.reason)
        for watches in self._watches.values():
            for _, reply_to in watches:
                self._reply(reply_to, self._failed)
        self._watches.clear()
        self._reply(link.reply_to, None)

    def _not_written(self, input: NotWritten) -> None:
        for request_id in input.request_ids:
            flight = self._flights.drop(request_id)
            if flight is None:
                continue
            order = self._order_of(flight)
            if isinstance(flight.request, requests.PlaceOrder) and order is not None:
                self._deny(order, input.reason)
            elif isinstance(flight.request, requests.CancelOrder) and order is not None:
                self._reject_cancel(order, request_id, input.reason)
            elif isinstance(flight.request, requests.ReplaceOrder) and order is not None:
                self._reject_change(order, request_id, input.reason)
            else:
                self._reply(flight.reply_to, NotSent(input.reason))

    def _heard(self, heard: Heard) -> None:
        handlers = self._facts
        for fact in heard.facts:
            handlers[type(fact)](fact)

    def _unreadable(self, fact: facts.Unreadable) -> None:
        self._warn(f"{fact.why} The message begins: {fact.text}")

    # Logging in, and settling what changed meanwhile

    def _logged_in(self, login: facts.LoggedIn) -> None:
        self._ready = True
        self._record(
            events.Authenticated(
                venue=self._rules.venue,
                connection=self._connection,
                local_time=self._now.wall_ns,
                user=login.user,
            )
        )
        self._settlement = settlement = Settlement(open_orders=len(login.orders))
        seen = set()
        for view in login.orders:
            order = self.orders.find(view.venue_order_id, view.wire_id)
            if order is None:
                self._report(view, NO_TIME)
                continue
            seen.add(order.identity.client_order_id)
            before = (order.status, order.price, order.quantity, order.venue_order_id)
            self._sync(order, view)
            settlement.settled += before != (order.status, order.price, order.quantity, order.venue_order_id)
        # Absence proves nothing yet: the venue's list leaves pending orders out (spec AX 2.1). Ask for each.
        settlement.outstanding.update(id for id in self.orders.live if id not in seen)
        self._queries_waiting.extend(settlement.outstanding)
        self._start_queries()
        self._finish_settlement()

    def _settled(self, client_order_id: ClientOrderId) -> None:
        settlement = self._settlement
        if settlement is not None and client_order_id in settlement.outstanding:
            settlement.outstanding.remove(client_order_id)
            settlement.settled += 1
            self._finish_settlement()

    def _finish_settlement(self) -> None:
        settlement = self._settlement
        if settlement is None or settlement.outstanding:
            return
        self._settlement = None
        self._record(
            events.Reconciled(
                venue=self._rules.venue,
                connection=self._connection,
                local_time=self._now.wall_ns,
                open_orders=settlement.open_orders,
                settled=settlement.settled,
                gaps=len(self._missing),
            )
        )

    def _sync(self, order: Order, view: OrderView) -> None:
        """Takes over what a snapshot or a status answer shows. It may be older than the last event, so it never
        takes anything back: not an end, not a fill."""
        status = view.status
        if status is OrderStatus.REJECTED:
            self._reject(order, view, view.reason or "The venue shows the order as rejected.", False, view.time)
            return
        if order.status.is_terminal and order.status is not OrderStatus.DENIED:
            self._notice_total(order, view)
            return
        if status is None or status is OrderStatus.SUBMITTED:
            if order.venue_order_id is None:
                self._bind(order, view)
            return
        self._adopt(order, view, view.time)
        self._notice_total(order, view)
        if status is OrderStatus.FILLED:
            if not order.status.is_terminal:
                self._record(Closed(identity=order.identity, status=OrderStatus.FILLED))
        elif status is OrderStatus.CANCELED:
            self._end_canceled(order, view.reason or "found canceled when its status was asked for", view.time)
        elif status is OrderStatus.EXPIRED:
            self._end_expired(order, view, view.reason or "found expired when its status was asked for", view.time)
        else:
            self._take_terms(order, view)

    def _take_terms(self, order: Order, view: OrderView) -> None:
        """Price and quantity of the present venue order id, where they differ from what we know."""
        if view.venue_order_id != order.venue_order_id:
            return
        quantity = order.quantity if view.quantity is None else order.base + view.quantity
        price = order.price if view.price is None else view.price
        trigger_price = order.trigger_price if view.trigger_price is None else view.trigger_price
        if (quantity, price, trigger_price) != (order.quantity, order.price, order.trigger_price):
            self._record(
                events.Updated(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=view.time,
                    local_time=self._now.wall_ns,
                    quantity=quantity,
                    price=price,
                    trigger_price=trigger_price,
                    venue_cumulative_base=order.base,
                )
            )

    # News of orders

    def _is_stale(self, order: Order, view: OrderView) -> bool:
        """News of a venue order id that was replaced: only its fills still matter."""
        return view.venue_order_id != order.venue_order_id and view.venue_order_id in order.former_ids

    def _bind(self, order: Order, view: OrderView) -> None:
        self._record(
            Bound(
                identity=order.identity,
                venue_order_id=view.venue_order_id,
                quantity=view.quantity,
                price=view.price,
                time_in_force=view.time_in_force,
            )
        )

    def _adopt(self, order: Order, view: OrderView, time: int) -> None:
        """Makes sure that the order is accepted, has this venue order id, and has terms."""
        venue_order_id = view.venue_order_id
        if not order.accepted and (order.status, Happening.ACCEPTED) in NEXT_STATUS:
            self._accept(order, venue_order_id, time)
        if order.venue_order_id is None or (order.quantity is None and view.quantity is not None):
            self._bind(order, view)
        if order.venue_order_id != venue_order_id and venue_order_id not in order.former_ids:
            # The venue replaced the order and the event that said so is missing: the new id tells.
            self._rename(order, venue_order_id, view, order.cumulative, time)

    def _accept(self, order: Order, venue_order_id: VenueOrderId | None, time: int) -> None:
        self._record(
            events.Accepted(
                identity=order.identity,
                venue_order_id=venue_order_id or order.venue_order_id,
                venue_time=time,
                local_time=self._now.wall_ns,
            )
        )
        flight = None if order.request_id is None else self._flights.by_id.get(order.request_id)
        if flight is not None and (flight.answered or flight.lost):
            self._flights.drop(flight.request_id)
        self._settled(order.identity.client_order_id)

    def _rename(self, order: Order, new_id: VenueOrderId, view: OrderView | None, base: Decimal, time: int) -> None:
        quantity, price = order.quantity, order.price
        if view is not None:
            quantity = quantity if view.quantity is None else base + view.quantity
            price = price if view.price is None else view.price
        self._record(
            events.Updated(
                identity=order.identity,
                venue_order_id=new_id,
                venue_time=time,
                local_time=self._now.wall_ns,
                quantity=quantity,
                price=price,
                trigger_price=order.trigger_price,
                previous_venue_order_id=order.venue_order_id,
                venue_cumulative_base=base,
            )
        )

    def _notice_total(self, order: Order, view: OrderView, *, executing: Decimal = ZERO) -> None:
        """Reports a gap when the venue counts more than we have heard. executing: of the fill that comes next."""
        if view.cumulative is None or view.venue_order_id != order.venue_order_id:
            return
        reported = order.base + view.cumulative - executing
        missing = reported - order.cumulative
        client_order_id = order.identity.client_order_id
        if missing <= 0:
            if self._missing:
                self._missing.pop(client_order_id, None)
        elif missing > self._missing.get(client_order_id, ZERO):
            self._missing[client_order_id] = missing
            self._record(
                events.Gap(
                    venue=self._rules.venue,
                    connection=self._connection,
                    local_time=self._now.wall_ns,
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    known=order.cumulative,
                    reported=reported,
                )
            )

    def _is_repeated(self, fact: facts.OrderFact) -> bool:
        """An external order's event that was reported before (spec AX 5.2). Tracked orders need no such memory."""
        if not fact.event_id:
            return False
        repeated = fact.event_id in self._event_ids
        self._event_ids.put(fact.event_id, True)
        return repeated

    def _tracked(self, fact: facts.OrderFact, *, reason: str = "") -> Order | None:
        """The tracked order of some news; None if it is external (reported then) or the news is stale."""
        view = fact.order
        order = self.orders.find(view.venue_order_id, view.wire_id)
        if order is None:
            if not self._is_repeated(fact):
                self._report(view, fact.time, reason)
            return None
        return None if self._is_stale(order, view) else order

    def _acknowledged(self, fact: facts.OrderAcknowledged) -> None:
        order = self._tracked(fact)
        if order is None:
            return
        if not order.status.is_terminal or order.status is OrderStatus.DENIED:
            self._adopt(order, fact.order, fact.time)
        self._notice_total(order, fact.order)

    def _traded(self, fact: facts.OrderTraded) -> None:
        trade, view = fact.trade, fact.order
        order = self.orders.find(view.venue_order_id, view.wire_id)
        if self._is_known_fill(order, trade):
            return
        if order is None:
            self._report_fill(trade, self._external_id(view))
            if not self._is_repeated(fact):
                self._report(view, fact.time)
            return
        if not order.accepted or order.venue_order_id != view.venue_order_id or order.quantity is None:
            self._adopt(order, view, fact.time)
        if not order.status.is_terminal:
            self._notice_total(order, view, executing=trade.quantity)
        self._fill(order, trade, fact.final and view.venue_order_id == order.venue_order_id)

    def _is_known_fill(self, order: Order | None, trade: Trade) -> bool:
        """True for a fill that was published before; its fee may still be news."""
        key = (trade.venue_order_id, trade.trade_id)
        fee_known = self.orders.fills.get(key)
        if fee_known is None:
            return False
        if trade.fee is not None and not fee_known and order is not None:
            self._record(
                events.FeeReported(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=trade.time,
                    local_time=self._now.wall_ns,
                    trade_id=trade.trade_id,
                    fill_venue_order_id=trade.venue_order_id,
                    commission=trade.fee,
                )
            )
        return True

    def _fill(self, order: Order, trade: Trade, final: bool) -> None:
        cumulative = order.cumulative + trade.quantity
        quantity = order.quantity
        complete = final or (quantity is not None and cumulative >= quantity)
        happening = Happening.COMPLETED if complete else Happening.FILLED_IN_PART
        status = NEXT_STATUS.get((order.status, happening), order.status)
        open_quantity = ZERO if quantity is None else quantity - cumulative
        self._record(
            events.Filled(
                identity=order.identity,
                venue_order_id=order.venue_order_id,
                venue_time=trade.time,
                local_time=self._now.wall_ns,
                trade_id=trade.trade_id,
                fill_venue_order_id=trade.venue_order_id,
                last_price=trade.price,
                last_quantity=trade.quantity,
                cumulative=cumulative,
                leaves=ZERO if status.is_terminal or open_quantity < 0 else open_quantity,
                overfill=-open_quantity if open_quantity < 0 else ZERO,
                currency=order.identity.currency,
                commission=trade.fee,
                liquidity=trade.liquidity,
                status=status,
            )
        )
        if open_quantity < 0:
            self._warn(
                f"The venue executed {-open_quantity} more than the {quantity} of order "
                f"{order.identity.client_order_id}. Check the position."
            )
        if status.is_terminal:
            self._ended(order)

    def _ended(self, order: Order) -> None:
        """Forgets what was still to be watched of an order that has ended; answers under way may still come."""
        client_order_id = order.identity.client_order_id
        flights = self._flights
        for flight in (flights.cancel(client_order_id), flights.change(client_order_id)):
            if flight is not None and (flight.answered or flight.lost):
                flights.drop(flight.request_id)
        placed = None if order.request_id is None else flights.by_id.get(order.request_id)
        if placed is not None and (placed.answered or placed.lost):
            flights.drop(placed.request_id)
        if self._attempts:
            self._attempts.pop(client_order_id, None)
        self._settled(client_order_id)

    def _triggered(self, fact: facts.OrderTriggered) -> None:
        order = self._tracked(fact)
        if order is None or order.status.is_terminal:
            return
        self._adopt(order, fact.order, fact.time)
        if (order.status, Happening.TRIGGERED) in NEXT_STATUS:
            self._record(
                events.Triggered(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=fact.time,
                    local_time=self._now.wall_ns,
                )
            )

    def _canceled(self, fact: facts.OrderCanceled) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if not order.status.is_terminal:
            self._adopt(order, fact.order, fact.time)
        self._notice_total(order, fact.order)
        self._end_canceled(order, fact.reason, fact.time)

    def _end_canceled(self, order: Order, reason: str, time: int) -> None:
        if (order.status, Happening.CANCELED) in NEXT_STATUS:
            self._record(
                events.Canceled(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                )
            )
            self._ended(order)

    def _expired(self, fact: facts.OrderExpired) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if not order.status.is_terminal:
            self._adopt(order, fact.order, fact.time)
        self._notice_total(order, fact.order)
        self._end_expired(order, fact.order, fact.reason, fact.time)

    def _end_expired(self, order: Order, view: OrderView, reason: str, time: int) -> None:
        time_in_force = view.time_in_force or order.time_in_force
        if time_in_force in self._rules.expiry_is_cancel:
            unfilled = reason or f"the rest of an {time_in_force.value} order" if time_in_force else reason
            self._end_canceled(order, unfilled, time)
        elif (order.status, Happening.EXPIRED) in NEXT_STATUS:
            self._record(
                events.Expired(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                )
            )
            self._ended(order)

    def _rejected(self, fact: facts.OrderRejected) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if order.venue_order_id not in (None, fact.order.venue_order_id):
            # Not this order but the one that was to replace it: the original stands as its own events say.
            flight = self._flights.change(order.identity.client_order_id)
            if flight is not None and not order.status.is_terminal:
                self._flights.drop(flight.request_id)
                self._reject_change(order, flight.request_id, fact.reason)
            return
        self._reject(order, fact.order, fact.reason, fact.due_post_only, fact.time)

    def _reject(self, order: Order, view: OrderView | None, reason: str, due_post_only: bool, time: int) -> None:
        if order.accepted or (order.status, Happening.REJECTED) not in NEXT_STATUS:
            return
        self._record(
            events.Rejected(
                identity=order.identity,
                venue_order_id=order.venue_order_id if view is None else view.venue_order_id,
                venue_time=time,
                local_time=self._now.wall_ns,
                reason=reason,
                due_post_only=due_post_only,
            )
        )
        self._ended(order)

    def _deny(self, order: Order, reason: str) -> None:
        if order.accepted or (order.status, Happening.DENIED) not in NEXT_STATUS:
            return
        self._record(
            events.Denied(
                identity=order.identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._now.wall_ns,
                reason=reason,
            )
        )
        self._ended(order)

    def _replaced(self, fact: facts.OrderReplaced) -> None:
        order = self.orders.find(fact.order.venue_order_id, fact.order.wire_id)
        if order is None:
            if not self._is_repeated(fact):
                self._report(fact.replacement or fact.order, fact.time)
            return
        flight = self._flights.change(order.identity.client_order_id)
        new_id, terms = self._replacement(fact, flight)
        if order.status.is_terminal:
            return
        if new_id is None and fact.order.status is None:
            self._query_soon(order)  # replaced, but nobody says by what
            return
        if new_id is not None and new_id != order.venue_order_id and new_id in order.former_ids:
            return  # an old replacement told again
        old = fact.order
        if old.venue_order_id == order.venue_order_id or order.venue_order_id is None:
            self._adopt(order, old, fact.time)
            if old is not terms:  # the old order as it ended; new terms in place carry no old total
                self._notice_total(order, old)
        if new_id is None or new_id == order.venue_order_id:
            if terms is not None:
                self._take_terms(order, terms)
        else:
            filled = order.base + (old.cumulative or ZERO)
            carried = ZERO if fact.replacement is None else fact.replacement.cumulative or ZERO
            self._rename(order, new_id, terms, filled - carried, fact.time)
        if flight is not None:
            self._flights.drop(flight.request_id)

    def _replacement(
        self, fact: facts.OrderReplaced, flight: Flight | None
    ) -> tuple[VenueOrderId | None, OrderView | None]:
        """The new venue order id (None: amended in place, or untold) and the new terms (None: untold).

        Where the event leaves the id out, the answer to our own request names it (spec AX 5.6).
        """
        new_id = fact.new_venue_order_id
        if new_id is None and fact.replacement is not None:
            new_id = fact.replacement.venue_order_id
        if new_id is None and flight is not None:
            new_id = flight.replacement
        if fact.replacement is not None:
            return new_id, fact.replacement
        if fact.order.status is not None:
            return new_id, fact.order  # in place, or the legacy shape: these are the new terms
        if flight is None or not isinstance(flight.request, requests.ReplaceOrder) or new_id is None:
            return new_id, None
        left = None if fact.order.quantity is None else fact.order.quantity - (fact.order.cumulative or ZERO)
        return new_id, _with_terms(fact.order, new_id, flight.request, left)

    def _cancel_refused(self, fact: facts.CancelRefused) -> None:
        order = self.orders.find(fact.venue_order_id, fact.wire_id)
        if order is None or order.status.is_terminal:
            return  # another session's, or the order ended first: the refusal adds nothing
        flight = self._flights.cancel(order.identity.client_order_id)
        if flight is not None:
            self._flights.drop(flight.request_id)
            self._reject_cancel(order, flight.request_id, fact.reason)
        self._query_soon(order)

    def _reject_cancel(self, order: Order, request_id: RequestId, reason: str) -> None:
        if not order.status.is_terminal:
            self._record(
                events.CancelRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                )
            )

    def _reject_change(self, order: Order, request_id: RequestId, reason: str) -> None:
        if not order.status.is_terminal:
            self._record(
                events.ModifyRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                )
            )

    # External orders

    def _external_id(self, view: OrderView) -> ClientOrderId | None:
        return None if view.wire_id is None else self._venue.external_client_order_id(view.wire_id)

    def _status_report(self, view: OrderView, time: int, reason: str, order: Order | None) -> OrderStatusReport:
        """How the venue shows an order; what it leaves out is filled in from a tracked order."""
        return OrderStatusReport(
            local_time=self._now.wall_ns,
            account=self._account,
            instrument=InstrumentId(view.symbol, self._rules.venue),
            client_order_id=self._external_id(view) if order is None else order.identity.client_order_id,
            venue_order_id=view.venue_order_id,
            venue_time=time or view.time,
            status=view.status,
            side=view.side if order is None else order.identity.side,
            type=view.type if order is None else order.identity.type,
            time_in_force=view.time_in_force or (None if order is None else order.time_in_force),
            price=order.price if view.price is None and order is not None else view.price,
            trigger_price=view.trigger_price,
            quantity=order.quantity if view.quantity is None and order is not None else view.quantity,
            cumulative=view.cumulative,
            post_only=view.post_only,
            reason=reason or view.reason,
        )

    def _report(self, view: OrderView, time: int, reason: str = "") -> None:
        self._record(self._status_report(view, time, reason, None))

    def _report_fill(self, trade: Trade, client_order_id: ClientOrderId | None) -> None:
        self._record(
            events.FillReport(
                local_time=self._now.wall_ns,
                account=self._account,
                instrument=InstrumentId(trade.symbol, self._rules.venue),
                client_order_id=client_order_id,
                venue_order_id=trade.venue_order_id,
                venue_time=trade.time,
                trade_id=trade.trade_id,
                side=trade.side,
                last_price=trade.price,
                last_quantity=trade.quantity,
                currency="" if trade.fee is None else trade.fee.currency,
                commission=trade.fee,
                liquidity=trade.liquidity,
            )
        )

    # Answers

    def _order_of(self, flight: Flight) -> Order | None:
        client_order_id = flight.client_order_id
        return None if client_order_id is None else self.orders.by_client_order_id(client_order_id)

    def _answered(self, fact: facts.RequestAnswered) -> None:
        flight = self._flights.by_id.get(fact.request_id)
        if flight is None:
            self._warn(f"An answer to request {fact.request_id} came too late or twice, and was ignored.")
            return
        answer = self._answers.get(type(flight.request))
        if answer is None:
            self._warn(f"The answer to request {fact.request_id} does not fit what was asked, and was ignored.")
            return
        answer(flight, fact)

    def _place_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        order = self._order_of(flight)
        if order is None or order.accepted or order.status.is_terminal:
            self._flights.drop(flight.request_id)
        if order is not None and order.venue_order_id is None and fact.venue_order_id is not None:
            self._record(Bound(identity=order.identity, venue_order_id=fact.venue_order_id))

    def _cancel_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        order = self._order_of(flight)
        if order is None or order.status.is_terminal:
            self._flights.drop(flight.request_id)
        elif fact.refused:
            self._flights.drop(flight.request_id)
            self._reject_cancel(order, flight.request_id, "The venue did not take the cancel.")
            self._query_soon(order)

    def _replace_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        flight.replacement = fact.venue_order_id
        order = self._order_of(flight)
        if order is None or order.status.is_terminal:
            self._flights.drop(flight.request_id)
        elif fact.refused:
            self._flights.drop(flight.request_id)
            self._reject_change(order, flight.request_id, "The venue did not take the change.")

    def _drop_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._flights.drop(flight.request_id)

    def _open_orders_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._flights.drop(flight.request_id)
        reports = []
        for view in fact.orders or ():
            order = self.orders.find(view.venue_order_id, view.wire_id)
            if order is not None:
                self._sync(order, view)
            reports.append(self._status_report(view, NO_TIME, "", order))
        self._reply(flight.reply_to, tuple(reports))

    def _query_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._flights.drop(flight.request_id)
        order, view = self._order_of(flight), fact.order
        if view is None or order is None:
            self._reply(flight.reply_to, RequestFailed("The venue's answer does not say where the order stands."))
        else:
            self._sync(order, view)
            self._reply(flight.reply_to, self._status_report(view, NO_TIME, "", order))
        if flight.reply_to is None:
            self._own_query_over(order, settled=self._is_settled(order, view))

    def _is_settled(self, order: Order | None, view: OrderView | None) -> bool:
        """True when a status answer left nothing open about the order."""
        if order is None or order.status.is_terminal:
            return True
        if view is None or view.status is None or order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        cancel = self._flights.cancel(order.identity.client_order_id)
        if cancel is not None and (cancel.answered or cancel.lost):
            self._flights.drop(cancel.request_id)  # the order outlived it
        return True

    def _own_query_over(self, order: Order | None, *, settled: bool) -> None:
        self._queries_under_way = max(0, self._queries_under_way - 1)
        if order is not None:
            client_order_id = order.identity.client_order_id
            if settled:
                self._attempts.pop(client_order_id, None)
                self._settled(client_order_id)
            else:
                self._query_later(order)
        self._start_queries()

    # Refusals

    def _refused(self, fact: facts.RequestRefused) -> None:
        flight = None if fact.request_id is None else self._flights.by_id.get(fact.request_id)
        if flight is None:
            which = "without a request number" if fact.request_id is None else f"of request {fact.request_id}"
            self._warn(f"A refusal {which} came from the venue, and nobody waits for it: {fact.reason}")
            return
        self._refusals[type(flight.request)](flight, fact)

    def _place_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._order_of(flight)
        flight.answered = True
        if fact.outcome is Outcome.AMBIGUOUS:
            if order is not None and not order.accepted and not order.status.is_terminal:
                flight.lost = True
                self._lose_order(order, fact.reason)
                self._query_later(order)
                return
        elif order is not None:
            self._reject(order, None, fact.reason, fact.due_post_only, NO_TIME)
        self._flights.drop(flight.request_id)

    def _cancel_request_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._order_of(flight)
        delays = self._rules.early_cancel_delays
        if order is None or order.status.is_terminal:
            self._flights.drop(flight.request_id)
        elif fact.outcome is Outcome.TOO_EARLY and flight.tries < len(delays):
            self._timers.add(self._now.monotonic_ns + delays[flight.tries], CancelDue(flight.request_id))
            flight.tries += 1
        else:
            self._flights.drop(flight.request_id)
            if fact.outcome is not Outcome.AMBIGUOUS:
                self._reject_cancel(order, flight.request_id, fact.reason)
            if fact.outcome in (Outcome.AMBIGUOUS, Outcome.NOT_FOUND):
                self._query_soon(order)

    def _replace_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._order_of(flight)
        self._flights.drop(flight.request_id)
        if order is None or order.status.is_terminal:
            return
        if fact.outcome is Outcome.AMBIGUOUS:
            self._query_soon(order)
        else:
            self._reject_change(order, flight.request_id, fact.reason)

    def _cancel_all_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._flights.drop(flight.request_id)
        self._warn(f"The cancel of all orders (request {flight.request_id}) was refused: {fact.reason}")

    def _question_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._flights.drop(flight.request_id)
        self._reply(flight.reply_to, RequestFailed(fact.reason))

    def _query_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._flights.drop(flight.request_id)
        self._reply(flight.reply_to, RequestFailed(fact.reason))
        order = self._order_of(flight)
        denied = fact.outcome is Outcome.NOT_FOUND and order is not None and self._absence_proves(order, flight)
        if denied and order is not None:
            self._deny(order, f"The venue has no such order, so it never arrived there: {fact.reason}")
        if flight.reply_to is None:
            self._own_query_over(order, settled=denied)

    def _absence_proves(self, order: Order, query: Flight) -> bool:
        """Whether "no such order" is proof that the placement never arrived (see `VenueRules`)."""
        if order.accepted or order.status not in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        placed = None if order.request_id is None else self._flights.by_id.get(order.request_id)
        if placed is None or placed.connection != self._connection:
            return True
        return query.sent_at - placed.sent_at >= self._rules.absence_proves_after

    def _previewed(self, fact: facts.PricePreviewed) -> None:
        flight = self._flights.by_id.get(fact.request_id)
        if flight is None or flight.place is None:
            return
        if fact.price is None or fact.filled <= 0:
            self._deny_preview(flight, "There is nothing to trade against, so it was not sent.")
            return
        order = self._order_of(flight)
        if not self._ready or order is None:
            self._deny_preview(flight, "The connection ended before it was sent.")
            return
        self._flights.drop(fact.request_id)
        if fact.remaining > 0:
            self._warn(
                f"Only {fact.filled} of order {order.identity.client_order_id} would fill now; "
                f"{fact.remaining} would not. It is sent all the same."
            )
        place = flight.place
        self._record(Bound(identity=order.identity, venue_order_id=None, price=fact.price))
        priced = requests.PlaceOrder(
            request_id=place.request_id,
            symbol=place.symbol,
            side=place.side,
            type=place.type,
            quantity=place.quantity,
            price=fact.price,
            trigger_price=None,
            time_in_force=place.time_in_force,
            post_only=place.post_only,
            wire_id=place.wire_id,
            tag=place.tag,
        )
        client_order_id = order.identity.client_order_id
        self._send(priced, client_order_id=client_order_id, admission=Admission.ORDER)

    def _preview_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._deny_preview(flight, f"The venue named no price for it: {fact.reason}")

    def _deny_preview(self, flight: Flight, reason: str) -> None:
        self._flights.drop(flight.request_id)
        self._out.released.append(Admission.ORDER)
        order = self._order_of(flight)
        if order is not None:
            self._deny(order, reason)

    def _fills_listed(self, fact: facts.FillsListed) -> None:
        flight = self._flights.drop(fact.request_id)
        for trade in fact.trades:
            order = self.orders.by_venue_order_id(trade.venue_order_id)
            if self._is_known_fill(order, trade):
                continue
            if order is None:
                self._report_fill(trade, None)
                continue
            if not order.accepted and (order.status, Happening.ACCEPTED) in NEXT_STATUS:
                self._accept(order, trade.venue_order_id, trade.time)
            client_order_id = order.identity.client_order_id
            if client_order_id in self._missing:
                self._missing[client_order_id] -= trade.quantity
            self._fill(order, trade, final=False)
        if flight is not None:
            self._next_page(flight, fact)

    def _next_page(self, flight: Flight, fact: facts.FillsListed) -> None:
        request = flight.request
        assert isinstance(request, requests.ListFills)
        flight.tries += len(fact.trades)
        if fact.cursor is None:
            self._reply(flight.reply_to, flight.tries)
            return
        following = requests.ListFills(
            request_id=request.request_id,
            start=request.start,
            end=request.end,
            symbol=request.symbol,
            cursor=fact.cursor,
        )
        self._send(following, reply_to=flight.reply_to).tries = flight.tries

    # Time

    def _request_due(self, due: RequestDue) -> None:
        flight = self._flights.by_id.get(due.request_id)
        if flight is None:
            return
        waited = self._now.monotonic_ns - flight.sent_at
        if waited < self._rules.request_timeout:
            return  # the number was used again: its own deadline follows
        order = self._order_of(flight)
        open_order = order is not None and not order.status.is_terminal
        if flight.answered and order is not None and open_order:
            self._outcome_due(flight, order)
        elif flight.answered or (order is not None and not open_order) or self._is_accepted_placement(flight):
            self._flights.drop(flight.request_id)
        elif not flight.lost:
            self._unanswered(flight, order)

    def _is_accepted_placement(self, flight: Flight) -> bool:
        order = self._order_of(flight)
        return order is not None and order.accepted and isinstance(flight.request, requests.PlaceOrder)

    def _outcome_due(self, flight: Flight, order: Order) -> None:
        """The venue took the request, and nothing came of it so far."""
        if isinstance(flight.request, requests.PlaceOrder):
            if order.accepted:
                self._flights.drop(flight.request_id)
                return
        elif isinstance(flight.request, requests.CancelOrder):
            self._flights.drop(flight.request_id)
        self._query_soon(order)

    def _unanswered(self, flight: Flight, order: Order | None) -> None:
        seconds = self._rules.request_timeout / SECOND
        why = f"The venue did not answer within {seconds:g} s."
        self._lose_flight(flight, why)
        if order is not None and not isinstance(flight.request, requests.QueryOrder | requests.PreviewPrice):
            self._query_soon(order)
        elif isinstance(flight.request, requests.CancelAllOrders):
            self._warn(f"The cancel of all orders (request {flight.request_id}) was not answered.")
        elif isinstance(flight.request, requests.QueryOrder) and flight.reply_to is None and order is not None:
            self._query_later(order)
            self._start_queries()

    def _cancel_due(self, due: CancelDue) -> None:
        flight = self._flights.by_id.get(due.request_id)
        order = None if flight is None else self._order_of(flight)
        if flight is None or order is None or order.status.is_terminal or not self._ready:
            return
        tries = flight.tries
        self._send_cancel(order, due.request_id, None).tries = tries

    # Status queries of our own

    def _query_for(self, order: Order, request_id: RequestId) -> requests.QueryOrder:
        by_venue_id = order.venue_order_id is not None
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=order.venue_order_id,
            wire_id=None if by_venue_id else order.identity.wire_id,
        )

    def _query_soon(self, order: Order) -> None:
        self._queries_waiting.append(order.identity.client_order_id)
        self._start_queries()

    def _query_later(self, order: Order) -> None:
        """After a pause that grows with every attempt."""
        client_order_id = order.identity.client_order_id
        attempt = self._attempts.get(client_order_id, 0)
        self._attempts[client_order_id] = attempt + 1
        delays = self._rules.query_delays
        delay = delays[min(attempt, len(delays) - 1)]
        self._timers.add(self._now.monotonic_ns + delay, QueryDue(client_order_id))

    def _query_due(self, due: QueryDue) -> None:
        self._queries_waiting.append(due.client_order_id)
        self._start_queries()

    def _start_queries(self) -> None:
        while self._ready and self._queries_waiting and self._queries_under_way < MOST_QUERIES_AT_ONCE:
            order = self.orders.live.get(self._queries_waiting.popleft())
            if order is not None:
                self._queries_under_way += 1
                request = self._query_for(order, self._flights.next_internal_id())
                self._send(request, client_order_id=order.identity.client_order_id)


def _reached(order: Order, milestone: commands.Milestone) -> bool:
    if milestone is commands.Milestone.DONE:
        return order.status.is_terminal
    return order.accepted or order.status.is_terminal or order.status is OrderStatus.UNKNOWN


def _with_terms(old: OrderView, new_id: VenueOrderId, change: requests.ReplaceOrder, left: Decimal | None) -> OrderView:
    """How the replacement must look where the venue named its id alone: our own terms, else the old ones."""
    return OrderView(
        venue_order_id=new_id,
        wire_id=old.wire_id,
        symbol=old.symbol,
        side=old.side,
        price=old.price if change.price is None else change.price,
        quantity=left if change.quantity is None else change.quantity,
        cumulative=ZERO,
        status=OrderStatus.ACCEPTED,
        time_in_force=change.time_in_force or old.time_in_force,
        post_only=old.post_only if change.post_only is None else change.post_only,
    )
