"""python -m benchmarks turns [--venue NAME]: where the turns of an order and of a message go.

A Trio instrument counts the steps of each task and the turns of the loop: from the call of submit until Accepted is in
a subscriber's hands, and for each message of a flood of fills. Steps and turns repeat from run to run, microseconds
hold the instrument's own cost and those of a busy machine: they show where to look, not how fast something is.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median

import trio
from attrs import define, field, frozen

from actors import events, open_client

from .orders import TRACKED, track
from .peers import call_for_fills, open_feeder
from .products import PRODUCTS, Product
from .report import machine

__all__ = ["TaskCounts", "TurnCounts", "main", "turns_per_message", "turns_per_order"]

WARMING_UP = 20
"""Orders before the first that counts: they fill caches and pay for what is made on first use."""
CALLER = "caller and subscriber"
TASKS: Mapping[str, str] = {
    "run_command_handler": "command handler",
    "run_dispatch": "dispatch",
    "run_outbox": "outbox",
    "run_emitter": "emitter",
    "run_rest": "rest",
    "run_sender": "sender",
    "_Sender.stand_in": "sender's stand-in",
    "_run_session": "socket feed",
    "_Calls._make": "rest: one call",
    "SansIoSocket.run": "WebSocket",
    "WebSocketConnection._reader_task": "reader of trio-websocket",
    "_turns_of_orders": CALLER,
    "_turns_of_messages": CALLER,
}
"""By the function that a task runs: what the table calls it."""


@frozen(kw_only=True)
class TaskCounts:
    """What one task does for one order or message. steps: how often it is run; microseconds: how long that takes."""

    name: str
    steps: float
    microseconds: float


@frozen(kw_only=True)
class TurnCounts:
    """What one order or message costs the scheduler. tasks: those that do anything for it, the longest first; steps: of
    all tasks together; turns: of Trio's loop, each of which asks the kernel for news once; steps_of_each: all tasks'
    steps for each order by itself."""

    tasks: tuple[TaskCounts, ...]
    steps: float
    turns: float
    steps_of_each: tuple[int, ...] = ()

    def steps_of(self, name: str) -> float:
        """0 for a task that takes no part."""
        return next((task.steps for task in self.tasks if task.name == name), 0)


@define
class _Reading:
    """What the instrument has counted so far."""

    steps: Counter[str] = field(factory=Counter)
    spent: Counter[str] = field(factory=Counter)  # ns
    turns: int = 0

    def copy(self) -> _Reading:
        return _Reading(self.steps.copy(), self.spent.copy(), self.turns)

    def since(self, earlier: _Reading) -> _Reading:
        return _Reading(
            self.steps - earlier.steps,
            self.spent - earlier.spent,
            self.turns - earlier.turns,
        )


class _TurnCounter(trio.abc.Instrument):
    """Counts for as long as it is installed."""

    def __init__(self) -> None:
        self.reading = _Reading()
        self._names: dict[str, str] = {}
        self._began = 0

    def install(self) -> None:
        self._began = time.perf_counter_ns()  # in the middle of a step, of which the rest counts
        trio.lowlevel.add_instrument(self)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began = time.perf_counter_ns()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        spent = time.perf_counter_ns() - self._began
        name = self._names.get(task.name) or self._name(task.name)
        self.reading.steps[name] += 1
        self.reading.spent[name] += spent

    def before_io_wait(self, timeout: float) -> None:
        self.reading.turns += 1

    def _name(self, qualified: str) -> str:
        """Trio names a task after its function and the module that it is from."""
        found = [name for function, name in TASKS.items() if qualified.endswith("." + function)]
        name = self._names[qualified] = found[0] if found else qualified
        return name


async def _turns_of_orders(product: Product, port: int, orders: int) -> list[_Reading]:
    """One reading for each order."""
    counter, readings = _TurnCounter(), []
    async with open_client(product.config_for(port, "/answer")) as client:
        with client.events() as stream:
            counter.install()
            for _ in range(WARMING_UP + orders):
                before = counter.reading.copy()
                await client.submit(product.order)
                async for event in stream:
                    if type(event) is events.Accepted:
                        break
                readings.append(counter.reading.since(before))
            trio.lowlevel.remove_instrument(counter)
        client.abort()
    return readings[WARMING_UP:]


async def _turns_of_messages(product: Product, port: int, fills: int) -> _Reading:
    """From the first fill that a subscriber gets to the last."""
    counter = _TurnCounter()
    async with open_client(product.config_for(port, "/fills")) as client:
        await track(client, product, TRACKED)
        with client.events() as stream:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call_for_fills, port, "fills")
                count = 0
                async for event in stream:
                    if type(event) is events.Filled:
                        count += 1
                        if count == 1:
                            counter.install()
                        elif count == fills:
                            break
                trio.lowlevel.remove_instrument(counter)
        client.abort()
    return counter.reading


def turns_per_order(product: Product, port: int, orders: int) -> TurnCounts:
    """Medians over the orders, of whole numbers that hardly ever differ. port: of a feeder of this venue."""
    readings = trio.run(_turns_of_orders, product, port, orders)
    names = sorted({name for reading in readings for name in reading.steps})
    tasks = [
        TaskCounts(
            name=name,
            steps=median(reading.steps[name] for reading in readings),
            microseconds=fmean(reading.spent[name] for reading in readings) / 1000,
        )
        for name in names
    ]
    return TurnCounts(
        tasks=_longest_first(tasks),
        steps=median(reading.steps.total() for reading in readings),
        turns=median(reading.turns for reading in readings),
        steps_of_each=tuple(reading.steps.total() for reading in readings),
    )


def turns_per_message(product: Product, port: int, fills: int) -> TurnCounts:
    """Means over all messages: how many of them one read brings is the kernel's affair. fills: as many as the feeder
    was started with, over TRACKED orders."""
    reading = trio.run(_turns_of_messages, product, port, fills)
    messages = (fills - 1) * product.messages
    tasks = [
        TaskCounts(name=name, steps=steps / messages, microseconds=reading.spent[name] / 1000 / messages)
        for name, steps in reading.steps.items()
    ]
    return TurnCounts(
        tasks=_longest_first(tasks),
        steps=reading.steps.total() / messages,
        turns=reading.turns / messages,
    )


def _longest_first(tasks: Sequence[TaskCounts]) -> tuple[TaskCounts, ...]:
    return tuple(sorted(tasks, key=lambda task: (-task.microseconds, task.name)))


def print_order(name: str, counts: TurnCounts) -> None:
    print(f"\n{name}: from submit to Accepted, for each order\n")
    _print_tasks(counts, "{:g}")
    repeated = Counter(counts.steps_of_each).most_common()
    print("\nSteps of an order: " + ", ".join(f"{steps} in {orders} orders" for steps, orders in repeated) + ".")


def print_message(name: str, counts: TurnCounts) -> None:
    print(f"\n{name}: a flood of fills, for each message\n")
    _print_tasks(counts, "{:.3f}")


def _print_tasks(counts: TurnCounts, number: str) -> None:
    print("| Task | Steps | µs, the instrument's own cost included |")
    print("|---|---|---|")
    for task in counts.tasks:
        if task.steps or task.microseconds >= 0.05:
            print(f"| {task.name} | {number.format(task.steps)} | {task.microseconds:.1f} |")
    spent = sum(task.microseconds for task in counts.tasks)
    print(f"| all | {number.format(counts.steps)} | {spent:.1f} |")
    print(f"| turns of the loop | {number.format(counts.turns)} | |")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks turns", description=__doc__)
    parser.add_argument("--venue", choices=sorted(PRODUCTS), help="this one alone")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--fills", type=int, default=10_000)
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # dropped connections are part of the measurement
    print(machine())
    for product in PRODUCTS.values():
        if options.venue in (None, product.name):
            with open_feeder(product.name, options.fills, TRACKED) as port:
                print_order(product.name, turns_per_order(product, port, options.orders))
                print_message(product.name, turns_per_message(product, port, options.fills))
