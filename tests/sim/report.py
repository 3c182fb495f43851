"""Counts what happened over many seeds, and tells one seed as a script."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from attrs import define, field

from actors import events

from .compare import KINDS, Finding
from .play import Played
from .story import Story

__all__ = ["FLOORS", "Totals", "script", "trace_of"]

FLOORS: Final = (
    "outages",
    "pages refused",
    "late answers",
    "changed by others",
    "names used again",
    "lost frames",
    "restarts of the venue",
    "closed in peace",
    "lives begun again",
    "lives",
    "kills",
    "power losses",
    "torn tails",
    "full disks",
    "failed syncs",
    "slow disks",
)
"""What must happen at least once in so many seeds, at each venue: a tame simulation proves nothing."""
SEEDS_PER_FLOOR: Final = 50


@define
class Totals:
    """Of many stories. found: by venue, kind and reason, the seeds; traces: of each story, see `trace_of`."""

    seeds: int = 0
    by_venue: dict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))
    kinds: Counter[str] = field(factory=Counter)
    found: dict[tuple[str, str, str], list[int]] = field(factory=lambda: defaultdict(list))
    traces: list[bytes] = field(factory=list)

    def add(self, played: Played) -> None:
        self.seeds += 1
        counts = self.by_venue[played.story.venue]
        counts.update(played.happened)
        counts["seeds"] += 1
        findings: list[Finding] = played.findings
        self.kinds.update(finding.kind for finding in findings)
        for kind, reason in sorted({(finding.kind, finding.reason) for finding in findings}):
            self.found[played.story.venue, kind, reason].append(played.story.seed)
        self.traces.append(trace_of(played))

    def add_failed(self, story: Story, problem: Exception) -> None:
        """One that could not be told to its end: the library failed in it, or the stage. The others are told all the
        same."""
        self.seeds += 1
        self.by_venue[story.venue]["seeds"] += 1
        self.kinds["other"] += 1
        self.found[story.venue, "other", f"the story itself failed: {type(problem).__name__}"].append(story.seed)

    def add_up(self, more: Totals) -> None:
        """Those of later seeds."""
        self.seeds += more.seeds
        for venue, counts in more.by_venue.items():
            self.by_venue[venue].update(counts)
        self.kinds.update(more.kinds)
        for key, seeds in more.found.items():
            self.found[key] += seeds
        self.traces += more.traces

    @property
    def trace(self) -> str:
        """Of all stories."""
        return hashlib.sha256(b"".join(self.traces)).hexdigest()

    def too_tame(self) -> list[str]:
        """What happened too rarely, a sentence each."""
        return [
            f"{venue}: {name} {counts[name]} in {counts['seeds']} seeds, fewer than 1 in {SEEDS_PER_FLOOR}"
            for venue, counts in self.by_venue.items()
            for name in FLOORS
            if counts[name] < counts["seeds"] // SEEDS_PER_FLOOR
        ]

    def lines(self) -> Iterator[str]:
        for (venue, kind, reason), seeds in sorted(self.found.items()):
            yield f"{venue}: {kind}: {reason}: {len(seeds)} seeds, such as {', '.join(map(str, seeds[:5]))}"
        for venue, counts in self.by_venue.items():
            yield f"{venue}: " + ", ".join(f"{name} {counts[name]}" for name in ("seeds", *FLOORS))
        yield from self.too_tame()
        whole = sum((counts for counts in self.by_venue.values()), Counter())
        wrong = ", ".join(f"{kind} {self.kinds[kind]}" for kind in KINDS if kind != "other" or self.kinds[kind])
        yield f"seeds {self.seeds}, orders {whole['orders']}, fills {whole['fills']}, {wrong}"

    @property
    def is_clean(self) -> bool:
        return not self.kinds and not self.too_tame()


def script(played: Played) -> Iterator[str]:
    """One story, line by line, by its virtual second."""
    story = played.story
    switches = {name: value for name, value in story.settings.items() if name != "users"}
    yield f"{story.venue}, seed {story.seed}: {', '.join(story.scenes)}"
    yield f"  venue {switches}"
    yield f"  clients {story.options}, {story.slowness}, mishaps {[kind.name for kind in story.faults]}"
    if story.journal is not None:
        yield f"  {story.journal}"
    for at, who, what in played.log:
        yield f"{at:10.3f}  {who:8} {_words(what)}"
    for finding in played.findings:
        yield f"WRONG {finding.kind}: {finding.reason}: {finding.detail}"


SHOWN: Final = (
    "client_order_id",
    "venue_order_id",
    "fill_venue_order_id",
    "trade_id",
    "status",
    "last_quantity",
    "last_price",
    "cumulative",
    "leaves",
    "overfill",
    "quantity",
    "price",
    "known",
    "reported",
    "connection",
    "gaps",
    "settled",
    "reason",
)
"""Of an event, in a script."""


def _words(what: object) -> str:
    if not isinstance(what, events.Event):
        return str(what)
    parts = []
    for name in SHOWN:
        value = getattr(what, name, None)
        if value not in (None, "", 0):
            parts.append(f"{name} {getattr(value, 'name', value)}")
    return f"{type(what).__name__:16} " + ", ".join(parts)


def trace_of(played: Played) -> bytes:
    """Identifies everything that happened in a story, in order: the same seed gives the same, in every process."""
    trace = hashlib.sha256()
    for at, who, what in played.log:
        trace.update(f"{at!r} {who} {what!r}\n".encode())
    for execution in played.books.executions():
        trace.update(f"{execution!r}\n".encode())
    return trace.digest()
