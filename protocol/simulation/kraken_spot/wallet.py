"""What a simulated Kraken Spot answers to questions about an account's money over REST (spec A.17)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from ...values import ZERO
from . import forms
from .rest_call import Call, Handler
from .settings import Asset

__all__ = ["WALLET"]

Row = dict[str, Any]


def _shown(amount: Decimal, asset: Asset) -> str:
    """With the asset's decimals; what is smaller is not told."""
    return f"{amount.quantize(Decimal(1).scaleb(-asset.decimals), ROUND_DOWN):f}"


def _balance(call: Call) -> Row:
    call.form(forms.Balance)
    return {
        asset.code: _shown(call.account.balance(name), asset)
        for name, asset in call.engine.assets.items()
        if name in call.account.balances
    }


def _balance_ex(call: Call) -> Row:
    call.form(forms.Balance)
    as_numbers = call.engine.settings.balances_as_numbers
    rows: Row = {}
    for name, asset in call.engine.assets.items():
        if name in call.account.balances:
            amounts = {"balance": call.account.balance(name), "hold_trade": call.account.held.get(name, ZERO)}
            shown = {key: _shown(amount, asset) for key, amount in amounts.items()}
            rows[asset.code] = {key: Decimal(text) for key, text in shown.items()} if as_numbers else shown
    return rows


WALLET: Final[Mapping[str, Handler]] = {
    "Balance": _balance,
    "BalanceEx": _balance_ex,
}
