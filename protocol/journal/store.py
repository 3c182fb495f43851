"""What a place that keeps a journal must be able to do: the seam between the outbox and a store.

There is one writer. It appends whole commits behind the position that it knows to be the last one, so that a store on a
server can refuse a writer that another one has replaced. Nothing here waits: a store is called on the loop's own thread
or on a worker thread, by one task at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from attrs import frozen

from .rows import Page, Row

__all__ = ["Known", "Life", "Snapshot", "Store", "StoreFailed", "StoreFull", "StoreReader", "StoredSession"]


class StoreFull(Exception):
    """There is no room. Nothing of the commit was kept, and the same one may be tried again."""


class StoreFailed(Exception):
    """Writing failed in a way after which nothing more is written here. What was committed before stays."""


@frozen(kw_only=True)
class Life:
    """One run of a program with this journal."""

    number: int
    """From 1."""
    tag: str
    """Random, 16 hexadecimal digits: no other life of any journal has it."""
    first_position: int
    """Of the first record that it may write."""
    first_sequence: int
    """Of the first event that it may write."""
    began: int
    """ns since 1970 by our clock."""


@frozen(kw_only=True)
class StoredSession:
    """An account at a venue of which the journal has records."""

    number: int
    """In this journal, from 1."""
    venue: str
    account: str
    host: str


@frozen(kw_only=True)
class Snapshot:
    """Where every session stood behind one position, so that a restart need not read what lies before."""

    position: int
    states: dict[int, bytes]
    """By the session's number; see `dispatch.snapshot`."""


class Known(Protocol):
    """What the journal knows of one session, for what memory has forgotten. Each costs a look into an index."""

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        """Of a fill that was published: whether its fee is known. None: it was never published."""
        ...

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        """Of an execution that was never published as a fill: whether the count of an adopted order has it already."""
        ...

    def is_used(self, client_order_id: str) -> bool:
        """Whether an order of the session ever had this name."""
        ...

    def is_lost(self, client_order_id: str) -> bool:
        """Whether nothing more than this name is known of that order, because a damage took its records."""
        ...

    @property
    def has_lost(self) -> bool:
        """Whether there are such names."""
        ...


class StoreReader(Protocol):
    """Reads what is committed, on a connection of its own, and holds nothing longer than for one page."""

    @property
    def journal_id(self) -> str:
        """16 hexadecimal digits, from the journal's first day on."""
        ...

    def lives(self) -> Sequence[Life]:
        """All of them, the oldest first."""
        ...

    def bounds(self) -> tuple[int, int]:
        """The numbers of the oldest event that is kept and of the newest one; (n + 1, n) where none is kept."""
        ...

    def events(
        self, after: int, most: int, *, session: int | None = None, client_order_id: str | None = None
    ) -> Sequence[Row]:
        """The next rows of events behind this number, at most so many; session None: of all."""
        ...

    def close(self) -> None: ...


class Store(Protocol):
    """One writer's hold on a journal. Made by a `Journal` setting's `open_store`; whoever opened it closes it."""

    @property
    def journal_id(self) -> str: ...

    @property
    def last_position(self) -> int:
        """Of the last record committed; 0: there is none."""
        ...

    @property
    def last_sequence(self) -> int:
        """Of the last event committed; 0: there is none."""
        ...

    @property
    def lives(self) -> Sequence[Life]: ...

    @property
    def sessions(self) -> Sequence[StoredSession]: ...

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences for the log about what was found when it was opened: a tail that was cut, damage, an upgrade."""
        ...

    def begin(self, life: Life, sessions: Iterable[StoredSession]) -> None:
        """Commits a new life, and sessions that are new, with a sync: nothing of this life is published before. Raises
        StoreFull, StoreFailed."""
        ...

    def commit(self, rows: Sequence[Row]) -> None:
        """Appends rows, all or none; the first one follows `last_position`. When it returns they survive what the
        store's durability promises. Raises StoreFull, or StoreFailed, after which every call fails."""
        ...

    def snapshot(self) -> Snapshot | None:
        """The newest one that was kept."""
        ...

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Raises StoreFull, StoreFailed."""
        ...

    def pages(self, after: int) -> Iterator[Sequence[Row]]:
        """Every row behind a position, page by page, checked against the journal's checksums."""
        ...

    def records(self, after: int) -> Iterator[Page]:
        """The same for folding: sessions and records alone. Both raise StoreFailed where rows are damaged."""
        ...

    def known(self, session: int) -> Known: ...

    def reader(self) -> StoreReader:
        """A new one. Whoever asks for it closes it."""
        ...

    @property
    def needs_tending(self) -> bool:
        """False where `tend` has nothing to do."""
        ...

    def tend(self) -> float:
        """What must be done about once a second, on a worker thread, beside `commit`: checkpoints, a look whether the
        file is still the one that is written. Returns the seconds after which it wants to be called again. `warnings`
        may have grown. Raises StoreFailed."""
        ...

    def backup(self, path: str) -> None:
        """A copy of what is committed, a complete journal of its own; on a worker thread. Raises FileExistsError,
        OSError."""
        ...

    def verify(self) -> None:
        """Reads everything and compares it with its checksums; on a worker thread. Raises StoreFailed with a sentence
        that says what is damaged."""
        ...

    def close(self) -> None:
        """Ends the hold; safe to call twice. Raises StoreFailed, when all is closed, where the file turns out not to be
        the one that was written."""
        ...
