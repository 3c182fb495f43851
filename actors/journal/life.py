"""One run of a program with its journal: what the outbox works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import define, field

from protocol.client_order_ids import IdMark
from protocol.journal import Store

from ..plumbing.clock import Clock
from ..plumbing.published import Published

__all__ = ["JournalLife"]


@define(eq=False, kw_only=True)
class JournalLife:
    """store: open, begun; path: of the journal, for sentences; number: of this life; mark: of the names that it makes
    up; numbers: of the sessions in the journal, by their number in the stream; is_beside: every commit is made on a
    worker thread; run_beside: how that is done; health: why nothing can be written now, published by the outbox, "" as
    long as it can."""

    store: Store
    path: str
    number: int
    mark: IdMark
    numbers: Mapping[int, int]
    is_beside: bool
    run_beside: Callable[..., Awaitable[Any]]
    clock: Clock
    health: Published[str] = field(factory=lambda: Published(""))
