"""The command handler: checks what is asked, numbers it, admits it, hands it to dispatch. Touches no order state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

import trio
from attrs import define, field, frozen

from protocol import commands
from protocol.dispatch.inputs import Admission, Asked, Submission
from protocol.errors import NotSent, TradingError
from protocol.events import OrderStatusReport
from protocol.orders import title_of
from protocol.reasons import Why
from protocol.values import ClientOrderId, Instrument, InstrumentId, RequestId
from protocol.venue import Venue

from .plumbing.channels import Ask, Batch, answer, close_inbox, put, receive_batch, refuse
from .plumbing.clock import Clock
from .plumbing.published import Published
from .token import NewToken, TokenRequest

__all__ = ["Admissions", "CommandContext", "Instruments", "run_command_handler"]

logger = logging.getLogger("trio_orders")

MOST_AT_ONCE: Final = 64
LAST_USER_ID: Final = (1 << 30) - 1
"""Users' requests are numbered from 1 to here; dispatch numbers its own from there on."""

SECONDS_A_DAY: Final = 24 * 3600

Instruments = Mapping[str, Instrument]

ADMISSIONS: Final[Mapping[type, Admission]] = {
    commands.Place: Admission.ORDER,
    commands.Replace: Admission.ORDER,
    commands.OpenOrders: Admission.ORDER,
    commands.Status: Admission.ORDER,
    commands.ReadFills: Admission.ORDER,
    commands.Batch: Admission.ORDER,
    commands.CancelAllAfter: Admission.CANCEL,
    commands.Cancel: Admission.CANCEL,
    commands.CancelAll: Admission.CANCEL,
}
"""The commands that go to the venue, and the credit that each holds until it is written, over HTTP until answered."""


@define
class Admissions:
    """Credits: how many more requests may be on their way to the socket. Given back through a channel."""

    returned: trio.MemoryReceiveChannel[Admission]
    free: dict[Admission, int]

    def take(self, admission: Admission) -> None:
        """Raises NotSent when no credit is left."""
        if self.free[admission] == 0:
            self._collect()
        if self.free[admission] == 0:
            raise NotSent(
                "Nothing was sent: too many requests wait to be written to the venue. "
                "Try again when some of them have gone out.",
                why=Why.BUSY,
            )
        self.free[admission] -= 1

    def _collect(self) -> None:
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self.free[self.returned.receive_nowait()] += 1

    def give_back(self, admission: Admission) -> None:
        self.free[admission] += 1


@frozen(kw_only=True)
class CommandContext:
    """What the command handler works with. view: the cached instruments by symbol, for everybody to read;
    token: where a new token is handed in; new_client_order_id: makes a name for an order that has none;
    journal_problem: why the journal takes nothing now, "" as long as it does or if there is none."""

    venue: Venue
    admissions: Admissions
    view: Published[Instruments]
    token: trio.MemorySendChannel[TokenRequest]
    new_client_order_id: Callable[[], ClientOrderId]
    journal_problem: Published[str]


