"""The REST interface of a simulated AX Exchange (spec 7), on the same book and accounts as the socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import define, field, frozen

from ...ax import venue_side, wire
from ...errors import WireError
from ...values import ZERO, Instant, LiquiditySide, Side
from ..exchange import HttpReply, HttpRequest
from ..ledger import Execution
from .access import Access, Login
from .accounts import Account
from .checks import SIDES
from .engine import Engine
from .orders import VenueOrder
from .refusals import Refusal
from .requests import Placing, Reference, Replacing
from .risk import equity, initial_margin, unrealized, value_at_mark
from .settings import Scope

__all__ = ["RestInterface"]

T = TypeVar("T")

DAY: Final = 24 * 3600 * 1_000_000_000
LONGEST_RANGE: Final = 7 * DAY
OPEN_ORDERS_LIMIT: Final = 100
TOO_MANY: Final = 429


@frozen
class _Call:
    """One call with everything it is answered from. login: None on public paths; list_nothing: a list of open orders
    comes without rows."""

    request: HttpRequest
    query: dict[str, str]
    login: Login | None
    now: Instant
    list_nothing: bool

    @property
    def user(self) -> Login:
        assert self.login is not None  # only public paths go without, and they never ask
        return self.login


Handler = Callable[[_Call], object]


class _Refused(Exception):
    """Ends a call with an HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@define
