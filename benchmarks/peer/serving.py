"""The worker's end: a process that measures one side whenever the run asks for it, by a line on its standard input."""

from __future__ import annotations

import json
import logging
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from attrs import frozen

__all__ = ["CLIENT_ORDER_ID", "PATIENCE", "Load", "serve"]

CLIENT_ORDER_ID = "bench-order-number-{:010d}"

PATIENCE = 60.0
"""Seconds for one measurement: a side that waits for an event that never comes fails instead."""


@frozen(kw_only=True)
class Load:
    """What one round carries. port: the feeder's; fills: as many as it sends over so many `orders`; trips: orders that
    are placed one after the other."""

    port: int
    fills: int
    orders: int
    trips: int

    @property
    def last_trade(self) -> str:
        """The trade id of the feeder's last fill, which shows that none is missing."""
        return f"T-{self.fills - 1}"


def serve(
    libraries: Sequence[str],
    fills: Callable[[Load], tuple[float, float]],
    trips: Callable[[Load], tuple[list[float], float]],
) -> None:
    """Says the versions of `libraries`, then measures once for each line that comes, until none does. PORT FILLS ORDERS
    TRIPS are the last arguments. fills: µs of wall and of processor time for each event; trips: µs of each order, and
    of processor time for one."""
    logging.disable(logging.WARNING)  # dropped connections are part of the measurements
    port, count, orders, most = (int(argument) for argument in sys.argv[-4:])
    load = Load(port=port, fills=count, orders=orders, trips=most)
    _say({"Python": platform.python_version()} | {name: version(name) for name in libraries})
    for _ in sys.stdin:
        wall, processor = fills(load)
        spent, of_order = trips(load)
        _say({"wall": wall, "processor": processor, "trips": spent, "order_processor": of_order})


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)
