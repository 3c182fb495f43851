"""Runs of one program with one journal: each makes dispatch anew of the records of those before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from protocol import events
from protocol.dispatch import Decisions, DispatchOptions, DispatchState
from protocol.dispatch.lean_records import RecordLines
from protocol.dispatch.record_json import record_from_json, record_to_json
from protocol.values import AccountId, TraderId
from protocol.venue import SECOND, VenueRules

from .order_life import PlainVenue, Rig

__all__ = ["Run", "restored", "state_of"]

AWAY = 30
"""Seconds between two runs."""


class Run(Rig):
    """A rig whose state keeps a journal. journal: of the runs before, in order; the records of this one follow.
    commits: each decision at once; otherwise they wait in `uncommitted`."""

    commits = True

    def __init__(
        self, *, journal: Iterable[Any] = (), snapshot: bytes | None = None, last: Run | None = None, **options: Any
    ) -> None:
        self.journal = list(journal)
        self.options = options
        self.uncommitted: list[Decisions] = []
        super().__init__(logged_in=False, journaled=True, **options)
        if snapshot is not None:
            self.state.restore_snapshot(snapshot)
        for record in self.journal:
            self.state.restore(record_from_json(record_to_json(record)))
        if last is not None:  # another process: its monotonic clock is another one
            self.time = 7 * SECOND
            self.wall = last.wall + last.time + AWAY * SECOND - self.time

    def apply(self, *inputs: Any) -> list[str]:
        names = super().apply(*inputs)
        self.journal += self.last.records
        self.uncommitted.append(self.last)
        if self.commits:
            self.commit()
        return names

    def commit(self) -> None:
        """All that was decided so far."""
        for decided in self.uncommitted:
            decided.is_settled = True
        self.uncommitted.clear()

    def next_run(self, *, until: int | None = None, by_snapshot: bool = False, **options: Any) -> Run:
        """The program is killed and started again. until: how many records were kept, None: all; by_snapshot: it begins
        with a snapshot and not with the records; options: that differ from this run's."""
        known = {**self.options, **options}
        if by_snapshot:
            return Run(snapshot=self.state.snapshot(), last=self, **known)
        return Run(journal=self.journal[:until], last=self, **known)


def first_run(*shown: Any, **options: Any) -> Run:
    """Logged in for the first time."""
    run = Run(**options)
    run.log_in(*shown)
    run.records.clear()
    return run


def lines_of(records: Iterable[Any]) -> RecordLines:
    """As a page of a journal has them."""
    return RecordLines("".join(f"{record_to_json(record)}\n" for record in records).encode())


def restored(records: Iterable[Any], rules: VenueRules | None = None) -> DispatchState:
    """A state made of these records."""
    venue: Any = PlainVenue() if rules is None else PlainVenue(rules)
    state = DispatchState(venue, TraderId("T"), AccountId("A"), DispatchOptions(journaled=True))
    state.restore_lines(lines_of(records))
    return state


def state_of(run: Run) -> bytes:
    """All of it that must survive."""
    return run.state.snapshot()


def fills_in(records: Iterable[Any]) -> list[str]:
    """The executions of our orders, by trade id."""
    return [record.trade_id for record in records if isinstance(record, events.Filled)]
