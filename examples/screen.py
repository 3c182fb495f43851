"""What the examples print: a live table in a terminal (with rich), plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from trio_orders import Client, events

PAUSE = 0.4
"""Seconds between the steps of a story, so that a person can follow it in a terminal."""


def in_columns(event: events.Event) -> str:
    """The event's own line, its place and its name in columns, without the ids in brackets at its end."""
    place, name, *what = str(event).rpartition(" [")[0].split(" ", 2)
    return f"{place:>4} {name:<13} {' '.join(what)}".rstrip()


def quantity_of(event: events.Submitted | events.Updated) -> str:
    """How much was asked for; an amount of quote currency where the order is for that."""
    if isinstance(event, events.Submitted) and event.quote_quantity is not None:
        return f"for {event.quote_quantity} of"
    return str(event.quantity)


class Screen:
    """Follows a client and shows its orders and events. fills: every fill heard."""

    def __init__(self, title: str) -> None:
        self.fills: list[events.Filled] = []
        print(title)

    def say(self, text: str) -> None:
        print(f"\n  {text}")

    def show(self, event: events.Event) -> None:
        print(in_columns(event))

    async def follow(self, client: Client) -> None:
        with client.events() as stream:
            async for event in stream:
                self.take(event)

    def take(self, event: events.Event) -> None:
        """One event, in the order of the stream."""
        if isinstance(event, events.Filled):
            self.fills.append(event)
        self.show(event)

    async def breathe(self) -> None:
        """Lets what happened reach the screen."""
        await trio.sleep(PAUSE)


class TableScreen(Screen):
    """A table of orders above the newest events, redrawn in place."""

    SHOWN = 14

    def __init__(self, title: str, live: Any) -> None:
        self.fills = []
        self.title = title
        self.live = live
        self.orders: dict[str, dict[str, str]] = {}
        self.lines: list[tuple[str, str]] = []
        self.caption = ""

    def say(self, text: str) -> None:
        self.caption = text
        self._draw()

    def show(self, event: events.Event) -> None:
        style = COLOURS.get(type(event).__name__, "white")
        self.lines = [*self.lines, (in_columns(event), style)][-self.SHOWN :]
        if isinstance(event, events.OrderEvent):
            self._note(event)
        self._draw()

    def _note(self, event: events.OrderEvent) -> None:
        row = self.orders.setdefault(event.client_order_id, {"filled": "0"})
        row["instrument"] = event.instrument.symbol
        row["side"] = event.identity.side.value if event.identity.side else ""
        if isinstance(event, events.Submitted | events.Updated):
            row["quantity"], row["price"] = quantity_of(event), str(event.price or "market")
            if event.price is None and event.trigger_price is not None:
                row["price"] = f"stop {event.trigger_price}"
        if isinstance(event, events.Filled):
            row["filled"], row["status"] = f"{event.cumulative.normalize():f}", event.status.value
        elif isinstance(event, events.Reopened):
            row["status"] = event.status.value
        elif not isinstance(event, events.FeeReported | events.Updated):
            row["status"] = type(event).__name__.upper()

    def _draw(self) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self.title, box=SIMPLE_HEAD, padding=0)  # 80 columns hold it
        for column in ("order", "instrument", "side", "quantity", "price", "filled", "status"):
            table.add_column(column, no_wrap=True)
        for name, row in self.orders.items():
            table.add_row(name[:8], *(row.get(column, "") for column in table_columns()))
        lines = [Text(text, style=style, overflow="ellipsis", no_wrap=True) for text, style in self.lines]
        self.live.update(Group(table, Text(self.caption, style="bold"), *lines), refresh=True)


def table_columns() -> tuple[str, ...]:
    return ("instrument", "side", "quantity", "price", "filled", "status")


COLOURS = {
    "Filled": "green",
    "FeeReported": "green",
    "Rejected": "red",
    "Denied": "red",
    "Disconnected": "red",
    "MissingFills": "yellow",
    "StatusUnknown": "yellow",
    "Reopened": "yellow",
    "Canceled": "magenta",
    "Updated": "cyan",
    "Accepted": "cyan",
    "Connected": "blue",
    "Reconnected": "blue",
    "Authenticated": "blue",
    "Reconciled": "blue",
    "CloseReport": "blue",
}


@contextmanager
def open_screen(title: str) -> Iterator[Screen]:
    """A table if this is a terminal and rich is installed, else lines."""
    if sys.stdout.isatty():
        try:
            from rich.live import Live
        except ImportError:
            pass
        else:
            with Live(auto_refresh=False) as live:
                yield TableScreen(title, live)
            return
    yield Screen(title)