class RestInterface:
    """Answers HTTP calls. The engine notes what happens to orders."""

    engine: Engine
    access: Access
    _public: dict[tuple[str, str], Handler] = field(init=False)
    _reads: dict[tuple[str, str], Handler] = field(init=False)
    _writes: dict[tuple[str, str], Handler] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._public = {
            ("POST", "/api/authenticate"): self._authenticate,
            ("GET", "/api/instruments"): self._instruments,
            ("GET", "/api/instrument"): self._instrument,
            ("GET", "/api/health"): lambda call: {"status": "ok"},
        }
        self._reads = {
            ("GET", "/api/whoami"): self._whoami,
            ("GET", "/api/balances"): self._balances,
            ("GET", "/api/positions"): self._positions,
            ("GET", "/api/fills"): self._fills,
            ("GET", "/api/risk-snapshot"): self._risk,
            ("POST", "/api/preview-aggressive-limit-order"): self._preview,
            ("GET", "/orders/open-orders"): self._open_orders,
            ("GET", "/orders/order-status"): self._status,
            ("GET", "/orders/orders"): self._orders,
            ("GET", "/orders/order-fills"): self._order_fills,
            ("POST", "/orders/initial-margin-requirement"): self._margin,
            ("POST", "/orders/preview-order"): self._preview_order,
        }
        self._writes = {
            ("POST", "/orders/place-order"): self._place,
            ("POST", "/orders/cancel-order"): self._cancel,
            ("POST", "/orders/replace-order"): self._replace,
            ("POST", "/orders/cancel-all-orders"): self._cancel_all,
            ("POST", "/api/sandbox/deposit"): self._deposit,
            ("POST", "/api/sandbox/withdraw"): self._withdraw,
        }

    def reply(self, request: HttpRequest, now: Instant, *, list_nothing: bool = False) -> HttpReply:
        """list_nothing: a list of open orders comes without rows."""
        try:
            result = self._result(request, now, list_nothing)
        except _Refused as refused:
            return _json(refused.status, {"error": str(refused)}, self._pause(refused.status))
        except WireError as error:
            return _json(400, {"error": str(error)})
        return _json(200, result)

    def _pause(self, status: int) -> tuple[tuple[str, str], ...]:
        pause = self.access.settings.retry_after
        return (("Retry-After", str(pause)),) if status == TOO_MANY and pause is not None else ()

    def _result(self, request: HttpRequest, now: Instant, list_nothing: bool) -> object:
        route = (request.method, request.path.replace("_", "-"))
        call = _Call(request, dict(request.query), self.access.login_of(request, now), now, list_nothing)
        if route in self._public:
            return self._public[route](call)
        handler = self._reads.get(route) or self._writes.get(route)
        if handler is None:
            raise _Refused(404, f"there is nothing at {request.method} {request.path}")
        if call.login is None:
            raise _Refused(401, "the token is missing, unknown or expired")
        if route in self._writes and call.login.user.scope == Scope.READ_ONLY:
            raise _Refused(403, "this key may only read")
        if not self.access.within_rate(call.login.user, now):
            raise _Refused(TOO_MANY, "too many requests, slow down")
        return handler(call)

    def _account(self, call: _Call, name: str | None = None) -> Account:
        wanted = name or call.query.get("account_id") or call.user.user.accounts[0]
        if wanted not in call.user.user.accounts:
            raise _Refused(403, f"account {wanted} is not yours")
        return self.engine.accounts[wanted]

    # Public

    def _authenticate(self, call: _Call) -> object:
        credentials = venue_side.decode_body(call.request.body, wire.AuthenticateRequest)
        token = self.access.authenticate(credentials, call.now)
        if token is None:
            raise _Refused(401, "these credentials are not known")
        return wire.AuthenticateResponse(token=token)

    def _instruments(self, call: _Call) -> object:
        return wire.InstrumentList(instruments=[symbol.row for symbol in self.engine.markets.values()])

    def _instrument(self, call: _Call) -> object:
        symbol = self.engine.markets.get(call.query.get("symbol", ""))
        if symbol is None:
            raise _Refused(404, "no such symbol")
        return symbol.row

    # Account

    def _whoami(self, call: _Call) -> object:
        user = call.user.user
        accounts = [
            wire.TokenAccount(
                id=name,
                name=name.lower(),
                is_close_only=user.close_only,
                maker_fee=user.maker_fee,
                taker_fee=user.taker_fee,
                can_trade=user.scope == Scope.FULL_ACCESS,
            )
            for name in user.accounts
        ]
        return wire.Whoami(
            id=user.id,
            username=user.username,
            created_at="2026-01-01T00:00:00Z",
            is_onboarded=True,
            is_frozen=False,
            is_admin=False,
            accounts=accounts,
        )

    def _balances(self, call: _Call) -> object:
        accounts = [self.engine.accounts[name] for name in call.user.user.accounts]
        return {"balances": [wire.Balance(account_id=a.id, symbol="USD", amount=a.balance) for a in accounts]}

    def _positions(self, call: _Call) -> object:
        account, time = self._account(call), venue_side.rfc3339(call.now.wall_ns)
        rows = [
            wire.Position(
                account_id=account.id,
                symbol=symbol,
                signed_quantity=position.signed,
                signed_notional=value_at_mark(self.engine.markets[symbol], position.signed),
                signed_cost_basis=position.cost,
                timestamp=time,
                realized_pnl=position.realized,
            )
            for symbol, position in account.positions.items()
        ]
        return {"positions": rows}

    def _risk(self, call: _Call) -> object:
        engine, account = self.engine, self._account(call)
        of_positions = initial_margin(account, engine.markets, orders=False)
        total = initial_margin(account, engine.markets)
        maintenance = of_positions * Decimal("0.8")
        worth = equity(account, engine.markets)
        per_symbol = {
            symbol: {
                "signed_quantity": position.signed,
                "signed_notional": value_at_mark(engine.markets[symbol], position.signed),
                "signed_cost_basis": position.cost,
                "mark_price": engine.markets[symbol].mark,
                "unrealized_pnl": value_at_mark(engine.markets[symbol], position.signed) - position.cost,
            }
            for symbol, position in account.positions.items()
        }
        return {
            "risk_snapshot": {
                "account_id": account.id,
                "user_id": account.user,
                "timestamp_ns": venue_side.rfc3339(call.now.wall_ns),
                "per_symbol": per_symbol,
                "initial_margin_required_for_positions": of_positions,
                "initial_margin_required_for_open_orders": total - of_positions,
                "initial_margin_required_total": total,
                "initial_margin_available": worth - total,
                "maintenance_margin_required": maintenance,
                "maintenance_margin_available": worth - maintenance,
                "unrealized_pnl": unrealized(account, engine.markets),
                "equity": worth,
                "balance_usd": account.balance,
            }
        }

    def _deposit(self, call: _Call) -> object:
        return self._move_money(call, 1)

    def _withdraw(self, call: _Call) -> object:
        return self._move_money(call, -1)

    def _move_money(self, call: _Call, direction: int) -> object:
        transfer = venue_side.decode_body(call.request.body, _Transfer)
        if transfer.symbol != "USD" or transfer.amount <= 0:
            raise _Refused(400, "only positive amounts of USD")
        account = self._account(call)
        if account.balance + direction * transfer.amount < 0:
            raise _Refused(400, "more than the balance")
        account.balance += direction * transfer.amount
        return {}

    # Orders

    def _placing(self, call: _Call) -> Placing:
        body = venue_side.decode_body(call.request.body, wire.Placement)
        return Placing(request=body, user=call.user.user.id, account=self._account(call, body.aid), session=None)

    def _place(self, call: _Call) -> object:
        return wire.OrderId(oid=_unrefused(self.engine.place(self._placing(call))))

    def _cancel(self, call: _Call) -> object:
        body = venue_side.decode_body(call.request.body, wire.CancelBody)
        found = _unrefused(self.engine.cancel(self._account(call, body.aid), Reference(body.oid, body.cid)))
        return wire.CancelReceived(cxl_rx=found is not None)

    def _replace(self, call: _Call) -> object:
        body = venue_side.decode_body(call.request.body, wire.ReplaceBody)
        terms = Replacing(price=body.p, quantity=body.q, tif=body.tif, post_only=body.po)
        account = self._account(call, body.aid)
        return wire.OrderId(oid=_unrefused(self.engine.replace(account, Reference(body.oid, body.cid), terms)))

    def _cancel_all(self, call: _Call) -> object:
        body = venue_side.decode_body(call.request.body or b"{}", wire.CancelAllBody)
        self.engine.cancel_all(self._account(call, body.account_id), body.symbol)
        return {}

    def _open_orders(self, call: _Call) -> object:
        found = [] if call.list_nothing else self._seen_open(self._account(call))
        orders = sorted(found, key=lambda order: order.oid, reverse=True)
        limit, offset = _number(call, "limit", OPEN_ORDERS_LIMIT), _number(call, "offset", 0)
        page = [order.on_wire() for order in orders[offset : offset + limit]]
        return wire.OrderPage(orders=page, total_count=len(orders), limit=limit, offset=offset)

    def _seen_open(self, account: Account) -> list[VenueOrder]:
        if not self.engine.settings.rest_lag:
            return self.engine.open_orders(account)
        return [order for order in self.engine.seen_orders(account) if order.is_open]

    def _status(self, call: _Call) -> object:
        if "order_id" in call.query or "client_order_id" in call.query:
            raise _Refused(400, "the parameters are called oid and cid")
        cid = call.query.get("cid")
        if cid is not None and not cid.isdecimal():
            raise _Refused(400, "cid must be a whole number")
        reference = Reference(call.query.get("oid"), None if cid is None else int(cid))
        order = _unrefused(self.engine.asked_for(self._account(call), reference))
        if order is None:
            raise _Refused(404, "no such order")
        return wire.StatusEnvelope(status=order.status())

    def _orders(self, call: _Call) -> object:
        start, end = _time_range(call)
        account, states = self._account(call), call.query.get("order_states")
        wanted = None if states is None else set(states.split(","))
        symbol = call.query.get("symbol")
        orders = [
            order
            for order in self.engine.seen_orders(account)
            if start <= self._time_of(order) < end
            and symbol in (None, order.symbol)
            and (wanted is None or order.state in wanted)
        ]
        rows = _sorted(call, orders, lambda order: (self._time_of(order), order.oid))
        if self.engine.settings.legacy:
            limit, offset = self._limit(call), _number(call, "offset", 0)
            shown = [order.on_wire(legacy=True) for _, order in rows[offset : offset + limit]]
            return wire.OrderPage(orders=shown, limit=limit, total=len(orders), offset=offset)
        page, cursor = _page(call, rows, self._limit(call))
        shown = [order.on_wire() for order in page]
        return wire.OrderPage(orders=shown, limit=self._limit(call), total_count=len(orders), next_cursor=cursor)

    def _time_of(self, order: VenueOrder) -> int:
        """By which history finds an order."""
        return order.changed if self.engine.settings.history_by_change else order.received

    def _limit(self, call: _Call) -> int:
        return max(1, _number(call, "limit", self.engine.settings.page_size))

    def _fills(self, call: _Call) -> object:
        start, end = _time_range(call)
        start = max(start, self.engine.fills_since)
        account, symbol = self._account(call), call.query.get("symbol")
        executions = [
            execution
            for execution in self.engine.seen_executions((account.id,))
            if start <= execution.time < end and symbol in (None, execution.symbol)
        ]
        rows = _sorted(call, executions, lambda e: (e.time, f"{e.trade_id}-{e.venue_order_id}"))
        page, cursor = _page(call, rows, self._limit(call))
        return wire.FillPage(
            fills=[self._fill_row(execution) for execution in page],
            limit=self._limit(call),
            total_count=len(executions),
            next_cursor=cursor,
        )

    def _order_fills(self, call: _Call) -> object:
        oid = call.query.get("order_id")
        if oid is None:
            raise _Refused(400, "order_id is required")
        executions = self.engine.seen_executions(call.user.user.accounts)
        return wire.FillPage(fills=[self._fill_row(e) for e in executions if e.venue_order_id == oid])

    def _fill_row(self, execution: Execution) -> wire.FillRow:
        return wire.FillRow(
            trade_id=execution.trade_id,
            order_id=execution.venue_order_id,
            user_id=self.engine.accounts[execution.account].user,
            account_id=execution.account,
            symbol=execution.symbol,
            timestamp=venue_side.rfc3339(execution.time),
            price=execution.price,
            quantity=int(execution.quantity),
            is_taker=execution.liquidity is LiquiditySide.TAKER,
            fee=execution.fee,
            side="B" if execution.side is Side.BUY else "S",
        )

    # Previews

    def _preview(self, call: _Call) -> object:
        body = venue_side.decode_body(call.request.body, wire.PreviewRequest)
        symbol = self.engine.markets.get(body.symbol)
        if symbol is None or body.side not in SIDES or body.quantity < 1:
            raise _Refused(400, "symbol, side (B or S) or quantity is not valid")
        sweep = symbol.book.sweep(SIDES[body.side], Decimal(body.quantity))
        return wire.PreviewResponse(
            limit_price=sweep.worst,
            vwap=sweep.value / sweep.filled if sweep.filled else None,
            filled_quantity=int(sweep.filled),
            remaining_quantity=body.quantity - int(sweep.filled),
        )

    def _margin_of(self, call: _Call) -> tuple[Account, wire.Placement, Decimal]:
        placing = self._placing(call)
        body = placing.request
        assert isinstance(body, wire.Placement)
        if body.s not in self.engine.markets or body.d not in SIDES:
            raise _Refused(400, "no such symbol or side")
        markets, extra = self.engine.markets, (body.s, SIDES[body.d], body.q, body.p)
        needed = initial_margin(placing.account, markets, extra) - initial_margin(placing.account, markets)
        return placing.account, body, max(needed, ZERO)

    def _margin(self, call: _Call) -> object:
        account, body, needed = self._margin_of(call)
        row = self.engine.markets[body.s].row
        position = account.position(body.s).signed
        return wire.MarginRequirement(im_pct=row.initial_margin_pct, im=needed, pos=position, mult=row.multiplier)

    def _preview_order(self, call: _Call) -> object:
        account, body, needed = self._margin_of(call)
        before = account.position(body.s).signed
        after = before + (body.q if body.d == "B" else -body.q)
        row = self.engine.markets[body.s].row
        preview = wire.OrderPreview(im_pct=row.initial_margin_pct, im=needed, pos_before=before, pos_after=after)
        return _WithNulls(preview, ("liq",))


