"""Which actor gets which channel ends. The graph of the README, as code.

Every producer gets a clone of its own and ours are closed at the end of `start_actors`, so the end of input travels
downstream by itself: callers → command handler → dispatch → outbox → emitter → subscribers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import trio
from attrs import define, field, frozen

from protocol.dispatch import Decisions, DispatchState
from protocol.inputs import Admission
from protocol.values import ClientOrderId, Instrument
from protocol.venue import Venue

from .channels import Ask, Batch
from .clock import NANOSECONDS, Clock
from .command_handler import Admissions, CommandDesk, run_command_handler
from .config import ClientConfig
from .dispatch import has_given_up, run_dispatch
from .emitter import ToEmitter, run_emitter
from .http import HttpClient
from .outbox import Outlets, run_outbox
from .published import Published
from .rest import RestDesk, ToRest, run_rest
from .sender import SenderDesk, SenderSettings, ToSender, run_sender
from .session import ConnectionMode, SessionDesk, SessionSettings, run_session
from .socket_feed import FeedStatistics
from .token import TokenRequest, run_token

__all__ = ["Entrances", "Views", "start_actors"]

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
    handler, socket feed, token actor."""

    mode: Published[ConnectionMode]
    instruments: Published[Mapping[str, Instrument]]
    statistics: Published[FeedStatistics]
    token: Published[str | None] = field(repr=False)


@frozen
class Entrances:
    """The ends that the client holds: where to ask, and where to subscribe."""

    asks: trio.MemorySendChannel[Ask]
    emitter: trio.MemorySendChannel[ToEmitter]


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
    outbox: _Channel[Decisions] = field(factory=lambda: _Channel(DISPATCH_INBOX))
    emitter: _Channel[ToEmitter] = field(factory=lambda: _Channel(EMITTER_INBOX))
    token: _Channel[TokenRequest] = field(factory=lambda: _Channel(TOKEN_INBOX))
    sender: _Channel[ToSender] = field(init=False)
    rest: _Channel[ToRest] = field(init=False)
    credits: _Channel[Admission] = field(init=False)

    def __attrs_post_init__(self) -> None:
        # Room for every request that can be admitted: nobody upstream ever waits for the socket.
        self.room = self.config.order_credits + self.config.cancel_credits + INTERNAL_REQUESTS
        self.sender, self.rest, self.credits = _Channel(self.room), _Channel(self.room), _Channel(self.room)

    def close_ours(self) -> None:
        for channel in (self.dispatch, self.sender, self.rest, self.token, self.credits):
            channel.send.close()


def _new_client_order_id() -> ClientOrderId:
    return ClientOrderId(str(uuid.uuid4()))  # a form that crosses every venue's wire whole


async def start_actors(
    config: ClientConfig, venue: Venue, http: HttpClient, views: Views, nursery: trio.Nursery
) -> Entrances:
    """Starts every actor in `nursery` and returns once the session is logged in. Raises LinkError."""
    graph, clock = _Graph(config), Clock(config.wall_clock)
    stop_session = trio.CancelScope()
    _start_core(graph, venue, views, clock, nursery)
    _start_link(graph, venue, http, views, clock, nursery, stop_session)
    session = SessionDesk(
        venue=venue,
        connector=config.reach(),
        settings=SessionSettings(
            first_connect=config.first_connect,
            reconnect=config.reconnect,
            login_timeout=config.login_timeout,
            data_deadline=config.data_deadline,
            max_message_size=config.max_message_size,
            ping_period=config.heartbeat,
        ),
        clock=clock,
        draw=config.draw,
        token=views.token,
        instruments=views.instruments,
        mode=views.mode,
        statistics=views.statistics,
    )
    ends = (graph.dispatch.send.clone(), graph.sender.send.clone(), graph.token.send.clone())
    graph.close_ours()
    await nursery.start(run_session, session, *ends, stop_session)
    return Entrances(graph.command_handler.send, graph.emitter.send)


def _start_core(graph: _Graph, venue: Venue, views: Views, clock: Clock, nursery: trio.Nursery) -> None:
    """Command handler, dispatch, outbox and emitter: all that never touches the network."""
    config = graph.config
    credits = {Admission.ORDER: config.order_credits, Admission.CANCEL: config.cancel_credits}
    desk = CommandDesk(
        venue=venue,
        admissions=Admissions(graph.credits.receive, credits),
        view=views.instruments,
        token=graph.token.send.clone(),
        new_client_order_id=_new_client_order_id,
    )
    state = DispatchState(
        venue,
        config.trader,
        config.account,
        fill_window=config.fill_window,
        finished_window=config.finished_window,
        cancel_all_after=config.cancel_all_after,
        abandoned=has_given_up,
    )
    outlets = Outlets(
        sender=graph.sender.send.clone(),
        rest=graph.rest.send.clone(),
        emitter=graph.emitter.send.clone(),
        credits=graph.credits.send.clone(),
    )
    start = nursery.start_soon
    start(run_command_handler, graph.command_handler.receive, graph.dispatch.send.clone(), desk, clock)
    start(run_dispatch, graph.dispatch.receive, graph.outbox.send, state, clock)
    start(run_outbox, graph.outbox.receive, outlets)
    start(run_emitter, graph.emitter.receive)


def _start_link(
    graph: _Graph,
    venue: Venue,
    http: HttpClient,
    views: Views,
    clock: Clock,
    nursery: trio.Nursery,
    stop_session: trio.CancelScope,
) -> None:
    """Sender, rest and token: all that touches the network beside the session."""
    config = graph.config
    settings = SenderSettings(close_timeout=config.close_timeout, rate=config.requests_per_second)
    sender = SenderDesk(venue, settings, views.token, graph.credits.send.clone(), stop_session, clock)
    rest = RestDesk(
        venue=venue,
        http=http,
        token=views.token,
        to_token=graph.token.send.clone(),
        credits=graph.credits.send.clone(),
        clock=clock,
        patience=int(config.budget_patience * NANOSECONDS),
    )
    start = nursery.start_soon
    start(run_token, graph.token.receive, venue, graph.rest.send.clone(), views.token)
    start(run_sender, graph.sender.receive, graph.dispatch.send.clone(), sender)
    start(run_rest, graph.rest.receive, graph.dispatch.send.clone(), rest)
