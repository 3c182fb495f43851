"""The run's end of the workers: one process for each side, measured in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

from attrs import frozen

from .comparison import OURS, Round

__all__ = ["ROOT", "WORKERS", "Worker", "measure_rounds", "open_workers"]

ROOT: Final = Path(__file__).resolve().parent.parent.parent

WORKERS: Final[Mapping[str, Sequence[str]]] = {
    OURS: ("benchmarks.peer.ours",),
    "asyncio": ("benchmarks.peer.nautilus", "asyncio"),
    "uvloop": ("benchmarks.peer.nautilus", "uvloop"),
    "node": ("benchmarks.peer.node",),
}
"""The module of each side, and its first arguments."""


@frozen
class Worker:
    """versions: what it runs on."""

    name: str
    versions: Mapping[str, str]
    to: IO[str]
    out: IO[str]

    def measure(self) -> Round:
        """One round. Raises EOFError when the worker has ended; what it says of that stands on standard error."""
        self.to.write("\n")
        self.to.flush()
        return Round(**json.loads(_line(self.name, self.out)))


def _line(name: str, out: IO[str]) -> str:
    line = out.readline()
    if not line:
        raise EOFError(f"The worker of {name} has ended.")
    return line


@contextmanager
def open_workers(python: Path, load: Sequence[int]) -> Iterator[list[Worker]]:
    """Starts all sides with the same interpreter, this tree before what is installed there; ends them with the block.
    load: port, fills, orders, trips."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        workers = []
        for name, command in WORKERS.items():
            started = subprocess.Popen(
                [str(python), "-m", *command, *map(str, load)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(started)
            stack.callback(started.terminate)
            assert started.stdin is not None
            assert started.stdout is not None
            versions = json.loads(_line(name, started.stdout))
            workers.append(Worker(name, versions, started.stdin, started.stdout))
        yield workers


def measure_rounds(workers: Sequence[Worker], rounds: int) -> dict[str, list[Round]]:
    """A round that does not count, then `rounds` of each side in turns; another side begins each time."""
    measured: dict[str, list[Round]] = {worker.name: [] for worker in workers}
    for number in range(-1, rounds):
        print(f"round {number + 1} of {rounds} …" if number >= 0 else "warming up …", file=sys.stderr, flush=True)
        first = number % len(workers)
        for worker in [*workers[first:], *workers[:first]]:
            found = worker.measure()
            if number >= 0:
                measured[worker.name].append(found)
    return measured
