"""The driver: hands each input to the part of dispatch that knows what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import commands, facts, requests
from ..inputs import Asked, Heard, Input, LinkDown, LinkFailed, LinkUp, NotWritten
from ..tracking import FILL_WINDOW, FINISHED_WINDOW, TrackedOrders
from ..values import NO_TIME, AccountId, Instant, TraderId
from ..venue import Venue
from .answering import Answering
from .asking import Asking
from .audits import Audits
from .batch_answers import BatchAnswers
from .batches import Batches
from .cancel_timer import CancelTimer
from .decisions import (
    AuditDue,
    CancelDue,
    ClosingDue,
    Decisions,
    FillsDue,
    KeptDue,
    QueryDue,
    RequestDue,
    TimerDue,
    UnknownDue,
)
from .desk import Desk
from .gaps import Gaps
from .history import History
from .lagging import Lagging
from .life import OrderLife
from .link import Link
from .losing import Losing
from .news import News
from .queries import Queries
from .reports import Reports
from .unclaimed import Unclaimed
from .watches import Watches

__all__ = ["DispatchState"]


def _never(_: object) -> bool:
    return False


def _ignore(_: object) -> None:
    pass


class DispatchState:
    """See the package's docstring. One per venue and account; owned by one task.

    cancel_all_after: seconds after which the venue cancels everything unless it hears from us again, 0: never;
    cancel_unknown: cancel an order whose answer is lost, in case it lives;
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
        cancel_all_after: int = 0,
        cancel_unknown: bool = False,
        abandoned: Callable[[object], bool] = _never,
    ) -> None:
        self.orders = TrackedOrders(fill_window=fill_window, finished_window=finished_window)
        self._desk = desk = Desk(
            venue=venue, trader=trader, account=account, orders=self.orders, cancel_unknown=cancel_unknown
        )
        gaps, self._reports = Gaps(), Reports(desk)
        self._watches = Watches(desk, abandoned)
        audits, cancel_timer = Audits(desk), CancelTimer(desk, cancel_all_after)
        queries = Queries(desk, gaps)
        life = OrderLife(desk, queries, gaps, Lagging(desk), audits)
        losing = Losing(desk, life, queries, audits, cancel_timer)
        self._unclaimed = Unclaimed(desk, life, self._reports)
        history = History(desk, life, queries, self._unclaimed, audits)
        self._link = Link(desk, life, queries, losing, gaps)
        self._link.on_login, self._link.on_leave = self._on_login(history, cancel_timer, losing), cancel_timer.disarm
        asking = Asking(desk, queries, losing)
        asking.add(commands.Watch, self._watches.watch)
        asking.add(commands.Disconnect, self._link.disconnect)
        asking.add(commands.CancelAllAfter, cancel_timer.asked)
        asking.add(commands.Batch, Batches(desk, asking, losing).asked)
        news = News(desk, life, queries, self._reports, self._unclaimed)
        answering = Answering(desk, life, queries, self._reports, losing, history)
        for question in (requests.ListFills, requests.ListOrderHistory):
            answering.add_refusal(question, history.refused)
        answering.add_refusal(requests.SetCancelTimer, cancel_timer.refused)
        batches = BatchAnswers(desk, answering.answered, answering.refused)
        answering.add_refusal(requests.BatchOrders, batches.refused)
        self._inputs: dict[type, Callable[[Any], None]] = {
            Asked: asking.asked,
            Heard: self._heard,
            LinkUp: self._link.up,
            LinkDown: self._link_down,
            LinkFailed: self._link_failed,
            NotWritten: losing.not_written,
        }
        self._facts: dict[type, Callable[[Any], None]] = {
            facts.OrderPending: news.pending,
            facts.OrderAcknowledged: news.acknowledged,
            facts.OrderTraded: news.traded,
            facts.OrderTriggered: news.triggered,
            facts.OrderCanceled: news.canceled,
            facts.OrderExpired: news.expired,
            facts.OrderRejected: news.rejected,
            facts.OrderReplaced: news.replaced,
            facts.OrderRemoved: news.removed,
            facts.CancelRefused: news.cancel_refused,
            facts.ChangeRefused: news.change_refused,
            facts.RequestAnswered: answering.answered,
            facts.RequestRefused: answering.refused,
            facts.PricePreviewed: answering.previewed,
            facts.FillsListed: history.fills_listed,
            facts.OrderHistoryListed: history.orders_listed,
            facts.TimerSet: cancel_timer.is_set,
            facts.BatchAnswered: batches.answered,
            facts.TokenRenewed: answering.tokens.renewed,
            facts.MessagesLost: self._link.messages_lost,
            facts.SystemChanged: self._link.system_changed,
            facts.Notice: self._notice,
            facts.SlowDown: self._notice,
            facts.TokenRefused: self._notice,
            facts.Say: _ignore,  # the session's business, and done by now
            facts.LoginRefused: _ignore,
            facts.LoggedIn: self._logged_in,
            facts.Alive: _ignore,
            facts.Unreadable: self._unreadable,
        }
        self._due: dict[type, Callable[[Any], None]] = {
            RequestDue: losing.request_due,
            QueryDue: queries.due,
            CancelDue: losing.cancel_due,
            FillsDue: life.fills_due,
            AuditDue: audits.due,
            TimerDue: cancel_timer.due,
            UnknownDue: losing.unknown_due,
            ClosingDue: _ignore,  # every call of apply looks whether closing can end,
            KeptDue: _ignore,  # and what can be told of the executions that are kept
        }

    @property
    def next_deadline(self) -> int | None:
        """When `apply` must be called again even without an input: ns, monotonic; None if nothing is due ever."""
        return self._desk.timers.next

    @property
    def is_ready(self) -> bool:
        """True while requests can be sent."""
        desk = self._desk
        return desk.ready and not desk.closing and desk.failed is None

    def apply(self, inputs: Iterable[Input], now: Instant) -> Decisions:
        """Decides what follows from `inputs`, in order, and before them from deadlines that passed by `now`."""
        desk = self._desk
        desk.now = now
        desk.out = out = Decisions()
        next_deadline = desk.timers.next
        if next_deadline is not None and next_deadline <= now.monotonic_ns:
            for due in desk.timers.due(now.monotonic_ns):
                self._due[type(due)](due)
        for item in inputs:
            self._inputs[type(item)](item)
        if self._unclaimed.kept:
            self._unclaimed.settle()
        if desk.closing:
            self._link.finish_closing()
        return out

    def _heard(self, heard: Heard) -> None:
        handlers, unclaimed = self._facts, self._unclaimed
        for fact in heard.facts:
            handlers[type(fact)](fact)
            if unclaimed.kept:
                unclaimed.settle()

    def _logged_in(self, login: facts.LoggedIn) -> None:
        self._link.logged_in(login, lambda view: self._reports.report(view, NO_TIME))

    def _link_down(self, down: LinkDown) -> None:
        self._link.down(down)
        if self._desk.failed is not None:
            self._watches.fail(self._desk.failed)

    def _link_failed(self, failed: LinkFailed) -> None:
        self._watches.fail(self._link.fail(failed))

    @staticmethod
    def _on_login(history: History, cancel_timer: CancelTimer, losing: Losing) -> Callable[[bool], int | None]:
        def logged_in(listed_again: bool) -> int | None:
            cancel_timer.logged_in()
            losing.cancel_unknown_orders()
            return history.read_now(listed_again)

        return logged_in

    def _notice(self, fact: facts.Notice | facts.SlowDown | facts.TokenRefused) -> None:
        self._desk.warn(fact.text)

    def _unreadable(self, fact: facts.Unreadable) -> None:
        self._desk.warn(f"{fact.why} The message begins: {fact.text}")
