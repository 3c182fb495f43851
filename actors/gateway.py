"""The block that clients live in: one client, or several side by side with one stream of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING

import trio

from protocol.dispatch import DispatchState
from protocol.errors import LinkError
from protocol.reconciliation import Reconciliation
from protocol.venue import Venue

from .client import Client
from .config import ClientConfig, Token
from .farewell import Actors, open_actors
from .journal.settings import Journal
from .net.connectors import refuse_plaintext
from .plumbing.clock import Clock
from .plumbing.nurseries import open_unwrapped_nursery
from .plumbing.published import Published
from .session import ConnectionMode
from .socket_feed import FeedStatistics
from .subscription import EventStream, Wanted, open_stream
from .wiring import SessionPlan, Stream, Views, dispatch_state, start_session, start_stream

if TYPE_CHECKING:
    from protocol.journal import Cursor

    from .journal.face import OpenJournal
    from .journal.life import JournalLife
    from .journal.opening import OpenedJournal

__all__ = ["Gateway", "open_client", "open_gateway"]

AnyJournal = str | PathLike[str] | Journal | None


class Gateway(Mapping[str, Client]):
    """The clients of a program by name, with one stream of their events. Made by `open_gateway`."""

    def __init__(
        self, clients: Mapping[str, Client], stream: Stream, batches: int, journal: OpenJournal | None
    ) -> None:
        self._clients = clients
        self._stream = stream
        self._batches = batches
        self._journal = journal

    @property
    def journal(self) -> OpenJournal | None:
        """The journal that these clients share; None: there is none."""
        return self._journal

    def __getitem__(self, name: str) -> Client:
        return self._clients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._clients)

    def __len__(self) -> int:
        return len(self._clients)

    def events(self, after: Cursor | str | None = None) -> EventStream:
        """Every client's events from now on, in one order with one sequence of numbers. The first stream opened in a
        gateway, by it or by one of its clients, also holds what came before it. after: as for `Client.events`."""
        return open_stream(self._stream.emitter, self._batches, Wanted(after=after), self._stream.source)


def _views(config: ClientConfig) -> Views:
    token = config.credentials.text if isinstance(config.credentials, Token) else None
    return Views(
        mode=Published(ConnectionMode.CONNECTING),
        instruments=Published({}),
        statistics=Published(FeedStatistics()),
        token=Published(token),
        skew=Published(None),
        reconciliation=Published(Reconciliation()),
        nonce=Published(0),
    )


@asynccontextmanager
@trio.lowlevel.enable_ki_protection  # the block's own code is not meant: Ctrl-C strikes there, or in a wait of ours
async def _open_clients(
    configs: Sequence[ClientConfig], journal: AnyJournal, *, contained: bool
) -> AsyncIterator[tuple[list[Client], Stream, OpenJournal | None]]:
    from .net.http import open_http  # with what the venues speak: it loads when a client is opened

    venues = [config.venue() for config in configs]
    for config, venue in zip(configs, venues, strict=True):
        refuse_plaintext(venue.upgrade("").url, config.allow_plaintext)
        refuse_plaintext(venue.rest_url, config.allow_plaintext)
    views = [_views(config) for config in configs]
    try:
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(_open_journal(journal, configs, venues, views))
            calls = [
                await stack.enter_async_context(open_http(venue.rest_url, config.reach(), timeout=config.http_timeout))
                for config, venue in zip(configs, venues, strict=True)
            ]
            actors = await stack.enter_async_context(open_actors())
            life, states = _restored(opened, configs, venues, views)
            stream = start_stream(actors.nursery, life)
            plans = [
                SessionPlan(
                    config=config,
                    venue=venue,
                    http=http,
                    views=view,
                    state=states[number],
                    life=life,
                    number=number,
                    contained=contained,
                    on_failure=_ignore if contained else actors.end_block,
                )
                for number, (config, venue, http, view) in enumerate(zip(configs, venues, calls, views, strict=True))
            ]
            face = _face(opened)
            clients = await _start(plans, stream, actors, face)
            timeout = max(config.close_timeout for config in configs)
            in_peace = False
            try:
                yield clients, stream, face
                in_peace = True
            finally:
                stream.close()
                farewells = [partial(client.leave, in_peace=in_peace) for client in clients]
                await actors.close(farewells, timeout)
    finally:
        for view in views:
            view.mode.publish(ConnectionMode.CLOSED)


@asynccontextmanager
async def _open_journal(
    journal: AnyJournal, configs: Sequence[ClientConfig], venues: Sequence[Venue], views: Sequence[Views]
) -> AsyncIterator[OpenedJournal | None]:
    """Restores every session from the journal, if there is one, and closes it behind all actors."""
    if journal is None:
        yield None
        return
    # Here, since a program without a journal does not load it.
    from .journal.opening import JournalUser, close_life, host_of, open_life

    settings = Journal.of(journal)
    users = [
        JournalUser(
            venue=venue.rules.venue,
            account=config.account,
            host=host_of(venue.upgrade("").url),
            make_state=partial(dispatch_state, config, venue, view.instruments),
        )
        for config, venue, view in zip(configs, venues, views, strict=True)
    ]
    if len({user.key for user in users}) < len(users):
        raise ValueError("Two clients of one account at one venue cannot share a journal.")
    opened = await open_life(settings, users, Clock(configs[0].wall_clock))
    try:
        yield opened
    finally:
        with trio.CancelScope(shield=True):
            await close_life(opened.life)


def _restored(
    opened: OpenedJournal | None, configs: Sequence[ClientConfig], venues: Sequence[Venue], views: Sequence[Views]
) -> tuple[JournalLife | None, Sequence[DispatchState]]:
    """The state that each session begins with."""
    if opened is None:
        plain = zip(configs, venues, views, strict=True)
        return None, [dispatch_state(config, venue, view.instruments, None) for config, venue, view in plain]
    for view, state in zip(views, opened.states, strict=True):
        view.nonce.publish(state.restored_nonce)
    return opened.life, opened.states


def _face(opened: OpenedJournal | None) -> OpenJournal | None:
    if opened is None:
        return None
    from .journal.face import OpenJournal

    return OpenJournal(opened)


def _ignore(_: LinkError) -> None:
    """Of a gateway: a failure is an event there, and no other session's end."""


