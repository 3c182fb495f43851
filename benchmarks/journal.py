"""What a journal costs: messages, orders, commits and restarts, beside the same without one.

The files are in the system's folder for temporary ones. What its disk takes for a sync is measured beside the commits.
"""

from __future__ import annotations

import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from operator import or_
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import msgspec
import trio

import actors.websocket.sans_io as transport
from actors import Journal, open_client, outbox
from actors.journal.opening import JournalUser, OpenedJournal, open_life
from actors.journal.sqlite_store import open_sqlite_store
from actors.plumbing.clock import Clock
from actors.plumbing.published import Published
from actors.wiring import dispatch_state
from protocol.dispatch.record_json import RECORD_TYPES
from protocol.journal import Life, StoredSession, rows_of

from .journal_records import records_of_orders
from .latency import extent, medians, place_and_wait
from .orders import TRACKED, track
from .peers import open_feeder
from .products import PRODUCTS, Product
from .report import Floor, Row, ratio_row, value_row
from .rounds import in_turns
from .whole_graph import lot_of_fills

__all__ = ["rows"]

WITHOUT = "without a journal"
GRAPH_BUDGETS = {64: 1 / 0.6, 8: 1 / 0.45}
"""By how many messages one read of the socket holds at most: 0.6 and 0.45 of the throughput without a journal."""
ONE_COMMIT = 30.0
ORDER = 1.5
A_SYNC = 1.5
BESIDE_A_SYNC = 100.0
"""µs. A commit with a sync may take 1.5 times the disk's own and so much more."""
RESTART = 1.6
RESTART_IN_ALL = 6.0
RECORDS = 1_000_000
HOW_GRAPH = "Timed as the whole graph, with so many messages in one read of the socket at most, each read a commit."
HOW_COMMIT = "One row made of a fill and committed, again and again, with the store alone."
HOW_ORDER = "Timed as submit → Accepted, p50 of a round: an order's two commits are on its way."
HOW_BARE = (
    "The same without a journal, and with a bare commit of SQLite wherever a journal makes one: one prepared row, in a "
    "table without indexes. What a journal costs an order is at least this."
)
HOW_SYNC = (
    "One row committed with a sync of the disk. The floor appends 4 kB to a file and calls fdatasync; two thirds of "
    "100 µs are added to it, so that 1.5 times the floor is 1.5 syncs and 100 µs."
)
HOW_RESTART = (
    "Opening the journal, its checksums and the fold of every record. The floor reads the same rows through the same "
    "library and decodes them with msgspec, page by page."
)


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as path:
        yield Path(path)


# Messages


async def graph_with(journal: Path | None, product: Product, port: int, fills: int) -> float:
    """µs per message of one lot."""
    async with open_client(product.config_for(port, "/fills"), journal=journal) as client:
        await track(client, product, TRACKED)
        spent = await lot_of_fills(client, product, port, fills)
        client.abort()
    return spent


def graph_rows(product: Product, *, quick: bool) -> list[Row]:
    fills, rounds = (5_000, 3) if quick else (20_000, 7)
    found = []
    for most, budget in GRAPH_BUDGETS.items():
        with folder() as path, reads_of(most), open_feeder(product.name, fills, TRACKED) as port:
            numbers = iter(range(1_000))

            def measure(*, kept: bool, path: Path = path, numbers: Iterator[int] = numbers, port: int = port) -> float:
                journal = path / f"{next(numbers)}.db" if kept else None
                return trio.run(graph_with, journal, product, port, fills)

            took = in_turns(rounds, {WITHOUT: partial(measure, kept=False), "with": partial(measure, kept=True)})
        name = f"{product.name}: whole graph with a journal, reads of {most} messages"
        found.append(
            ratio_row(name, "µs/message", took["with"], Floor(WITHOUT, took[WITHOUT]), budget=budget, how=HOW_GRAPH)
        )
    return found


@contextmanager
def reads_of(most: int) -> Iterator[None]:
    """One read of the socket gives so many messages at most."""
    before = vars(transport)["BATCH_LIMIT"]
    vars(transport)["BATCH_LIMIT"] = most
    try:
        yield
    finally:
        vars(transport)["BATCH_LIMIT"] = before


# Orders


@contextmanager
def behind_bare_commits(path: Path) -> Iterator[None]:
    """The outbox of a program without a journal, with a bare commit of one row wherever a journal makes one."""
    connection = apsw.Connection(str(path))
    for pragma in ("journal_mode = wal", "synchronous = normal", "wal_autocheckpoint = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE records (position INTEGER PRIMARY KEY, record TEXT)")
    insert = partial(connection.cursor().execute, "INSERT INTO records (record) VALUES (?)", ("x" * 700,))
    release = vars(outbox)["_Outbox"].release

    async def release_behind(self: Any, item: outbox.Decided) -> None:
        if item.decisions.records:
            insert()
        await release(self, item)

    vars(outbox)["_Outbox"].release = release_behind
    try:
        yield
    finally:
        vars(outbox)["_Outbox"].release = release
        connection.close()


async def orders_with(journal: Path | None, product: Product, port: int, trips: int) -> list[float]:
    """µs of each."""
    async with open_client(product.config_for(port, "/answer"), journal=journal) as client:
        spent = await place_and_wait(client, product, trips)
        client.abort()
    return spent


