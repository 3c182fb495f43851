"""How orders and trades of a simulated Kraken Spot look on the executions channel (spec A.7, A.8)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from attrs import define, evolve

from ...values import ZERO, LiquiditySide, Side
from .messages import Contingent, Fee, Report, Triggers
from .orders import TRAILING, Fill, Phase, VenueOrder
from .settings import KrakenSpotExchangeSettings, Pair
from .times import padded, stamp

__all__ = ["SIDES", "Reporter", "average_price"]

SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}
INDICATORS: Final = {LiquiditySide.MAKER: "m", LiquiditySide.TAKER: "t", LiquiditySide.NONE: None}
AVERAGE_PLACES: Final = 5
DOLLAR: Final = "USD"


def average_price(cost: Decimal, quantity: Decimal, pair: Pair) -> Decimal:
    """Rounded: a quotient rarely ends. Zero for nothing."""
    if not quantity:
        return padded(ZERO, pair.price_decimals)
    places = max(AVERAGE_PLACES, pair.price_decimals + 3)
    exact = (cost / quantity).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return padded(exact, pair.price_decimals)


@define
class Reporter:
    """Writes reports as they are at the moment of the call."""

    settings: KrakenSpotExchangeSettings
    pairs: Mapping[str, Pair]

    # Parts

    def _pair(self, order: VenueOrder) -> Pair:
        return self.pairs[order.terms.symbol]

    def _price(self, order: VenueOrder, price: Decimal) -> Decimal:
        return padded(price, self._pair(order).price_decimals)

    def _quantity(self, order: VenueOrder, quantity: Decimal) -> Decimal:
        return padded(quantity, self._pair(order).lot_decimals)

    def _cost(self, order: VenueOrder, cost: Decimal) -> Decimal:
        return padded(cost, self._pair(order).cost_decimals)

    def _dollars(self, order: VenueOrder) -> Decimal | None:
        """The fee so far, where it is in dollars."""
        in_dollars = self._pair(order).quote == DOLLAR and not order.terms.fee_in_base
        return padded(order.fee, AVERAGE_PLACES) if in_dollars else None

    def _ids(self, order: VenueOrder, *, delta: bool) -> dict[str, Any]:
        terms = order.terms
        if delta and not self.settings.echo_client_ids:
            return {}
        named = terms.cl_ord_id is not None or terms.userref is not None
        tag = 0 if not named and self.settings.zero_userref else terms.userref
        return {"cl_ord_id": terms.cl_ord_id, "order_userref": tag}

    def _totals(self, order: VenueOrder) -> dict[str, Any]:
        return {
            "cum_qty": self._quantity(order, order.filled),
            "cum_cost": self._cost(order, order.cost),
            "avg_price": average_price(order.cost, order.filled, self._pair(order)),
            "fee_usd_equiv": self._dollars(order),
        }

    def _triggers(self, order: VenueOrder) -> Triggers | None:
        trigger, waiting = order.terms.trigger, order.waiting
        if trigger is None:
            return None
        moves = trigger.kind != "static"
        level = None if waiting is None else waiting.level
        trails = order.terms.type in TRAILING
        return Triggers(
            reference=trigger.reference.value,
            price=trigger.price,
            price_type=trigger.kind,
            actual_price=level if moves or order.fired is not None else None,
            peak_price=waiting.best if trails and waiting is not None else None,
            last_price=order.fired[1] if order.fired is not None else None,
            status="untriggered" if order.fired is None else "triggered",
            timestamp=stamp(order.fired[0]) if order.fired is not None else None,
        )

    def _stop_price(self, order: VenueOrder) -> Decimal:
        """Zero where there is none."""
        trigger, waiting = order.terms.trigger, order.waiting
        if trigger is not None and trigger.kind == "static":
            return trigger.price
        return ZERO if waiting is None or waiting.level is None else waiting.level

    def _contingent(self, order: VenueOrder) -> Contingent | None:
        close = order.terms.conditional
        if close is None:
            return None
        distance = close.limit_distance
        limit = distance.kind if distance is not None else None if close.limit_price is None else close.limit_kind
        return Contingent(
            order_type=close.type,
            trigger_price=None if close.trigger is None else close.trigger.price,
            trigger_price_type=None if close.trigger is None else close.trigger.kind,
            limit_price=close.limit_price if distance is None else distance.sign * distance.amount,
            limit_price_type=limit,
        )

    def _delta(self, order: VenueOrder, kind: str, time: int) -> dict[str, Any]:
        return {
            "order_id": order.order_id,
            "exec_type": kind,
            "order_status": order.status,
            "timestamp": stamp(time),
            "post_only": order.terms.post_only or None,
            "reduce_only": order.terms.reduce_only or None,
            **self._ids(order, delta=True),
        }

    def _full(self, order: VenueOrder, kind: str, time: int) -> dict[str, Any]:
        terms, triggers = order.terms, self._triggers(order)
        return {
            **self._delta(order, kind, time),
            **self._ids(order, delta=False),
            "symbol": terms.symbol,
            "side": SIDES[terms.side],
            "order_type": terms.type,
            "order_qty": self._quantity(order, order.quantity),
            "cash_order_qty": terms.cash,
            "display_qty": terms.display,
            "display_qty_remain": min(terms.display, order.left) if terms.display is not None else None,
            "limit_price": None if terms.limit_price is None else self._price(order, terms.limit_price),
            "limit_price_type": None if terms.limit_price is None else terms.limit_kind,
            "time_in_force": terms.tif,
            "effective_time": None if terms.starts is None else stamp(terms.starts),
            "expire_time": None if terms.expires is None else stamp(terms.expires),
            "margin": terms.margin or None,
            "fee_ccy_pref": "fcib" if terms.fee_in_base else "fciq",
            "fee_usd_equiv": self._dollars(order),
            "cum_cost": self._cost(order, order.cost),
            "triggers": triggers,
            "stop_price": self._price(order, self._stop_price(order)),
            "trigger": None if triggers is None else triggers.reference,
            "contingent": self._contingent(order),
            "ord_ref_id": order.parent,
            "sender_sub_id": terms.sender_sub_id,
        }

    # Reports

    def pending_new(self, order: VenueOrder, time: int) -> Report:
        return Report(**self._full(order, "pending_new", time))

    def new(self, order: VenueOrder, time: int) -> Report:
        return Report(**self._delta(order, "new", time))

    def trade(self, fill: Fill) -> Report:
        """Of a live order: it says `partially_filled` even of the last one."""
        order = fill.order
        report = self._trade(fill, "partially_filled")
        totals = {
            "cum_qty": self._quantity(order, fill.filled),
            "cum_cost": self._cost(order, fill.total_cost),
            "avg_price": average_price(fill.total_cost, fill.filled, self._pair(order)),
        }
        return Report(**(report | totals | self._ids(order, delta=True)))

    def _trade(self, fill: Fill, status: str) -> dict[str, Any]:
        order = fill.order
        return {
            "order_id": order.order_id,
            "exec_type": "trade",
            "order_status": status,
            "timestamp": stamp(fill.time),
            "symbol": order.terms.symbol,
            "side": SIDES[order.terms.side],
            "order_type": order.terms.type,
            "exec_id": fill.execution_id,
            "trade_id": fill.number,
            "last_qty": self._quantity(order, fill.quantity),
            "last_price": self._price(order, fill.price),
            "cost": self._cost(order, fill.cost),
            "liquidity_ind": INDICATORS[fill.liquidity],
            "fees": self._fees(fill),
            "fee_usd_equiv": self._dollars(order) if self.settings.trade_fees == "told" else None,
            "margin": order.terms.margin or None,
            "ord_ref_id": order.parent,
        }

    def _fees(self, fill: Fill) -> list[Fee] | None:
        """A rebate is a negative fee, unless the venue hides it; neither is one of zero."""
        if self.settings.trade_fees == "missing":
            return None
        if self.settings.trade_fees == "empty" or (fill.fee < 0 and self.settings.rebates == "empty"):
            return []
        return [Fee(asset=fill.fee_asset, qty=padded(fill.fee, AVERAGE_PLACES))]

    def filled(self, order: VenueOrder, time: int) -> Report:
        return Report(**self._delta(order, "filled", time), **self._totals(order))

    def ended(self, order: VenueOrder, kind: str, time: int) -> Report:
        """kind: canceled or expired."""
        reason = order.reason if kind == "canceled" else None
        delta = self._delta(order, kind, time)
        return Report(**delta, **self._totals(order), reason=reason, cancel_reason=reason)

    def amended(self, order: VenueOrder, kind: str, reason: str, time: int) -> Report:
        """kind: amended by the user or restated by the venue."""
        terms = order.terms
        report = Report(
            **self._delta(order, kind, time),
            reason=reason,
            amended=True,
            order_qty=self._quantity(order, order.quantity),
            cum_qty=self._quantity(order, order.filled),
            display_qty=terms.display,
            limit_price=None if terms.limit_price is None else self._price(order, terms.limit_price),
            limit_price_type=None if terms.limit_price is None else terms.limit_kind,
            triggers=self._triggers(order) if order.phase is Phase.WAITING else None,
        )
        return evolve(report, order_qty=None, cum_qty=None) if self.settings.strict_delta else report

    def status(self, order: VenueOrder, time: int) -> Report:
        """The trigger has fired or moved."""
        return Report(**self._delta(order, "status", time), triggers=self._triggers(order))

    def refilled(self, order: VenueOrder, time: int) -> Report:
        return Report(
            **self._delta(order, "iceberg_refill", time),
            display_qty=order.terms.display,
            display_qty_remain=self._quantity(order, order.shown),
            cum_qty=self._quantity(order, order.filled),
        )

    # Snapshots

    def open_order(self, order: VenueOrder) -> Report:
        kind, time = "pending_new" if order.phase is Phase.SCHEDULED else "new", order.received.wall_ns
        if order.fired is not None and self.settings.fired_snapshot == "status":
            kind, time = "status", order.fired[0]
        full = self._full(order, kind, time)
        return Report(**(full | self._totals(order)), amended=order.amended)

    def past_trade(self, fill: Fill) -> Report:
        status = "filled" if fill.order.status == "filled" else "partially_filled"
        return Report(**self._trade(fill, status), **self._ids(fill.order, delta=True))
