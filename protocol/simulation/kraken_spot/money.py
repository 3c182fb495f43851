"""What a simulated Kraken Spot answers to questions about an account's money over REST (spec A.17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from ...values import ZERO
from . import rest_parameters
from .orders import LedgerEntry
from .pages import page, within
from .refusals import invalid
from .rest_call import Call, Handler
from .settings import Asset
from .times import seconds_of

__all__ = ["MONEY"]

Row = dict[str, Any]


def _shown(amount: Decimal, asset: Asset) -> str:
    """With the asset's decimals; what is smaller is left out."""
    return f"{amount.quantize(Decimal(1).scaleb(-asset.decimals), ROUND_DOWN):f}"


def _balance(call: Call) -> Row:
    call.form(rest_parameters.Balance)
    return {
        asset.code: _shown(call.account.balance(name), asset)
        for name, asset in call.engine.assets.items()
        if name in call.account.balances
    }


def _balance_ex(call: Call) -> Row:
    call.form(rest_parameters.Balance)
    as_numbers = call.engine.settings.balances_as_numbers
    rows: Row = {}
    for name, asset in call.engine.assets.items():
        if name in call.account.balances:
            amounts = {"balance": call.account.balance(name), "hold_trade": call.account.held.get(name, ZERO)}
            shown = {key: _shown(amount, asset) for key, amount in amounts.items()}
            rows[asset.code] = {key: Decimal(text) for key, text in shown.items()} if as_numbers else shown
    return rows


# The ledger


MOST_ENTRIES: Final = 20
KINDS: Final = frozenset(
    {"all", "trade", "deposit", "withdrawal", "transfer", "margin", "adjustment", "rollover", "credit", "settled"}
    | {"staking", "dividend", "sale", "nft_rebate"}
)
"""What `type` may be; trades alone happen here."""


def _entry_row(entry: LedgerEntry, asset: Asset) -> Row:
    return {
        "aclass": "currency",
        "amount": _shown(entry.amount, asset),
        "asset": asset.code,
        "balance": _shown(entry.balance, asset),
        "fee": _shown(entry.fee, asset),
        "refid": entry.reference,
        "time": seconds_of(entry.time),
        "type": "trade",
        "subtype": "",
    }


def _entry_rows(call: Call, entries: Iterable[LedgerEntry]) -> Row:
    return {entry.entry_id: _entry_row(entry, call.engine.assets[entry.asset]) for entry in entries}


def _ledgers(call: Call) -> Row:
    form = call.form(rest_parameters.Ledgers)
    if form.type is not None and form.type not in KINDS:
        raise invalid("type")
    wanted = {name.strip() for name in (form.asset or "all").split(",")}
    names = {key: {asset.code, asset.altname, "all"} for key, asset in call.engine.assets.items()}
    known = [
        entry
        for entry in reversed(call.account.entries)
        if entry.time <= call.then and wanted & names[entry.asset] and form.type in (None, "all", "trade")
    ]
    found = within(
        known, form.start, form.end, name_of=lambda entry: entry.entry_id, times_of=lambda entry: (entry.time,)
    )
    answer: Row = {"ledger": _entry_rows(call, page(found, form.ofs))}
    return answer if form.without_count else answer | {"count": len(found)}


def _query_ledgers(call: Call) -> Row:
    names = [name.strip() for name in (call.form(rest_parameters.QueryLedgers).id or "").split(",") if name.strip()]
    if not 0 < len(names) <= MOST_ENTRIES:
        raise invalid("id")
    known = {entry.entry_id: entry for entry in call.account.entries if entry.time <= call.then}
    return _entry_rows(call, (known[name] for name in names if name in known))


# Fees


MONTH: Final = 30 * 86_400 * 1_000_000_000


def _trade_volume(call: Call) -> Row:
    """The volume of thirty days, in quote currency whatever that is, and the fees of the pairs that were named."""
    form = call.form(rest_parameters.TradeVolume)
    traded = sum((fill.cost for fill in call.account.fills if fill.time > call.now.wall_ns - MONTH), ZERO)
    pairs = [call.pair(name.strip()).rest_name for name in (form.pair or "").split(",") if name.strip()]
    volume = f"{traded:.4f}"
    answer: Row = {"currency": "ZUSD", "volume": volume}
    if pairs:
        rates = {"fees": call.account.taker_fee, "fees_maker": call.account.maker_fee}
        answer |= {key: {pair: _fee_row(rate) for pair in pairs} for key, rate in rates.items()}
    return answer


def _fee_row(rate: Decimal) -> Row:
    """There is one tier. rate: a fraction."""
    fee = f"{rate * 100:.4f}"
    return {
        "fee": fee,
        "minfee": fee,
        "maxfee": fee,
        "nextfee": None,
        "nextvolume": None,
        "tiervolume": "0.0000",
    }


MONEY: Final[Mapping[str, Handler]] = {
    "Balance": _balance,
    "BalanceEx": _balance_ex,
    "Ledgers": _ledgers,
    "QueryLedgers": _query_ledgers,
    "TradeVolume": _trade_volume,
}
