"""What is kept of a run of the benchmarks, and what is made of it: tables, a picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import history, table
from benchmarks.history import Run
from benchmarks.report import Floor, ratio_row, table_lines, value_row
from docs import draw_ratios

from ..imports import ROOT

GRAPH = "whole graph, wire → typed event"
HOW = "From one end to the other."
ROWS = (
    ratio_row(
        f"ax: {GRAPH}", "µs/message", [9.0, 8.8, 9.9], Floor("sans-I/O core", [7.5, 8.0, 9.0]), budget=1.3, how=HOW
    ),
    ratio_row(f"kraken-spot: {GRAPH}", "µs/message", [24.0], Floor("sans-I/O core", [8.0]), budget=2.75, how=HOW),
    value_row("import", "ms of CPU", [290.0, 310.0, 300.5], budget=300.0),
    value_row("idle client", "µs of CPU a second", [30.0]),
)
RUN = Run(commit="0123456789ab", date="2026-11-28", machine="A processor", versions={"trio": "0.35.0"}, rows=ROWS)


# Rows


def test_a_ratio_is_the_median_of_the_rounds_each_to_its_own_floor() -> None:
    assert ROWS[0].ratio == pytest.approx(1.1)
    assert (ROWS[0].value, ROWS[0].floor, ROWS[0].spread) == (9.0, 8.0, (8.8, 9.9))


def test_a_row_is_judged_by_its_ratio_or_else_by_its_value() -> None:
    assert [row.verdict for row in ROWS] == ["holds", "over by 9 %", "over by 0 %", ""]


def test_the_table_says_below_how_each_row_was_measured() -> None:
    lines = list(table_lines(ROWS))
    assert lines[2].startswith(f"| ax: {GRAPH} (1) | 9.0 µs/message | 8.8 … 9.9 | 8.0 sans-I/O core | 1.10 | ≤ 1.3 × |")
    assert lines[-1] == f"(1) {HOW}"


# The history


def test_a_run_is_read_as_it_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    runs = [history.record(rows, file) for rows in (ROWS, ROWS[:1])]

    assert history.read(file) == runs
    assert len(file.read_text().splitlines()) == 2
    assert runs[0].row("import") == ROWS[2]
    assert runs[1].row("import") is None


def test_a_history_that_is_not_begun_is_empty(tmp_path: Path) -> None:
    assert history.read(tmp_path / "results.jsonl") == []


def test_no_recorded_run_names_a_file_of_the_machine() -> None:
    for line in history.FILE.read_text().splitlines() if history.FILE.exists() else []:
        run = json.loads(line)
        assert "/" not in run["machine"] + run["commit"] + "".join(run["versions"].values())


# The tables


def test_the_table_of_the_readme_has_a_column_for_each_venue_and_a_row_for_each_budget() -> None:
    lines = table.readme_table(RUN).splitlines()
    assert lines[0] == "| µs | AX | Kraken Spot | Kraken Futures |"
    assert lines[2] == (
        "| wire → typed event | 9.0, **1.10 ×** sans-I/O core (≤ 1.3 ×) "
        "| 24.0, **3.00 ×** sans-I/O core (≤ 2.75 ×) |  |"
    )
    assert "| import | 300 ms of CPU | ≤ 300 | over |" in lines
    assert lines[-1] == "Commit 0123456789ab, 2026-11-28: A processor; trio 0.35.0."


def test_the_table_of_the_page_has_every_row() -> None:
    text = table.docs_table(RUN)
    assert all(f"| {row.name} |" in text for row in ROWS)


def test_a_table_takes_the_place_between_the_markers() -> None:
    page = f"before\n{table.BEGIN}\nold\n{table.END}\nbehind\n"
    assert table.with_table(page, "new") == f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nbehind\n"
    with pytest.raises(ValueError, match="no markers"):
        table.with_table("a page", "new")


def last_run() -> Run | None:
    runs = history.read()
    return runs[-1] if runs else None


def test_the_readme_and_the_page_show_the_last_recorded_run() -> None:
    """`python -m benchmarks table --write` makes it so."""
    for name, text in (
        ("README.md", table.readme_table(last_run())),
        ("docs/performance.md", table.docs_table(last_run())),
    ):
        page = (ROOT / name).read_text()
        assert table.with_table(page, text) == page


# The picture


def test_the_picture_is_what_the_recorded_runs_draw() -> None:
    """`make docs` makes it so."""
    assert draw_ratios.PAGE.read_text() == draw_ratios.svg(history.read())


def test_each_run_is_a_point_of_its_venue_above_its_commit() -> None:
    picture = draw_ratios.svg([RUN, RUN, RUN])
    assert picture.count("<circle") == 6
    assert picture.count("01234567</text>") == 3 * len(draw_ratios.PANELS)
    assert "budget 1.3<" in picture
    assert picture == draw_ratios.svg([RUN, RUN, RUN])


def test_a_higher_ratio_is_drawn_higher() -> None:
    scale = draw_ratios.Scale(2, 3.0, 0)
    assert scale.y(3.0) < scale.y(1.0) < scale.y(0.0)
    assert scale.x(0) < scale.x(1)


def test_no_run_is_a_picture_that_says_so() -> None:
    assert "No run is recorded yet." in draw_ratios.svg([])
