"""Draws how far the library is from its floors, run by run, as an SVG, from `benchmarks/results.jsonl`.

    python -m docs.draw_ratios    # writes docs/ratios.svg

A ratio compares what was measured side by side, so it says little about the machine. Runs stand in the order in which
they were recorded, with their commits below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from attrs import frozen

from benchmarks.history import Run, read

PAGE: Final = Path(__file__).parent / "ratios.svg"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 900, 260, 60, 40, 50, 190
VENUES: Final = {"ax": "#2457a6", "kraken-spot": "#a5541f", "kraken-futures": "#3b7d3b"}
PANELS: Final[Mapping[str, str]] = {
    "whole graph, wire → typed event": "Wire → typed event, ratio to the floor",
    "submit → Accepted, p50": "Submit → Accepted, p50, ratio to the floor",
}
"""The end of a row's name → the title of its panel."""
STYLE: Final = (
    "text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#666}rect{fill:#fff}"
    "path{fill:none;stroke-width:1.6}path.axis{stroke:#999;stroke-width:1}"
    "path.budget{stroke-dasharray:4 4;stroke-width:1}"
)


@frozen
class Scale:
    """From runs and ratios to pixels. highest: the ratio at the top of the panel."""

    runs: int
    highest: float
    top: int

    def x(self, number: int) -> int:
        """Of a run; a single one stands in the middle."""
        width = WIDTH - LEFT - RIGHT
        return LEFT + (width // 2 if self.runs == 1 else width * number // (self.runs - 1))

    def y(self, ratio: float) -> int:
        """Of a ratio; 0 is at the bottom."""
        height = HEIGHT - TOP - BOTTOM
        return self.top + TOP + round(height * (1 - ratio / self.highest))


def svg(runs: Sequence[Run]) -> str:
    """The picture of these runs."""
    height = HEIGHT * len(PANELS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Ratios to the floors, run by run</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}"/>',
    ]
    if not runs:
        parts.append(f'<text x="{LEFT}" y="{TOP}">No run is recorded yet.</text>')
    else:
        for number, (ending, title) in enumerate(PANELS.items()):
            parts.extend(_panel(runs, ending, title, number * HEIGHT))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(runs: Sequence[Run], ending: str, title: str, top: int) -> Iterator[str]:
    rows = {venue: [run.row(f"{venue}: {ending}") for run in runs] for venue in VENUES}
    numbers = [n for found in rows.values() for row in found if row for n in (row.ratio, row.budget) if n is not None]
    scale = Scale(len(runs), 1.1 * max(numbers, default=1.0), top)
    yield f'<text x="{LEFT}" y="{top + 22}">{escape(title)}</text>'
    yield f'<path class="axis" d="M{LEFT} {top + TOP}V{scale.y(0)}H{WIDTH - RIGHT}"/>'
    for tick in range(int(scale.highest) + 1):
        yield f'<text class="small" text-anchor="end" x="{LEFT - 8}" y="{scale.y(tick) + 4}">{tick}</text>'
    for number, run in enumerate(runs):
        x, y = scale.x(number), scale.y(0) + 18
        yield f'<text class="small" text-anchor="middle" x="{x}" y="{y}">{escape(run.commit[:8])}</text>'
    for place, (venue, found) in enumerate(rows.items()):
        y = top + TOP + 14 + 36 * place
        yield f'<text x="{WIDTH - RIGHT + 20}" y="{y}" style="fill:{VENUES[venue]}">{venue}</text>'
        points = [(scale.x(n), scale.y(row.ratio)) for n, row in enumerate(found) if row and row.ratio is not None]
        yield from _line(points, VENUES[venue])
        budget = found[-1].budget if found[-1] else None
        if budget is not None:
            yield f'<text class="small" x="{WIDTH - RIGHT + 20}" y="{y + 15}">budget {budget:g}</text>'
            line = f"M{LEFT} {scale.y(budget)}H{WIDTH - RIGHT}"
            yield f'<path class="budget" d="{line}" style="stroke:{VENUES[venue]}"/>'


def _line(points: Sequence[tuple[int, int]], color: str) -> Iterator[str]:
    if len(points) > 1:
        line = "L".join(f"{x} {y}" for x, y in points)
        yield f'<path d="M{line}" style="stroke:{color}"/>'
    for x, y in points:
        yield f'<circle cx="{x}" cy="{y}" r="3.5" style="fill:{color}"/>'


if __name__ == "__main__":
    PAGE.write_text(svg(read()))