@frozen
class _Transfer:
    symbol: str
    amount: Decimal


@frozen
class _WithNulls:
    """A body with keys to write as null."""

    body: object
    nulls: tuple[str, ...]


def _json(status: int, body: object, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
    if isinstance(body, _WithNulls):
        return HttpReply(status=status, body=venue_side.encode(body.body, nulls=body.nulls).encode())
    return HttpReply(status=status, body=venue_side.encode(body).encode(), headers=headers)


def _unrefused(result: T | Refusal) -> T:
    if isinstance(result, Refusal):
        raise _Refused(result.code, result.message)
    return result


def _number(call: _Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise _Refused(400, f"{name} must be a whole number")
    return int(text)


def _time_range(call: _Call) -> tuple[int, int]:
    """start inclusive, end exclusive, ns since 1970 (spec 7.1)."""
    if "start_timestamp_ns" not in call.query or "end_timestamp_ns" not in call.query:
        raise _Refused(400, "start_timestamp_ns and end_timestamp_ns are both required")
    start, end = _number(call, "start_timestamp_ns", 0), _number(call, "end_timestamp_ns", 0)
    if end <= start:
        raise _Refused(400, "end_timestamp_ns must be later than start_timestamp_ns")
    if end - start > LONGEST_RANGE:
        raise _Refused(400, "the time range is longer than seven days")
    return start, end


Place = tuple[int, int, str]
"""Where a row stands: time, and among those of one time its id, as these grow."""


def _sorted(call: _Call, rows: Iterable[Any], key: Callable[[Any], tuple[int, str]]) -> list[tuple[Place, Any]]:
    placed = [(_place(*key(row)), row) for row in rows]
    return sorted(placed, key=lambda pair: pair[0], reverse=_is_descending(call))


def _place(time: int, name: str) -> Place:
    return time, len(name), name


def _is_descending(call: _Call) -> bool:
    return call.query.get("sort_ts", "desc") == "desc"


def _page(call: _Call, rows: list[tuple[Place, Any]], limit: int) -> tuple[list[Any], str | None]:
    """One page of rows, and the cursor of the next one: `<time>:<id>` of the last row that was given."""
    cursor = call.query.get("cursor")
    if cursor is not None:
        time, _, name = cursor.partition(":")
        if not time.isdecimal():
            raise _Refused(400, "the cursor is not one of ours")
        last, is_descending = _place(int(time), name), _is_descending(call)
        rows = [(place, row) for place, row in rows if (place < last if is_descending else place > last)]
    page = [row for _, row in rows[:limit]]
    if len(rows) <= limit:
        return page, None
    time_of_last, _, name_of_last = rows[limit - 1][0]
    return page, f"{time_of_last}:{name_of_last}"
