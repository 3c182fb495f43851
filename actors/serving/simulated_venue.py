"""A venue of one's own: a simulated exchange that speaks the real venue's wire, for tests, examples and first tries."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final, Unpack

import trio
from attrs import field, frozen

from protocol.simulation.exchange import Exchange, ExchangeInput, Output
from protocol.simulation.faults import FaultKind, FaultSchedule
from protocol.simulation.ledger import Execution
from protocol.values import Instant, Side, exact

from ..config import ClientConfig, Credentials
from ..net.connectors import Connector, MemoryConnector
from ..net.memory_stream import MemoryListener
from ..plumbing.clock import NANOSECONDS, Clock, system_wall_clock
from ..plumbing.nurseries import open_unwrapped_nursery
from ..venues import venue_row
from .config_options import ConfigOptions
from .venue_server import VenueServer, serve_exchange

__all__ = ["SimulatedVenue", "open_simulated_venue"]

LOOPBACK: Final = "127.0.0.1"


@frozen(kw_only=True)
class SimulatedVenue:
    """A running simulated venue. A client needs `url` and `credentials`, and `connector` if it is in memory; `config`
    puts these together.

    url: of the WebSocket; rest_url: root of the REST interface; exchange: the venue's brain: read its ledger freely,
    change it through `act` alone.
    """

    url: str
    rest_url: str
    credentials: Credentials
    connector: Connector | None
    exchange: Any
    wall_clock: Callable[[], int]
    _config: type[ClientConfig] = field(alias="config")
    _server: VenueServer[Any] = field(alias="server")

    def config(self, **options: Unpack[ConfigOptions]) -> ClientConfig:
        """How a client reaches this venue and is let in; options: of that venue's configuration."""
        known: dict[str, Any] = {"url": self.url, "credentials": self.credentials, "connector": self.connector}
        return self._config(**{**known, **options})

    async def act(self, action: Callable[[Any, Instant], Iterable[Output]]) -> None:
        """Runs `action(exchange, now)` between two inputs and sends what it returns. Raises what the action raises."""
        await self._server.act(action)

    async def trade(
        self, symbol: str, side: Side, *, price: Decimal | int | str, quantity: Decimal | int | str, rest: bool = False
    ) -> None:
        """Another trader sends an order. price: quote currency per unit; quantity: contracts or base units. rest: what
        does not trade stays in the book; else it is canceled."""

        def other_trader(exchange: Any, now: Instant) -> Sequence[Output]:
            outputs: Sequence[Output] = exchange.trade_against(
                symbol, side, exact(price), exact(quantity), now, rest=rest
            )
            return outputs

        await self.act(other_trader)

    def fail_next(self, kind: FaultKind, *, of: str | None = None, code: int | None = None, delay: float = 0) -> None:
        """Something goes wrong with the next thing that comes, such as the next placement for `FaultKind.PLACE_ERROR`.
        of: only with one of this name: the method, path or kind that the venue's wire has for it (`add_order`,
        `/derivatives/api/v3/cancelorder`, `p`); code: as in `Fault`, None for the usual one; delay: seconds.

        Raises ValueError for a code that no venue can send."""
        self.exchange.faults.fail_next(kind, of=of, code=code, delay=int(delay * NANOSECONDS))

    async def drop_connections(self) -> None:
        """Cuts every connection without a word; new ones are accepted."""
        self._server.drop_connections()
        await trio.lowlevel.checkpoint()

    def executions(self) -> Sequence[Execution]:
        """What really happened: every execution of the accounts that clients trade on, in order."""
        executions: Sequence[Execution] = self.exchange.ledger.executions_of(self.exchange.client_accounts)
        return executions


@asynccontextmanager
async def open_simulated_venue(
    name: str,
    *,
    seed: int = 0,
    transport: str = "tcp",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    faults: FaultSchedule | None = None,
    wall_clock: Callable[[], int] = system_wall_clock,
    on_input: Callable[[ExchangeInput, Instant], None] | None = None,
    prepare: Callable[[Exchange, Instant], object] | None = None,
    **settings: Any,
) -> AsyncIterator[SimulatedVenue]:
    """A simulated venue that runs until the block is left: REST and WebSocket on one port.

    name: a key of `venues.VENUES`, such as `ax`; seed: equal seeds and inputs give equal outputs, to the byte;
    transport: `tcp` on loopback or `memory`; port: 0 for any free one; tls: a server context to encrypt with; faults:
    what goes wrong, and when; wall_clock: ns since 1970; on_input: called with every input before the venue gets it;
    prepare: called with the venue's brain before it serves; settings: of the brain, by name (see its
    `…ExchangeSettings`).

    Raises ValueError for a name or transport that does not exist, TypeError for a setting that the brain does not have,
    OSError when the port is taken.
    """
    row = venue_row(name)
    simulation = row.simulation()
    exchange: Exchange = simulation.make_exchange(random.Random(seed).random, faults, **settings)
    clock = Clock(wall_clock)
    if prepare is not None:
        prepare(exchange, clock.now())
    listeners, connector, where = await _listen(transport, port, tls)
    http, websocket = ("https", "wss") if tls is not None else ("http", "ws")
    async with open_unwrapped_nursery() as nursery:
        server = await nursery.start(
            lambda task_status: serve_exchange(
                exchange, listeners, clock=clock, on_input=on_input, task_status=task_status
            )
        )
        yield SimulatedVenue(
            url=f"{websocket}://{where}{exchange.websocket_path}",
            rest_url=f"{http}://{where}",
            credentials=simulation.credentials,
            connector=connector,
            exchange=exchange,
            wall_clock=wall_clock,
            config=row.config,
            server=server,
        )
        nursery.cancel_scope.cancel()


async def _listen(
    transport: str, port: int, tls: ssl.SSLContext | None
) -> tuple[Sequence[trio.abc.Listener[Any]], Connector | None, str]:
    if transport == "memory":
        listener = MemoryListener()
        return [listener], MemoryConnector(listener), "localhost"
    if transport != "tcp":
        raise ValueError(f"There is no transport {transport!r}; use tcp or memory.")
    listeners: list[trio.SocketListener] = await trio.open_tcp_listeners(port, host=LOOPBACK)
    where = f"{LOOPBACK}:{listeners[0].socket.getsockname()[1]}"
    if tls is None:
        return listeners, None, where
    return [trio.SSLListener(listener, tls, https_compatible=True) for listener in listeners], None, where
