"""The venue of a campaign: a process of its own, with a crowd that trades, and a ledger that survives its end.

    python -m tests.crash.venue VENUE PORT LEDGER SEED

With the seed 0 nobody trades by himself. SIGUSR1 ends the trading, SIGUSR2 has somebody trade with every open order;
SIGTERM has it write its books to `LEDGER.books`, and ends it.
"""

from __future__ import annotations

import json
import random
import signal
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TextIO

import trio
from attrs import define, field

from actors import SimulatedVenue, open_simulated_venue
from protocol.simulation import input_log
from protocol.simulation.exchange import Output
from protocol.simulation.input_log import encode_input
from protocol.values import Instant, Side

from ..sim.books import Books, View
from ..sim.venues import VENUES, VenueSide
from .fast_clock import fast_clock, wall_clock

SETTINGS: Final[dict[str, dict[str, Any]]] = {"kraken-spot": {"rate_limit": False}}
SIGNALS: Final = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)
PAUSE: Final = 0.2
"""Seconds between two trades of the crowd, on average."""


@define(eq=False)
class Ledger:
    """Each input as a line before the venue gets it, the crowd's trades among them."""

    _file: TextIO
    _side: VenueSide
    books: Books = field(init=False)
    exchange: Any = field(init=False)

    def __call__(self, item: Any, now: Instant) -> None:
        self.books.note(now.wall_ns)
        line = encode_input(self.exchange, item, now)
        if line is not None:
            self.write(line)

    def write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()

    def restore(self, exchange: Any, now: Instant) -> None:
        """Goes on behind what the file holds; a line that a kill cut off was never acted on."""
        self.exchange = exchange
        self.books = Books(exchange.engine, exchange.ledger, self._side.look, self._side.account)
        self._file.seek(0)
        lines = self._file.readlines()
        if lines and not lines[-1].endswith("\n"):
            lines.pop()
            self._file.write("\n")
        for line in lines:
            self._take(line, now)
        exchange.restarted(now)
        self.books.note(now.wall_ns)

    def _take(self, line: str, now: Instant) -> None:
        try:
            row = json.loads(line)
        except ValueError:
            return  # the end that was cut off by an earlier kill
        at = Instant(now.monotonic_ns + row["time"] - now.wall_ns, row["time"])
        self.books.note(at.wall_ns)
        if row["kind"] == "traded":
            self.trade(row, at)
        else:
            input_log._feed(self.exchange, row["kind"], row, at)

    def trade(self, row: dict[str, Any], at: Instant) -> Iterable[Output]:
        outputs: Iterable[Output] = self.exchange.trade_against(
            self._side.market.symbol, Side[row["side"]], Decimal(row["price"]), Decimal(row["quantity"]), at
        )
        return outputs


@define(eq=False)
class Crowd:
    """Trades with the open orders of the account, at random."""

    _venue: SimulatedVenue
    _ledger: Ledger
    _side: VenueSide
    _chance: random.Random
    scope: trio.CancelScope = field(factory=trio.CancelScope)

    async def trade(self) -> None:
        with self.scope:
            while True:
                await trio.sleep(self._chance.random() * 2 * PAUSE)
                await self._venue.act(self._trade_once)

    def _trade_once(self, _: Any, now: Instant) -> Iterable[Output]:
        books = self._ledger.books
        books.note(now.wall_ns)
        there = self._open_orders()
        return self._trade_with(self._chance.choice(there), now) if there else ()

    def _open_orders(self) -> list[View]:
        books = self._ledger.books
        views = [books.view(placed) for placed in books.orders if placed.ended is None]
        return [view for view in views if view.end is None and view.price is not None]

    def trade_with_all(self, _: Any, now: Instant) -> Iterable[Output]:
        self._ledger.books.note(now.wall_ns)
        outputs: list[Output] = []
        # The best price first: a trade at a worse one meets the better orders before, and may leave nothing of them.
        for view in sorted(self._open_orders(), key=_best_first):
            outputs += self._trade_with(view, now)
        return outputs

    def _trade_with(self, view: View, now: Instant) -> Iterable[Output]:
        unit = self._side.market.unit
        units = (view.quantity - view.filled) * self._chance.choice((5, 30, 60, 100)) / 100 // unit
        row = {
            "time": now.wall_ns,
            "kind": "traded",
            "side": view.side.opposite.name,
            "price": str(view.price),
            "quantity": str(max(units, Decimal(1)) * unit),
        }
        self._ledger.write(json.dumps(row))
        outputs = self._ledger.trade(row, now)
        self._ledger.books.note(now.wall_ns)
        return outputs


def _best_first(view: View) -> Decimal:
    assert view.price is not None  # else it is no open order of `Crowd`
    return -view.price if view.side is Side.BUY else view.price


def write_books(books: Books, path: Path) -> None:
    orders = [
        {"ids": placed.ids, "wire_id": str(view.wire_id), "end": view.end, "filled": str(books.filled(placed))}
        for placed in books.orders
        for view in (books.view(placed),)
    ]
    fills = [
        [execution.venue_order_id, execution.trade_id, str(execution.quantity), str(execution.price)]
        for execution in books.executions()
    ]
    path.write_text(json.dumps({"orders": orders, "fills": fills}))


async def serve(name: str, port: int, path: Path, seed: int) -> None:
    side = VENUES[name]
    settings = {"users": side.users, "quotes": False, "strict": True, **SETTINGS.get(name, {})}
    with path.open("a+", encoding="utf-8") as file, trio.open_signal_receiver(*SIGNALS) as told:
        ledger = Ledger(file, side)
        async with (
            trio.open_nursery() as nursery,
            open_simulated_venue(
                name,
                seed=seed,
                port=port,
                wall_clock=wall_clock,
                on_input=ledger,
                prepare=ledger.restore,
                **settings,
            ) as venue,
        ):
            print("listening", venue.url, side.keys[0].key, side.keys[0].secret, flush=True)
            crowd = Crowd(venue, ledger, side, random.Random(wall_clock()))
            if seed:
                nursery.start_soon(crowd.trade)
            async for number in told:
                if number == signal.SIGUSR2:
                    await venue.act(crowd.trade_with_all)
                    print("traded", flush=True)
                    continue
                crowd.scope.cancel()
                if number == signal.SIGTERM:
                    break
            write_books(ledger.books, path.with_suffix(".books"))
            nursery.cancel_scope.cancel()


def main() -> None:
    name, port, path, seed = sys.argv[1:]
    trio.run(serve, name, int(port), Path(path), int(seed), clock=fast_clock())


if __name__ == "__main__":
    main()
