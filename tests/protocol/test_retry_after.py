"""How long a server asks to be left alone."""

from __future__ import annotations

import pytest

from protocol.retry_after import LONGEST_WAIT, retry_after

SECOND = 1_000_000_000
NOON = 1782907200 * SECOND
"""2026-07-01 12:00:00 UTC, a Wednesday."""


def test_no_header_asks_for_nothing() -> None:
    assert retry_after(None, NOON) is None


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0), ("8", 8), (" 8\t", 8), ("120", 120), ("0008", 8), ("899", 899), ("900", 900)]
)
def test_seconds_are_waited(value: str, seconds: int) -> None:
    assert retry_after(value, NOON) == seconds * SECOND


@pytest.mark.parametrize(
    "value",
    [
        "Wed, 01 Jul 2026 12:00:08 GMT",
        "Wednesday, 01-Jul-26 12:00:08 GMT",
        "Wed Jul  1 12:00:08 2026",
        " Wed, 01 Jul 2026 12:00:08 GMT ",
    ],
)
def test_a_date_is_waited_for_in_each_of_its_three_forms(value: str) -> None:
    assert retry_after(value, NOON) == 8 * SECOND
    assert retry_after(value, NOON + SECOND // 4) == 7 * SECOND + 3 * SECOND // 4


@pytest.mark.parametrize(
    "value", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_a_date_that_has_passed_asks_for_no_wait(value: str) -> None:
    assert retry_after(value, NOON) == 0


def test_two_digits_of_a_year_are_the_past_when_they_seem_to_be_more_than_fifty_years_ahead() -> None:
    assert retry_after("Friday, 01-Jul-76 12:00:00 GMT", NOON) == LONGEST_WAIT  # 2076
    assert retry_after("Friday, 01-Jul-77 12:00:00 GMT", NOON) == 0  # 1977


def test_a_leap_second_is_the_first_second_of_the_next_minute() -> None:
    assert retry_after("Wed, 01 Jul 2026 12:00:60 GMT", NOON) == 60 * SECOND


@pytest.mark.parametrize(
    "value", ["901", "86400", "9" * 5000, "Thu, 02 Jul 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_nobody_is_kept_away_for_more_than_a_quarter_of_an_hour(value: str) -> None:
    assert retry_after(value, NOON) == 15 * 60 * SECOND == LONGEST_WAIT


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "soon",
        "-8",
        "+8",
        "8.5",
        "8s",
        "8, 9",
        "1e3",
        "٨",
        "0x10",
        "2026-07-01T12:00:08Z",
        "Wed, 1 Jul 2026 12:00:08 GMT",
        "Wed, 01 Jul 2026 12:00:08",
        "Wed, 01 Jul 2026 12:00:08 CET",
        "Wed, 01 Jul 26 12:00:08 GMT",
        "wed, 01 jul 2026 12:00:08 gmt",
        "Wed, 31 Feb 2026 12:00:08 GMT",
        "Wed, 00 Jul 2026 12:00:08 GMT",
        "Wed, 01 Jul 2026 24:00:00 GMT",
        "Wed, 01 Jul 2026 12:60:00 GMT",
        "Wed, 01 Jul 2026 12:00:61 GMT",
        "Wed, 01 Jul 0000 12:00:08 GMT",
        "Wednesday, 31-Jun-26 12:00:08 GMT",
        "Wed Jul 1 12:00:08 2026",
        "Wed, 01 Jul 2026 12:00:08 GMT\r\nX: 1",
    ],
)
def test_what_cannot_be_understood_asks_for_nothing(value: str) -> None:
    assert retry_after(value, NOON) is None
