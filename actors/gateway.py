"""The block that clients live in: one client, or several side by side with one stream of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio

from protocol.errors import LinkError
from protocol.reconciliation import Reconciliation

from .client import Client
from .config import ClientConfig, Token
from .farewell import Actors, open_actors
from .net.connectors import refuse_plaintext
from .plumbing.nurseries import open_unwrapped_nursery
from .plumbing.published import Published
from .session import ConnectionMode
from .socket_feed import FeedStatistics
from .subscription import EventStream, Wanted, open_stream
from .wiring import SessionPlan, Stream, Views, start_session, start_stream

__all__ = ["Gateway", "open_client", "open_gateway"]


class Gateway(Mapping[str, Client]):
    """The clients of a program by name, with one stream of their events. Made by `open_gateway`."""

    def __init__(self, clients: Mapping[str, Client], stream: Stream, batches: int) -> None:
        self._clients = clients
        self._stream = stream
        self._batches = batches

    def __getitem__(self, name: str) -> Client:
        return self._clients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._clients)

    def __len__(self) -> int:
        return len(self._clients)

    def events(self) -> EventStream:
        """Every client's events from now on, in one order with one sequence of numbers. The first stream opened in a
        gateway, by it or by one of its clients, also holds what came before it."""
        return open_stream(self._stream.emitter, self._batches, Wanted())


def _views(config: ClientConfig) -> Views:
    token = config.credentials.text if isinstance(config.credentials, Token) else None
    return Views(
        mode=Published(ConnectionMode.CONNECTING),
        instruments=Published({}),
        statistics=Published(FeedStatistics()),
        token=Published(token),
        skew=Published(None),
        reconciliation=Published(Reconciliation()),
    )


@asynccontextmanager
@trio.lowlevel.enable_ki_protection  # the block's own code is not meant: Ctrl-C strikes there, or in a wait of ours
async def _open_clients(
    configs: Sequence[ClientConfig], *, contained: bool
) -> AsyncIterator[tuple[list[Client], Stream]]:
    from .net.http import open_http  # with what the venues speak: it loads when a client is opened

    venues = [config.venue() for config in configs]
    for config, venue in zip(configs, venues, strict=True):
        refuse_plaintext(venue.upgrade("").url, config.allow_plaintext)
        refuse_plaintext(venue.rest_url, config.allow_plaintext)
    views = [_views(config) for config in configs]
    try:
        async with AsyncExitStack() as stack:
            calls = [
                await stack.enter_async_context(open_http(venue.rest_url, config.reach(), timeout=config.http_timeout))
                for config, venue in zip(configs, venues, strict=True)
            ]
            actors = await stack.enter_async_context(open_actors())
            stream = start_stream(actors.nursery)
            plans = [
                SessionPlan(
                    config=config,
                    venue=venue,
                    http=http,
                    views=view,
                    number=number,
                    contained=contained,
                    on_failure=_ignore if contained else actors.end_block,
                )
                for number, (config, venue, http, view) in enumerate(zip(configs, venues, calls, views, strict=True))
            ]
            clients = await _start(plans, stream, actors)
            timeout = max(config.close_timeout for config in configs)
            in_peace = False
            try:
                yield clients, stream
                in_peace = True
            finally:
                stream.close()
                farewells = [partial(client.leave, in_peace=in_peace) for client in clients]
                await actors.close(farewells, timeout)
    finally:
        for view in views:
            view.mode.publish(ConnectionMode.CLOSED)


def _ignore(_: LinkError) -> None:
    """Of a gateway: a failure is an event there, and no other session's end."""


async def _start(plans: Sequence[SessionPlan], stream: Stream, actors: Actors) -> list[Client]:
    """All sessions at once; returns when each of them is logged in, or has failed if that is contained."""
    clients: dict[int, Client] = {}

    async def start(plan: SessionPlan) -> None:
        entrances = await start_session(plan, stream, actors.nursery)
        url = plan.venue.upgrade("").url
        clients[plan.number] = Client(plan.config, url, plan.views, entrances, actors.abort)

    async with open_unwrapped_nursery() as starting:
        for plan in plans:
            starting.start_soon(start, plan)
    return [clients[plan.number] for plan in plans]


@asynccontextmanager
async def open_client(config: ClientConfig) -> AsyncIterator[Client]:
    """A connected client. Leaving the block closes it, however it is left: at its end, by an error, a cancellation or
    Ctrl-C. Requests in flight get `close_grace`, then `on_close` is carried out, then comes the WebSocket close
    handshake, all within `close_timeout`, which nothing from outside cuts short (Ctrl-C again neither); what has not
    ended by then is dropped. No task outlives the block. The last event is `CloseReport`.

    Raises ConnectFailed, AuthenticationError, or SessionError when the venue does not confirm a safety option; later,
    out of the block, SessionError or AuthenticationError when the session cannot go on: the block is canceled then,
    and what can still be done without a connection (at Kraken Futures also the cancel of all orders) is done as at any
    other end. What the block itself raises leaves it as it is, behind the closing.

    Raises ValueError, before anything is sent, for a configuration that cannot be meant: a url that is none or would
    send credentials unencrypted, credentials of a kind that the venue does not have (at Kraken also none at all, or a
    secret that is not base64), a tier, tag or time-out out of range.
    """
    async with _open_clients([config], contained=False) as (clients, _):
        yield clients[0]


@asynccontextmanager
async def open_gateway(configs: Mapping[str, ClientConfig]) -> AsyncIterator[Gateway]:
    """Several clients side by side, by names of your own, with one stream of events. Leaving the block, however that
    happens, closes all of them at once, as `open_client` closes one, within the longest `close_timeout` of them.

    A session that fails, at the beginning or later, is not the others' end: its failure is an event
    (`AuthenticationError`, `SessionError`), its waits raise, and its client is closed. What the block itself raises
    leaves it as it is. Raises ValueError when there is nothing to open, or for a configuration with which `open_client`
    would raise it; no client is opened then.
    """
    if not configs:
        raise ValueError("A gateway needs at least one venue.")
    async with _open_clients(list(configs.values()), contained=True) as (clients, stream):
        batches = max(config.subscriber_batches for config in configs.values())
        yield Gateway(dict(zip(configs, clients, strict=True)), stream, batches)