@define
class _Handler:
    """The handler's own state: the request numbers."""

    context: CommandContext
    _last: int = field(default=0, init=False)

    def admit(self, ask: Ask) -> Asked | None:
        """The command, ready for dispatch; None when it is answered here. Raises NotSent."""
        admission = ADMISSIONS.get(type(ask.command))
        if admission is not None:
            self.context.admissions.take(admission)
        elif self._is_answered_here(ask):
            return None
        try:
            return self._prepare(ask.command, ask.reply_to, admission)
        except Exception:
            if admission is not None:
                self.context.admissions.give_back(admission)
            raise

    def _is_answered_here(self, ask: Ask) -> bool:
        """Of a command that does not go to the venue."""
        command = ask.command
        if isinstance(command, commands.RegisterExternal):
            return not self._register(command, ask)
        if isinstance(command, commands.InitializeInstruments):
            self._cache(command.instruments, ask)
        elif isinstance(command, commands.UpdateInstrument):
            self._cache((command.instrument,), ask)
        elif isinstance(command, commands.Authenticate):
            self._authenticate(command, ask)
        else:
            return False
        return True

    def _prepare(self, command: commands.Command, reply_to: object = None, admission: Admission | None = None) -> Asked:
        """The command, checked and numbered. Raises NotSent."""
        if isinstance(command, commands.Place):
            return self._place(command, reply_to, admission)
        if isinstance(command, commands.Batch):
            return self._batch(command, reply_to, admission)
        instrument = None
        if isinstance(command, commands.RegisterExternal):
            instrument = self._instrument(command.instrument)
        elif isinstance(command, commands.Adopt):
            instrument = self._instrument_of(command.report)
        elif isinstance(command, commands.Replace):
            instrument = self._check_change(command)
        elif isinstance(command, commands.CancelAllAfter):
            _check_seconds(command.seconds)
        numbered = type(command) in ADMISSIONS
        request_id = self._next_request_id() if numbered else RequestId(0)
        return Asked(
            command=command, request_id=request_id, reply_to=reply_to, admission=admission, instrument=instrument
        )

    def _next_request_id(self) -> RequestId:
        self._last = 1 if self._last == LAST_USER_ID else self._last + 1
        return RequestId(self._last)

    def _place(self, command: commands.Place, reply_to: object, admission: Admission | None) -> Asked:
        order, venue = command.order, self.context.venue
        try:
            if self.context.journal_problem.value:
                raise NotSent(self.context.journal_problem.value, why=Why.JOURNAL)
            instrument = venue.check_order(order, self.context.view.value)
            request_id = self._next_request_id()  # spec AX 8.1: taken even if a later check fails
            venue.check_terms(order, instrument)
        except NotSent as refusal:
            sentence = f"{title_of(order)} was not sent: {refusal}"
            raise refusal.reworded(sentence, client_order_id=order.client_order_id) from None
        client_order_id = order.client_order_id or self.context.new_client_order_id()
        submission = Submission(order=order, client_order_id=client_order_id, instrument=instrument)
        return Asked(
            command=command, request_id=request_id, reply_to=reply_to, admission=admission, submission=submission
        )

    def _batch(self, command: commands.Batch, reply_to: object, admission: Admission | None) -> Asked:
        if not command.legs:
            raise NotSent("The batch was not sent: there is nothing in it.", field="legs")
        legs = [self._leg(leg, number, len(command.legs)) for number, leg in enumerate(command.legs, 1)]
        request_id = self._next_request_id()
        return Asked(command=command, request_id=request_id, reply_to=reply_to, admission=admission, legs=tuple(legs))

    def _leg(self, leg: commands.Place | commands.Replace | commands.Cancel, number: int, most: int) -> Asked:
        """A part of a batch, by its number from 1."""
        try:
            return self._prepare(leg)
        except NotSent as refusal:
            text = f"{refusal} This is number {number} of the {most} in the batch, of which nothing was sent."
            raise refusal.reworded(text, client_order_id=_name_of(leg)) from None

    def _instrument(self, instrument: InstrumentId) -> Instrument | None:
        found = self.context.view.value.get(instrument.symbol)
        return found if found is not None and found.id == instrument else None

    def _instrument_of(self, report: OrderStatusReport) -> Instrument:
        found = self._instrument(report.instrument)
        if found is None:
            raise NotSent(
                f"Order {report.client_order_id or report.venue_order_id} was not adopted: instrument "
                f"{report.instrument} is not in the cache. Cache it first.",
                why=Why.UNKNOWN_INSTRUMENT,
                client_order_id=report.client_order_id,
                field="instrument",
            )
        return found

    def _register(self, command: commands.RegisterExternal, ask: Ask) -> bool:
        """False, and answered, if the order's instrument is not cached."""
        if self._instrument(command.instrument) is not None:
            return True
        logger.warning(
            "Order %s was not registered: instrument %s is not in the cache. Cache it first.",
            command.client_order_id,
            command.instrument,
        )
        answer(ask.reply_to, False)
        return False

    def _check_change(self, command: commands.Replace) -> Instrument:
        instrument = self._instrument(command.instrument)
        try:
            if instrument is None:
                sentence = f"instrument {command.instrument} is not in the cache; cache it first."
                raise NotSent(sentence, why=Why.UNKNOWN_INSTRUMENT, field="instrument")
            if command.leaves is None:
                self.context.venue.check_change(command, instrument)
            else:  # dispatch knows what it comes to, and checks that
                _check_leaves(command)
            if command.trailing_offset is not None and command.trailing_unit is None:
                sentence = "say with trailing_unit whether the trailing offset is in PERCENT or PRICE."
                raise NotSent(sentence, field="trailing_unit")
        except NotSent as refusal:
            text = f"The change of order {command.client_order_id} was not sent: {refusal}"
            raise refusal.reworded(text, client_order_id=command.client_order_id) from None
        return instrument

    def _cache(self, instruments: tuple[Instrument, ...], ask: Ask) -> None:
        cached = {**self.context.view.value, **{instrument.symbol: instrument for instrument in instruments}}
        self.context.view.publish(MappingProxyType(cached))
        answer(ask.reply_to, None)

    def _authenticate(self, command: commands.Authenticate, ask: Ask) -> None:
        try:
            self.context.token.send_nowait(NewToken(command.token))
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            sentence = "The new token was not taken over: the session has ended or is busy."
            raise NotSent(sentence, why=Why.BUSY) from None
        answer(ask.reply_to, None)


