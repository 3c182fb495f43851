"""Lists of orders and trades of a simulated Kraken Spot: what of them a call asks for, page by page (spec A.17).

A list goes from the newest entry to the oldest. `start` and `end` are seconds since 1970 or the id of an entry; what is
at `start` is left out, what is at `end` is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from attrs import frozen

from ...values import ZERO
from .orders import Fill, VenueOrder
from .refusals import invalid
from .rest_reader import number_of

__all__ = ["PAGE", "Trade", "page", "trades", "within"]

T = TypeVar("T")

SECOND: Final = 1_000_000_000
PAGE: Final = 50
BEFORE_ALL: Final = -1
AFTER_ALL: Final = 2**80


def page(entries: Sequence[T], offset: int | None) -> Sequence[T]:
    """offset: how many of the newest to leave out. Raises Refused."""
    first = offset or 0
    if first < 0:
        raise invalid("ofs")
    return entries[first : first + PAGE]


def within(
    entries: Iterable[T],
    start: str | None,
    end: str | None,
    *,
    name_of: Callable[[T], str],
    times_of: Callable[[T], Iterable[int]],
) -> list[T]:
    """The entries of which one of the times lies in the range. times: ns since 1970. Raises Refused."""
    found = list(entries)
    after, until = BEFORE_ALL, AFTER_ALL
    if end and _is_id(end):
        found = found[_place(found, end, "end", name_of) :]
    elif end:
        until = _time(end, "end")
    if start and _is_id(start):
        found = found[: _place(found, start, "start", name_of)]
    elif start:
        after = _time(start, "start")
    return [entry for entry in found if any(after < time <= until for time in times_of(entry))]


def _is_id(text: str) -> bool:
    return text[:1].isalpha()


def _place(entries: Sequence[T], name: str, parameter: str, name_of: Callable[[T], str]) -> int:
    for place, entry in enumerate(entries):
        if name_of(entry) == name:
            return place
    raise invalid(parameter)


def _time(text: str, parameter: str) -> int:
    try:
        return int(number_of(text) * SECOND)
    except (TypeError, ValueError):
        raise invalid(parameter) from None


@frozen
class Trade:
    """One entry of a history: a single fill, or all that a taker took in one go, the first part first."""

    trade_id: str
    parts: tuple[Fill, ...]

    @property
    def order(self) -> VenueOrder:
        return self.parts[0].order

    @property
    def time(self) -> int:
        """ns since 1970, of its last part."""
        return self.parts[-1].time

    @property
    def quantity(self) -> Decimal:
        """Base units."""
        return sum((part.quantity for part in self.parts), ZERO)

    @property
    def cost(self) -> Decimal:
        """Quote currency."""
        return sum((part.cost for part in self.parts), ZERO)

    @property
    def fee(self) -> Decimal:
        """Quote currency."""
        return sum((part.worth_of_fee for part in self.parts), ZERO)


def trades(fills: Iterable[Fill], then: int, *, consolidated: bool) -> list[Trade]:
    """The fills until `then` (ns since 1970) as trades, in the order in which they began. fills: the oldest first."""
    found: dict[int, list[Fill]] = {}
    for fill in fills:
        if fill.time <= then:
            together = fill if fill.taking is None or not consolidated else fill.taking
            found.setdefault(id(together), []).append(fill)
    return [Trade(_name(parts, consolidated=consolidated), tuple(parts)) for parts in found.values()]


def _name(parts: Sequence[Fill], *, consolidated: bool) -> str:
    taking = parts[0].taking
    together = taking.trade_id if consolidated and taking is not None else None
    return together or parts[0].execution_id
