"""What a story must know of each venue: its market, the positions of its switches, and what others can do there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from attrs import evolve, frozen

from actors import ApiKey
from protocol.ax import wire as ax_wire
from protocol.simulation.ax import AxUser
from protocol.simulation.ax.exchange import AxExchange
from protocol.simulation.ax.requests import Placing, Reference, Replacing
from protocol.simulation.exchange import Output
from protocol.simulation.faults import FaultKind
from protocol.simulation.kraken_futures import KrakenFuturesUser
from protocol.simulation.kraken_futures.engine import Editing
from protocol.simulation.kraken_futures.exchange import KrakenFuturesExchange
from protocol.simulation.kraken_futures.orders import Terms as FuturesTerms
from protocol.simulation.kraken_spot import KrakenSpotUser
from protocol.simulation.kraken_spot.engine import SWITCH
from protocol.simulation.kraken_spot.exchange import KrakenSpotExchange
from protocol.simulation.kraken_spot.orders import Terms as SpotTerms
from protocol.simulation.kraken_spot.refusals import Refused
from protocol.simulation.kraken_spot.replacements import Amendment, amend
from protocol.values import Instant, Side

from .books import View

__all__ = ["VENUES", "Market", "OtherOrder", "VenueSide"]

SECOND: Final = 1_000_000_000
SECOND_KEY: Final = "second-key"
AX_READS_BY_ITSELF: Final = True
"""Whether the client reads AX's history without being asked; else the user of a story does, when a Gap tells him to."""


@frozen(kw_only=True)
class Market:
    """Where a story trades. unit: smallest quantity that is traded; size: a usual order, so many units."""

    symbol: str
    instrument: str
    reference: Decimal
    step: Decimal
    unit: Decimal
    size: int


@frozen
class OtherOrder:
    """A limit order of another session. wire_id None: it has no client order id."""

    side: Side
    quantity: Decimal
    price: Decimal
    wire_id: Any


@frozen(kw_only=True)
class VenueSide:
    """account: the clients' own; keys: a key for each of two clients of one account; settings, options: of the brain
    and of a client, drawn; faults: what may go wrong at this venue, in groups; histories: paths of the calls that read
    them; look: the brain's order in one shape; place, change, cancel: done by another session, see `_ax_place` and its
    neighbours; move_price: moves the price by which triggers fire; stops, batches: whether stories have any."""

    name: str
    account: str
    market: Market
    keys: tuple[ApiKey, ApiKey]
    users: tuple[Any, ...]
    settings: Callable[[random.Random], dict[str, Any]]
    options: Callable[[random.Random], dict[str, Any]]
    faults: Mapping[str, tuple[FaultKind, ...]]
    histories: tuple[str, ...]
    look: Callable[[Any], View]
    place: Callable[..., Iterable[Output]]
    change: Callable[..., Iterable[Output]]
    cancel: Callable[..., Iterable[Output]]
    cancel_all_troubles: Mapping[str, tuple[FaultKind, str]]
    """Under each trouble of `steps.CancelAll`: what fails, and the request that it fails for."""
    nothing_canceled: object
    """What the brain's cancel of all orders gives where none is open."""
    stops: bool = False
    batches: bool = True
    is_armed: Callable[[Any], bool] | None = None
    """Whether the clients' dead man's switch is set in the brain; None: the venue has none."""
    move_price: Callable[..., Iterable[Output]] | None = None
    slow_words: bool = False
    """Executions may come without a name, so that nobody knows for a while whose they are."""
    reads_by_itself: bool = True
    """It reads histories without being asked; at AX the user does, when a Gap tells him to."""


EVENTS: Final = (FaultKind.DROP_EVENT, FaultKind.DUPLICATE_EVENT, FaultKind.DELAY_EVENT)
ANSWERS: Final = (
    FaultKind.DROP_ANSWER,
    FaultKind.DUPLICATE_ANSWER,
    FaultKind.DELAY_ANSWER,
    FaultKind.EVENTS_FIRST,
    FaultKind.DROP_CONNECTION,
    FaultKind.DROP_BEFORE,
)
REST: Final = (FaultKind.REST_ERROR, FaultKind.REST_ERROR_EXECUTED)


