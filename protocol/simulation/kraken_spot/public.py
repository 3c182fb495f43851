"""What a simulated Kraken Spot answers to questions that need no key: markets, assets, the time (spec A.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import frozen

from ...values import Instant
from . import refusals, rest_parameters
from .engine import Engine
from .market import Market
from .refusals import Refused, invalid
from .rest_reader import read_form
from .settings import Asset
from .strictness import Strictness
from .times import rfc1123, stamp_in_seconds

__all__ = ["PUBLIC", "PublicCall"]

T = TypeVar("T")
Row = dict[str, Any]

SECOND: Final = 1_000_000_000
CURRENCY: Final = "currency"
TOKENIZED: Final = "tokenized_asset"
CLASSES: Final = (CURRENCY, TOKENIZED)
VENUES: Final = ("international", "bitnomial_exchange")
MARGIN_CALL: Final = 80
MARGIN_STOP: Final = 40

TIERS_OF_FEES: Final = ((0, Decimal("0.40")), (50_000, Decimal("0.35")), (100_000, Decimal("0.24")))
TIERS_OF_MAKER_FEES: Final = ((0, Decimal("0.25")), (50_000, Decimal("0.20")), (100_000, Decimal("0.14")))
"""[volume, percent], as they stood in AssetPairs until 8 September 2026."""


@frozen
class PublicCall:
    """One call, with everything that it is answered from. pairs: its parameters."""

    name: str
    pairs: Mapping[str, object]
    engine: Engine
    now: Instant
    strictness: Strictness

    def form(self, cls: type[T]) -> T:
        """Raises Refused."""
        form, unknown = read_form(self.pairs, cls)
        for key in unknown:
            self.strictness.undocumented(self.name, key)
        return form


# Markets


def _asset_pairs(call: PublicCall) -> Row:
    form = call.form(rest_parameters.AssetPairs)
    kind, info = form.aclass_base or CURRENCY, form.info or "info"
    if kind not in CLASSES:
        raise invalid("aclass_base")
    if info not in INFO:
        raise invalid("info")
    if form.execution_venue not in (None, *VENUES):
        raise invalid("execution_venue")
    markets = list(call.engine.markets.values())
    if form.pair:
        symbols = [call.engine.pair_named(name.strip()).symbol for name in form.pair.split(",")]
        markets = [call.engine.markets[symbol] for symbol in symbols]
    elsewhere = kind != CURRENCY or form.execution_venue not in (None, VENUES[0])
    rows = {} if elsewhere else {market.pair.rest_name: _pair_row(market, call) for market in markets}
    return {name: {field: row[field] for field in INFO[info] or row} for name, row in rows.items()}


INFO: Final[Mapping[str, tuple[str, ...]]] = {
    "info": (),
    "leverage": ("leverage_buy", "leverage_sell"),
    "fees": ("fees", "fees_maker", "fee_volume_currency"),
    "margin": ("margin_call", "margin_stop"),
}
"""The fields of a row that are listed; none named: all."""


def _pair_row(market: Market, call: PublicCall) -> Row:
    pair, tiers = market.pair, call.engine.settings.fee_tiers
    limits = {"long_position_limit": pair.long_limit, "short_position_limit": pair.short_limit}
    return {
        "altname": pair.altname,
        "wsname": pair.websocket_name,
        "aclass_base": CURRENCY,
        "base": pair.base_code,
        "aclass_quote": CURRENCY,
        "quote": pair.quote_code,
        "lot": "unit",
        "cost_decimals": pair.cost_decimals,
        "pair_decimals": pair.price_decimals,
        "lot_decimals": pair.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": list(pair.leverage),
        "leverage_sell": list(pair.leverage),
        "fees": list(TIERS_OF_FEES) if tiers else [],
        "fees_maker": list(TIERS_OF_MAKER_FEES) if tiers else [],
        "fee_volume_currency": "ZUSD",
        "margin_call": MARGIN_CALL,
        "margin_stop": MARGIN_STOP,
        "ordermin": f"{pair.order_minimum:f}",
        "costmin": f"{pair.cost_minimum:f}",
        "tick_size": f"{pair.tick:f}",
        "status": market.status,
        "execution_venue": VENUES[0],
        **(limits if pair.leverage else {}),
    }


# Assets


def _assets(call: PublicCall) -> Row:
    form = call.form(rest_parameters.Assets)
    if form.aclass not in (None, *CLASSES):
        raise invalid("aclass")
    known = call.engine.assets
    wanted = list(known.values())
    if form.asset:
        wanted = [_asset(known, name.strip()) for name in form.asset.split(",")]
    return {} if form.aclass == TOKENIZED else {asset.code: _asset_row(asset) for asset in wanted}


def _asset(known: Mapping[str, Asset], name: str) -> Asset:
    for asset in known.values():
        if name in (asset.code, asset.altname):
            return asset
    raise Refused(refusals.UNKNOWN_ASSET)


def _asset_row(asset: Asset) -> Row:
    return {
        "aclass": CURRENCY,
        "altname": asset.altname,
        "decimals": asset.decimals,
        "display_decimals": asset.display_decimals,
        "collateral_value": asset.collateral_value,
        "status": "enabled",
    }


# The venue itself


@frozen(kw_only=True)
class NoParameters:
    """A question that has none."""


def _system_status(call: PublicCall) -> Row:
    call.form(NoParameters)
    return {"status": call.engine.system, "timestamp": stamp_in_seconds(call.now.wall_ns)}


def _time(call: PublicCall) -> Row:
    call.form(NoParameters)
    return {"unixtime": call.now.wall_ns // SECOND, "rfc1123": rfc1123(call.now.wall_ns)}


PUBLIC: Final[Mapping[str, Callable[[PublicCall], Row]]] = {
    "AssetPairs": _asset_pairs,
    "Assets": _assets,
    "SystemStatus": _system_status,
    "Time": _time,
}
