"""`Reconciled`: when a login has settled everything that was open.

It waits until the snapshot is taken over whole, every order that it left out has been asked for, every question that
was open then is answered or told, and one whole reading of history is over. It is looked at behind whole inputs, so it
never comes in the middle of an answer. A new login takes the old one's place. Where history cannot be read for
`PATIENCE`, that is reported, and the login waits for it no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import define, field

from .. import events
from ..reconciliation import Reconciliation
from ..values import ClientOrderId, OrderStatus, VenueOrderId
from ..venue import SECOND
from .context import Context
from .decisions import ReconcileDue
from .history_reading import HistoryReading
from .inquiries import Inquiry, Question
from .query_schedule import QuerySchedule
from .questions import Questions
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["Reconciler"]

# A program waits for `Reconciled` before it trades, so it comes even if the venue's history cannot be read.
PATIENCE: Final = 300 * SECOND


@define
class Login:
    """A login that has something to settle."""

    # Orders that the venue listed, and orders of ours that the list or an answer changed.
    open_orders: int
    changed: int
    # The number of the reading of history that is awaited, 0: none.
    reading: int
    # From when on history was to be read, by the venue's clock, and when the login began, monotonic.
    since: int | None
    began: int
    # Orders with questions, and how they stood at the login.
    outstanding: dict[ClientOrderId, tuple[OrderStatus, VenueOrderId | None]] = field(factory=dict)
    history_failed: bool = False


class Reconciler:
    """Owns what the present login has still to settle, and the view of that."""

    def __init__(
        self,
        context: Context,
        questions: Questions,
        queries: QuerySchedule,
        reading: HistoryReading,
        unclaimed: UnclaimedFills,
    ) -> None:
        self._context = context
        self._questions = questions
        self._queries = queries
        self._reading = reading
        self._unclaimed = unclaimed
        self._login: Login | None = None
        self._is_complete = False
        self._has_changed = False

    def begin(self, open_orders: int, changed: int, reading: int) -> None:
        """The snapshot is taken over, and what it leaves out is asked for."""
        now = self._context.now.monotonic_ns
        self._login = Login(open_orders, changed, reading, self._reading.complete_until, now)
        self._is_complete = False
        self._note_new(self._login, self._questions.orders)
        self._context.timers.add(now + PATIENCE, ReconcileDue())
        self._has_changed = True

    def reset(self) -> None:
        """The connection is gone; the next login begins anew."""
        self._login, self._is_complete = None, False
        self._has_changed = True

    @property
    def is_worth_a_look(self) -> bool:
        """Looked at behind every input."""
        noticed = self._has_changed or self._reading.has_changed or self._unclaimed.has_changed
        return noticed or bool(self._questions.changed)

    def due(self, due: ReconcileDue) -> None:
        """Patience is over: that history was not read is reported, and what was not answered is reported as an open
        question by `Reconciled` itself."""
        # The deadline of an older login may come due in this one.
        login = self._login
        if login is None or self._context.now.monotonic_ns - login.began < PATIENCE:
            return
        self._has_changed = True
        # To tell a question is to stop waiting for it: it stays open, and is asked at a slower pace.
        for name in login.outstanding:
            order = self._context.orders.by_client_order_id(name)
            if order is not None:
                self._questions.tell(order, Question.OUTCOME)
        if login.reading > self._reading.finished and self._reading.failing and not login.history_failed:
            login.history_failed = True
            self._tell_unread(login)
        self._context.timers.add(self._context.now.monotonic_ns + PATIENCE, ReconcileDue())

    def _tell_unread(self, login: Login) -> None:
        self._context.record(
            events.MissingFills(
                venue=self._context.rules.venue,
                account=self._context.account,
                connection=self._context.connection,
                local_time=self._context.now.wall_ns,
                identity=None,
                venue_order_id=None,
                known=Decimal(0),
                reported=Decimal(0),
                since=login.since,
                until=self._context.by_venue(self._context.now.wall_ns),
            )
        )

    def look(self) -> None:
        """Tells `Reconciled` if nothing is left to settle, and how far it is."""
        # Only orders whose questions have changed are looked at, not all of those that are open: after an outage there
        # may be a hundred thousand of them, and this runs behind every input.
        login = self._login
        if login is not None:
            self._note_new(login, self._questions.changed)
            self._settle(login)
            if not (
                login.outstanding
                or self._queries.missing
                or (login.reading > self._reading.finished and not login.history_failed)
            ):
                self._finish(login)
        self._questions.changed.clear()
        self._has_changed = self._reading.has_changed = self._unclaimed.has_changed = False
        self._context.out.progress = Reconciliation(
            connection=self._context.connection if self._login is not None or self._is_complete else 0,
            is_complete=self._is_complete,
            open_questions=self._questions.count + self._queries.missing,
            fills_read=self._reading.fills_read,
            fills_complete_until=self._complete_until,
            failing=self._reading.failing,
        )

    def _note_new(self, login: Login, orders: Mapping[ClientOrderId, Order]) -> None:
        """Until all is settled, questions about what was open at the login, or was asked for since, are its own."""
        for name, order in orders.items():
            inquiry = order.inquiry
            if inquiry is None or name in login.outstanding:
                continue
            if _is_awaited(inquiry) and _is_of(inquiry, login):
                login.outstanding[name] = inquiry.standing or (order.status, order.venue_order_id)

    def _settle(self, login: Login) -> None:
        for name, order in self._questions.changed.items():
            is_over = order.inquiry is None or not _is_awaited(order.inquiry)
            if is_over and name in login.outstanding:
                before = login.outstanding.pop(name)
                login.changed += (order.status, order.venue_order_id) != before

    def _finish(self, login: Login) -> None:
        self._login, self._is_complete = None, True
        self._context.record(
            events.Reconciled(
                venue=self._context.rules.venue,
                account=self._context.account,
                connection=self._context.connection,
                local_time=self._context.now.wall_ns,
                open_orders=login.open_orders,
                settled=login.changed,
                gaps=self._gaps(),
                open_questions=self._questions.count,
                fills_complete_until=self._complete_until if self._reading.is_on else None,
                history_failed=login.history_failed,
            )
        )

    @property
    def _complete_until(self) -> int | None:
        """Every fill before it has been reported; not so one that waits until it is known whose it is."""
        # A consumer may take this as "I have every fill before that", so it must not promise too much.
        until, waiting = self._reading.complete_until, self._unclaimed.oldest
        return until if until is None or waiting is None else min(until, waiting)

    def _gaps(self) -> int:
        """Orders with fills missing."""
        return sum(self._questions.is_open(order, Question.FILLS) for order in self._questions.orders.values())


def _is_awaited(inquiry: Inquiry) -> bool:
    """True while a question about the order is neither answered nor told."""
    return not all(opened.told for opened in inquiry.open.values())


def _is_of(inquiry: Inquiry, login: Login) -> bool:
    """True for what was open at the login, or is asked for because the login left the order out; and for an end that is
    asked for since, as when history has all of an order."""
    return (
        Question.END in inquiry.open
        or inquiry.standing is not None
        or any(opened.at <= login.began for opened in inquiry.open.values())
    )
