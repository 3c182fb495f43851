"""The driver: hands each input to the part of dispatch that knows what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..values import AccountId, Instant, TraderId
from ..venue import Venue
from .account_state import AccountState
from .assembly import (
    DispatchOptions,
    assemble,
    handlers_of_commands,
    handlers_of_deadlines,
    handlers_of_facts,
    restart_of,
)
from .command_table import CommandTable
from .context import Context
from .decisions import Decisions
from .inputs import Asked, Heard, Input, LinkDown, LinkFailed, LinkSilent, LinkUp, NotWritten, Rerouted
from .known import Forgotten
from .records import Record
from .snapshot import put_back, snapshot_of
from .tracking import TrackedOrders
from .venue_clock import JUMP

if TYPE_CHECKING:
    from .lean_records import RecordLines  # whoever restores has it; others need not wait for it

__all__ = ["DispatchState"]

DEFAULTS = DispatchOptions()


class DispatchState:
    """See the package's docstring. One per venue and account; owned by one task."""

    def __init__(self, venue: Venue, trader: TraderId, account: AccountId, options: DispatchOptions = DEFAULTS) -> None:
        self.orders = TrackedOrders(fill_window=options.fill_window, finished_window=options.finished_window)
        self._context = context = Context(
            venue=venue,
            trader=trader,
            account=account,
            orders=self.orders,
            cancel_unknown=options.cancel_unknown,
            journaled=options.journaled,
            known=options.known,
        )
        self._forgotten = Forgotten(options.known, lambda: context.out)
        # What a restart needs of the account; it is kept up to date only where there is a journal.
        self._account = AccountState(self.orders.live)
        if options.journaled:
            self.orders.also_fold(self._account.folds)
            context.known, context.has_lost = self._forgotten, options.known.has_lost
        self._is_restored = False
        parts = assemble(context, options)
        self._connection, self._waits, self._unclaimed = parts.connection, parts.waits, parts.known.unclaimed
        self._reconciler = parts.known.reconciler
        self._timekeeping = parts.timekeeping
        self.timers = context.timers
        self._lead = 0  # of the wall clock over the monotonic one, at the last look
        self._closing = parts.closing
        self._switch = parts.cancel_all_after
        self._restart = restart_of(parts, self._account)
        self._inputs: dict[type, Callable[[Any], None]] = {
            Asked: CommandTable(context, handlers_of_commands(parts)).asked,
            Heard: self._heard,
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            LinkFailed: self._link_failed,
            LinkSilent: parts.connection.silent,
            NotWritten: parts.conversation.not_written,
            Rerouted: parts.conversation.rerouted,
        }
        self._facts = handlers_of_facts(parts)
        self._due = handlers_of_deadlines(parts)

    @property
    def restored_user(self) -> str | None:
        """The account as the venue named it in an earlier run; None where none did."""
        return self._account.user or None

    @property
    def restored_nonce(self) -> int:
        """The number of the last signed call of an earlier run; 0: there was none."""
        return self._account.nonce

    @property
    def has_opened(self) -> bool:
        """True if an earlier run has noted when it began."""
        return self._account.opened is not None

    def restore(self, record: Record) -> None:
        """Takes up one record of an earlier run. To be called with all of them in order, ahead of the first `apply`, by
        a state that is `journaled`."""
        self._is_restored = True
        self.orders.fold(record)

    def restore_lines(self, lines: RecordLines, places: Iterable[int] | None = None) -> None:
        """The same of very many, in a shorter time. places: of those that are this session's, from 0; None: all are."""
        self._is_restored = True
        lines.fold(self.orders.folds, places)

    def snapshot(self) -> bytes:
        """What a restart needs, without the records so far. At most 10,000 orders that have ended are in it."""
        return snapshot_of(self.orders, self._account)

    def restore_snapshot(self, data: bytes) -> None:
        """Begins with what `snapshot` gave; the records behind it follow by `restore`. Raises ValueError for what this
        version cannot read."""
        self._is_restored = True
        put_back(data, self.orders, self._account)

    @property
    def next_deadline(self) -> int | None:
        """When `apply` must be called again even without an input: ns, monotonic; None if nothing is due ever."""
        return self.timers.next

    def apply(self, inputs: Iterable[Input], now: Instant) -> Decisions:
        """Decides what follows from `inputs`, in order, and before them from deadlines that passed by `now`."""
        context = self._context
        context.now = now
        context.out = out = Decisions()
        if self._forgotten.waiting:
            self._forgotten.settle()
        # Deadlines run on the monotonic clock, so a wall clock that is set can only spoil what is compared with the
        # venue's times.
        lead = now.wall_ns - now.monotonic_ns
        if not -JUMP <= lead - self._lead <= JUMP:
            self._timekeeping.jumped()
        self._lead = lead
        next_deadline = self.timers.next
        if next_deadline is not None and next_deadline <= now.monotonic_ns:
            for due in self.timers.due(now.monotonic_ns):
                self._due[type(due)](due)
        # Deadlines before inputs: an answer that came after its time must find it over.
        for item in inputs:
            self._inputs[type(item)](item)
        # What follows is looked at behind whole inputs, and each costs one test when there is nothing to do.
        if self._unclaimed.kept and self._unclaimed.is_worth_a_look:
            self._unclaimed.settle()
        if context.held:
            self._timekeeping.look_after()
        if self._reconciler.is_worth_a_look:
            self._reconciler.look()
        if context.closing:
            self._closing.advance()
        return out

    def end(self, now: Instant) -> Decisions:
        """What is to be told at the very end: no input follows any more."""
        context = self._context
        context.now = now
        context.out = out = Decisions()
        self._closing.report()
        return out

    def _heard(self, heard: Heard) -> None:
        handlers, unclaimed = self._facts, self._unclaimed
        # Between facts, too: the message that names an order must be followed by its waiting fills, before its end.
        for fact in heard.facts:
            handlers[type(fact)](fact)
            if unclaimed.kept and unclaimed.is_worth_a_look:
                unclaimed.settle()

    def _link_up(self, up: LinkUp) -> None:
        if self._context.journaled:
            self.orders.forgotten = self._forgotten  # from now on: what was restored is in the journal
        is_restart, self._is_restored = self._is_restored, False
        if is_restart:
            self._restart.take_over()
        self._connection.up(up)
        self._timekeeping.link_up()
        self._switch.link_up()
        if is_restart:
            self._restart.ask()

    def _link_down(self, down: LinkDown) -> None:
        self._connection.down(down)
        if self._context.failed is not None:
            self._waits.fail(self._context.failed)

    def _link_failed(self, failed: LinkFailed) -> None:
        self._waits.fail(self._connection.fail(failed))
