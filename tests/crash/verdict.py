"""Holds a consumer's own file against the venue's books."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any, Final

from attrs import define, field

__all__ = ["KINDS", "Tally", "judge"]

KINDS: Final = ("lost", "repeated", "invented", "wrong end", "stuck", "stream holes")
ENDS: Final = {
    "FILLED": "filled",
    "Completed": "filled",
    "Canceled": "canceled",
    "Expired": "canceled",
    "Rejected": "rejected",
    "Denied": "denied",
}


@define
class Tally:
    """What happened in campaigns, and what was wrong, a line each."""

    counts: Counter[str] = field(factory=Counter)
    kinds: Counter[str] = field(factory=Counter)
    lines: list[str] = field(factory=list)

    def find(self, kind: str, line: str) -> None:
        self.kinds[kind] += 1
        self.lines.append(f"{kind}: {line}")

    def add_up(self, more: Tally) -> None:
        self.counts += more.counts
        self.kinds += more.kinds
        self.lines += more.lines

    def last_line(self) -> str:
        happened = ", ".join(f"{name} {self.counts[name]}" for name in ("rounds", "kills", "orders", "fills"))
        return f"{happened}, " + ", ".join(f"{kind} {self.kinds[kind]}" for kind in KINDS)


def judge(own: Path, books: Path, live: dict[str, str], tally: Tally) -> None:
    """own: the consumer's file; books: as the venue wrote them; live: the client's live orders at the very end, with
    their ids at the venue."""
    there: dict[str, Any] = json.loads(books.read_text())
    with sqlite3.connect(own) as file:
        fills = file.execute("SELECT venue_order_id, trade_id, quantity, price FROM fills").fetchall()
        orders = file.execute("SELECT name, venue_order_id, last FROM orders").fetchall()
        wrong = file.execute("SELECT what FROM wrong").fetchall()
    tally.counts["fills"] += len(there["fills"])
    tally.counts["orders"] += len(there["orders"])
    for (what,) in wrong:
        tally.find("stream holes", what)
    _judge_fills(fills, there["fills"], tally)
    _judge_orders(orders, there["orders"], live, tally)


def _judge_fills(heard: list[Any], real: list[Any], tally: Tally) -> None:
    times = Counter((order_id, trade_id) for order_id, trade_id, _, _ in heard)
    terms = {(order_id, trade_id): (quantity, price) for order_id, trade_id, quantity, price in real}
    for key, count in times.items():
        if key not in terms:
            tally.find("invented", f"fill {key}")
        elif count > 1:
            tally.find("repeated", f"fill {key} came {count} times")
    for key in terms:
        if key not in times:
            tally.find("lost", f"fill {key}")
    for order_id, trade_id, quantity, price in heard:
        real_terms = terms.get((order_id, trade_id))
        if real_terms is not None and tuple(map(float, real_terms)) != (float(quantity), float(price)):
            tally.find("invented", f"fill {order_id} {trade_id} of {quantity} at {price}, really {real_terms}")


def _judge_orders(heard: list[Any], real: list[Any], live: dict[str, str], tally: Tally) -> None:
    last = {venue_order_id: (name, what) for name, venue_order_id, what in heard}
    for order in real:
        name, what = last.get(order["ids"][-1], (None, None))
        here, there = ENDS.get(str(what)), order["end"]
        if name is None:
            tally.find("lost", f"order {order['ids']} is at the venue, and no event tells of it")
        elif there is None and name not in live:
            tally.find("wrong end", f"order {name} is open there, and {what} here")
        elif there is not None and name in live:
            tally.find("stuck", f"order {name} is live here, and {there} there")
        elif there is not None and here != ("canceled" if there == "expired" else there):
            tally.find("wrong end", f"order {name} is {what} here, and {there} there")
    ids = {order_id for order in real for order_id in order["ids"]}
    for name, venue_order_id in live.items():
        if venue_order_id not in ids:
            tally.find("stuck", f"order {name} is live here, and the venue does not know it")
