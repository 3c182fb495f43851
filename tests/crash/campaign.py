"""One campaign: a venue, a trading program and a consumer, and rounds in which they are killed and started again."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import trio
from attrs import define, field

from .fast_clock import environment
from .markets import KEY, SECRET
from .trader import FINAL
from .verdict import Tally, judge

__all__ = ["ENDS_WITHIN", "Campaign", "Program", "Programs"]

ROOT: Final = Path(__file__).parent.parent.parent
STARTS_WITHIN: Final = 120.0
"""Seconds, on a machine with much else to do."""
ENDS_WITHIN: Final = 240.0
LONGEST_LIFE: Final = 1.0
"""Seconds that a trading program lives in a round, at most; half of them die much earlier."""
CHANCE_OF_CONSUMER: Final = 0.4
CHANCE_OF_VENUE: Final = 0.2
"""That it is killed in a round, too."""


@define(eq=False)
class Program:
    """A process of this campaign, and what it has printed."""

    name: str
    process: trio.Process
    printed: bytes = b""

    async def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        with trio.fail_after(STARTS_WITHIN if not self.printed else ENDS_WITHIN):
            while b"\n" not in self.printed:
                more = await self.process.stdout.receive_some()
                if not more:
                    raise RuntimeError(f"the {self.name} ended with {await self.process.wait()}")
                self.printed += more
        line, self.printed = self.printed.split(b"\n", 1)
        return line.decode()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def end(self) -> None:
        """In peace."""
        self.process.send_signal(signal.SIGTERM)
        with trio.fail_after(ENDS_WITHIN):
            await self.process.wait()


@define(eq=False)
class Programs:
    """The processes of one folder. Every one that it started has ended when its block is left."""

    venue: str
    folder: Path
    seed: int
    port: int = field(factory=lambda: _free_port(), init=False)
    url: str = field(default="", init=False)
    _environment: dict[str, str] = field(factory=environment, init=False)
    _running: list[Program] = field(factory=list, init=False)

    async def start(self, name: str, *arguments: str) -> Program:
        with (self.folder / f"{name}.log").open("a") as log:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", f"tests.crash.{name}", *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        program = Program(name, process)
        self._running.append(program)
        return program

    async def start_venue(self) -> Program:
        venue = await self.start("venue", self.venue, str(self.port), self.path("ledger"), str(self.seed))
        _, self.url, key, secret = (await venue.line()).split()
        self._environment |= {KEY: key, SECRET: secret}
        return venue

    def path(self, name: str) -> str:
        return str(self.folder / name)

    async def kill(self, program: Program) -> None:
        await program.kill()
        self._running.remove(program)

    async def kill_all(self) -> None:
        with trio.CancelScope(shield=True):
            for program in self._running:
                await program.kill()


@define(eq=False)
class Campaign:
    """venue: a name; seed: decides the rest: how durable the journal is, and whether the consumer is a task of the
    trading program or a process of its own; rounds: how often the trading program is killed."""

    venue: str
    seed: int
    rounds: int
    tally: Tally = field(factory=Tally)
    durability: str = field(init=False)
    is_inside: bool = field(init=False)
    _chance: random.Random = field(init=False)
    _programs: Programs = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(f"{self.venue} {self.seed} crash")
        self.durability = ("process", "power")[self.seed // 2 % 2]
        self.is_inside = self.seed % 2 == 0

    async def run(self) -> Tally:
        """Every process that it started has ended when it returns."""
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            self._programs = Programs(self.venue, Path(folder), self.seed + 1)
            try:
                await self._run()
            finally:
                await self._programs.kill_all()
        return self.tally

    async def _run(self) -> None:
        venue = await self._programs.start_venue()
        consumer: Program | None = None
        for number in range(self.rounds):
            trader = await self._start_trader(
                str(self._chance.random()), waits=not number or self._chance.random() < 0.9
            )
            if consumer is None and not self.is_inside:
                consumer = await self._start_consumer()
            await trio.sleep(self._chance.choice((0.1, LONGEST_LIFE)) * self._chance.random())
            await self._kill(trader)
            if consumer is not None and self._chance.random() < CHANCE_OF_CONSUMER:
                await self._kill(consumer)
                consumer = None
            if self._chance.random() < CHANCE_OF_VENUE and number < self.rounds - 1:
                await self._kill(venue)
                venue = await self._programs.start_venue()
            self.tally.counts["rounds"] += 1
        await self._end(venue, consumer)

    async def _end(self, venue: Program, consumer: Program | None) -> None:
        """Nobody trades any more; a last life settles everything, and the books are compared."""
        venue.process.send_signal(signal.SIGUSR1)
        trader = await self._start_trader(FINAL)
        live = json.loads(await trader.line())
        with trio.fail_after(ENDS_WITHIN):
            await trader.process.wait()
        if not self.is_inside:
            consumer = consumer or await self._start_consumer()
            await consumer.end()
        await venue.end()
        before = len(self.tally.lines)
        judge(self._programs.folder / "own", self._programs.folder / "ledger.books", live, self.tally)
        name = (
            f"{self.venue}, seed {self.seed}, {self.durability}, consumer {'inside' if self.is_inside else 'outside'}"
        )
        self.tally.lines[before:] = [f"{name}: {line}" for line in self.tally.lines[before:]]

    async def _start_consumer(self) -> Program:
        consumer = await self._programs.start("consumer", self._programs.path("journal"), self._programs.path("own"))
        await consumer.line()
        return consumer

    async def _start_trader(self, seed: str, *, waits: bool = True) -> Program:
        """waits: until it is connected."""
        own = [self._programs.path("own")] if self.is_inside else []
        settings = (self._programs.path("journal"), self.durability, seed)
        trader = await self._programs.start("trader", self.venue, self._programs.url, *settings, *own)
        if waits:
            await trader.line()
        else:
            await trio.sleep(self._chance.random())
        return trader

    async def _kill(self, program: Program) -> None:
        await self._programs.kill(program)
        self.tally.counts["kills"] += 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
