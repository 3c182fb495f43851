"""The parts of dispatch, put together, and the tables that say which of them a command, a request, a fact or a deadline
is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from .. import commands, facts, requests
from .adoption import Adoption
from .batches import Batches
from .cancel_all import CancelAll
from .cancel_all_after import CancelTimer
from .cancels import Cancels
from .closing import Closing
from .connection import Link
from .context import Desk
from .conversation import Conversation, RequestHandler, RequestHandlers
from .decisions import (
    AuditDue,
    CancelDue,
    ClockDue,
    ClosingDue,
    ComparisonDue,
    ExternalDue,
    FillsDue,
    KeptDue,
    LookDue,
    QueryDue,
    ReconcileDue,
    RequestDue,
    TimerDue,
    UnknownDue,
)
from .denied_orders import Aftercare
from .external_orders import ExternalOrders
from .fills import Fills
from .history import History
from .history_reading import HistoryReading
from .identities import Identities
from .inputs import Asked
from .list_schedule import ListSchedule
from .open_lists import OpenLists
from .order_facts import News
from .order_life import OrderLife
from .placements import Placements
from .previews import Previews
from .query_schedule import QuerySchedule
from .questions import Questions
from .reconciliation import Reconciling
from .replacements import Changes
from .settling import Settling
from .status_queries import StatusQueries
from .terms import Terms
from .timekeeping import Timekeeping
from .token_refusals import Tokens
from .tracking import FILL_WINDOW, FINISHED_WINDOW
from .unclaimed_fills import UnclaimedFills
from .waits import Watches

__all__ = [
    "DispatchOptions",
    "Knowledge",
    "Parts",
    "assemble",
    "handlers_of_commands",
    "handlers_of_deadlines",
    "handlers_of_facts",
    "handlers_of_requests",
]

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
class Knowledge:
    """The parts that find out and tell where orders stand. Each owns what its own docstring says."""

    desk: Desk
    aftercare: Aftercare
    external: ExternalOrders
    fills: Fills
    identities: Identities
    life: OrderLife
    lists: ListSchedule
    queries: QuerySchedule
    questions: Questions
    reading: HistoryReading
    reconciling: Reconciling
    settling: Settling
    terms: Terms
    unclaimed: UnclaimedFills


@frozen(kw_only=True)
class Parts:
    """The parts that hear and ask. Each owns what its own docstring says."""

    known: Knowledge
    adoption: Adoption
    batches: Batches
    cancel_all: CancelAll
    cancel_timer: CancelTimer
    cancels: Cancels
    changes: Changes
    closing: Closing
    conversation: Conversation
    history: History
    link: Link
    news: News
    open_lists: OpenLists
    placements: Placements
    previews: Previews
    status_queries: StatusQueries
    timekeeping: Timekeeping
    tokens: Tokens
    watches: Watches


def assemble(desk: Desk, options: DispatchOptions) -> Parts:
    """Puts them together, each behind those that it needs."""
    handlers: dict[type, RequestHandler[Any]] = {}
    tokens = Tokens(desk)
    conversation = Conversation(desk, tokens, handlers)
    known = _assemble_knowledge(desk)
    life, queries = known.life, known.queries
    previews = Previews(desk, life)
    placements = Placements(desk, life, queries, previews)
    cancels = Cancels(desk, life, queries, placements)
    changes = _changes(desk, known)
    cancel_all = CancelAll(desk, placements, life, known.external)
    cancel_timer = CancelTimer(desk, options.cancel_all_after)
    timekeeping = Timekeeping(desk, conversation.deny_held)
    legs = {commands.Place: placements.leg, commands.Replace: changes.leg, commands.Cancel: cancels.leg}
    history = _history(desk, known)

    def logged_in(listed_again: bool) -> int:
        timekeeping.logged_in()
        cancel_timer.logged_in()
        cancels.cancel_unknown_orders()
        known.aftercare.logged_in()
        return history.read_now(listed_again)

    parts = Parts(
        known=known,
        adoption=Adoption(desk, life, known.external),
        batches=Batches(desk, conversation, legs),
        cancel_all=cancel_all,
        cancel_timer=cancel_timer,
        cancels=cancels,
        changes=changes,
        closing=Closing(desk, conversation, previews, cancel_timer),
        conversation=conversation,
        history=history,
        link=_link(desk, conversation, known, logged_in),
        news=_news(desk, known, changes),
        open_lists=OpenLists(desk, known.settling, known.lists, (known.identities, known.external), cancel_all),
        placements=placements,
        previews=previews,
        status_queries=StatusQueries(desk, known.settling, queries, (cancels, changes), _whose(known)),
        timekeeping=timekeeping,
        tokens=tokens,
        watches=Watches(desk, options.abandoned),
    )
    handlers.update(handlers_of_requests(parts))  # some of which need the conversation themselves
    return parts


def _whose(known: Knowledge) -> tuple[Identities, ExternalOrders, UnclaimedFills]:
    return known.identities, known.external, known.unclaimed


def _history(desk: Desk, known: Knowledge) -> History:
    told_by = (known.settling, known.questions, known.fills, known.terms)
    return History(desk, known.reading, known.lists, told_by, _whose(known), known.queries)


def _link(desk: Desk, conversation: Conversation, known: Knowledge, on_login: Callable[[bool], int]) -> Link:
    listed_by = (known.settling, known.identities, known.external)
    reset_with_it = (known.queries, known.lists, known.reading, known.unclaimed)
    return Link(desk, conversation, listed_by, reset_with_it, known.reconciling, on_login)


def _changes(desk: Desk, known: Knowledge) -> Changes:
    telling, asking = (known.life, known.fills, known.terms), (known.settling, known.questions, known.queries)
    return Changes(desk, telling, asking)


def _news(desk: Desk, known: Knowledge, changes: Changes) -> News:
    telling, asking = (known.life, known.fills, known.terms), (known.settling, known.questions, known.queries, changes)
    return News(desk, telling, asking, _whose(known))


def _assemble_knowledge(desk: Desk) -> Knowledge:
    questions, lists, reading = Questions(desk), ListSchedule(desk), HistoryReading(desk)
    queries, identities = QuerySchedule(desk, questions), Identities(desk)
    life = OrderLife(desk, questions, reading, lists)
    fills = Fills(desk, questions, reading, life, queries)
    terms = Terms(desk, life, fills, (questions, queries, lists))
    aftercare = Aftercare(desk, queries, lists)
    external = ExternalOrders(desk, reading, identities)
    unclaimed = UnclaimedFills(desk, reading, identities, (life, fills, terms), external)
    return Knowledge(
        desk=desk,
        aftercare=aftercare,
        external=external,
        fills=fills,
        identities=identities,
        life=life,
        lists=lists,
        queries=queries,
        questions=questions,
        reading=reading,
        reconciling=Reconciling(desk, questions, queries, reading, unclaimed),
        settling=Settling(desk, questions, (queries, lists, reading), (life, fills, terms), aftercare),
        terms=terms,
        unclaimed=unclaimed,
    )


def handlers_of_commands(parts: Parts) -> Mapping[type, Callable[[Asked], None]]:
    """Who carries out each kind of command, except those that `Asking` answers itself."""
    return {
        commands.Place: parts.placements.asked,
        commands.Cancel: parts.cancels.asked,
        commands.Replace: parts.changes.asked,
        commands.CancelAll: parts.cancel_all.asked,
        commands.Batch: parts.batches.asked,
        commands.OpenOrders: parts.open_lists.asked,
        commands.Status: parts.status_queries.asked,
        commands.ReadFills: parts.history.asked,
        commands.CancelAllAfter: parts.cancel_timer.asked,
        commands.Watch: parts.watches.watch,
        commands.Disconnect: parts.closing.asked,
        commands.Adopt: parts.adoption.adopt,
        commands.RegisterExternal: parts.adoption.register,
    }


def handlers_of_requests(parts: Parts) -> RequestHandlers:
    """Who knows what follows from whatever becomes of each kind of request."""
    return {
        requests.PlaceOrder: parts.placements,
        requests.CancelOrder: parts.cancels,
        requests.ReplaceOrder: parts.changes,
        requests.CancelAllOrders: parts.cancel_all,
        requests.BatchOrders: parts.batches,
        requests.PreviewPrice: parts.previews,
        requests.QueryOrder: parts.status_queries,
        requests.ListOpenOrders: parts.open_lists,
        requests.ListFills: parts.history,
        requests.ListOrderHistory: parts.history,
        requests.SetCancelTimer: parts.cancel_timer,
        requests.AskTime: parts.timekeeping,
    }


def handlers_of_facts(parts: Parts) -> Handlers:
    """What each kind of fact is for."""
    return {**_facts_of_orders(parts), **_facts_of_requests(parts), **_facts_of_the_session(parts)}


def _facts_of_orders(parts: Parts) -> Handlers:
    news = parts.news

    def acknowledged(fact: facts.OrderAcknowledged) -> None:
        order = parts.known.identities.of(fact.order, live=True)
        if order is not None:
            parts.timekeeping.acknowledged(order, fact)
        news.acknowledged(fact)

    return {
        facts.OrderPending: news.pending,
        facts.OrderAcknowledged: acknowledged if parts.known.desk.rules.dates_acceptance else news.acknowledged,
        facts.OrderTraded: news.traded,
        facts.OrderTriggered: news.triggered,
        facts.OrderTriggerMoved: news.trigger_moved,
        facts.OrderUnclear: news.unclear,
        facts.OrderCanceled: news.canceled,
        facts.OrderExpired: news.expired,
        facts.OrderRejected: news.rejected,
        facts.OrderReplaced: news.replaced,
        facts.OrderRemoved: news.removed,
        facts.CancelRefused: parts.cancels.refusal_told,
        facts.ChangeRefused: parts.changes.refusal_told,
    }


def _facts_of_requests(parts: Parts) -> Handlers:
    """Answers. Those that carry more than that they are one go to whoever asked for it."""
    return {
        facts.RequestAnswered: parts.conversation.answered,
        facts.RequestRefused: parts.conversation.refused,
        facts.VenueTime: parts.timekeeping.told,
        facts.PricePreviewed: parts.previews.told,
        facts.FillsListed: parts.history.fills_listed,
        facts.OrderHistoryListed: parts.history.orders_listed,
        facts.OrderNotListed: parts.status_queries.not_listed,
        facts.TimerSet: parts.cancel_timer.is_set,
        facts.BatchAnswered: parts.batches.told,
    }


def _facts_of_the_session(parts: Parts) -> Handlers:
    link, desk = parts.link, parts.known.desk

    def logged_in(login: facts.LoggedIn) -> None:
        link.logged_in(login)
        parts.cancel_all.logged_in(login.orders)

    def limit_told(fact: facts.LimitTold) -> None:
        desk.throttle.allow(fact.most)

    def notice(fact: facts.Notice | facts.SlowDown | facts.TokenRefused) -> None:
        desk.warn(fact.text)

    def unreadable(fact: facts.Unreadable) -> None:
        desk.warn(f"{fact.why} The message begins: {fact.text}")

    return {
        facts.TokenRenewed: parts.tokens.renewed,
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
    return {
        RequestDue: parts.conversation.request_due,
        CancelDue: parts.conversation.pause_over,
        QueryDue: parts.known.queries.due,
        LookDue: parts.known.aftercare.due,
        ExternalDue: parts.known.external.due,
        ReconcileDue: parts.known.reconciling.due,
        FillsDue: parts.known.fills.due,
        AuditDue: parts.history.due,
        TimerDue: parts.cancel_timer.due,
        UnknownDue: parts.cancels.unknown_due,
        ClockDue: parts.timekeeping.due,
        ClosingDue: _ignore,  # every call of apply looks whether closing can end,
        ComparisonDue: parts.cancel_all.due,
        KeptDue: _ignore,  # and what can be told of the executions that are kept
    }
