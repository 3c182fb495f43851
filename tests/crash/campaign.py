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
from .trader import FINAL
from .verdict import Tally, judge

__all__ = ["Campaign"]

ROOT: Final = Path(__file__).parent.parent.parent
STARTS_WITHIN: Final = 30.0
ENDS_WITHIN: Final = 90.0
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
    _environment: dict[str, str] = field(factory=environment, init=False)
    _folder: Path = field(init=False)
    _port: int = field(init=False)
    _url: str = field(default="", init=False)
    _programs: list[Program] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(f"{self.venue} {self.seed} crash")
        self.durability = ("process", "power")[self.seed // 2 % 2]
        self.is_inside = self.seed % 2 == 0

    async def run(self) -> Tally:
        """Every process that it started has ended when it returns."""
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            self._folder, self._port = Path(folder), _free_port()
            try:
                await self._run()
            finally:
                with trio.CancelScope(shield=True):
                    for program in self._programs:
                        await program.kill()
        return self.tally

    async def _run(self) -> None:
        venue = await self._start_venue()
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
                venue = await self._start_venue()
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
        judge(self._folder / "own", self._folder / "ledger.books", live, self.tally)
        name = (
            f"{self.venue}, seed {self.seed}, {self.durability}, consumer {'inside' if self.is_inside else 'outside'}"
        )
        self.tally.lines[before:] = [f"{name}: {line}" for line in self.tally.lines[before:]]

    async def _start_consumer(self) -> Program:
        consumer = await self._start("consumer", self._path("journal"), self._path("own"))
        await consumer.line()
        return consumer

    async def _start_venue(self) -> Program:
        venue = await self._start("venue", self.venue, str(self._port), self._path("ledger"), str(self.seed))
        self._url = (await venue.line()).removeprefix("listening ")
        return venue

    async def _start_trader(self, seed: str, *, waits: bool = True) -> Program:
        """waits: until it is connected."""
        own = [self._path("own")] if self.is_inside else []
        trader = await self._start("trader", self.venue, self._url, self._path("journal"), self.durability, seed, *own)
        if waits:
            await trader.line()
        else:
            await trio.sleep(self._chance.random())
        return trader

    def _path(self, name: str) -> str:
        return str(self._folder / name)

    async def _start(self, name: str, *arguments: str) -> Program:
        with (self._folder / f"{name}.log").open("a") as log:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-m", f"tests.crash.{name}", *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        program = Program(name, process)
        self._programs.append(program)
        return program

    async def _kill(self, program: Program) -> None:
        await program.kill()
        self._programs.remove(program)
        self.tally.counts["kills"] += 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
