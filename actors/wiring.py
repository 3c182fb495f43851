"""Which actor gets which channel ends. The graph of docs/architecture.md, as code.

Every producer gets a clone of its own and ours are closed at the end of `start_session`, so the end of input travels
downstream by itself: callers → command handler → dispatch → outbox → emitter → subscribers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import trio
from attrs import define, evolve, field, frozen

from protocol.client_order_ids import IdMark, new_client_order_id
from protocol.dispatch import DispatchOptions, DispatchState
from protocol.dispatch.inputs import Admission
from protocol.errors import LinkError
from protocol.reconciliation import Reconciliation
from protocol.values import ClientOrderId, Instrument
from protocol.venue import Venue

from .command_handler import Admissions, CommandContext, run_command_handler
from .config import ClientConfig
from .dispatch import DispatchContext, has_given_up, run_dispatch
from .emitter import Progress, ToEmitter, run_emitter
from .instrument_loader import cache_instruments
from .net.http_seam import HttpClient
from .outbox import Attach, Outlets, ToOutbox, run_outbox
from .plumbing.channels import Ask, Batch
from .plumbing.clock import NANOSECONDS, Clock
from .plumbing.nurseries import StartedOnce
from .plumbing.published import Published
from .rest import RestContext, ToRest, run_rest
from .sender import SenderContext, SenderSettings, ToSender, run_sender
from .session import ConnectionMode, SessionContext, SessionSettings, run_session
from .socket_feed import FeedStatistics
from .token import TokenRequest, run_token

if TYPE_CHECKING:
    from .journal.life import JournalLife
    from .journal.opening import SessionMemory
    from .journal.source import JournalSource

__all__ = ["Entrances", "SessionPlan", "Stream", "Views", "dispatch_state", "start_session", "start_stream"]

T = TypeVar("T")

DISPATCH_INBOX: Final = 2
"""Batches; with one being applied, a command never waits behind more than three."""
ASK_INBOX: Final = 64
EMITTER_INBOX: Final = 1024
TOKEN_INBOX: Final = 16
INTERNAL_REQUESTS: Final = 256
"""Requests of dispatch's own (queries, repeated cancels, previews) that may wait beside the admitted ones."""


@frozen(kw_only=True)
class Views:
    """What the actors publish for everybody to read without waiting, each by its one owner: session, command
    handler, socket feed, token actor, dispatch, rest."""

    mode: Published[ConnectionMode]
    instruments: Published[Mapping[str, Instrument]]
    statistics: Published[FeedStatistics]
    token: Published[str | None] = field(repr=False)
    skew: Published[int | None]
    reconciliation: Published[Reconciliation]
    nonce: Published[int]


@frozen
class Entrances:
    """The ends that the client holds: where to ask, and where to subscribe; session: its number in the stream; life:
    around the session, which ends when that is canceled, or at its deadline; source: the journal behind the stream, if
    there is one."""

    asks: trio.MemorySendChannel[Ask]
    emitter: trio.MemorySendChannel[ToEmitter]
    session: int
    life: trio.CancelScope
    source: JournalSource | None


@frozen
class Stream:
    """The ends of the actors that all sessions of a program share: outbox and emitter. The one who starts them closes
    these once every session has its own. source: the journal behind the stream, if there is one."""

    outbox: trio.MemorySendChannel[ToOutbox]
    emitter: trio.MemorySendChannel[ToEmitter]
    source: JournalSource | None

    def close(self) -> None:
        self.outbox.close()
        self.emitter.close()


@frozen(kw_only=True)
class SessionPlan:
    """One session to start. state: of its dispatch, empty or restored; life: of the journal, if there is one; number:
    in the stream; contained: it may fail to begin, which is an event and ends no other session; on_failure: told of a
    failure that comes later."""

    config: ClientConfig
    venue: Venue
    http: HttpClient
    views: Views
    state: DispatchState
    life: JournalLife | None
    number: int
    contained: bool
    on_failure: Callable[[LinkError], None]


