"""What the user holds: the client of one account at one venue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, cast

import trio

from protocol import commands
from protocol.errors import NotSent
from protocol.events import OrderStatusReport
from protocol.orders import DEFAULT_STRATEGY, NewOrder, OrderState
from protocol.reasons import Why
from protocol.reconciliation import Reconciliation
from protocol.values import (
    AccountId,
    ClientOrderId,
    Instrument,
    InstrumentId,
    OffsetUnit,
    RequestId,
    StrategyId,
    TimeInForce,
    TraderId,
    VenueOrderId,
    WireId,
)

from .config import ClientConfig, OnClose
from .order import Order
from .plumbing.channels import ask, ask_locally
from .plumbing.clock import NANOSECONDS
from .session import ConnectionMode
from .socket_feed import FeedStatistics
from .subscription import EventStream, Wanted, open_stream
from .wiring import Entrances, Views

if TYPE_CHECKING:
    from protocol.journal import Cursor

    from .journal.face import OpenJournal

__all__ = ["Client"]

Number = Decimal | int | str

# How the time for closing is shared out, as parts of it: what comes late must not take the time of what follows.
GRACE_BEFORE_CANCEL: Final = 1 / 3
"""Requests in flight get so much at most where open orders are to be canceled behind them."""
PATIENCE: Final = 3 / 4
"""By then the close handshake begins, whatever is still awaited."""
LINK_END: Final = 9 / 10
"""By then the connection is dropped, even in the middle of a write, so that the report comes within the time."""


class OtherTerms(TypedDict, total=False):
    """New terms that few changes name. leaves: in place of a quantity; the others: of an order that waits for a
    trigger, and of an iceberg. trailing_offset needs its trailing_unit."""

    leaves: Number | None
    trigger_price: Number
    trailing_offset: Number
    trailing_unit: OffsetUnit
    display_quantity: Number


class Client:
    """One account at one venue. Made by `open_client` or `open_gateway`; every method may be called from any task.

    Methods that place, change or cancel raise NotSent when nothing was sent, and return without waiting for the venue.
    Those that do wait for it: `open_orders`, `order_status`, `read_fills`, `cancel_all` and `cancel_all_after` until it
    has answered or the request is given up (RequestFailed then, or OutcomeUnknown), `disconnect` and `close` until
    requests on their way are answered or their grace is over.
    """

    def __init__(
        self,
        config: ClientConfig,
        url: str,
        views: Views,
        entrances: Entrances,
        abort: Callable[[], None],
        journal: OpenJournal | None,
    ) -> None:
        self._config = config
        self._url = url
        self._views = views
        self._asks = entrances.asks
        self._to_emitter = entrances.emitter
        self._session = entrances.session
        self._life = entrances.life
        self._source = entrances.source
        self._abort = abort
        self._journal = journal

    def __repr__(self) -> str:
        return f"<Client of {self.account} at {self._url}, {self.mode.value}>"

    # Looking, without waiting

    @property
    def url(self) -> str:
        """The venue's WebSocket url."""
        return self._url

    @property
    def account(self) -> AccountId:
        """The name that the configuration gives to the account, and that every event carries."""
        return self._config.account

    @property
    def trader(self) -> TraderId:
        """The name that the configuration gives to the trader, and that every event carries."""
        return self._config.trader

    @property
    def mode(self) -> ConnectionMode:
        """Where the connection stands now, as the session sees it; events tell the same a moment later, in order."""
        return self._views.mode.value

    @property
    def is_active(self) -> bool:
        """True while requests can be sent."""
        return self.mode is ConnectionMode.ACTIVE

    @property
    def is_closed(self) -> bool:
        """True once no connection will follow."""
        return self.mode is ConnectionMode.CLOSED

    @property
    def statistics(self) -> FeedStatistics:
        """What has been read from the socket since the client was opened, all its connections together."""
        return self._views.statistics.value

    @property
    def clock_skew(self) -> int | None:
        """ns by which this machine's clock is ahead of the venue's, negative: behind; as of the last time that the
        venue told its own (at AX: with the last order that it accepted). None: it has not yet, or our clock has jumped
        since (it was set, or the machine slept), and the venue is asked anew as soon as an order or a change needs it.

        The deadlines that `process_within` gives to orders and changes are corrected for it; local times of events are
        by this machine's clock, whatever that shows. Beyond 2 s a warning is logged.
        """
        return self._views.skew.value

    @property
    def reconciliation(self) -> Reconciliation:
        """How far the venue's books are known: how many questions about orders are open, and how far its history is
        read. It moves on while `Reconciled` is awaited."""
        return self._views.reconciliation.value

    @property
    def journal(self) -> OpenJournal | None:
        """The journal that this client was opened with; None: there is none."""
        return self._journal

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The cached instruments by symbol; a view that is replaced, never changed."""
        return self._views.instruments.value

    def instrument(self, instrument: str | InstrumentId) -> Instrument | None:
        """The cached instrument, by id or by symbol."""
        text = str(instrument)
        found = self.instruments.get(text) or self.instruments.get(text.rpartition(".")[0])
        return found if found is not None and text in (found.symbol, str(found.id)) else None

    # Events

    def events(self, after: Cursor | str | None = None) -> EventStream:
        """Everything of this client from now on, in order. The first stream opened also holds what came before it since
        the client was opened (Connected, Authenticated …), unless that is more than 1,024 events.

        after: behind this cursor instead, as `EventStream.cursor` of any run gave it: what the journal has, and then
        what comes, with nothing missed and nothing repeated. Raises ValueError without a journal, JournalError for a
        cursor of another one; CursorAhead when events before the cursor were lost with the power, CursorExpired when
        some behind it are no longer kept.
        """
        return self.subscribe(only=None, after=after)

    def subscribe(self, *, only: ClientOrderId | None, after: Cursor | str | None = None) -> EventStream:
        """`events()` of everything, or of one order."""
        wanted = Wanted(session=self._session, only=only, after=after)
        return open_stream(self._to_emitter, self._config.subscriber_batches, wanted, self._source)

    # Orders

    async def submit(self, order: NewOrder) -> Order:
        """Places an order and returns its handle without waiting for the venue.

        Raises NotSent (invalid, too many requests waiting, not connected, closing) or DuplicateOrder; nothing was
        sent and nothing is left behind then. Canceled: certainly not sent.
        """
        placed = await ask_locally(self._asks, commands.Place(order))
        assert isinstance(placed, OrderState)
        return self._handle(placed)

    async def submit_all(self, orders: Iterable[NewOrder]) -> list[Order]:
        """Places several orders in as few requests as the venue allows; each then lives its own life.

        Raises as `submit` when any of them fails its checks, and none of them was sent then. AX takes no batches, so
        there it always raises NotSent.
        """
        placed = await self.batch([commands.Place(order) for order in orders])
        return [leg for leg in placed if isinstance(leg, Order)]

    async def cancel_many(self, orders: Iterable[Order | ClientOrderId]) -> list[RequestId]:
        """Asks the venue to cancel several orders in as few requests as it allows. Raises NotSent when any of them
        cannot be canceled, and nothing was sent then. AX takes no batches, so there it always raises NotSent."""
        asked = await self.batch([commands.Cancel(_id_of(order)) for order in orders])
        return [leg for leg in asked if not isinstance(leg, Order)]

    async def batch(
        self, legs: Iterable[commands.Place | commands.Replace | commands.Cancel]
    ) -> list[Order | RequestId]:
        """Places, changes and cancels together. Gives for each leg, in order, what it alone would have given: the
        handle of an order that is placed, the number of the request that changes or cancels one.

        legs: `commands.Place(new_order)`, `commands.Cancel(client_order_id)` and `commands.Replace(client_order_id=…,
        instrument=…, …)`. What a venue does not take together (Kraken Spot: placements at several pairs, changes,
        cancels) goes out in several requests.

        Raises NotSent when any leg fails its checks or there is none, and nothing of the batch was sent then. AX takes
        no batches, so there it always raises NotSent.
        """
        answers = await ask_locally(self._asks, commands.Batch(tuple(legs)))
        return [self._handle(leg) if isinstance(leg, OrderState) else RequestId(leg) for leg in answers]

    def _handle(self, placed: OrderState) -> Order:
        return Order(self, placed.identity, placed.request_id)

    async def cancel(self, order: Order | ClientOrderId) -> RequestId:
        """Asks the venue to cancel an order; Canceled or CancelRejected shows what came of it, Denied that nothing of
        the order had been sent yet. Raises NotSent, also of an order that is not tracked: adopt it first."""
        return cast("RequestId", await ask_locally(self._asks, commands.Cancel(_id_of(order))))

    async def replace(
        self,
        order: Order | ClientOrderId,
        *,
        quantity: Number | None = None,
        price: Number | None = None,
        time_in_force: TimeInForce | None = None,
        post_only: bool | None = None,
        **terms: Unpack[OtherTerms],
    ) -> RequestId:
        """Asks the venue to change an order; Updated or ReplaceRejected shows what came of it. Raises NotSent, also of
        an order that is not tracked: adopt it first.

        quantity: contracts or base units as the venue will count them for the new order (AX: from zero filled; Kraken:
        what has filled included); leaves, in place of it: what may still fill, the same at every venue (what fills
        before the venue makes the change is taken from it at Kraken, and comes on top at AX); price, trigger_price:
        quote currency per unit; trailing_offset: how far the trigger follows the market, in percent or in quote
        currency per unit as trailing_unit says, which must be given with it; display_quantity: as quantity. None keeps
        a term as it is.
        """
        command = commands.Replace(
            client_order_id=_id_of(order),
            instrument=await self._instrument_of(order),
            quantity=quantity,
            price=price,
            time_in_force=time_in_force,
            post_only=post_only,
            **terms,
        )
        return cast("RequestId", await ask_locally(self._asks, command))

    async def cancel_all(self, instrument: str | InstrumentId | None = None) -> int | None:
        """Has the venue cancel every open order of the account, those of other sessions, too, or those of one
        instrument, and waits for its answer: how many it says it has canceled, None where it does not say (AX).

        The venue's list of open orders is read behind that (at Kraken Spot, where it lags, a minute later): an order of
        ours that it still shows is reported by `CancelRejected`. A wait that is given up calls nothing back.

        Raises NotSent, at Kraken Spot always for one instrument, since the venue cancels all of them or single ones;
        RequestFailed when the venue refused it, or still had its limit for calls exceeded after several tries;
        OutcomeUnknown when it may or may not have been carried out: no answer came, or one that leaves that open.
        """
        id = None if instrument is None else InstrumentId.parse(instrument)
        return cast("int | None", await self.ask(commands.CancelAll(id)))

    async def cancel_all_after(self, seconds: int) -> int | None:
        """Has the venue cancel every order of the account unless it hears from this client within `seconds`, from now
        until the client closes; 0 turns that off. If the client's block is left by an error or a cancellation while
        orders are open, it is left to act. Gives when it would cancel, ns since 1970 by the venue's clock.

        Raises NotSent (also where the venue has no such switch), RequestFailed.
        """
        return cast("int | None", await self.ask(commands.CancelAllAfter(seconds=seconds)))

    async def open_orders(self) -> tuple[OrderStatusReport, ...]:
        """The account's open orders, from the venue. Raises NotSent, RequestFailed."""
        return cast("tuple[OrderStatusReport, ...]", await self.ask(commands.OpenOrders()))

    async def order_status(self, order: Order | ClientOrderId) -> OrderStatusReport:
        """Where an order stands, from the venue. Raises NotSent, RequestFailed."""
        return cast("OrderStatusReport", await self.ask(commands.Status(_id_of(order))))

    async def read_fills(self, *, start: int, end: int, instrument: str | None = None) -> int:
        """Reads executions from the venue's history: start inclusive, end exclusive, ns since 1970.

        Fills not heard of yet come out as Filled (of other sessions' orders: as FillReport, also from before this
        client began), those without a fee get FeeReported. Returns how many were read. What is missing after a lost
        link or a `MissingFills` is read without being asked for. Raises NotSent, RequestFailed.
        """
        id = None if instrument is None else InstrumentId.parse(instrument)
        return cast("int", await self.ask(commands.ReadFills(start, end, id)))

    async def register_external_order(
        self,
        client_order_id: ClientOrderId,
        venue_order_id: VenueOrderId,
        instrument: str | InstrumentId,
        strategy: StrategyId,
    ) -> bool:
        """Tracks an order that was not submitted here, by its ids alone, so that its news come out as order events.
        Side and type are what the venue has shown of it by then, if anything; quantity and prices also what it shows
        next. `adopt` gives a handle.

        True also if it is known already, which changes nothing; False, with a warning, if its instrument is not
        cached, the venue order id belongs to an order of another name here, or the name to one that ended long ago and
        is in the journal.
        """
        command = commands.RegisterExternal(
            client_order_id=client_order_id,
            venue_order_id=venue_order_id,
            instrument=InstrumentId.parse(instrument),
            strategy=strategy,
        )
        return bool(await ask_locally(self._asks, command))

    async def adopt(
        self,
        report: OrderStatusReport,
        *,
        strategy: StrategyId | None = None,
        client_order_id: ClientOrderId | None = None,
    ) -> Order:
        """Tracks an open order that was not submitted here, as `open_orders` or an event shows it, and gives its
        handle. What the report counts as filled counts as known: only fills after it come as `Filled`.

        client_order_id: its name here, None: the report's own, else one made of the venue order id; strategy: the name
        that its events carry, None: that of orders which have none. An order that is tracked already keeps its own.
        Raises NotSent if the order has ended, is not known here to be open (`open_orders` asks), its instrument is not
        cached, or another order has, or had, the name.
        """
        command = commands.Adopt(
            report=report, client_order_id=client_order_id, strategy=DEFAULT_STRATEGY if strategy is None else strategy
        )
        return self._handle(cast("OrderState", await ask_locally(self._asks, command)))

    async def resolve(self, wire_id: WireId) -> ClientOrderId | None:
        """The client order id that crosses the wire as `wire_id` (AX: `cid`), None if no order here has it."""
        return cast("ClientOrderId | None", await self.ask(commands.Resolve(wire_id)))

    async def orders(self) -> list[Order]:
        """The handles of all orders that are tracked and have not ended, adopted ones included, oldest first."""
        live = await self.ask(commands.LiveOrders())
        return [Order(self, identity, request_id) for identity, request_id in live]

    async def order(self, client_order_id: ClientOrderId) -> Order | None:
        """The handle of an order, also of one that has ended; None if it is not known here."""
        state = await self.order_state(client_order_id)
        return None if state is None else self._handle(state)

    async def order_state(self, client_order_id: ClientOrderId) -> OrderState | None:
        """Where an order stands as far as is known here; None if it is not known."""
        return cast("OrderState | None", await self.ask(commands.Show(client_order_id)))

    # Instruments and credentials

    async def cache_instrument(self, instrument: Instrument) -> None:
        """Makes an instrument known, in place of an older one of the same symbol."""
        await ask_locally(self._asks, commands.UpdateInstrument(instrument))

    async def cache_instruments(self, instruments: tuple[Instrument, ...]) -> None:
        """Makes many instruments known at once."""
        await ask_locally(self._asks, commands.InitializeInstruments(instruments))

    async def authenticate(self, token: str) -> None:
        """At AX: uses this token for every connection and call from now on; the present connection goes on. At Kraken
        Spot it serves until the next connection, which fetches its own; Kraken Futures has no tokens and ignores it.
        Raises NotSent when the session has ended or is busy."""
        await ask_locally(self._asks, commands.Authenticate(token))

    # Ending

    async def disconnect(self) -> None:
        """Ends the link: requests in flight get `close_grace`, then `on_close` is carried out and the socket closes; no
        other connection follows. All that within `close_timeout`.

        From the call on nothing new is placed or changed. With OnClose.CANCEL_ALL the cancel of all orders goes out
        behind the grace, and again while it is not confirmed or an order of ours has not ended. It returns when that is
        done or its time is over, which is a moment before the socket is closed: `Disconnected` reports that, and
        `mode` is CLOSED then. Waits for an order that have not ended by then raise OutcomeUnknown, since no news of it
        will come. What is known here can still be asked (`order_state`, `resolve`), and events can be read, until the
        client is closed.

        A second call returns at once, even while the first one still waits. Raises NotSent after `close`.
        """
        await self._disconnect(in_peace=True)

    async def close(self) -> None:
        """Disconnects and ends everything behind this client. The last event of its streams is `CloseReport`: what was
        canceled, what is still open, and of which orders that is not known; if anything is left, an ERROR line of the
        logger `trio_orders` says so as well. Leaving the client's block does all this, too, however it is left. Calling
        it twice does nothing."""
        await self.leave(in_peace=True)

    def abort(self) -> None:
        """Drops everything at once, without a word to the venue; in a gateway, that of the other clients, too.

        Nothing is awaited, `on_close` is not carried out, and there is no `CloseReport`: orders at the venue stay as
        they are, those on their way may still arrive there, and a dead man's switch that is set goes on running.
        """
        self._abort()

    async def leave(self, *, in_peace: bool) -> None:
        """`close`, for this package's own use. in_peace False: because of an error or a cancellation, so that the dead
        man's switch is left to act on whatever stays open."""
        with suppress(NotSent):
            await self._disconnect(in_peace=in_peace)
        self._asks.close()
        self._to_emitter.close()

    async def _disconnect(self, *, in_peace: bool) -> None:
        config = self._config
        cancel_all, timeout = config.on_close is OnClose.CANCEL_ALL, config.close_timeout
        grace = min(config.close_grace, timeout * (GRACE_BEFORE_CANCEL if cancel_all else PATIENCE))
        self._life.deadline = min(self._life.deadline, trio.current_time() + timeout * LINK_END)
        await self.ask(
            commands.Disconnect(
                grace=int(grace * NANOSECONDS),
                patience=int(timeout * PATIENCE * NANOSECONDS),
                cancel_all=cancel_all,
                disarm=in_peace,
            )
        )

    async def _instrument_of(self, order: Order | ClientOrderId) -> InstrumentId:
        if isinstance(order, Order):
            return order.identity.instrument
        state = await self.order_state(order)
        if state is None:
            raise NotSent(
                f"Nothing was sent: order {order} is not known here. If it is open at the venue, adopt it first.",
                why=Why.UNKNOWN_ORDER,
                client_order_id=order,
            )
        return state.identity.instrument

    async def ask(self, command: commands.Command) -> Any:
        """The answer to a command that waits for something. For this package's own handles."""
        return await ask(self._asks, command)


def _id_of(order: Order | ClientOrderId) -> ClientOrderId:
    return order.client_order_id if isinstance(order, Order) else order
