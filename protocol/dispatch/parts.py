"""The parts of dispatch, put together, and the tables that say which of them a fact, or a deadline, is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from .. import commands, facts, requests
from ..tracking import FILL_WINDOW, FINISHED_WINDOW
from .answering import Answering
from .asking import Asking
from .audits import Audits
from .batch_answers import BatchAnswers
from .batches import Batches
from .cancel_timer import CancelTimer
from .closing import Closing
from .decisions import (
    AuditDue,
    CancelDue,
    ClockDue,
    ClosingDue,
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
from .timekeeping import Timekeeping
from .unclaimed import Unclaimed
from .watches import Watches

__all__ = ["DispatchOptions", "Parts", "assemble", "handlers_of_deadlines", "handlers_of_facts"]

Handlers = Mapping[type, Callable[[Any], None]]


def _never(_: object) -> bool:
    return False


def _ignore(_: object) -> None:
    pass


@frozen(kw_only=True)
class DispatchOptions:
    """fill_window: how many fills are remembered; finished_window: how many orders that have ended;
    cancel_all_after: seconds after which the venue cancels everything unless it hears from us again, 0: never;
    cancel_unknown: cancel an order whose answer is lost, in case it lives;
    abandoned: tells whether whoever waits at a reply address has given up, so that its watch can be dropped.
    """

    fill_window: int = FILL_WINDOW
    finished_window: int = FINISHED_WINDOW
    cancel_all_after: int = 0
    cancel_unknown: bool = False
    abandoned: Callable[[object], bool] = _never


@frozen(kw_only=True)
class Parts:
    """Each owns what its own docstring says."""

    desk: Desk
    asking: Asking
    answering: Answering
    audits: Audits
    batches: BatchAnswers
    cancel_timer: CancelTimer
    closing: Closing
    history: History
    life: OrderLife
    link: Link
    losing: Losing
    news: News
    queries: Queries
    reports: Reports
    timekeeping: Timekeeping
    unclaimed: Unclaimed
    watches: Watches


def assemble(desk: Desk, options: DispatchOptions) -> Parts:
    gaps, watches = Gaps(), Watches(desk, options.abandoned)
    audits, cancel_timer = Audits(desk), CancelTimer(desk, options.cancel_all_after)
    reports = Reports(desk, audits)
    queries = Queries(desk, gaps)
    life = OrderLife(desk, queries, gaps, Lagging(desk), audits)
    losing = Losing(desk, life, queries, audits, cancel_timer)
    unclaimed = Unclaimed(desk, life, reports)
    history = History(desk, life, queries, unclaimed, audits)
    link = Link(desk, life, queries, losing, gaps)
    timekeeping = Timekeeping(desk)
    link.on_login = _on_login(history, cancel_timer, losing, timekeeping)
    closing = Closing(desk, losing, cancel_timer)
    answering = Answering(desk, life, queries, reports, losing, history)
    batches = BatchAnswers(desk, answering.answered, answering.refused)
    for question in (requests.ListFills, requests.ListOrderHistory):
        answering.add_refusal(question, history.refused)
    answering.add_refusal(requests.SetCancelTimer, cancel_timer.refused)
    answering.add_refusal(requests.BatchOrders, batches.refused)
    answering.add_answer(requests.AskTime, timekeeping.answered)
    answering.add_refusal(requests.AskTime, timekeeping.answered)
    asking = Asking(desk, queries, losing)
    asking.add(commands.Watch, watches.watch)
    asking.add(commands.Disconnect, closing.asked)
    asking.add(commands.CancelAllAfter, cancel_timer.asked)
    asking.add(commands.Batch, Batches(desk, asking, losing).asked)
    return Parts(
        desk=desk,
        asking=asking,
        answering=answering,
        audits=audits,
        batches=batches,
        cancel_timer=cancel_timer,
        closing=closing,
        history=history,
        life=life,
        link=link,
        losing=losing,
        news=News(desk, life, queries, reports, unclaimed),
        queries=queries,
        reports=reports,
        timekeeping=timekeeping,
        unclaimed=unclaimed,
        watches=watches,
    )


def _on_login(
    history: History, cancel_timer: CancelTimer, losing: Losing, timekeeping: Timekeeping
) -> Callable[[bool], int | None]:
    def logged_in(listed_again: bool) -> int | None:
        timekeeping.logged_in()
        cancel_timer.logged_in()
        losing.cancel_unknown_orders()
        return history.read_now(listed_again)

    return logged_in


def handlers_of_facts(parts: Parts) -> Handlers:
    """What each kind of fact is for."""
    link, news, answering, history = parts.link, parts.news, parts.answering, parts.history
    warn = parts.desk.warn

    def logged_in(login: facts.LoggedIn) -> None:
        link.logged_in(login, parts.reports.report_open)

    def limit_told(fact: facts.LimitTold) -> None:
        parts.desk.throttle.allow(fact.most)

    def notice(fact: facts.Notice | facts.SlowDown | facts.TokenRefused) -> None:
        warn(fact.text)

    def unreadable(fact: facts.Unreadable) -> None:
        warn(f"{fact.why} The message begins: {fact.text}")

    def acknowledged(fact: facts.OrderAcknowledged) -> None:
        parts.timekeeping.acknowledged(fact)
        news.acknowledged(fact)

    return {
        facts.OrderPending: news.pending,
        facts.OrderAcknowledged: acknowledged if parts.desk.rules.dates_acceptance else news.acknowledged,
        facts.OrderTraded: news.traded,
        facts.OrderTriggered: news.triggered,
        facts.OrderTriggerMoved: news.trigger_moved,
        facts.OrderUnclear: news.unclear,
        facts.OrderCanceled: news.canceled,
        facts.OrderExpired: news.expired,
        facts.OrderRejected: news.rejected,
        facts.OrderReplaced: news.replaced,
        facts.OrderRemoved: news.removed,
        facts.CancelRefused: news.cancel_refused,
        facts.ChangeRefused: news.change_refused,
        facts.RequestAnswered: answering.answered,
        facts.RequestRefused: answering.refused,
        facts.VenueTime: parts.timekeeping.told,
        facts.PricePreviewed: answering.previewed,
        facts.FillsListed: history.fills_listed,
        facts.OrderHistoryListed: history.orders_listed,
        facts.OrderNotListed: answering.not_listed,
        facts.TimerSet: parts.cancel_timer.is_set,
        facts.BatchAnswered: parts.batches.answered,
        facts.TokenRenewed: answering.tokens.renewed,
        facts.MessagesLost: link.messages_lost,
        facts.SystemChanged: link.system_changed,
        facts.LimitTold: limit_told,
        facts.Notice: notice,
        facts.SlowDown: notice,
        facts.TokenRefused: notice,
        facts.Say: parts.timekeeping.said,  # else the session's business, and done by now
        facts.LoginRefused: _ignore,
        facts.LoggedIn: logged_in,
        facts.Alive: _ignore,
        facts.Unreadable: unreadable,
    }


def handlers_of_deadlines(parts: Parts) -> Handlers:
    """What each kind of deadline is for."""
    losing = parts.losing
    return {
        RequestDue: losing.request_due,
        QueryDue: parts.queries.due,
        CancelDue: losing.cancel_due,
        FillsDue: parts.life.fills_due,
        AuditDue: parts.audits.due,
        TimerDue: parts.cancel_timer.due,
        UnknownDue: losing.unknown_due,
        ClockDue: parts.timekeeping.due,
        ClosingDue: _ignore,  # every call of apply looks whether closing can end,
        KeptDue: _ignore,  # and what can be told of the executions that are kept
    }