def order_rows(product: Product, *, quick: bool) -> list[Row]:
    trips, rounds = extent(quick=quick)
    with folder() as path, open_feeder(product.name, 1, 1) as port:
        numbers = iter(range(1_000))

        def measure(journal: Path | None = None) -> list[float]:
            return trio.run(orders_with, journal, product, port, trips)

        def measure_bare() -> list[float]:
            with behind_bare_commits(path / f"{next(numbers)}.db"):
                return measure()

        measures = {
            WITHOUT: measure,
            "bare": measure_bare,
            "with": lambda: measure(path / f"{next(numbers)}.db"),
        }
        took = {name: medians(each) for name, each in in_turns(rounds, measures).items()}
    name, floor = f"{product.name}: submit → Accepted", Floor(WITHOUT, took[WITHOUT])
    return [
        ratio_row(f"{name} with a journal", "µs", took["with"], floor, budget=ORDER, how=HOW_ORDER),
        ratio_row(f"{name} with two bare commits", "µs", took["bare"], floor, how=HOW_BARE),
    ]


# Commits


def commits(path: Path, durability: Any, count: int) -> list[float]:
    """µs of each commit of one row."""
    store = begun(path, durability)
    records = records_of_orders(count)
    spent = []
    for position, record in enumerate(records):
        began = time.perf_counter()
        store.commit(rows_of([record], position, 1, 1, 0))
        spent.append((time.perf_counter() - began) * 1e6)
    store.close()
    return spent


def begun(path: Path, durability: Any = "process") -> Any:
    store = open_sqlite_store(Journal(path=path, durability=durability))
    life = Life(number=1, tag="0" * 16, first_position=1, first_sequence=1, began=0)
    store.begin(life, [StoredSession(number=1, venue="AX", account="bench", host="bench")])
    return store


def syncs(path: Path, count: int) -> list[float]:
    """µs of each sync of the disk, behind 4 kB."""
    spent = []
    page = b"x" * 4096
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for _ in range(count):
            began = time.perf_counter()
            os.write(descriptor, page)
            os.fdatasync(descriptor)
            spent.append((time.perf_counter() - began) * 1e6)
    finally:
        os.close(descriptor)
    return spent


def commit_rows(*, quick: bool) -> list[Row]:
    rounds = 3 if quick else 7
    with folder() as path:
        numbers = iter(range(1_000))

        def names() -> Path:
            return path / f"{next(numbers)}.db"

        one = [median(commits(names(), "process", 2_000)) for _ in range(rounds)]
        measures = {
            "power": lambda: median(commits(names(), "power", 200)),
            "disk": lambda: median(syncs(names(), 200)) + BESIDE_A_SYNC / A_SYNC,
        }
        synced = in_turns(rounds, measures)
    floor = Floor("fdatasync + 67 µs", synced["disk"])
    return [
        value_row("journal: a commit of one row", "µs", one, budget=ONE_COMMIT, how=HOW_COMMIT),
        ratio_row("journal: a commit with a sync", "µs", synced["power"], floor, budget=A_SYNC, how=HOW_SYNC),
    ]


# Restarts


def fill(path: Path, count: int) -> None:
    """A journal with so many records, 64 a commit."""
    store = begun(path)
    rows = rows_of(records_of_orders(count), 0, 1, 1, 0)
    for first in range(0, count, 64):
        store.commit(rows[first : first + 64])
    store.close()


def decoded(path: Path) -> float:
    """Seconds to read and decode every record."""
    gc.collect()
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    decode = msgspec.json.Decoder(reduce(or_, RECORD_TYPES.values())).decode_lines
    began = time.perf_counter()
    after = 0
    with without_collector():
        while True:
            query = "SELECT position, session, record FROM records WHERE position > ? ORDER BY position LIMIT 1000"
            page = list(connection.execute(query, (after,)))
            if not page:
                break
            after = page[-1][0]
            decode("\n".join(record for _, _, record in page).encode())
    spent = time.perf_counter() - began
    connection.close()
    return spent


def reopened(path: Path, times: int = 1) -> list[float]:
    """Seconds for each start with a copy of this journal. The first keeps a snapshot, which the next begin with."""
    product = PRODUCTS["ax"]
    config = product.config_for(1, "/bench")
    venue = config.venue()
    user = JournalUser(
        venue="AX",
        account="bench",
        host="bench",
        make_state=lambda memory: dispatch_state(config, venue, Published({}), memory),
    )
    spent = []
    with folder() as copied:
        shutil.copy(path, copied / "orders.db")
        for _ in range(times):
            gc.collect()
            began = time.perf_counter()
            opened = trio.run(partial(_open, Journal(path=copied / "orders.db"), user))
            spent.append(time.perf_counter() - began)
            opened.life.store.close()
            del opened
    return spent


async def _open(settings: Journal, user: JournalUser) -> OpenedJournal:
    return await open_life(settings, [user], Clock())


@contextmanager
def without_collector() -> Iterator[None]:
    """As the restart itself does it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def restart_rows(*, quick: bool) -> list[Row]:
    count, rounds = (100_000, 1) if quick else (RECORDS, 3)
    scale = RECORDS / count
    with folder() as path:
        journal = path / "orders.db"
        fill(journal, count)
        measures: dict[str, Callable[[], list[float]]] = {
            "floor": lambda: [decoded(journal)],
            "all": lambda: reopened(journal, 2),
        }
        took = in_turns(rounds, measures)
    first, floor = ([each[0] * scale for each in took[name]] for name in ("all", "floor"))
    name = f"journal: a restart with {RECORDS:,} records"
    return [
        ratio_row(name, "s", first, Floor("reading and decoding", floor), budget=RESTART, how=HOW_RESTART),
        value_row(f"{name}, in all", "s", first, budget=RESTART_IN_ALL, how=HOW_RESTART),
        value_row(f"{name} and a snapshot", "s", [each[1] for each in took["all"]], budget=1.0, how=HOW_RESTART),
    ]


def rows(*, quick: bool) -> list[Row]:
    product = PRODUCTS["ax"]
    return [
        *graph_rows(product, quick=quick),
        *order_rows(product, quick=quick),
        *commit_rows(quick=quick),
        *restart_rows(quick=quick),
    ]
