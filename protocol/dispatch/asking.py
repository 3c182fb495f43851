"""Commands that passed the command handler: what is sent for them, and the answers that need no venue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import commands, events, requests
from ..errors import DuplicateOrder, NotSent
from ..inputs import Asked, Submission
from ..orders import NewOrder, OrderIdentity
from ..records import Registered
from ..tracking import Order
from ..values import NO_TIME, ClientOrderId, OffsetUnit, OrderType, RequestId, TimeInForce, WireId
from .desk import Desk
from .losing import Losing
from .queries import Queries

__all__ = ["Asking"]


class Asking:
    """Stateless: everything that a command changes is a record or a request on its way."""

    def __init__(self, desk: Desk, queries: Queries, losing: Losing) -> None:
        self._desk = desk
        self._queries = queries
        self._losing = losing
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
            commands.Show: self._show,
        }

    def add(self, command: type, handler: Callable[[Any], None]) -> None:
        """Commands that another part of dispatch answers."""
        self._commands[command] = handler

    def asked(self, asked: Asked) -> None:
        """Answers a command that cannot be carried out with NotSent; nothing is left behind of it."""
        try:
            self._commands[type(asked.command)](asked)
        except NotSent as error:
            self._desk.reply(asked.reply_to, error)
            if asked.admission is not None:
                self._desk.out.released.append(asked.admission)

    # Placements

    def _place(self, asked: Asked) -> None:
        place, identity = self.prepare_place(asked)
        self._desk.require_room(place, place.symbol)
        order = self.register(asked, place, identity)
        if place.type is OrderType.MARKET and place.price is None and self._desk.rules.market_needs_price:
            self._preview(place, identity.client_order_id)
        else:
            self._desk.send(place, client_order_id=identity.client_order_id, admission=asked.admission)
        self._desk.reply(asked.reply_to, order.view())

    def prepare_place(self, asked: Asked) -> tuple[requests.PlaceOrder, OrderIdentity]:
        """The request and who the order will be; nothing is registered yet. Raises NotSent."""
        submission = asked.submission
        assert submission is not None  # the command handler made it
        order, client_order_id = submission.order, submission.client_order_id
        what = f"Order {client_order_id}"
        known = self._desk.orders.by_client_order_id(client_order_id)
        if known is not None:
            raise DuplicateOrder(
                f"{what} was not sent: an order with this client order id is known already, "
                f"{known.status.value}. Choose another id."
            )
        self._desk.require_link(what)
        self._desk.require_free_number(asked.request_id)
        wire_id = self._desk.venue.wire_id(client_order_id)
        holder = self._desk.orders.by_wire_id(wire_id)
        if holder is not None:
            raise NotSent(
                f"{what} was not sent: on the wire it would carry the same id ({wire_id}) as order "
                f"{holder.identity.client_order_id}. Choose another client order id."
            )
        self._check_moment(order)
        place = self._place_request(asked.request_id, order, wire_id)
        return place, self._identity(submission, wire_id if self._desk.venue.is_named(order) else None)

    def _check_moment(self, order: NewOrder) -> None:
        """An order's times count by the venue's clock; a small skew is left to the venue's patience. Raises NotSent."""
        desk = self._desk
        now, hint = desk.now.wall_ns, desk.clock_hint()
        try:
            desk.venue.check_moment(order, desk.by_venue(now) if hint else now)
        except NotSent as refusal:
            raise type(refusal)(f"{refusal}{hint}") from None

    def _identity(self, submission: Submission, wire_id: WireId | None) -> OrderIdentity:
        order = submission.order
        return OrderIdentity(
            trader=self._desk.trader,
            strategy=order.strategy,
            account=self._desk.account,
            instrument=order.instrument,
            client_order_id=submission.client_order_id,
            side=order.side,
            type=order.type,
            currency=submission.instrument.quote_currency,
            wire_id=wire_id,
            local_time=self._desk.now.wall_ns,
        )

    def _place_request(self, request_id: RequestId, order: NewOrder, wire_id: WireId) -> requests.PlaceOrder:
        return requests.PlaceOrder(
            request_id=request_id,
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
            reduce_only=order.reduce_only,
            trigger=order.trigger,
            trailing_offset=order.trailing_offset,
            trailing_unit=order.trailing_unit,
            limit_offset=order.limit_offset,
            limit_offset_unit=order.limit_offset_unit,
            expire_time=order.expire_time,
            process_before=self._desk.process_before(order.process_before),
            own_deadline=order.process_before is not None,
            display_quantity=order.display_quantity,
            quote_quantity=order.quote_quantity,
            margin=order.margin,
            options=order.options,
        )

    def register(self, asked: Asked, place: requests.PlaceOrder, identity: OrderIdentity) -> Order:
        """The order is ours from now on."""
        self._desk.record(
            events.Submitted(
                identity=identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._desk.now.wall_ns,
                request_id=asked.request_id,
                quantity=None if place.quote_quantity else place.quantity,
                price=place.price,
                trigger_price=place.trigger_price,
                time_in_force=TimeInForce.IOC if place.type is OrderType.MARKET else place.time_in_force,
                post_only=place.post_only,
                quote_quantity=place.quantity if place.quote_quantity else None,
            )
        )
        return self._desk.orders.live[identity.client_order_id]

    def _preview(self, place: requests.PlaceOrder, client_order_id: ClientOrderId) -> None:
        preview = requests.PreviewPrice(
            request_id=self._desk.flights.next_internal_id(),
            symbol=place.symbol,
            side=place.side,
            quantity=place.quantity,
        )
        self._desk.flights.preview_of[client_order_id] = preview.request_id
        self._desk.send(preview, client_order_id=client_order_id).place = place

    def _live_order_named(self, client_order_id: ClientOrderId, what: str) -> Order:
        order = self._desk.order_named(client_order_id, what)
        if order.status.is_terminal:
            raise NotSent(f"{what} was not sent: order {client_order_id} has ended, {order.status.value}.")
        return order

    # Cancels and changes

    def _cancel(self, asked: Asked) -> None:
        client_order_id = asked.command.client_order_id  # type: ignore[union-attr]
        preview = self._desk.flights.preview(client_order_id)
        if preview is not None:
            self._losing.deny_preview(preview, "It was canceled before it was sent.")
            if asked.admission is not None:
                self._desk.out.released.append(asked.admission)
        elif self._losing.withdraw(client_order_id):
            if asked.admission is not None:
                self._desk.out.released.append(asked.admission)
        else:
            order = self.prepare_cancel(asked)
            request = self._losing.cancel_request(order, asked.request_id)
            self._desk.require_room(request, order.identity.instrument.symbol, order.identity.local_time)
            self._losing.send_cancel(order, asked.request_id, asked.admission)
        self._desk.reply(asked.reply_to, asked.request_id)

    def prepare_cancel(self, asked: Asked) -> Order:
        """The order to cancel. Raises NotSent."""
        client_order_id = asked.command.client_order_id  # type: ignore[union-attr]
        order = self._live_order_named(client_order_id, "The cancel")
        wire_id = order.identity.wire_id if self._desk.rules.cancel_by_wire_id else None
        if order.venue_order_id is None and wire_id is None:
            raise NotSent(
                f"Cannot cancel order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order."
            )
        self._desk.require_link(f"The cancel of order {client_order_id}")
        self._desk.require_free_number(asked.request_id)
        return order

    def _replace(self, asked: Asked) -> None:
        request, order = self.prepare_replace(asked)
        self._desk.require_room(request, request.symbol, order.identity.local_time)
        client_order_id = order.identity.client_order_id
        self._desk.flights.change_of[client_order_id] = asked.request_id
        self._desk.send(request, client_order_id=client_order_id, admission=asked.admission)
        self._desk.reply(asked.reply_to, asked.request_id)

    def prepare_replace(self, asked: Asked) -> tuple[requests.ReplaceOrder, Order]:
        """The request, and the order to change. Raises NotSent."""
        command = asked.command
        assert isinstance(command, commands.Replace)
        client_order_id = command.client_order_id
        order = self._live_order_named(client_order_id, "The change")
        if order.venue_order_id is None:
            raise NotSent(
                f"Cannot change order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order."
            )
        self._desk.require_link(f"The change of order {client_order_id}")
        self._desk.require_free_number(asked.request_id)
        change = self._desk.flights.change(client_order_id)
        if change is not None and not change.lost:
            raise NotSent(f"The change was not sent: order {client_order_id} is being changed already.")
        request = requests.ReplaceOrder(
            request_id=asked.request_id,
            venue_order_id=order.venue_order_id,
            quantity=command.quantity,
            price=command.price,
            time_in_force=command.time_in_force,
            post_only=command.post_only,
            trigger_price=command.trigger_price,
            trailing_offset=command.trailing_offset,
            trailing_unit=command.trailing_unit or OffsetUnit.PERCENT,  # None only where there is no offset
            display_quantity=command.display_quantity,
            process_before=self._desk.process_before(),
            symbol=order.identity.instrument.symbol,
            wire_id=order.identity.wire_id,
        )
        return request, order

    def _cancel_all(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.CancelAll)
        self._desk.require_link("The cancel of all orders")
        self._desk.require_free_number(asked.request_id)
        symbol = None if command.instrument is None else command.instrument.symbol
        if symbol is not None and not self._desk.rules.cancels_by_symbol:
            raise NotSent(
                f"Nothing was canceled: {self._desk.rules.venue} cancels the orders of all instruments together, not "
                f"those of {symbol} alone. Cancel them one by one."
            )
        self._losing.withdraw_all(symbol)
        request = requests.CancelAllOrders(request_id=asked.request_id, symbol=symbol)
        self._desk.count(request)
        self._desk.send(request, admission=asked.admission)
        self._desk.reply(asked.reply_to, asked.request_id)

    def _open_orders(self, asked: Asked) -> None:
        self._desk.require_link("The question for open orders")
        self._desk.require_free_number(asked.request_id)
        request = requests.ListOpenOrders(request_id=asked.request_id)
        self._desk.send(request, reply_to=asked.reply_to, admission=asked.admission)

    def _status(self, asked: Asked) -> None:
        client_order_id = asked.command.client_order_id  # type: ignore[union-attr]
        order = self._desk.order_named(client_order_id, "The status query")
        if not order.can_be_named:
            raise NotSent(
                f"The status query was not sent: order {client_order_id} has no id at the venue that is known here."
            )
        self._desk.require_link("The status query")
        self._desk.require_free_number(asked.request_id)
        request = self._queries.query_for(order, asked.request_id)
        self._desk.send(request, client_order_id=client_order_id, reply_to=asked.reply_to, admission=asked.admission)

    def _read_fills(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.ReadFills)
        if command.end <= command.start:
            raise NotSent("The question for fills was not sent: its end must be later than its start.")
        self._desk.require_link("The question for fills")
        self._desk.require_free_number(asked.request_id)
        span = self._desk.rules.history_span
        request = requests.ListFills(
            request_id=asked.request_id,
            start=command.start,
            end=command.end if span is None else min(command.end, command.start + span),
            symbol=None if command.instrument is None else command.instrument.symbol,
        )
        flight = self._desk.send(request, reply_to=asked.reply_to, admission=asked.admission)
        flight.until = command.end

    def _register_external(self, asked: Asked) -> None:
        command = asked.command
        assert isinstance(command, commands.RegisterExternal)
        assert asked.instrument is not None  # the command handler found it
        holder = self._desk.orders.by_venue_order_id(command.venue_order_id)
        if holder is not None and holder.identity.client_order_id != command.client_order_id:
            self._desk.warn(
                f"Order {command.client_order_id} was not registered: venue order {command.venue_order_id} is known "
                f"here already, as order {holder.identity.client_order_id}. Use that name."
            )
            self._desk.reply(asked.reply_to, False)
            return
        if self._desk.orders.by_client_order_id(command.client_order_id) is None:
            identity = OrderIdentity(
                trader=self._desk.trader,
                strategy=command.strategy,
                account=self._desk.account,
                instrument=command.instrument,
                client_order_id=command.client_order_id,
                side=None,
                type=None,
                currency=asked.instrument.quote_currency,
                wire_id=self._desk.venue.wire_id(command.client_order_id),
                local_time=self._desk.now.wall_ns,
            )
            self._desk.record(Registered(identity=identity, venue_order_id=command.venue_order_id))
        self._desk.reply(asked.reply_to, True)

    def _resolve(self, asked: Asked) -> None:
        order = self._desk.orders.by_wire_id(asked.command.wire_id)  # type: ignore[union-attr]
        self._desk.reply(asked.reply_to, None if order is None else order.identity.client_order_id)

    def _show(self, asked: Asked) -> None:
        order = self._desk.orders.by_client_order_id(asked.command.client_order_id)  # type: ignore[union-attr]
        self._desk.reply(asked.reply_to, None if order is None else order.view())
