"""The executions channel of a simulated Kraken Spot: one subscription on one session (spec A.5, A.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from attrs import define, evolve, field

from . import venue_side
from .accounts import Account
from .engine import Notice
from .messages import Frame, Report
from .parameters import Subscribe
from .reports import Reporter

__all__ = ["CHANNEL", "Subscription", "snapshot"]

CHANNEL: Final = "executions"
PAST_TRADES: Final = 50
TRANSITIONS: Final = frozenset({"new", "filled", "canceled", "expired"})
"""What comes without order_status, besides trades, where it is not known."""


@define
class Subscription:
    """asked: as the client asked for it; rate_field: what the trading counter is called in a report; trades_flow: also
    without order_status; sequence: of the last message."""

    account: Account
    asked: Subscribe = field(repr=False)
    rate_field: str = "ratecount"
    trades_flow: bool = True
    sequence: int = 0

    @property
    def snap_orders(self) -> bool:
        return _first(self.asked.snap_orders, self.asked.snapshot, True)

    @property
    def snap_trades(self) -> bool:
        return _first(self.asked.snap_trades, self.asked.snapshot_trades, False)

    @property
    def for_all_users(self) -> bool:
        """No snapshot then, and every report says whose it is."""
        return self.asked.users == "all"

    def heard(self, notices: Iterable[Notice]) -> list[Report]:
        """What of this comes over the subscription, in its form."""
        return [self._shaped(notice) for notice in notices if self._wants(notice)]

    def _wants(self, notice: Notice) -> bool:
        if notice.account != self.account.name:
            return False
        if self.asked.order_status is not False:
            return True
        kind = notice.report.exec_type
        return kind in TRANSITIONS or (kind == "trade" and self.trades_flow)

    def _shaped(self, notice: Notice) -> Report:
        report = notice.report
        if self.asked.ratecounter and self.rate_field == "ratecount":
            report = evolve(report, ratecount=notice.rate)
        elif self.asked.ratecounter:
            report = evolve(report, rate_count=notice.rate)
        if self.for_all_users:
            report = evolve(report, user=self.account.name)
        return report

    def message(self, kind: str, reports: Sequence[Report]) -> str:
        """kind: snapshot or update. Takes the next number."""
        self.sequence += 1
        return venue_side.encode(Frame(channel=CHANNEL, type=kind, data=list(reports), sequence=self.sequence))


def snapshot(subscription: Subscription, reporter: Reporter) -> Iterator[Report]:
    """Open orders, then the last trades, newest first, as far as they were asked for."""
    account = subscription.account
    if subscription.snap_orders:
        yield from (reporter.open_order(order) for order in account.open_orders.values())
    if subscription.snap_trades:
        yield from (reporter.past_trade(fill) for fill in islice(reversed(account.fills), PAST_TRADES))


def _first(*values: bool | None) -> bool:
    return next(value for value in values if value is not None)