class _Channel(Generic[T]):
    """Both ends of a memory channel, until they are given away."""

    def __init__(self, capacity: int) -> None:
        ends: Any = trio.open_memory_channel(capacity)
        self.send: trio.MemorySendChannel[T] = ends[0]
        self.receive: trio.MemoryReceiveChannel[T] = ends[1]


@define
class _Graph:
    """The channels, named after who receives."""

    config: ClientConfig
    room: int = field(init=False)
    command_handler: _Channel[Ask] = field(factory=lambda: _Channel(ASK_INBOX))
    dispatch: _Channel[Batch] = field(factory=lambda: _Channel(DISPATCH_INBOX))
    token: _Channel[TokenRequest] = field(factory=lambda: _Channel(TOKEN_INBOX))
    sender: _Channel[ToSender] = field(init=False)
    rest: _Channel[ToRest] = field(init=False)
    credits: _Channel[Admission] = field(init=False)

    def __attrs_post_init__(self) -> None:
        # Room for every request that can be admitted: nothing upstream ever waits for the socket.
        self.room = self.config.order_credits + self.config.cancel_credits + INTERNAL_REQUESTS
        self.sender, self.rest, self.credits = _Channel(self.room), _Channel(self.room), _Channel(self.room)

    def outlets(self) -> Outlets:
        return Outlets(sender=self.sender.send.clone(), rest=self.rest.send.clone(), credits=self.credits.send.clone())

    def close_ours(self) -> None:
        for channel in (self.dispatch, self.sender, self.rest, self.token, self.credits):
            channel.send.close()


def _make_client_order_ids(mark: IdMark | None) -> Callable[[], ClientOrderId]:
    return lambda: new_client_order_id(os.urandom(16), mark)


def dispatch_state(
    config: ClientConfig, venue: Venue, instruments: Published[Mapping[str, Instrument]], memory: SessionMemory | None
) -> DispatchState:
    """The state machine of one session, empty. memory: what it is given of a journal, if there is one."""
    options = DispatchOptions(
        fill_window=config.fill_window,
        finished_window=config.finished_window,
        cancel_all_after=config.cancel_all_after,
        cancel_unknown=config.cancel_unknown,
        abandoned=has_given_up,
    )
    if memory is not None:
        options = evolve(
            options,
            known=memory.known,
            journaled=True,
            mark=memory.mark,
            earlier_marks=memory.earlier_marks,
            currency_of=partial(_currency_of, instruments),
        )
    return DispatchState(venue, config.trader, config.account, options)


def _currency_of(instruments: Published[Mapping[str, Instrument]], symbol: str) -> str:
    """The quote currency; "" of an instrument that is not cached."""
    found = instruments.value.get(symbol)
    return "" if found is None else found.quote_currency


def start_stream(nursery: trio.Nursery, life: JournalLife | None) -> Stream:
    """Starts what all sessions share. life: of the journal, if there is one."""
    outbox: _Channel[ToOutbox] = _Channel(DISPATCH_INBOX)
    emitter: _Channel[ToEmitter] = _Channel(EMITTER_INBOX)
    source, progress = None, None
    if life is None:
        nursery.start_soon(run_outbox, outbox.receive, emitter.send.clone())
    else:
        from .journal.source import JournalSource  # a program without a journal loads neither
        from .journaled_outbox import run_journaled_outbox

        progress = Progress(sequence=life.store.last_sequence)
        source = JournalSource(
            path=life.path,
            journal_id=life.store.journal_id,
            lives=tuple(life.store.lives),
            open_reader=life.store.reader,
            progress=progress,
            sessions=life.numbers,
        )
        nursery.start_soon(run_journaled_outbox, outbox.receive, emitter.send.clone(), life)
    nursery.start_soon(run_emitter, emitter.receive, progress)
    return Stream(outbox.send, emitter.send, source)


