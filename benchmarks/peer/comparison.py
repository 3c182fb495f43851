"""What one run measured, and how it is judged: ours beside the peer, round by round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median, quantiles
from typing import Final

from attrs import asdict, frozen

__all__ = ["OURS", "PEERS", "Budget", "Comparison", "Round", "compare", "json_lines", "table"]

OURS: Final = "ours"

PEERS: Final[Mapping[str, str]] = {
    "asyncio": "its client, asyncio's own loop",
    "uvloop": "its client, uvloop",
    "node": "its node, uvloop",
}
"""How the peer is run, by the name of its worker. Its client alone makes events and keeps no books of orders; its node
keeps them, as this library does."""

JUDGED: Final = "asyncio"
"""The budgets are of this one; the others are for information."""


@frozen(kw_only=True)
class Round:
    """One round of one side. wall, processor: µs for each typed event, by the clock, and of all threads of the process;
    trips: µs of each order, from the call that submits it until the program has its Accepted; order_processor: µs of
    all threads for one of them."""

    wall: float
    processor: float
    trips: Sequence[float]
    order_processor: float

    @property
    def events_a_second(self) -> float:
        return 1e6 / self.wall


@frozen
class Budget:
    """What ours / peer has to be: at least `bound`, or at most."""

    bound: float
    at_least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} ×"

    def verdict(self, ratio: float) -> str:
        if ratio >= self.bound if self.at_least else ratio <= self.bound:
            return "holds"
        return f"missed by {abs(ratio / self.bound - 1) * 100:.0f} %"


@frozen(kw_only=True)
class Comparison:
    """One row. ours, theirs: median of the rounds; spreads: their smallest and largest round; ratio: ours / theirs, the
    median of the rounds' own ratios, for both sides of a round were measured within seconds; best: the best round of
    ours / the best of theirs, for what else a machine does makes rounds only worse."""

    name: str
    unit: str
    peer: str
    ours: float
    theirs: float
    spread: tuple[float, float]
    their_spread: tuple[float, float]
    ratio: float
    best: float
    budget: Budget | None = None

    @property
    def verdict(self) -> str:
        return "" if self.budget is None else self.budget.verdict(self.ratio)


@frozen
class _Kind:
    """A row's name and unit, what of a round it shows, which of two rounds is the better one, and its budget."""

    name: str
    unit: str
    of: Callable[[Round], float]
    better: Callable[[Iterable[float]], float] = min
    budget: Budget | None = None


def _percentile(percent: int) -> Callable[[Round], float]:
    return lambda measured: quantiles(measured.trips, n=100, method="inclusive")[percent - 1]


_KINDS: Final = (
    _Kind("typed events", "a second", lambda measured: measured.events_a_second, max, Budget(2.2, at_least=True)),
    _Kind("wall time of an event", "µs", lambda measured: measured.wall),
    _Kind("processor time of an event, all threads", "µs", lambda measured: measured.processor),
    _Kind("submit → Accepted, p50", "µs", _percentile(50), budget=Budget(1.2, at_least=False)),
    _Kind("submit → Accepted, p99", "µs", _percentile(99)),
    _Kind("processor time of an order, all threads", "µs", lambda measured: measured.order_processor),
)


def compare(measured: Mapping[str, Sequence[Round]]) -> list[Comparison]:
    """measured: the rounds of `OURS` and of one or more of `PEERS`, as many of each. Raises ValueError where a side has
    fewer rounds than another."""
    return [
        _compared(kind, peer, measured[OURS], measured[peer]) for peer in PEERS if peer in measured for kind in _KINDS
    ]


def _compared(kind: _Kind, peer: str, ours: Iterable[Round], theirs: Iterable[Round]) -> Comparison:
    here, there = [kind.of(measured) for measured in ours], [kind.of(measured) for measured in theirs]
    return Comparison(
        name=kind.name,
        unit=kind.unit,
        peer=peer,
        ours=median(here),
        theirs=median(there),
        spread=(min(here), max(here)),
        their_spread=(min(there), max(there)),
        ratio=median(one / other for one, other in zip(here, there, strict=True)),
        best=kind.better(here) / kind.better(there),
        budget=kind.budget if peer == JUDGED else None,
    )


def table(rows: Iterable[Comparison]) -> list[str]:
    """Lines of Markdown."""
    lines = [
        "| What | Beside | Ours | Peer | Ours / peer | Best rounds | Budget | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        budget = "" if row.budget is None else str(row.budget)
        ours, theirs = _span(row.ours, row.spread), _span(row.theirs, row.their_spread)
        lines.append(
            f"| {row.name}, {row.unit} | {PEERS[row.peer]} | {ours} | {theirs} | {row.ratio:.2f} | {row.best:.2f} "
            f"| {budget} | {row.verdict} |"
        )
    return lines


def _span(value: float, spread: tuple[float, float]) -> str:
    return f"{_figure(value)} ({_figure(spread[0])} … {_figure(spread[1])})"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def json_lines(rows: Iterable[Comparison]) -> list[str]:
    """One object for each row, its budget as the table shows it."""
    return [
        json.dumps(
            asdict(row) | {"budget": None if row.budget is None else str(row.budget), "verdict": row.verdict},
            ensure_ascii=False,
        )
        for row in rows
    ]
