"""The REST interface of a simulated Kraken Spot (spec A.17), on the same book and accounts as the socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import define, field, frozen

from ...errors import WireError
from ...kraken_spot import voice, wire
from ...values import Instant
from ..exchange import HttpReply, HttpRequest
from . import refusals
from .access import Access, is_json, text_of
from .accounts import Account
from .asking import moment, number_of, rest_price, terms_of_form
from .changes import Amendment, Edit, amend, check_edit, edit
from .checks import check_deadline
from .engine import Engine, is_tag
from .methods import switch_times
from .moments import stamp_in_seconds
from .orders import Terms, VenueOrder
from .refusals import Refused, invalid
from .rows import describe, order_row, trade_row
from .settings import KrakenSpotUser, Pair

__all__ = ["RestDesk"]

T = TypeVar("T")

SECOND: Final = 1_000_000_000
DAY: Final = 86_400
PUBLIC: Final = "/0/public/"
PRIVATE: Final = "/0/private/"
PAGE: Final = 50
MOST_NAMES: Final = 50
FEWEST_IN_BATCH: Final = 2
MOST_IN_BATCH: Final = 15
COSTS: Final = {"AddOrder": 0, "CancelOrder": 0, "ClosedOrders": 2, "TradesHistory": 2}
"""What calls count; all others 1."""
STREAMS: Final = "GetWebSocketsToken"


@frozen(kw_only=True)
class EditForm(wire.PrivateForm):
    """EditOrder. price, price2: as AddOrder has them."""

    txid: str | None = None
    pair: str | None = None
    volume: Decimal | None = None
    price: str | None = None
    price2: str | None = None
    displayvol: Decimal | None = None
    userref: int | None = None
    oflags: str | None = None
    deadline: str | None = None
    validate: bool | None = None


@frozen
class _Call:
    """One private call with everything it is answered from."""

    request: HttpRequest
    user: KrakenSpotUser
    account: Account
    now: Instant
    list_nothing: bool

    def form(self, cls: type[T]) -> T:
        """The body. Raises Refused."""
        read = voice.decode_json if is_json(self.request) else voice.decode_form
        try:
            return read(text_of(self.request), cls)
        except WireError as problem:
            raise Refused(str(problem)) from None


Handler = Callable[[_Call], object]


@define
class RestDesk:
    """Answers HTTP calls. What it does to orders, the engine tells as notices."""

    engine: Engine
    access: Access
    _public: dict[str, Callable[[HttpRequest, Instant], object]] = field(init=False)
    _reads: dict[str, Handler] = field(init=False)
    _writes: dict[str, Handler] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._public = {
            "AssetPairs": self._asset_pairs,
            "SystemStatus": self._system_status,
            "Time": lambda request, now: {"unixtime": now.wall_ns // SECOND, "rfc1123": stamp_in_seconds(now.wall_ns)},
        }
        self._reads = {
            STREAMS: self._token,
            "Balance": self._balance,
            "ClosedOrders": self._closed_orders,
            "OpenOrders": self._open_orders,
            "QueryOrders": self._query_orders,
            "TradesHistory": self._trades,
        }
        self._writes = {
            "AddOrder": self._add,
            "AddOrderBatch": self._add_batch,
            "AmendOrder": self._amend,
            "CancelAll": lambda call: wire.CountResult(count=self.engine.cancel_all(call.account)),
            "CancelAllOrdersAfter": self._cancel_after,
            "CancelOrder": self._cancel,
            "CancelOrderBatch": self._cancel_batch,
            "EditOrder": self._edit,
        }

    def reply(self, request: HttpRequest, now: Instant, *, list_nothing: bool = False) -> HttpReply:
        """list_nothing: open orders come without rows, whatever there is."""
        try:
            result = self._result(request, now, list_nothing)
        except Refused as refused:
            return _json({"error": [refused.text]})
        return _json({"error": [], "result": result})

    def _result(self, request: HttpRequest, now: Instant, list_nothing: bool) -> object:
        name = request.path.rpartition("/")[2]
        if request.path == PUBLIC + name and name in self._public:
            return self._public[name](request, now)
        handler = self._reads.get(name) or self._writes.get(name)
        if request.path != PRIVATE + name or handler is None or request.method != "POST":
            raise Refused(refusals.UNKNOWN_METHOD)
        user = self.access.caller(request)
        permitted = user.may_stream if name == STREAMS else user.may_trade or name not in self._writes
        if not permitted:
            raise Refused(refusals.PERMISSION)
        account = self.engine.accounts[user.account]
        self._charge(account, name, now)
        return handler(_Call(request, user, account, now, list_nothing))

    def _charge(self, account: Account, name: str, now: Instant) -> None:
        counter, cost = account.rates.rest(now.monotonic_ns), Decimal(COSTS.get(name, 1))
        if self.engine.settings.rate_limit and not counter.has_room(cost, now.monotonic_ns):
            raise Refused(refusals.REST_RATE_LIMIT)
        counter.add(cost, now.monotonic_ns)

    def _pair(self, name: str | None) -> Pair:
        for market in self.engine.markets.values():
            if name in market.pair.names:
                return market.pair
        raise Refused(refusals.UNKNOWN_PAIR)

    def _pair_of(self, order: VenueOrder) -> Pair:
        return self.engine.markets[order.terms.symbol].pair

    def _check_deadline(self, text: str | None) -> None:
        check_deadline(moment(text, "deadline"), self.engine.now, self.engine.settings.engine_delay)

    # Public

    def _asset_pairs(self, request: HttpRequest, now: Instant) -> object:
        wanted = dict(request.query).get("pair")
        pairs = [market.pair for market in self.engine.markets.values()]
        if wanted:
            pairs = [self._pair(name) for name in wanted.split(",")]
        return {pair.rest_name: self._pair_row(pair) for pair in pairs}

    def _pair_row(self, pair: Pair) -> wire.AssetPairRow:
        return wire.AssetPairRow(
            altname=pair.altname,
            wsname=pair.websocket_name,
            base=pair.base_code,
            quote=pair.quote_code,
            pair_decimals=pair.price_decimals,
            lot_decimals=pair.lot_decimals,
            tick_size=pair.tick,
            ordermin=pair.order_minimum,
            costmin=pair.cost_minimum,
            status=self.engine.markets[pair.symbol].status,
        )

    def _system_status(self, request: HttpRequest, now: Instant) -> object:
        return {"status": self.engine.system, "timestamp": stamp_in_seconds(now.wall_ns)}

    # Reading

    def _token(self, call: _Call) -> object:
        token = self.access.new_token(call.user, call.now)
        return wire.TokenResult(token=token, expires=self.engine.settings.token_lifetime // SECOND)

    def _balance(self, call: _Call) -> object:
        pairs = [market.pair for market in self.engine.markets.values()]
        codes = {pair.base: pair.base_code for pair in pairs} | {pair.quote: pair.quote_code for pair in pairs}
        return {codes.get(asset, asset): f"{amount:f}" for asset, amount in call.account.balances.items()}

    def _open_orders(self, call: _Call) -> object:
        form = call.form(wire.OpenOrdersForm)
        orders = [
            order
            for order in call.account.open_orders.values()
            if not call.list_nothing
            and form.userref in (None, order.terms.userref)
            and form.cl_ord_id in (None, order.terms.cl_ord_id)
        ]
        return {"open": self._rows(orders, trades=bool(form.trades))}

    def _rows(self, orders: Sequence[VenueOrder], *, trades: bool) -> dict[str, wire.OrderRow]:
        return {order.order_id: order_row(order, self._pair_of(order), trades=trades) for order in orders}

    def _closed_orders(self, call: _Call) -> object:
        form = call.form(wire.ClosedOrdersForm)
        start, end = _range(form.start, form.end)
        by_opening = form.closetime == "open"
        orders = [
            order
            for order in reversed(call.account.closed_orders)
            if start < (order.received.wall_ns if by_opening else order.closed or 0) <= end
            and form.cl_ord_id in (None, order.terms.cl_ord_id)
        ]
        offset = form.ofs or 0
        return {"closed": self._rows(orders[offset : offset + PAGE], trades=False), "count": len(orders)}

    def _query_orders(self, call: _Call) -> object:
        form = call.form(wire.QueryOrdersForm)
        names = [name.strip() for name in form.txid.split(",") if name.strip()]
        if len(names) > MOST_NAMES or not names:
            raise invalid("txid")
        found = [self.engine.orders.get(name) for name in names]
        mine = [order for order in found if order is not None and order.account == call.account.name]
        return self._rows(mine, trades=bool(form.trades))

    def _trades(self, call: _Call) -> object:
        form = call.form(wire.TradesHistoryForm)
        start, end = _range(form.start, form.end)
        fills = [fill for fill in reversed(call.account.fills) if start < fill.time <= end]
        offset = form.ofs or 0
        page = fills[offset : offset + PAGE]
        rows = {fill.execution_id: trade_row(fill, self._pair_of(fill.order)) for fill in page}
        return {"trades": rows, "count": len(fills)}

    # Placing and changing

    def _add(self, call: _Call) -> object:
        form = call.form(wire.AddOrderForm)
        self._check_deadline(form.deadline)
        pair = self._pair(form.pair)
        terms = terms_of_form(form, pair.symbol, call.now)
        if form.validate:
            self.engine.admit(call.account, terms, self.engine.check(terms))
            return wire.AddOrderResult(descr=_described(terms, terms.quantity, pair))
        order = self.engine.place(call.account, terms)
        return wire.AddOrderResult(descr=_described(terms, order.quantity, pair), txid=[order.order_id])

    def _add_batch(self, call: _Call) -> object:
        form = call.form(wire.AddOrderBatchForm)
        self._check_deadline(form.deadline)
        pair, legs = self._pair(form.pair), form.orders or []
        if not FEWEST_IN_BATCH <= len(legs) <= MOST_IN_BATCH:
            raise invalid("orders")
        batch = [terms_of_form(leg, pair.symbol, call.now) for leg in legs]
        self.engine.check_batch(call.account, batch)
        if form.validate:
            descriptions = [_described(terms, terms.quantity, pair) for terms in batch]
            return wire.RestBatchResult(orders=[wire.RestBatchLeg(descr=descr) for descr in descriptions])
        return wire.RestBatchResult(orders=[self._leg(call.account, terms, pair, len(batch)) for terms in batch])

    def _leg(self, account: Account, terms: Terms, pair: Pair, batch: int) -> wire.RestBatchLeg:
        try:
            order = self.engine.place(account, terms, batch=batch)
        except Refused as refused:
            return wire.RestBatchLeg(error=refused.text)
        return wire.RestBatchLeg(txid=order.order_id, descr=_described(terms, order.quantity, pair))

    def _amend(self, call: _Call) -> object:
        form = call.form(wire.AmendOrderForm)
        self._check_deadline(form.deadline)
        order = self.engine.find(call.account, form.txid, form.cl_ord_id)
        limit = None if form.limit_price is None else rest_price(form.limit_price, "limit_price")
        trigger = None if form.trigger_price is None else rest_price(form.trigger_price, "trigger_price")
        change = Amendment(
            quantity=form.order_qty,
            limit_price=None if limit is None else limit[1],
            display=form.display_qty,
            trigger_price=None if trigger is None else trigger[1],
            post_only=form.post_only,
        )
        return wire.AmendResult(amend_id=amend(self.engine, call.account, order, change))

    def _edit(self, call: _Call) -> object:
        form = call.form(EditForm)
        self._check_deadline(form.deadline)
        pair = self._pair(form.pair)
        order = self.engine.find(call.account, form.txid)
        price, price2 = (None if text is None else rest_price(text)[1] for text in (form.price, form.price2))
        trigger = order.terms.trigger
        if trigger is not None and price is not None:
            trigger = type(trigger)(price=price, reference=trigger.reference, kind=trigger.kind)
        change = Edit(
            symbol=pair.symbol,
            quantity=form.volume,
            limit_price=price if order.terms.trigger is None else price2,
            trigger=trigger,
            display=form.displayvol,
            post_only=None if form.oflags is None else "post" in form.oflags.split(","),
            userref=form.userref,
        )
        if form.validate:
            terms = check_edit(self.engine, call.account, order, change)
            return {"status": "ok", "descr": _described(terms, terms.quantity, pair)}
        new = edit(self.engine, call.account, order, change)
        descr = _described(new.terms, new.quantity, pair)
        return {"status": "ok", "txid": new.order_id, "originaltxid": order.order_id, "descr": descr}

    # Canceling

    def _cancel(self, call: _Call) -> object:
        form = call.form(wire.CancelForm)
        if form.txid is not None and form.cl_ord_id is None and is_tag(form.txid):
            orders = self.engine.find_by_userref(call.account, int(form.txid))
        else:
            orders = [self.engine.find(call.account, form.txid, form.cl_ord_id)]
        for order in orders:
            self.engine.cancel(order)
        self.engine.settle()
        return wire.CountResult(count=len(orders))

    def _cancel_batch(self, call: _Call) -> object:
        form = call.form(wire.CancelBatchForm)
        names, client_ids = form.orders or [], form.cl_ord_ids or []
        if not 0 < len(names) + len(client_ids) <= MOST_NAMES:
            raise invalid("orders")
        return wire.CountResult(count=self.engine.cancel_some(call.account, names, client_ids))

    def _cancel_after(self, call: _Call) -> object:
        timeout = call.form(wire.CancelTimerForm).timeout
        if not 0 <= timeout < DAY:
            raise invalid("timeout")
        self.engine.set_switch(call.account, timeout)
        current, trigger = switch_times(call.now.wall_ns, timeout)
        return wire.TimerResult(currentTime=current, triggerTime=trigger)


def _described(terms: Terms, quantity: Decimal | None, pair: Pair) -> wire.OrderDescription:
    """In the answer to a placement: the sentences alone."""
    full = describe(terms, quantity if quantity is not None else Decimal(0), pair)
    return wire.OrderDescription(order=full.order, close=full.close or None)


def _range(start: str | None, end: str | None) -> tuple[int, int]:
    """start exclusive, end inclusive: ns since 1970. Raises Refused."""
    return _time(start, "start", 0), _time(end, "end", 2**80)


def _time(text: str | None, name: str, default: int) -> int:
    if not text:
        return default
    return int(number_of(text, name) * SECOND)


def _json(body: dict[str, Any]) -> HttpReply:
    return HttpReply(status=200, body=voice.encode(body).encode())
