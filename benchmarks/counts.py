"""What a message and an order cost in counts that repeat exactly, where times never do.

`python -m benchmarks counts` prints them, see `benchmarks/guard.py`.

Counted is a client at the scripted peer in this process, over streams in memory, at a clock that stands still. A
message is one of a read of 16, an order goes from `submit` to `Accepted` alone.

- calls: Python functions that are entered, coroutines that are resumed included;
- steps: times that Trio runs a task; turns: rounds of its scheduler;
- allocations: instructions of the interpreter that take memory, also where it is given back at once.

The peer and the subscriber's loop are left out. Comprehensions are no calls: from Python 3.12 on they are none.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final

import trio
from attrs import define, evolve, field, frozen
from trio.testing import MockClock, wait_all_tasks_blocked

from actors import Client, EventStream, events, open_client

from .frames import SPEAKERS, frame
from .orders import register
from .products import PRODUCTS, Product
from .scripted import ScriptedConnector

if TYPE_CHECKING:
    from _typeshed import TraceFunction

__all__ = ["KINDS", "UNITS", "Costs", "costs_of"]

UNITS: Final = ("message", "order")
KINDS: Final = ("calls", "steps", "turns", "allocations")
ORDERS: Final = 64
READ: Final = 16
"""Messages that come with one read."""
WARM_UP: Final = 4
"""Rounds that are not counted: caches fill, lists grow."""
ROUNDS: Final = 9
TRACED_ROUNDS: Final = 7
"""To look at the memory at every instruction takes long."""
HERE: Final = str(Path(__file__).parent)
COMPREHENSIONS: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
"""Functions up to Python 3.11 only."""
NOW: Final = 1_790_000_000_000_000_000

Round = Callable[[], Awaitable[None]]


@frozen
class Costs:
    """Of one message or order. counts: by kind; functions: how often each is entered."""

    counts: dict[str, float]
    functions: dict[str, float]


@define
class Calls:
    """For `sys.setprofile`."""

    entered: Counter[CodeType] = field(factory=Counter)

    def __call__(self, running: FrameType, event: str, argument: object) -> None:
        if event == "call":
            self.entered[running.f_code] += 1

    def by_function(self) -> Counter[str]:
        """Without what belongs to the benchmarks."""
        found: Counter[str] = Counter()
        for code, count in self.entered.items():
            if not code.co_filename.startswith(HERE) and code.co_name not in COMPREHENSIONS:
                found[f"{'/'.join(Path(code.co_filename).parts[-2:])}: {code.co_qualname}"] += count
        return found


class Memory:
    """Counts instructions of the interpreter that take memory, for `sys.settrace`, while tracemalloc runs: between one
    look and the next the memory in use rises, even if it falls again at once."""

    def __init__(self) -> None:
        self._held = 0
        self._rises: Counter[int] = Counter()
        self._count = self.count
        self._skip = self.skip

    def __call__(self, running: FrameType, event: str, argument: object) -> TraceFunction:
        running.f_trace_opcodes = True
        running.f_trace_lines = False
        follow = self._skip if running.f_code.co_filename.startswith(HERE) else self._count
        return follow(running, event, argument)

    def count(self, running: FrameType, event: str, argument: object) -> TraceFunction:
        held, peak = tracemalloc.get_traced_memory()
        self._rises[peak - self._held] += 1
        self._held = held
        tracemalloc.reset_peak()
        return self._count

    def allocations(self) -> int:
        """Instructions with a higher rise than the most frequent one: that is what each look takes itself."""
        ((of_looking, _),) = self._rises.most_common(1)
        return sum(number for rise, number in self._rises.items() if rise > of_looking)

    def skip(self, running: FrameType, event: str, argument: object) -> TraceFunction:
        self._held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        return self._skip


class Steps(trio.abc.Instrument):
    """Counts what Trio's scheduler does."""

    def __init__(self) -> None:
        self.steps = 0
        self.turns = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1

    def before_io_wait(self, timeout: float) -> None:
        self.turns += 1