async def _start(
    plans: Sequence[SessionPlan], stream: Stream, actors: Actors, journal: OpenJournal | None
) -> list[Client]:
    """All sessions at once; returns when each of them is logged in, or has failed if that is contained."""
    clients: dict[int, Client] = {}

    async def start(plan: SessionPlan) -> None:
        entrances = await start_session(plan, stream, actors.nursery)
        url = plan.venue.upgrade("").url
        clients[plan.number] = Client(plan.config, url, plan.views, entrances, actors.abort, journal)

    async with open_unwrapped_nursery() as starting:
        for plan in plans:
            starting.start_soon(start, plan)
    return [clients[plan.number] for plan in plans]


@asynccontextmanager
async def open_client(config: ClientConfig, *, journal: AnyJournal = None) -> AsyncIterator[Client]:
    """A connected client. Leaving the block closes it, however it is left: at its end, by an error, a cancellation or
    Ctrl-C. Requests in flight get `close_grace`, then `on_close` is carried out, then comes the WebSocket close
    handshake, all within `close_timeout`, which nothing from outside cuts short (Ctrl-C again neither); what has not
    ended by then is dropped. No task outlives the block. The last event is `CloseReport`.

    journal: a file, or the settings of one, in which everything is kept before it is released; the next run with it
    goes on where this one ended, however that was. None: nothing outlives the program.

    Raises ConnectFailed, AuthenticationError, or SessionError when the venue does not confirm a safety option; later,
    out of the block, SessionError or AuthenticationError when the session cannot go on: the block is canceled then,
    and what can still be done without a connection (at Kraken Futures also the cancel of all orders) is done as at any
    other end. What the block itself raises leaves it as it is, behind the closing.

    Raises ValueError, before anything is sent, for a configuration that cannot be meant: a url that is none or would
    send credentials unencrypted, credentials of a kind that the venue does not have (at Kraken also none at all, or a
    secret that is not base64), a tier, tag or time-out out of range. Raises JournalError for a journal that cannot be
    opened, or is another account's; SessionError when the venue's own account is not the one that the journal is of.
    """
    async with _open_clients([config], journal, contained=False) as (clients, _, _):
        yield clients[0]


@asynccontextmanager
async def open_gateway(configs: Mapping[str, ClientConfig], *, journal: AnyJournal = None) -> AsyncIterator[Gateway]:
    """Several clients side by side, by names of your own, with one stream of events. Leaving the block, however that
    happens, closes all of them at once, as `open_client` closes one, within the longest `close_timeout` of them.

    A session that fails, at the beginning or later, is not the others' end: its failure is an event
    (`AuthenticationError`, `SessionError`), its waits raise, and its client is closed. What the block itself raises
    leaves it as it is. Raises ValueError when there is nothing to open, or for a configuration with which `open_client`
    would raise it; no client is opened then.

    journal: as with `open_client`, one for all of them. Accounts in it that are not configured this time keep their
    orders, untouched: `Gateway.journal` lists them.
    """
    if not configs:
        raise ValueError("A gateway needs at least one venue.")
    async with _open_clients(list(configs.values()), journal, contained=True) as (clients, stream, face):
        batches = max(config.subscriber_batches for config in configs.values())
        yield Gateway(dict(zip(configs, clients, strict=True)), stream, batches, face)
