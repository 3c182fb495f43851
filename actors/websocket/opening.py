"""Opens a WebSocket over the implementation that the configuration names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Literal

import trio

from protocol.venue import Upgrade

from ..net.connectors import Connector
from .seam import MESSAGE_LIMIT, OpeningSocket, Socket, SocketOptions
from .upgrade import UpgradeRequest

__all__ = ["Implementation", "open_socket"]

Implementation = Literal["sans-io", "trio-websocket"]
"""sans-io: the core of the package websockets on a stream of ours; trio-websocket: the package of that name."""


@asynccontextmanager
async def open_socket(
    upgrade: Upgrade,
    connector: Connector,
    *,
    max_message_size: int = MESSAGE_LIMIT,
    statements: Collection[str] = (),
    websocket: Implementation = "sans-io",
) -> AsyncIterator[Socket]:
    """Connects, upgrades and yields the socket; on leaving, drops the connection (`close` first to part politely).

    Owns every task it starts; what the block raises leaves it unwrapped. max_message_size: bytes of one message (with
    trio-websocket the characters of a text); a longer one is a violation; statements: texts that the peer does not
    answer. The caller bounds the time. Raises UpgradeRefused for an HTTP answer, OSError when no connection came about,
    ValueError for an unusable url or header.
    """
    request, implementation = UpgradeRequest.read(upgrade), _implementation(websocket)
    stream = await connector.connect(request.name, request.port, tls=request.tls)
    socket = implementation(stream, request, SocketOptions(max_message_size, statements))
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.run)
            try:
                await socket.wait_open()
                yield socket
            except BaseException as error:
                raised = error
                raise
            finally:
                socket.abort()
    except BaseExceptionGroup as group:
        _, others = group.split(lambda error: error is raised or isinstance(error, trio.Cancelled))
        if others is not None:
            raise  # a bug or an interrupt in our own task: nothing to unwrap
    if raised is not None:
        try:
            raise raised
        finally:
            raised = None  # an exception in its own traceback's frame would wait for the garbage collector


def _implementation(name: Implementation) -> Callable[[trio.abc.Stream, UpgradeRequest, SocketOptions], OpeningSocket]:
    # Imported when it is used, for each takes its time and nobody needs both.
    if name == "trio-websocket":
        from .trio_websocket import TrioWebSocket

        return TrioWebSocket
    from .sans_io import SansIoSocket

    return SansIoSocket