# AX Exchange


def _ax_settings(chance: random.Random) -> dict[str, Any]:
    return {
        "acknowledge_after": chance.choice((0, 0, SECOND // 20)),
        "cancel_of_unknown": chance.choice(("event", "404", "declined")),
        "heartbeat": 10 * SECOND,
    }


def _ax_options(chance: random.Random) -> dict[str, Any]:
    return {"http_timeout": chance.choice((10.0, 75.0, 75.0)), "fill_window": chance.choice((10_000, 1_000))}


AX_ENDS: Final = {"FILLED": "filled", "CANCELED": "canceled", "EXPIRED": "expired", "REJECTED": "rejected"}


def _ax_look(order: Any) -> View:
    is_open = order.is_open or order.state == "PENDING"
    return View(
        order_id=order.oid,
        wire_id=order.cid,
        symbol=order.symbol,
        side=order.side,
        quantity=Decimal(order.quantity),
        filled=Decimal(order.filled),
        price=order.price,
        end=None if is_open else "moved" if order.state == "REPLACED" else AX_ENDS.get(order.state, "canceled"),
    )


def _ax_place(exchange: AxExchange, now: Instant, wish: OtherOrder) -> Iterable[Output]:
    """Another session of the account places an order."""
    exchange.engine.at(now)
    account = exchange.engine.accounts["ACCOUNT-1"]
    request = ax_wire.Outbound(
        t="p",
        s=VENUES["ax"].market.symbol,
        d="B" if wish.side is Side.BUY else "S",
        q=int(wish.quantity),
        p=wish.price,
        tif="GTC",
        po=False,
        cid=wish.wire_id,
    )
    exchange.engine.place(Placing(request=request, user=account.user, account=account, session=None))
    return exchange.tick(now)  # tells what has happened


def _ax_change(
    exchange: AxExchange, now: Instant, order: Any, quantity: Decimal | None, price: Decimal | None
) -> Iterable[Output]:
    """Another session changes an order. quantity: what may still fill."""
    exchange.engine.at(now)
    account = exchange.engine.accounts[order.account]
    terms = Replacing(price=price, quantity=None if quantity is None else int(quantity), tif=None, post_only=None)
    exchange.engine.replace(account, Reference(order.oid, None), terms)
    return exchange.tick(now)


def _ax_cancel(exchange: AxExchange, now: Instant, order: Any) -> Iterable[Output]:
    exchange.engine.at(now)
    exchange.engine.cancel(exchange.engine.accounts[order.account], Reference(order.oid, None))
    return exchange.tick(now)


# Kraken Spot


def _spot_settings(chance: random.Random) -> dict[str, Any]:
    return {
        "strict_delta": chance.random() < 0.3,
        "omit_filled": chance.random() < 0.3,
        "events_first": chance.random() < 0.3,
        "reports_per_message": chance.choice((1, 5)),
        "trade_fees": chance.choice(("told", "told", "missing", "empty")),
        "fired_snapshot": chance.choice(("status", "new")),
        "rest_lag": chance.choice((0, 0, 5 * SECOND, 60 * SECOND)),
        "rate_limit": chance.random() < 0.5,
        "heartbeat": 5 * SECOND,  # the answer to a ping puts it off, and is no news to the client
    }


def _spot_options(chance: random.Random) -> dict[str, Any]:
    return {
        "tier": "starter",
        "http_timeout": chance.choice((10.0, 75.0, 75.0)),
        "process_within": chance.choice((5.0, 5.0, 60.0)),
    }


def _spot_look(order: Any) -> View:
    end = None
    if not order.is_open:
        end = "filled" if not order.left else "expired" if order.status == "expired" else "canceled"
    return View(
        order_id=order.order_id,
        wire_id=order.terms.cl_ord_id,
        symbol=order.terms.symbol,
        side=order.terms.side,
        quantity=order.quantity,
        filled=order.filled,
        price=order.limit,
        end=end,
        fired=order.fired is not None,
    )


def _spot_place(exchange: KrakenSpotExchange, now: Instant, wish: OtherOrder) -> Iterable[Output]:
    engine = exchange.engine
    engine.now = now
    terms = SpotTerms(
        symbol="BTC/USD",
        side=wish.side,
        type="limit",
        quantity=wish.quantity,
        limit_price=wish.price,
        cl_ord_id=wish.wire_id,
    )
    with suppress(Refused):  # too many requests: then he did nothing
        engine.place(engine.accounts["ACCOUNT-1"], terms)
    return exchange.tick(now)


def _spot_change(
    exchange: KrakenSpotExchange, now: Instant, order: Any, quantity: Decimal | None, price: Decimal | None
) -> Iterable[Output]:
    engine = exchange.engine
    engine.now = now
    total = None if quantity is None else order.filled + quantity
    with suppress(Refused):
        amend(engine, engine.accounts[order.account], order, Amendment(quantity=total, limit_price=price))
    return exchange.tick(now)


def _spot_cancel(exchange: KrakenSpotExchange, now: Instant, order: Any) -> Iterable[Output]:
    exchange.engine.now = now
    exchange.engine.cancel(order)
    return exchange.tick(now)


def _spot_move(exchange: KrakenSpotExchange, now: Instant, price: Decimal) -> Iterable[Output]:
    return exchange.set_index("BTC/USD", price, now)


# Kraken Futures


def _futures_settings(chance: random.Random) -> dict[str, Any]:
    return {
        "fills_first": chance.random() < 0.5,
        "qty_semantics": chance.choice(("remaining", "total")),
        "full_fill": chance.choice(("delta", "cancel_only")),
        "remainder": chance.choice(("delta", "cancel_only")),
        "removal": chance.choice(("delta", "cancel_only")),
        "child_order_id": chance.choice(("same", "new")),
        "omit_client_id": chance.random() < 0.3,
        "feed_delay": chance.choice((0, 0, SECOND // 5)),
        "maker_protection": chance.choice((0, 0, SECOND // 100)),
        "listing_delay": chance.choice((0, 0, 5 * SECOND)),
        "history_page": chance.choice((100, 20)),
        "execution_uid": chance.choice(("fill_id", "own")),
        "reuse_client_ids": True,
        "heartbeat": 10 * SECOND,
    }


def _futures_options(chance: random.Random) -> dict[str, Any]:
    return {"http_timeout": chance.choice((10.0, 75.0, 75.0)), "process_within": chance.choice((5.0, 5.0, None))}


FUTURES_ENDS: Final = {"FILLED": "filled", "CANCELED": "canceled", "REJECTED": "rejected", "FIRED": "moved"}


def _futures_look(order: Any) -> View:
    return View(
        order_id=order.order_id,
        wire_id=order.client_id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.terms.quantity,
        filled=order.filled,
        price=order.terms.limit_price,
        end=FUTURES_ENDS.get(order.state.name),
    )


def _futures_place(exchange: KrakenFuturesExchange, now: Instant, wish: OtherOrder) -> Iterable[Output]:
    engine = exchange.engine
    engine.at(now)
    terms = FuturesTerms(
        type="lmt",
        symbol="PF_XBTUSD",
        side=wish.side,
        quantity=wish.quantity,
        limit_price=wish.price,
        client_id=wish.wire_id,
    )
    engine.place(engine.accounts[VENUES["kraken-futures"].account], terms)
    return exchange.tick(now)


def _futures_change(
    exchange: KrakenFuturesExchange, now: Instant, order: Any, quantity: Decimal | None, price: Decimal | None
) -> Iterable[Output]:
    exchange.engine.at(now)
    exchange.engine.edit(order, Editing(quantity=quantity, limit_price=price))
    return exchange.tick(now)


def _futures_cancel(exchange: KrakenFuturesExchange, now: Instant, order: Any) -> Iterable[Output]:
    exchange.engine.at(now)
    exchange.engine.cancel(order)
    return exchange.tick(now)


def _futures_move(exchange: KrakenFuturesExchange, now: Instant, price: Decimal) -> Iterable[Output]:
    return exchange.set_price("PF_XBTUSD", "mark", price, now)


AX_USER: Final = AxUser(balance=Decimal(100_000_000))
SPOT_USER: Final = KrakenSpotUser(tier="starter")
FUTURES_USER: Final = KrakenFuturesUser(balance=Decimal(100_000_000))


def _two(user: Any) -> tuple[Any, Any]:
    return user, evolve(user, api_key=SECOND_KEY)


def _keys(user: Any) -> tuple[ApiKey, ApiKey]:
    return ApiKey(user.api_key, user.api_secret), ApiKey(SECOND_KEY, user.api_secret)


VENUES: Final[Mapping[str, VenueSide]] = {
    "ax": VenueSide(
        name="ax",
        account="ACCOUNT-1",
        market=Market(
            symbol="XAU-PERP",
            instrument="XAU-PERP.AX",
            reference=Decimal("2411.0"),
            step=Decimal("0.1"),
            unit=Decimal(1),
            size=100,
        ),
        keys=_keys(AX_USER),
        users=_two(AX_USER),
        settings=_ax_settings,
        options=_ax_options,
        faults={"events": EVENTS, "answers": (*ANSWERS, FaultKind.PLACE_ERROR_EXECUTED), "rest": REST},
        histories=("/api/fills", "/api/orders"),
        look=_ax_look,
        place=_ax_place,
        change=_ax_change,
        cancel=_ax_cancel,
        cancel_all_troubles={
            "refused": (FaultKind.DROP_BEFORE, "X"),
            "lost": (FaultKind.DROP_ANSWER, "X"),
        },
        nothing_canceled=None,
        batches=False,
        reads_by_itself=AX_READS_BY_ITSELF,
    ),
    "kraken-futures": VenueSide(
        name="kraken-futures",
        account=FUTURES_USER.account,
        market=Market(
            symbol="PF_XBTUSD",
            instrument="PF_XBTUSD.KRAKEN-FUTURES",
            reference=Decimal(65000),
            step=Decimal("0.5"),
            unit=Decimal("0.01"),
            size=100,
        ),
        keys=_keys(FUTURES_USER),
        users=_two(FUTURES_USER),
        settings=_futures_settings,
        options=_futures_options,
        faults={"events": EVENTS, "answers": (FaultKind.DROP_SESSIONS,), "rest": REST},
        histories=("/derivatives/api/v3/fills",),
        look=_futures_look,
        place=_futures_place,
        change=_futures_change,
        cancel=_futures_cancel,
        cancel_all_troubles={
            "refused": (FaultKind.REST_ERROR, "/derivatives/api/v3/cancelallorders"),
            "lost": (FaultKind.REST_ERROR_EXECUTED, "/derivatives/api/v3/cancelallorders"),
        },
        nothing_canceled=((), ()),
        move_price=_futures_move,
        slow_words=True,
        stops=True,
        is_armed=lambda engine: engine.accounts[FUTURES_USER.account].timer is not None,
    ),
    "kraken-spot": VenueSide(
        name="kraken-spot",
        account="ACCOUNT-1",
        market=Market(
            symbol="BTC/USD",
            instrument="BTC/USD.KRAKEN",
            reference=Decimal("64000.0"),
            step=Decimal("0.1"),
            unit=Decimal("0.01"),
            size=100,
        ),
        keys=_keys(SPOT_USER),
        users=_two(SPOT_USER),
        settings=_spot_settings,
        options=_spot_options,
        faults={"events": EVENTS, "answers": ANSWERS, "rest": REST},
        histories=("/0/private/TradesHistory",),
        look=_spot_look,
        place=_spot_place,
        change=_spot_change,
        cancel=_spot_cancel,
        cancel_all_troubles={
            "refused": (FaultKind.ERROR_WITHOUT_NUMBER, "cancel_all"),
            "lost": (FaultKind.DROP_ANSWER, "cancel_all"),
        },
        nothing_canceled=0,
        move_price=_spot_move,
        stops=True,
        is_armed=lambda engine: (SWITCH, "ACCOUNT-1") in engine.timers._due,
    ),
}
