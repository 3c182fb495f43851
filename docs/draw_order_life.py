"""Draws the life of an order as an SVG, from the table `protocol.orders.NEXT_STATUS`.

    python -m docs.draw_order_life          # writes docs/order-life.svg
    python -m docs.draw_order_life --table  # prints the same as a table in Markdown

The table has more than forty rows, and a picture with so many arrows shows nothing. So statuses that share a row are
boxed together, and the row is one arrow from the box. The boxes and the course of each arrow are laid out here by hand;
which arrows there are comes from the table. A row that has no place in the picture raises KeyError.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Final

from attrs import field, frozen

from protocol.orders import NEXT_STATUS, Happening
from protocol.values import OrderStatus

PAGE: Final = Path(__file__).parent / "order-life.svg"
WIDTH, HEIGHT = 1130, 600
Point = tuple[int, int]


@frozen
class Box:
    """A rectangle of the picture, in pixels."""

    x: int
    y: int
    width: int
    height: int
    title: str = ""
    members: frozenset[OrderStatus] = frozenset()
    """The statuses inside; a status itself has none."""


@frozen(kw_only=True)
class Route:
    """How an arrow runs."""

    points: tuple[Point, ...]
    label: Point
    """Where its text begins."""
    late: bool = field(default=False)
    """True for what happens to an order that counted as ended; drawn dashed."""


_S: Final = OrderStatus
STATUSES: Final[Mapping[str, Box]] = {
    "SUBMITTED": Box(80, 130, 140, 40),
    "UNKNOWN": Box(80, 300, 140, 40),
    "ACCEPTED": Box(430, 100, 160, 40),
    "TRIGGERED": Box(430, 200, 160, 40),
    "PARTIALLY_FILLED": Box(430, 300, 160, 40),
    "EXPIRED": Box(790, 100, 140, 40),
    "CANCELED": Box(790, 200, 140, 40),
    "FILLED": Box(790, 320, 140, 40),
    "DENIED": Box(80, 500, 140, 40),
    "REJECTED": Box(250, 500, 140, 40),
}
AWAITED: Final = frozenset({_S.SUBMITTED, _S.UNKNOWN})
LIVE: Final = frozenset({_S.ACCEPTED, _S.TRIGGERED, _S.PARTIALLY_FILLED})
GROUPS: Final[Mapping[str, Box]] = {  # the widest first: a row is drawn from the widest box whose statuses all have it
    "OPEN": Box(30, 50, 620, 360, "open", AWAITED | LIVE),
    "AWAITED": Box(60, 90, 190, 290, "unconfirmed", AWAITED),
    "LIVE": Box(400, 70, 220, 310, "confirmed by the venue", LIVE),
    "ENDED": Box(760, 70, 340, 185, "ended", frozenset({_S.CANCELED, _S.EXPIRED})),
    "REFUSED": Box(60, 465, 360, 95, "not at the venue", frozenset({_S.DENIED, _S.REJECTED})),
}
ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("OPEN", "EXPIRED"): Route(points=((650, 120), (790, 120)), label=(664, 113)),
    ("OPEN", "CANCELED"): Route(points=((650, 220), (790, 220)), label=(664, 213)),
    ("OPEN", "FILLED"): Route(points=((650, 340), (790, 340)), label=(664, 333)),
    ("OPEN", "PARTIALLY_FILLED"): Route(points=((560, 410), (560, 340)), label=(566, 400)),
    ("AWAITED", "ACCEPTED"): Route(points=((250, 120), (430, 120)), label=(290, 113)),
    ("AWAITED", "TRIGGERED"): Route(points=((250, 220), (430, 220)), label=(290, 213)),
    ("AWAITED", "DENIED"): Route(points=((200, 380), (200, 500)), label=(152, 440)),
    ("AWAITED", "REJECTED"): Route(points=((235, 380), (235, 436), (320, 436), (320, 500)), label=(244, 430)),
    ("LIVE", "UNKNOWN"): Route(points=((400, 320), (220, 320)), label=(290, 313)),
    ("SUBMITTED", "UNKNOWN"): Route(points=((150, 170), (150, 300)), label=(156, 240)),
    ("ACCEPTED", "TRIGGERED"): Route(points=((510, 140), (510, 200)), label=(516, 174)),
    ("ENDED", "FILLED"): Route(points=((860, 255), (860, 320)), label=(866, 285), late=True),
    ("EXPIRED", "EXPIRED"): Route(points=((930, 108), (956, 108), (956, 132), (930, 132)), label=(962, 124), late=True),
    ("CANCELED", "CANCELED"): Route(
        points=((930, 208), (956, 208), (956, 232), (930, 232)), label=(962, 224), late=True
    ),
    ("FILLED", "FILLED"): Route(points=((930, 328), (956, 328), (956, 352), (930, 352)), label=(962, 344), late=True),
    ("REFUSED", "PARTIALLY_FILLED"): Route(
        points=((410, 465), (410, 428), (480, 428), (480, 340)), label=(418, 445), late=True
    ),
    ("REFUSED", "FILLED"): Route(points=((420, 520), (860, 520), (860, 360)), label=(560, 513), late=True),
    ("DENIED", "ACCEPTED"): Route(
        points=((80, 520), (14, 520), (14, 26), (580, 26), (580, 100)), label=(240, 19), late=True
    ),
}
STYLE: Final = (
    "text{font:13px sans-serif;fill:#222}.small{font-size:12px;fill:#444}.title{font-size:12px;fill:#777}"
    "rect.page{fill:#fff}rect.group{fill:none;stroke:#aaa;stroke-dasharray:2 3}"
    "rect.status{fill:#eef3fb;stroke:#456}rect.end{fill:#f3eeea;stroke:#654}"
    "path{fill:none;stroke:#345;stroke-width:1.3}path.late{stroke:#a54;stroke-dasharray:6 4}"
)


def arrows() -> dict[tuple[str, str], list[Happening]]:
    """What the picture shows: (box or status, status) → what leads from the one to the other, each row once."""
    found: dict[tuple[str, str], list[Happening]] = {}
    rows = dict(NEXT_STATUS)
    for name, group in GROUPS.items():
        for happening in Happening:
            ends = {rows.get((status, happening)) for status in group.members}
            if len(ends) == 1 and (end := ends.pop()) is not None and not _stays_as_it_is(group, end):
                found.setdefault((name, end.name), []).append(happening)
                for status in group.members:
                    del rows[status, happening]
    for (status, happening), end in rows.items():
        found.setdefault((status.name, end.name), []).append(happening)
    return found


def _stays_as_it_is(group: Box, end: OrderStatus) -> bool:
    """An arrow from a box of ended statuses into itself would say that they turn into one another."""
    return end in group.members and end.is_terminal


def table() -> Iterator[str]:
    """`NEXT_STATUS` in Markdown: a row for each status, a column for everything that may happen."""
    yield "| | " + " | ".join(_words(happening.name) for happening in Happening) + " |"
    yield "|---" * (len(Happening) + 1) + "|"
    for status in OrderStatus:
        ends = (NEXT_STATUS.get((status, happening)) for happening in Happening)
        yield f"| **{status.name}** | " + " | ".join("" if end is None else end.name for end in ends) + " |"


def svg() -> str:
    """The picture."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>The life of an order</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L10 5L0 10z" style="fill:#345;stroke:none"/></marker></defs>',
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        *(_box(group, "group", group.title, above=True) for group in GROUPS.values()),
        *(_box(STATUSES[status.name], _kind(status), status.name) for status in OrderStatus),
    ]
    for (start, end), happenings in arrows().items():
        parts.append(_arrow(ROUTES[start, end], ", ".join(_words(happening.name) for happening in happenings)))
    parts.append('<path d="M180 64L180 130" marker-end="url(#tip)"/><text class="small" x="186" y="84">submit</text>')
    parts.append(
        '<path class="late" d="M560 565L610 565"/><text class="small" x="618" y="569">to an order that had ended'
    )
    parts.append("</text></svg>")
    return "\n".join(parts) + "\n"


def _kind(status: OrderStatus) -> str:
    return "end" if status.is_terminal else "status"


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _box(box: Box, kind: str, text: str, *, above: bool = False) -> str:
    rectangle = f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>'
    if above:
        return f'{rectangle}<text class="title" x="{box.x + 8}" y="{box.y + 16}">{escape(text)}</text>'
    middle = f'x="{box.x + box.width // 2}" y="{box.y + box.height // 2 + 5}"'
    return f'{rectangle}<text text-anchor="middle" {middle}>{escape(text)}</text>'


def _arrow(route: Route, text: str) -> str:
    line = "L".join(f"{x} {y}" for x, y in route.points)
    style = ' class="late"' if route.late else ""
    x, y = route.label
    label = f'<text class="small" x="{x}" y="{y}">{escape(text)}</text>'
    return f'<path{style} d="M{line}" marker-end="url(#tip)"/>{label}'


if __name__ == "__main__":
    if "--table" in sys.argv:
        print("\n".join(table()))
    else:
        PAGE.write_text(svg())
