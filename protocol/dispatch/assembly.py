"""The parts of dispatch, put together, and the tables that say which of them a command, a request, a fact or a deadline
is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from .. import commands, facts, requests
from ..client_order_ids import IdMark
from .account_state import AccountState
from .adoption import Adoption
from .batches import Batches
from .cancel_all import CancelAll
from .cancel_all_after import CancelAllAfter
from .cancels import Cancels
from .closing import Closing
from .connection import Connection
from .context import Context
from .conversation import Conversation, RequestHandler, RequestHandlers
from .decisions import (
    CancelAllAfterDue,
    CancelDue,
    ClockDue,
    ClosingDue,
    ComparisonDue,
    ExternalDue,
    FillsDue,
    HistoryDue,
    KeptDue,
    LookDue,
    LookupDue,
    QueryDue,
    ReconcileDue,
    RequestDue,
    UnknownDue,
)
from .denied_orders import DeniedOrders
from .external_orders import ExternalOrders
from .fills import Fills
from .history import History
from .history_reading import HistoryReading
from .identities import Identities
from .inputs import Asked
from .known import NOTHING_KNOWN, Known
from .list_schedule import ListSchedule
from .open_lists import OpenLists
from .order_facts import OrderFacts
from .order_life import OrderLife
from .own_orders import OwnOrders
from .placements import Placements
from .previews import Previews
from .query_schedule import QuerySchedule
from .questions import Questions
from .reconciliation import Reconciler
from .replacements import Replacements
from .restart import Restart, Takers
from .settling import Settling
from .status_queries import StatusQueries
from .terms import Terms
from .timekeeping import Timekeeping
from .token_refusals import TokenRefusals
from .tracking import FILL_WINDOW, FINISHED_WINDOW
from .unclaimed_fills import UnclaimedFills
from .waits import Waits

__all__ = [
    "DispatchOptions",
    "Knowledge",
    "Parts",
    "assemble",
    "handlers_of_commands",
    "handlers_of_deadlines",
    "handlers_of_facts",
    "handlers_of_requests",
    "restart_of",
]

Handlers = Mapping[type, Callable[[Any], None]]


def _never(_: object) -> bool:
    return False


def _no_currency(symbol: str) -> str:
    return ""


def _ignore(_: object) -> None:
    pass


@frozen(kw_only=True)
class DispatchOptions:
    """fill_window: how many fills are remembered; finished_window: how many orders that have ended;
    cancel_all_after: seconds after which the venue cancels everything unless it hears from us again, 0: never;
    cancel_unknown: cancel an order whose answer is lost, in case it lives;
    abandoned: shows whether the caller at a reply address has given up, so that its watch can be dropped;
    journaled: write the notes that only a restart needs; known: what the journal knows beyond our memory;
    mark: of this life of the journal, for the tags of orders; earlier_marks: of the lives before it, by which an order
    is known as our own that the journal does not have; currency_of: the quote currency of a symbol, for such an order.
    """

    fill_window: int = FILL_WINDOW
    finished_window: int = FINISHED_WINDOW
    cancel_all_after: int = 0
    cancel_unknown: bool = False
    abandoned: Callable[[object], bool] = _never
    journaled: bool = False
    known: Known = NOTHING_KNOWN
    mark: IdMark | None = None
    earlier_marks: tuple[IdMark, ...] = ()
    currency_of: Callable[[str], str] = _no_currency


@frozen(kw_only=True)
class Knowledge:
    """The parts that find out and tell where orders stand. Each owns what its own docstring says."""

    # They know each other downwards only: questions and schedules at the bottom, then an order's life, fills and terms,
    # then what settles them.

    context: Context
    denied_orders: DeniedOrders
    external: ExternalOrders
    fills: Fills
    identities: Identities
    life: OrderLife
    lists: ListSchedule
    queries: QuerySchedule
    questions: Questions
    reading: HistoryReading
    reconciler: Reconciler
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
    cancel_all_after: CancelAllAfter
    cancels: Cancels
    replacements: Replacements
    closing: Closing
    conversation: Conversation
    history: History
    connection: Connection
    order_facts: OrderFacts
    open_lists: OpenLists
    placements: Placements
    previews: Previews
    status_queries: StatusQueries
    timekeeping: Timekeeping
    token_refusals: TokenRefusals
    waits: Waits


def assemble(context: Context, options: DispatchOptions) -> Parts:
    """Puts them together, each behind those that it needs."""
    # Bottom up, so that each part is given what it needs. Only the table of handlers is filled in behind, because some
    # handlers need the conversation that reads it.
    handlers: dict[type, RequestHandler[Any]] = {}
    token_refusals = TokenRefusals(context)
    conversation = Conversation(context, token_refusals, handlers)
    known = _assemble_knowledge(context, _own_orders(context, options))
    life, queries = known.life, known.queries
    previews = Previews(context, life)
    placements = Placements(context, life, queries, previews, options.mark)
    cancels = Cancels(context, life, queries, placements)
    replacements = _replacements(context, known)
    cancel_all = CancelAll(context, placements, life, known.external)
    cancel_all_after = CancelAllAfter(context, options.cancel_all_after)
    timekeeping = Timekeeping(context, conversation.deny_held)
    legs = {commands.Place: placements.leg, commands.Replace: replacements.leg, commands.Cancel: cancels.leg}
    history = _history(context, known)

    # The order matters: the switch and the cancels of orders in doubt go out before questions use up the limits.
    def logged_in(listed_again: bool) -> int:
        timekeeping.logged_in()
        cancel_all_after.logged_in()
        cancels.cancel_unknown_orders()
        known.denied_orders.logged_in()
        return history.read_now(listed_again)

    parts = Parts(
        known=known,
        adoption=Adoption(context, life, known.external),
        batches=Batches(context, conversation, legs),
        cancel_all=cancel_all,
        cancel_all_after=cancel_all_after,
        cancels=cancels,
        replacements=replacements,
        closing=Closing(context, conversation, previews, cancel_all_after),
        conversation=conversation,
        history=history,
        connection=_connection(context, conversation, known, logged_in),
        order_facts=_order_facts(context, known, replacements),
        open_lists=OpenLists(context, known.settling, known.lists, (known.identities, known.external), cancel_all),
        placements=placements,
        previews=previews,
        status_queries=StatusQueries(context, known.settling, queries, (cancels, replacements), _whose(known)),
        timekeeping=timekeeping,
        token_refusals=token_refusals,
        waits=Waits(context, options.abandoned),
    )
    handlers.update(handlers_of_requests(parts))  # some of which need the conversation themselves
    return parts


def _whose(known: Knowledge) -> tuple[Identities, ExternalOrders, UnclaimedFills]:
    return known.identities, known.external, known.unclaimed


def _history(context: Context, known: Knowledge) -> History:
    told_by = (known.settling, known.questions, known.fills, known.terms)
    return History(context, known.reading, known.lists, told_by, _whose(known), known.queries)


def _connection(
    context: Context, conversation: Conversation, known: Knowledge, on_login: Callable[[bool], int]
) -> Connection:
    listed_by = (known.settling, known.identities, known.external)
    reset_with_it = (known.queries, known.lists, known.reading, known.unclaimed)
    return Connection(context, conversation, listed_by, reset_with_it, known.reconciler, on_login)


def _replacements(context: Context, known: Knowledge) -> Replacements:
    recording, questioning = (known.life, known.fills, known.terms), (known.settling, known.questions, known.queries)
    return Replacements(context, recording, questioning)


def _order_facts(context: Context, known: Knowledge, replacements: Replacements) -> OrderFacts:
    recording, questioning = (
        (known.life, known.fills, known.terms),
        (known.settling, known.questions, known.queries, replacements),
    )
    return OrderFacts(context, recording, questioning, _whose(known))


def _own_orders(context: Context, options: DispatchOptions) -> OwnOrders | None:
    return OwnOrders(context, options.earlier_marks, options.currency_of) if options.earlier_marks else None


def _assemble_knowledge(context: Context, own: OwnOrders | None) -> Knowledge:
    questions, lists, reading = Questions(context), ListSchedule(context), HistoryReading(context)
    queries, identities = QuerySchedule(context, questions), Identities(context, own)
    life = OrderLife(context, questions, reading, lists)
    fills = Fills(context, questions, reading, life, queries)
    terms = Terms(context, life, fills, (questions, queries, lists))
    denied_orders = DeniedOrders(context, queries, lists)
    external = ExternalOrders(context, reading, identities)
    unclaimed = UnclaimedFills(context, reading, identities, (life, fills, terms), external)
    reading.oldest_waiting = lambda: unclaimed.oldest
    return Knowledge(
        context=context,
        denied_orders=denied_orders,
        external=external,
        fills=fills,
        identities=identities,
        life=life,
        lists=lists,
        queries=queries,
        questions=questions,
        reading=reading,
        reconciler=Reconciler(context, questions, queries, reading, unclaimed),
        settling=Settling(context, questions, (queries, lists, reading), (life, fills, terms), denied_orders),
        terms=terms,
        unclaimed=unclaimed,
    )


def restart_of(parts: Parts, left: AccountState) -> Restart:
    """What a run does first that goes on with a journal. left: by the last run."""
    known = parts.known
    takers = Takers(
        denied_orders=known.denied_orders,
        external=known.external,
        fills=known.fills,
        life=known.life,
        lists=known.lists,
        questions=known.questions,
        reading=known.reading,
        switch=parts.cancel_all_after,
        unclaimed=known.unclaimed,
    )
    return Restart(known.context, takers, left)


def handlers_of_commands(parts: Parts) -> Mapping[type, Callable[[Asked], None]]:
    """Who carries out each kind of command, except those that `CommandTable` answers itself."""
    return {
        # Orders.
        commands.Place: parts.placements.asked,
        commands.Cancel: parts.cancels.asked,
        commands.Replace: parts.replacements.asked,
        commands.CancelAll: parts.cancel_all.asked,
        commands.Batch: parts.batches.asked,
        # Questions to the venue.
        commands.OpenOrders: parts.open_lists.asked,
        commands.Status: parts.status_queries.asked,
        commands.ReadFills: parts.history.asked,
        # The dead man's switch, waits for an order, closing.
        commands.CancelAllAfter: parts.cancel_all_after.asked,
        commands.Watch: parts.waits.watch,
        commands.Disconnect: parts.closing.asked,
        # Orders that were not placed here.
        commands.Adopt: parts.adoption.adopt,
        commands.RegisterExternal: parts.adoption.register,
    }


def handlers_of_requests(parts: Parts) -> RequestHandlers:
    """Who knows what follows from whatever becomes of each kind of request."""
    return {
        # What acts on orders: it must never be sent twice by mistake, and a lost answer leaves something open.
        requests.PlaceOrder: parts.placements,
        requests.CancelOrder: parts.cancels,
        requests.ReplaceOrder: parts.replacements,
        requests.CancelAllOrders: parts.cancel_all,
        requests.BatchOrders: parts.batches,
        requests.PreviewPrice: parts.previews,
        # Questions: to ask again is harmless, so what is lost is simply asked for again.
        requests.QueryOrder: parts.status_queries,
        requests.ListOpenOrders: parts.open_lists,
        requests.ListFills: parts.history,
        requests.ListOrderHistory: parts.history,
        # The session's own business.
        requests.SetCancelAllAfter: parts.cancel_all_after,
        requests.AskTime: parts.timekeeping,
    }


def handlers_of_facts(parts: Parts) -> Handlers:
    """What each kind of fact is for."""
    return {**_facts_of_orders(parts), **_facts_of_requests(parts), **_facts_of_the_session(parts)}


def _facts_of_orders(parts: Parts) -> Handlers:
    order_facts = parts.order_facts

    # At a venue whose answers carry no time, the acceptance of an order is the only clock there is.
    def acknowledged(fact: facts.OrderAcknowledged) -> None:
        order = parts.known.identities.of(fact.order, live=True)
        if order is not None:
            parts.timekeeping.acknowledged(order, fact)
        order_facts.acknowledged(fact)

    return {
        facts.OrderPending: order_facts.pending,
        facts.OrderAcknowledged: acknowledged
        if parts.known.context.rules.dates_acceptance
        else order_facts.acknowledged,
        facts.OrderFilled: order_facts.traded,
        facts.OrderTriggered: order_facts.triggered,
        facts.OrderTriggerMoved: order_facts.trigger_moved,
        facts.OrderUnclear: order_facts.unclear,
        facts.OrderCanceled: order_facts.canceled,
        facts.OrderExpired: order_facts.expired,
        facts.OrderRejected: order_facts.rejected,
        facts.OrderReplaced: order_facts.replaced,
        facts.OrderRemoved: order_facts.removed,
        # Refusals that the feed tells by the order alone; those that answer a request are with the answers.
        facts.CancelRefused: parts.cancels.refusal_told,
        facts.ReplaceRefused: parts.replacements.refusal_told,
    }


def _facts_of_requests(parts: Parts) -> Handlers:
    """Answers. Those that carry more than that they are one go to from any caller."""
    return {
        facts.RequestAnswered: parts.conversation.answered,
        facts.RequestRefused: parts.conversation.refused,
        facts.VenueTime: parts.timekeeping.told,
        facts.PricePreviewed: parts.previews.told,
        facts.FillsListed: parts.history.fills_listed,
        facts.OrderHistoryListed: parts.history.orders_listed,
        facts.OrderNotListed: parts.status_queries.not_listed,
        facts.CancelAllAfterSet: parts.cancel_all_after.is_set,
        facts.BatchAnswered: parts.batches.told,
    }


def _facts_of_the_session(parts: Parts) -> Handlers:
    connection, context = parts.connection, parts.known.context

    def logged_in(login: facts.LoggedIn) -> None:
        connection.logged_in(login)
        parts.cancel_all.logged_in(login.orders)

    # None of these concerns an order, so they need no part of their own.
    def limit_told(fact: facts.LimitTold) -> None:
        context.throttle.allow(fact.most)

    def notice(fact: facts.Notice | facts.SlowDown | facts.TokenRefused) -> None:
        context.warn(fact.text)

    def unreadable(fact: facts.Unreadable) -> None:
        context.warn(f"{fact.why} The message begins: {fact.text}")

    return {
        facts.TokenRenewed: parts.token_refusals.renewed,
        facts.MessagesLost: connection.messages_lost,
        facts.SystemChanged: connection.system_changed,
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
        LookDue: parts.known.denied_orders.due,
        ExternalDue: parts.known.external.due,
        ReconcileDue: parts.known.reconciler.due,
        FillsDue: parts.known.fills.due,
        HistoryDue: parts.history.due,
        CancelAllAfterDue: parts.cancel_all_after.due,
        UnknownDue: parts.cancels.unknown_due,
        ClockDue: parts.timekeeping.due,
        ClosingDue: _ignore,  # every call of apply looks whether closing can end,
        ComparisonDue: parts.cancel_all.due,
        LookupDue: parts.known.unclaimed.due,
        KeptDue: _ignore,  # and what can be reported the executions that are kept
    }