@contextmanager
def undisturbed() -> Iterator[None]:
    """No collection in between, and the tracer of a debugger or of coverage back in its place afterwards."""
    tracer, profiler = sys.gettrace(), sys.getprofile()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.settrace(tracer)
        sys.setprofile(profiler)


async def count_round(round_: Round) -> tuple[dict[str, int], Counter[str]]:
    """Calls, steps and turns of one round, until every task waits again; and calls by function."""
    calls, steps = Calls(), Steps()
    trio.lowlevel.add_instrument(steps)
    sys.setprofile(calls)
    await round_()
    await wait_all_tasks_blocked()
    sys.setprofile(None)
    trio.lowlevel.remove_instrument(steps)
    functions = calls.by_function()
    return {"calls": functions.total(), "steps": steps.steps, "turns": steps.turns}, functions


async def count_allocations(round_: Round) -> int:
    """Of one round."""
    memory = Memory()
    tracemalloc.start()
    sys.settrace(memory)
    memory.skip(sys._getframe(), "", None)
    await round_()
    await wait_all_tasks_blocked()
    sys.settrace(None)
    tracemalloc.stop()
    return memory.allocations()


async def count(round_: Round, units: int) -> Costs:
    """Of one of the units in a round, in the cheapest of some rounds. What the counting itself adds is taken off: that
    of a round in which nothing happens."""

    async def nothing() -> None:
        pass

    with undisturbed():
        for _ in range(WARM_UP):
            await round_()
        full, functions = min([await count_round(round_) for _ in range(ROUNDS)], key=_calls)
        empty, of_counting = min([await count_round(nothing) for _ in range(ROUNDS)], key=_calls)
        taken = min([await count_allocations(round_) for _ in range(TRACED_ROUNDS)])
        taken -= min([await count_allocations(nothing) for _ in range(TRACED_ROUNDS)])
    functions.subtract(of_counting)
    counts = {kind: (number - empty[kind]) / units for kind, number in full.items()} | {"allocations": taken / units}
    return Costs(counts, {name: number / units for name, number in sorted(functions.items()) if number})


def _calls(counted: tuple[dict[str, int], Counter[str]]) -> int:
    """Which of two tasks goes first is drawn, and now and then that saves a step: the least of some rounds repeats."""
    return counted[0]["calls"]


@define
class Story:
    """What happens in a round."""

    product: Product
    client: Client
    stream: EventStream
    connector: ScriptedConnector
    number: int = 0

    async def messages(self) -> None:
        """One read full of fills."""
        fills = READ // self.product.messages
        told = SPEAKERS[self.product.name].fills
        numbers = range(self.number, self.number + fills)
        self.number += fills
        texts = [text for n in numbers for text in told(n % ORDERS, n, 15 * (n // ORDERS + 1))]
        self.connector.websocket.give(b"".join(frame(text) for text in texts))
        async for event in self.stream:
            fills -= type(event) is events.Filled
            if not fills:
                break

    async def order(self) -> None:
        """One order from submit to Accepted."""
        await self.client.submit(self.product.order)
        async for event in self.stream:
            if type(event) is events.Accepted:
                break


async def _costs_of(product: Product, unit: str) -> Costs:
    connector = ScriptedConnector(product.name)
    config = evolve(product.config_for(1, "/answer"), connector=connector, wall_clock=lambda: NOW, draw=lambda: 0.5)
    async with open_client(config) as client:
        await register(client, product, 0, ORDERS)
        with client.events() as stream:
            story = Story(product, client, stream, connector)
            found = await (count(story.messages, READ) if unit == "message" else count(story.order, 1))
        client.abort()
    return found


def costs_of(venue: str, unit: str) -> Costs:
    """unit: "message" or "order"."""
    return trio.run(_costs_of, PRODUCTS[venue], unit, clock=MockClock())
