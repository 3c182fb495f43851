"""Times of a wire, read and written."""

from __future__ import annotations

import pytest

from protocol.values import NO_TIME
from protocol.wire.times import nanoseconds, time_of

PLACED_NS = 1782907200000100000


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-07-01T12:00:00.000100Z", PLACED_NS),
        ("2026-07-01T12:00:00.000100001Z", PLACED_NS + 1),
        ("2026-07-01t12:00:14z", 1782907214000000000),
        ("2026-07-01T12:00:14+00:00", 1782907214000000000),
        ("2026-07-01T12:00:14-00:00", 1782907214000000000),
        ("2026-07-01T14:00:14+02:00", 1782907214000000000),
        ("2026-07-01T07:00:14.5-05:00", 1782907214500000000),
        ("2026-07-01T17:30:14.000000001+05:30", 1782907214000000001),
        ("2026-07-02T11:59:14+23:59", 1782907214000000000),
        ("2026-07-01 12:00:14+00:00", 1782907214000000000),  # a space, as RFC 3339 allows and Python's str() writes
        ("2026-07-01T12:00:14.0000000019Z", 1782907214000000001),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_a_time_is_read_to_the_nanosecond(text: str, time: int) -> None:
    assert nanoseconds(text) == time


@pytest.mark.parametrize(
    "text",
    [
        *("", "noon", "2026-07-01T12:00:00", "2026-07-01", "2026-13-01T12:00:00Z", "2026-07-01T12:00:00+0200"),
        *(
            "2026-07-01T12:00:00+2:00",
            "2026-07-01T12:00:00+24:00",
            "2026-07-01T12:00:00+02:60",
            "2026-07-01T12:00:00Z+02:00",
        ),
        "2026-07-01T12:00:00.+02:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        nanoseconds(text)


def test_the_first_text_that_is_a_time_counts() -> None:
    assert time_of(None, "", "noon", "2026-07-01T12:00:00.000100Z", "2026-07-01T12:00:14Z") == PLACED_NS
    assert time_of("noon", None) == NO_TIME
    assert time_of("1969-12-31T23:59:59Z") == NO_TIME