async def start_session(plan: SessionPlan, stream: Stream, nursery: trio.Nursery) -> Entrances:
    """Starts every actor of one session in `nursery`. Returns once it is logged in, or, if it is contained, once it has
    failed. Raises LinkError otherwise."""
    config = plan.config
    graph, clock = _Graph(config), Clock(config.wall_clock)
    stop = trio.CancelScope()
    await stream.outbox.send(Attach(plan.number, graph.outlets(), plan.views.nonce))
    entrances = Entrances(graph.command_handler.send, stream.emitter.clone(), plan.number, stop, stream.source)
    _start_core(graph, plan, stream.outbox.clone(), clock, nursery)
    _start_link(graph, plan, clock, nursery, stop)
    asks = entrances.asks.clone()

    async def prepare() -> None:
        with asks:
            await cache_instruments(plan.venue, plan.http, config, asks, clock)

    context = SessionContext(
        venue=plan.venue,
        connector=config.reach(),
        settings=SessionSettings(
            first_connect=config.first_connect,
            reconnect=config.reconnect,
            login_timeout=config.login_timeout,
            data_deadline=config.data_deadline,
            max_message_size=config.max_message_size,
            websocket=config.websocket,
            ping_period=config.heartbeat,
        ),
        clock=clock,
        draw=config.draw,
        prepare=prepare,
        token=plan.views.token,
        instruments=plan.views.instruments,
        mode=plan.views.mode,
        statistics=plan.views.statistics,
        user_before=plan.state.restored_user,
    )
    ends = (graph.dispatch.send.clone(), graph.sender.send.clone(), graph.token.send.clone())
    graph.close_ours()
    await nursery.start(_run_session, plan, context, *ends, stop)
    return entrances


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def _run_session(plan: SessionPlan, *session: Any, task_status: trio.TaskStatus[None]) -> None:
    """A session whose failure does not end the other actors, which may have something to do about it."""
    status = StartedOnce(task_status)
    try:
        await run_session(*session, task_status=status)
    except LinkError as failure:
        if not (plan.contained or status.is_told):
            raise
        plan.on_failure(failure)
    status.started()


def _start_core(
    graph: _Graph, plan: SessionPlan, to_outbox: trio.MemorySendChannel[ToOutbox], clock: Clock, nursery: trio.Nursery
) -> None:
    """Command handler and dispatch: what never touches the network."""
    config = plan.config
    credits = {Admission.ORDER: config.order_credits, Admission.CANCEL: config.cancel_credits}
    context = CommandContext(
        venue=plan.venue,
        admissions=Admissions(graph.credits.receive, credits),
        view=plan.views.instruments,
        token=graph.token.send.clone(),
        new_client_order_id=_make_client_order_ids(None if plan.life is None else plan.life.mark),
        journal_problem=Published("") if plan.life is None else plan.life.health,
    )
    start = nursery.start_soon
    start(run_command_handler, graph.command_handler.receive, graph.dispatch.send.clone(), context, clock)
    dispatch = DispatchContext(
        state=plan.state,
        clock=clock,
        session=plan.number,
        skew=plan.views.skew,
        reconciliation=plan.views.reconciliation,
    )
    start(run_dispatch, graph.dispatch.receive, to_outbox, dispatch)


def _start_link(
    graph: _Graph, plan: SessionPlan, clock: Clock, nursery: trio.Nursery, stop_session: trio.CancelScope
) -> None:
    """Sender, rest and token: all that touches the network beside the session."""
    config, venue, views = plan.config, plan.venue, plan.views
    settings = SenderSettings(close_timeout=config.close_timeout, rate=config.requests_per_second)
    sender = SenderContext(
        venue=venue,
        settings=settings,
        token=views.token,
        credits=graph.credits.send.clone(),
        to_rest=graph.rest.send.clone(),
        stop_session=stop_session,
        clock=clock,
    )
    rest = RestContext(
        venue=venue,
        http=plan.http,
        token=views.token,
        nonce=views.nonce,
        to_token=graph.token.send.clone(),
        credits=graph.credits.send.clone(),
        clock=clock,
        patience=int(config.budget_patience * NANOSECONDS),
        http_timeout=int(config.http_timeout * NANOSECONDS),
    )
    start = nursery.start_soon
    start(run_token, graph.token.receive, venue, graph.rest.send.clone(), views.token, clock)
    start(run_sender, graph.sender.receive, graph.dispatch.send.clone(), sender)
    start(run_rest, graph.rest.receive, graph.dispatch.send.clone(), rest)
