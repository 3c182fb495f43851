"""Where a journal is, and how it is kept."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import trio
from attrs import field, frozen, validators

if TYPE_CHECKING:
    from protocol.journal import Store

__all__ = ["Durability", "Journal"]

Durability = Literal["process", "power"]


def _sqlite(settings: Journal) -> Store:
    from .sqlite_store import open_sqlite_store  # with SQLite itself: a program without a journal loads neither

    return open_sqlite_store(settings)


@frozen(kw_only=True)
class Journal:
    """Settings of a journal: `open_client(config, journal=Journal(path="orders.db"))`. A path alone means the
    defaults."""

    path: Path = field(converter=Path)
    """The file. It is made where it is missing; its directory must be there. Beside it stand `<path>-wal`,
    `<path>-shm` and `<path>.lock`. No other code of this process may open any of them."""
    durability: Durability = field(default="process", validator=validators.in_(("process", "power")))
    """What survives: "process" the end of the process, however it comes; "power" also a loss of power, at the price of
    a sync of the disk before each placement, event and answer."""
    keep_days: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    """At the next start, records that are older are dropped, as far as a snapshot holds what they made; None: none for
    their age. Live orders, names that were used and the ids of fills are kept."""
    keep_records: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    """At the next start, the oldest records are dropped until so many are left, or more where no snapshot holds what
    they made; None: none for their number."""
    open_store: Callable[[Journal], Store] = field(default=_sqlite, repr=False)
    """Opens the place that keeps the records; one SQLite file unless another store is named."""
    run_beside: Callable[..., Awaitable[Any]] = field(default=trio.to_thread.run_sync, repr=False)
    """Runs what may take long: a function and its arguments. A worker thread unless another way is named."""

    @classmethod
    def of(cls, journal: str | os.PathLike[str] | Journal) -> Journal:
        """Settings from what a user may give."""
        return journal if isinstance(journal, Journal) else cls(path=Path(journal))
