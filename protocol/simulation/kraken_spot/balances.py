"""The balances channel of a simulated Kraken Spot: one subscription on one session.

https://docs.kraken.com/api/docs/websocket-v2/balances
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from attrs import define

from . import venue_side
from .accounts import Account
from .messages import Frame
from .orders import LedgerEntry
from .times import stamp

__all__ = ["CHANNEL", "BalanceFeed"]

CHANNEL: Final = "balances"
CURRENCY: Final = "currency"
WALLET: Final[Mapping[str, str]] = {"type": "spot", "id": "main"}


@define
class BalanceFeed:
    """sequence: of the last message."""

    account: Account
    sequence: int = 0

    def snapshot(self) -> str:
        return self._message("snapshot", [_asset_row(*held) for held in self.account.balances.items()])

    def updates(self, moves: Sequence[tuple[str, tuple[LedgerEntry, ...]]]) -> Iterator[str]:
        """A message for each trade of the account. moves: by the name of an account."""
        for account, entries in moves:
            if account == self.account.name:
                yield self._message("update", [_entry_row(entry) for entry in entries])

    def _message(self, kind: str, rows: list[dict[str, Any]]) -> str:
        self.sequence += 1
        return venue_side.encode(Frame(channel=CHANNEL, type=kind, data=rows, sequence=self.sequence))


def _asset_row(asset: str, balance: Decimal) -> dict[str, Any]:
    wallet = {**WALLET, "balance": balance}
    return {"asset": asset, "asset_class": CURRENCY, "balance": balance, "wallets": [wallet]}


def _entry_row(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "ledger_id": entry.entry_id,
        "ref_id": entry.reference,
        "timestamp": stamp(entry.time),
        "type": "trade",
        "asset": entry.asset,
        "asset_class": CURRENCY,
        "category": "trade",
        "wallet_type": WALLET["type"],
        "wallet_id": WALLET["id"],
        "amount": entry.amount,
        "fee": entry.fee,
        "balance": entry.balance,
    }