def _name_of(leg: commands.Place | commands.Replace | commands.Cancel) -> ClientOrderId | None:
    return leg.order.client_order_id if isinstance(leg, commands.Place) else leg.client_order_id


def _check_leaves(command: commands.Replace) -> None:
    assert command.leaves is not None
    if command.quantity is not None:
        raise NotSent("give its quantity or what it leaves, not both.", field="leaves")
    if command.leaves <= 0:
        sentence = f"an order that leaves {command.leaves} would have nothing to fill; cancel it instead."
        raise NotSent(sentence, field="leaves")


def _check_seconds(seconds: int) -> None:
    if seconds < 0 or seconds >= SECONDS_A_DAY:
        sentence = f"The timer that cancels all orders takes 0 to {SECONDS_A_DAY - 1} seconds, not {seconds}."
        raise NotSent(sentence, field="seconds")


@trio.lowlevel.enable_ki_protection  # an interrupt between two steps would lose an answer that a caller waits for
async def run_command_handler(
    inbox: trio.MemoryReceiveChannel[Ask],
    to_dispatch: trio.MemorySendChannel[Batch],
    context: CommandContext,
    clock: Clock,
) -> None:
    """Receives asks from every caller; sends to dispatch, waiting for nothing else. Ends when the callers' end does."""
    handler = _Handler(context)
    asks: list[Ask] = []
    with to_dispatch, context.token:
        try:
            while asks := await receive_batch(inbox, MOST_AT_ONCE):
                admitted = []
                for ask in asks:
                    try:
                        asked = handler.admit(ask)
                    except TradingError as error:
                        answer(ask.reply_to, error)
                    except Exception as error:
                        logger.exception("A command could not be read, and nothing was sent.")
                        answer(
                            ask.reply_to,
                            NotSent(f"Nothing was sent, for the arguments make no sense: {error!r}", why=Why.INVALID),
                        )
                    else:
                        if asked is not None:
                            admitted.append(asked)
                if admitted:
                    await put(to_dispatch, Batch(admitted, clock.now()))
                asks.clear()
        finally:
            refuse([*asks, *close_inbox(inbox)])
