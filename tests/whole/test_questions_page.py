"""The page about questions and evidence shows the table that the code has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from protocol.ax.venue import LISTS_LAG as AX_LAG
from protocol.dispatch import (
    denied_orders,
    fills,
    history_reading,
    list_schedule,
    query_schedule,
    settling,
    unclaimed_fills,
)
from protocol.dispatch.inquiries import Question, Source
from protocol.dispatch.questions import table
from protocol.kraken_futures.venue import LISTS_LAG as FUTURES_LAG
from protocol.kraken_spot.venue import LISTS_LAG as SPOT_LAG
from protocol.requests import OWN_PATIENCE
from protocol.venue import SECOND, VenueRules

PAGE = Path(__file__).parent.parent.parent / "docs" / "questions.md"


def test_the_page_shows_the_table_that_the_code_prints() -> None:
    assert f"\n{table()}\n" in PAGE.read_text()


def test_the_page_explains_every_question_and_every_source() -> None:
    rows = [line.partition("|")[2].partition("|")[0].strip() for line in PAGE.read_text().splitlines()]
    assert [row for row in rows if row.strip("`").isupper() and row.startswith("`")] == [
        f"`{name}`" for name in (*Question.__members__, *Source.__members__)
    ]


def test_the_page_has_the_numbers_of_the_code() -> None:
    page, rules = " ".join(PAGE.read_text().split()), VenueRules(venue="ANY")
    *delays, last = _seconds(rules.query_delays)
    ordinal = {9: "ninth"}[len(rules.query_delays) + query_schedule.REPEATED + 1]
    slow = query_schedule.SLOW_PACE // SECOND
    first_look, second_look, third_look = _seconds(denied_orders.LOOKS)
    soon, later, ever = _seconds(history_reading.PACES)
    kept = f"{unclaimed_fills.PATIENCE // SECOND} s, {unclaimed_fills.MOST_KEPT:,} of them"
    for sentence in (
        f"| {', '.join(delays)} s, then {last} s; from the {ordinal} on {slow} s,",
        f"at once | {query_schedule.MOST_QUERIES_AT_ONCE} |",
        f"does not have them; after {fills.PATIENCE // SECOND} s even without |",
        f"after {soon}, {later}, then every {ever} s |",
        f"every `audit_period` ({rules.audit_period // SECOND} s) |",
        f"| an execution waits for its order | {kept} at most;",
        f"| {OWN_PATIENCE // SECOND} s, lists and history behind",
        f"an end that we concluded | {list_schedule.LISTS_AFTER_CONCLUSION} |",
        f"asked for again after {first_look}, {second_look} and {third_look} s and",
        f"else {rules.absence_proves_after // SECOND} s after it was sent;",
        f"asked { ({3: 'three'}[settling.ASKINGS]) } times",
        f"| {AX_LAG // SECOND} s (not proven) | {SPOT_LAG // SECOND} s | {FUTURES_LAG // SECOND} s |",
    ):
        assert sentence in page, sentence


def _seconds(times: Sequence[int]) -> list[str]:
    return [str(time // SECOND) for time in times]
