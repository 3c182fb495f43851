"""The tables of a journal, and what people ask of them.

`records` has one row a record. `chain`, on the last row of each commit, holds two checksums that run over everything
from the journal's first day: crc32 of the records' texts in its low half, of the other columns in its high half.
Nothing else is indexed than what must be found by its name: a fill by its trade id, an order by its client order id. An
event's number is found by halving, since numbers and positions grow together.
"""

from __future__ import annotations

from functools import cache
from typing import Final

__all__ = [
    "APPLICATION_ID",
    "COUNTED_ONLY",
    "FILLS_OF_TODAY",
    "INSERT",
    "MOST_AT_ONCE",
    "SCHEMA",
    "SCHEMA_VERSION",
    "insert_of",
]

APPLICATION_ID: Final = 0x74726F6A
"""In the file's header: "troj"."""
SCHEMA_VERSION: Final = 2
"""1: no released version wrote it, so it is not brought up to date. Its second checksum ran over other bytes."""
COUNTED_ONLY: Final = -1
"""Stands as `fee_known` of a dropped execution that was never published, because an adopted order counts it already. An
earlier version takes it for a fill whose fee is known, and tells nothing of it, either."""

_COLUMNS: Final = (
    "position, sequence, life, session, kind, client_order_id, venue_order_id, trade_id, time, record, chain"
)
INSERT: Final = f"INSERT INTO records ({_COLUMNS}) VALUES "
MOST_AT_ONCE: Final = 256
"""Rows that one statement takes; more are a transaction of several."""

_FEE: Final = """coalesce(json_extract(f.record, '$.commission.{0}'), (
        SELECT json_extract(r.record, '$.commission.{0}') FROM records r
        WHERE r.trade_id = f.trade_id AND r.kind = 'FeeReported'
          AND r.session = f.session AND r.venue_order_id = f.venue_order_id))"""

_EITHER: Final = "coalesce(json_extract(f.record, '$.identity.{0}'), json_extract(f.record, '$.{0}'))"

SCHEMA: Final = (
    """CREATE TABLE journal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    cut_position INTEGER NOT NULL DEFAULT 0,
    cut_sequence INTEGER NOT NULL DEFAULT 0,
    cut_chain INTEGER NOT NULL
)""",
    """CREATE TABLE lives (
    number INTEGER PRIMARY KEY,
    tag TEXT NOT NULL UNIQUE,
    first_position INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    began INTEGER NOT NULL
)""",
    """CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    account TEXT NOT NULL,
    host TEXT NOT NULL,
    UNIQUE (venue, account, host)
)""",
    # The record stands last: it is long, and what stands behind a long value is slow to reach.
    """CREATE TABLE records (
    position INTEGER PRIMARY KEY,
    sequence INTEGER,
    life INTEGER NOT NULL,
    session INTEGER NOT NULL,
    kind TEXT NOT NULL,
    client_order_id TEXT,
    venue_order_id TEXT,
    trade_id TEXT,
    time INTEGER NOT NULL,
    chain INTEGER,
    record TEXT NOT NULL
)""",
    "CREATE INDEX records_of_trade ON records (trade_id) WHERE trade_id IS NOT NULL",
    """CREATE INDEX records_of_order ON records (client_order_id)
    WHERE kind = 'Submitted' OR kind = 'Registered'""",
    # What of dropped records must still be known. A name with the session's number below zero is that of an order whose
    # records a damage took (see `quarantine`).
    """CREATE TABLE dropped_fills (
    trade_id TEXT NOT NULL,
    venue_order_id TEXT NOT NULL,
    session INTEGER NOT NULL,
    fee_known INTEGER NOT NULL,
    PRIMARY KEY (trade_id, venue_order_id, session)
) WITHOUT ROWID""",
    """CREATE TABLE dropped_orders (
    client_order_id TEXT NOT NULL,
    session INTEGER NOT NULL,
    PRIMARY KEY (client_order_id, session)
) WITHOUT ROWID""",
    """CREATE TABLE snapshots (
    position INTEGER NOT NULL,
    session INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (position, session)
)""",
    f"""CREATE VIEW fills AS SELECT
    f.position, f.sequence, f.life,
    s.venue, s.account,
    {_EITHER.format("instrument.symbol")} || '.' || {_EITHER.format("instrument.venue")} AS instrument,
    coalesce(json_extract(f.record, '$.side'), json_extract(f.record, '$.identity.side')) AS side,
    json_extract(f.record, '$.last_price') AS price,
    json_extract(f.record, '$.last_quantity') AS quantity,
    {_FEE.format("amount")} AS fee,
    {_FEE.format("currency")} AS fee_currency,
    f.client_order_id, f.venue_order_id, f.trade_id,
    f.kind = 'Filled' AS tracked,
    coalesce(nullif(json_extract(f.record, '$.venue_time'), 0), f.time) AS time,
    strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(nullif(json_extract(f.record, '$.venue_time'), 0), f.time) / 1e9,
        'unixepoch') AS time_text
FROM records f JOIN sessions s ON s.number = f.session
WHERE f.kind IN ('Filled', 'FillReport') AND f.trade_id IS NOT NULL""",
    f"""CREATE VIEW orders AS SELECT
    f.position, f.sequence, f.life,
    s.venue, s.account,
    {_EITHER.format("instrument.symbol")} || '.' || {_EITHER.format("instrument.venue")} AS instrument,
    json_extract(f.record, '$.identity.side') AS side,
    json_extract(f.record, '$.identity.type') AS type,
    json_extract(f.record, '$.price') AS price,
    json_extract(f.record, '$.quantity') AS quantity,
    json_extract(f.record, '$.identity.strategy') AS strategy,
    f.client_order_id, f.time,
    strftime('%Y-%m-%dT%H:%M:%fZ', f.time / 1e9, 'unixepoch') AS time_text
FROM records f JOIN sessions s ON s.number = f.session
WHERE f.kind = 'Submitted' OR f.kind = 'Registered'""",
)
"""One statement each, in this order."""

FILLS_OF_TODAY: Final = """\
SELECT instrument, side, count(*) AS fills, decimal_sum(quantity) AS quantity,
       decimal_sum(decimal_mul(price, quantity)) AS notional, decimal_sum(fee) AS fees, fee_currency
FROM fills
WHERE time_text >= strftime('%Y-%m-%d', 'now')
GROUP BY instrument, side, fee_currency
ORDER BY instrument, side;
"""
"""For the `sqlite3` program, which sums decimals exactly; on a backup."""


@cache
def insert_of(rows: int) -> str:
    """The statement that appends so many rows as one commit: the values of each, and the chain behind the last."""
    return INSERT + "(?,?,?,?,?,?,?,?,?,?,NULL)," * (rows - 1) + "(?,?,?,?,?,?,?,?,?,?,?)"
