"""How long a server asks to be left alone: the Retry-After header of an HTTP answer (RFC 9110 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from .wire.times import EPOCH, SECOND

__all__ = ["LONGEST_WAIT", "retry_after"]

LONGEST_WAIT: Final = 15 * 60 * SECOND
"""ns. A server that asks for more gets this: a slip of its clock must not keep a client away for a day."""

_SECONDS: Final = re.compile(r"[0-9]+", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH: Final = rf"(?P<month>{'|'.join(_MONTHS)})"
_DAY_NAME: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY_NAME: Final = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DATES: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_DAY_NAME}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",  # what servers must send today
        rf"{_LONG_DAY_NAME}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",  # RFC 850
        rf"{_DAY_NAME} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",  # asctime of C
    )
)
"""The three forms of an HTTP date (RFC 9110 5.6.7). Upper and lower case count."""


def retry_after(value: str | None, now: int) -> int | None:
    """ns to wait from `now` on, 0 to LONGEST_WAIT, for the value of a Retry-After header: seconds, or a date.

    value: None when there is no such header; now: ns since 1970, best by the server's own clock (its Date header).
    None when the header asks for nothing that can be understood: wait as you would without one.
    """
    text = "" if value is None else value.strip(" \t")
    if _SECONDS.fullmatch(text):
        digits = text.lstrip("0")
        return LONGEST_WAIT if len(digits) > 9 else min(int(digits or "0") * SECOND, LONGEST_WAIT)
    moment = _moment(text, now)
    return None if moment is None else max(0, min(moment - now, LONGEST_WAIT))


def _moment(text: str, now: int) -> int | None:
    """ns since 1970 of an HTTP date; None when it is none."""
    match = next((found for form in _DATES if (found := form.fullmatch(text))), None)
    if match is None:
        return None
    hour, minute, second = (int(match[part]) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 60:  # 60: a leap second
        return None
    month = _MONTHS.index(match["month"]) + 1
    try:
        day = datetime(_full_year(match["year"], now), month, int(match["day"]), tzinfo=UTC)
    except ValueError:
        return None
    return (day - EPOCH) // timedelta(seconds=1) * SECOND + (hour * 3600 + minute * 60 + second) * SECOND


def _full_year(year: str, now: int) -> int:
    """Two digits that seem to be more than 50 years ahead are meant to be the past (RFC 9110 5.6.7)."""
    if len(year) > 2:
        return int(year)
    this_year = (EPOCH + timedelta(seconds=now // SECOND)).year
    full = this_year - this_year % 100 + int(year)
    return full - 100 if full > this_year + 50 else full
