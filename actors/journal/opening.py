"""Opens a journal for a program: whose it is, where every session stood, and a new life to go on with."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from protocol.client_order_ids import IdMark
from protocol.dispatch import DispatchState
from protocol.dispatch.account_state import AccountState
from protocol.dispatch.lean_records import RecordLines
from protocol.dispatch.records import Opened, Record
from protocol.dispatch.snapshot import put_back, snapshot_of
from protocol.dispatch.tracking import TrackedOrders
from protocol.errors import JournalError
from protocol.journal import Known, Life, Page, Row, Snapshot, Store, StoredSession, StoreFailed, StoreFull, rows_of
from protocol.orders import OrderState

from ..plumbing.clock import Clock
from .life import JournalLife
from .settings import Journal

__all__ = ["JournalUser", "OpenedJournal", "SessionMemory", "close_life", "host_of", "open_life"]

logger = logging.getLogger("trio_orders")

MOST_MARKS: Final = 1_000
"""Lives before this one whose names are known as our own. What could be lost of older ones the venue has forgotten."""
SNAPSHOT_AFTER: Final = 50_000
"""Records behind the last snapshot from which on another one is kept, so that the next start need not read them."""
SNAPSHOT_TO_DROP: Final = 1_000
"""The same where old records are to be dropped, for that is only done before a snapshot."""


@frozen(kw_only=True)
class SessionMemory:
    """What a session's dispatch is given of the journal: the questions to what memory has forgotten, and by what the
    names of this life and of those before it are marked."""

    known: Known
    mark: IdMark
    earlier_marks: tuple[IdMark, ...]


@frozen(kw_only=True)
class JournalUser:
    """A session that wants to go on with the journal. make_state: of its dispatch, empty."""

    venue: str
    account: str
    host: str
    make_state: Callable[[SessionMemory], DispatchState]

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.venue, self.account, self.host)


@frozen(kw_only=True)
class OpenedJournal:
    """states: restored, by the session's number in the stream; others: live orders of sessions that are not
    configured; lives: of this journal, the present one last."""

    life: JournalLife
    states: Sequence[DispatchState]
    others: tuple[OrderState, ...]
    lives: tuple[Life, ...]


def host_of(url: str) -> str:
    """The host that a session trades at, with its port where the url names one."""
    return urlsplit(url).netloc.rpartition("@")[2]


async def open_life(settings: Journal, users: Sequence[JournalUser], clock: Clock) -> OpenedJournal:
    """Reads the journal and begins a new life of it. The caller closes `life.store`.

    Raises JournalError for a file that cannot be opened or trusted, or that is another account's.
    """
    now = clock.now().wall_ns
    opening: Opening = await settings.run_beside(_open, settings, users, now)
    store, states, others, life, numbers = opening
    for warning in store.warnings:
        logger.warning("%s", warning)
    return OpenedJournal(
        life=JournalLife(
            store=store,
            path=str(settings.path),
            number=life.number,
            mark=IdMark(store.journal_id, life.tag),
            numbers=numbers,
            is_beside=settings.durability == "power",
            run_beside=settings.run_beside,
            clock=clock,
        ),
        states=states,
        others=others,
        lives=(*store.lives,),
    )


async def close_life(life: JournalLife) -> None:
    """Closes the store. It looks once more whether its files are still the ones that it wrote."""
    try:
        await life.run_beside(life.store.close)
    except StoreFailed as failed:
        logger.error("%s", failed)


Opening = tuple[Store, list[DispatchState], tuple[OrderState, ...], Life, dict[int, int]]


def _open(settings: Journal, users: Sequence[JournalUser], now: int) -> Opening:
    path, store = str(settings.path), settings.open_store(settings)
    try:
        added = _find_sessions(store.sessions, users, path)
        numbers = {(each.venue, each.account, each.host): each.number for each in (*store.sessions, *added)}
        life = Life(
            number=len(store.lives) + 1,
            tag=os.urandom(8).hex(),
            first_position=store.last_position + 1,
            first_sequence=store.last_sequence + 1,
            began=now,
        )
        mark = IdMark(store.journal_id, life.tag)
        earlier = tuple(IdMark(store.journal_id, each.tag) for each in store.lives[-MOST_MARKS:])
        states = [
            user.make_state(SessionMemory(known=store.known(numbers[user.key]), mark=mark, earlier_marks=earlier))
            for user in users
        ]
        by_number = {numbers[user.key]: state for user, state in zip(users, states, strict=True)}
        drops = settings.keep_days is not None or settings.keep_records is not None
        with _no_collector():
            others, lost = _restore(store, by_number, SNAPSHOT_TO_DROP if drops else SNAPSHOT_AFTER)
        store.begin(life, added)
        _write_again(store, life, lost)
    except (StoreFull, StoreFailed, ValueError) as failed:
        store.close()
        raise JournalError(str(failed), path=path) from None
    except BaseException:
        store.close()
        raise
    in_stream = {number: numbers[user.key] for number, user in enumerate(users)}
    return store, states, others, life, in_stream


def _find_sessions(
    known: Sequence[StoredSession], users: Sequence[JournalUser], path: str
) -> tuple[StoredSession, ...]:
    """The sessions that the journal does not have yet. Raises JournalError for a journal of somebody else."""
    keys = {(each.venue, each.account, each.host) for each in known}
    for user in users:
        elsewhere = [each for each in known if (each.venue, each.account) == user.key[:2] and each.host != user.host]
        if elsewhere and user.key not in keys:
            raise JournalError(
                f"The journal {path} was kept for account {user.account} of {user.venue} at {elsewhere[0].host}, not "
                f"at {user.host}. Orders of one are not known at the other: use a journal of its own for each.",
                path=path,
            )
    if known and not any(user.key in keys for user in users):
        theirs = ", ".join(f"account {each.account} of {each.venue} at {each.host}" for each in known)
        raise JournalError(
            f"The journal {path} is another program's: it was kept for {theirs}. Name another file, or configure one "
            "of these accounts.",
            path=path,
        )
    added: list[StoredSession] = []
    for user in users:
        if user.key in keys:
            continue
        keys.add(user.key)
        number = len(known) + len(added) + 1
        added.append(StoredSession(number=number, venue=user.venue, account=user.account, host=user.host))
    return tuple(added)


class _Left:
    """A session that nobody goes on with: what it was is kept, and nothing more becomes of it."""

    def __init__(self) -> None:
        self.orders = TrackedOrders()
        self._account = AccountState(self.orders.live)
        self.orders.also_fold(self._account.folds)

    @property
    def has_opened(self) -> bool:
        return self._account.opened is not None

    def restore(self, record: Record) -> None:
        self.orders.fold(record)

    def restore_lines(self, lines: RecordLines, places: Iterable[int] | None = None) -> None:
        lines.fold(self.orders.folds, places)

    def restore_snapshot(self, data: bytes) -> None:
        put_back(data, self.orders, self._account)

    def snapshot(self) -> bytes:
        return snapshot_of(self.orders, self._account)


def _restore(
    store: Store, states: Mapping[int, DispatchState], snapshot_after: int
) -> tuple[tuple[OrderState, ...], Mapping[int, Opened]]:
    """Folds what the journal holds, and keeps a snapshot if that was much. Gives the live orders of the sessions that
    nobody goes on with, and the beginnings that the journal does not have, by the number of their session."""
    everyone: dict[int, DispatchState | _Left] = dict(states)
    for session in store.sessions:
        everyone.setdefault(session.number, _Left())
    snapshot, position = store.snapshot(), 0
    if snapshot is not None:
        position = snapshot.position
        for number, data in snapshot.states.items():
            everyone[number].restore_snapshot(data)
    for page in store.records(position):
        lines = RecordLines(page.records)
        numbers = set(page.sessions)
        for number in numbers & everyone.keys():  # what is of no session changes none
            everyone[number].restore_lines(lines, _places(page, number) if len(numbers) > 1 else None)
    lost = {each.number: _beginning(store) for each in store.sessions if not everyone[each.number].has_opened}
    for number, opened in lost.items():
        everyone[number].restore(opened)
    if store.last_position - position >= snapshot_after:
        restored = {number: state.snapshot() for number, state in everyone.items()}
        store.keep_snapshot(Snapshot(position=store.last_position, states=restored))
    left = [state for state in everyone.values() if isinstance(state, _Left)]
    return tuple(order.view() for state in left for order in state.orders.live.values()), lost


def _places(page: Page, number: int) -> list[int]:
    """Those of a session's records."""
    return [place for place, session in enumerate(page.sessions) if session == number]


def _write_again(store: Store, life: Life, lost: Mapping[int, Opened]) -> None:
    """Ahead of every other record of this life: the power may take some of them again, and what is left of a session
    would hide that its beginning is gone."""
    rows: list[Row] = []
    for number, opened in lost.items():
        rows += rows_of([opened], store.last_position + len(rows), life.number, number, life.began)
    if rows:
        store.commit(rows)


def _beginning(store: Store) -> Opened:
    """Of a session whose beginning went with the power, though fills may have been made that are ours to tell.

    With the beginning of a life all that came before is synced. So the session began in the last life of which anything
    is left, or in one right before it of which nothing is.
    """
    first = max((life.first_position for life in store.lives if life.first_position <= store.last_position), default=1)
    began = next(life.began for life in store.lives if life.first_position == first)
    return Opened(at=began, is_measured=False)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Restored orders hold no cycles, and there may be very many: a look for cycles after each few of them costs more
    than their making."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
