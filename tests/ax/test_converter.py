"""AX's timestamps."""

from __future__ import annotations

import pytest

from protocol.ax.converter import nanoseconds, rfc3339


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-18T11:10:00Z", 1795000200_000000000),
        ("2026-11-18T11:10:00.5Z", 1795000200_500000000),
        ("2026-11-18T11:10:00.000000007Z", 1795000200_000000007),
        ("2026-11-18t11:10:00.123456789z", 1795000200_123456789),
        ("2026-11-18T13:10:00.1+02:00", 1795000200_100000000),
    ],
)
def test_a_timestamp_keeps_all_nine_digits(text: str, time: int) -> None:
    assert nanoseconds(text) == time
    assert nanoseconds(rfc3339(time)) == time


@pytest.mark.parametrize(
    "text", ["", "2026-11-18", "2026-13-01T00:00:00Z", "2026-11-18T11:10:00", "2026-11-18T11:10:00.0000000001Z", "now"]
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        nanoseconds(text)
