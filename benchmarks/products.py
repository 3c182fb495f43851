"""What is measured at each venue, and how its client is set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from actors import (
    ApiKey,
    AxConfig,
    ClientConfig,
    Instrument,
    KrakenFuturesConfig,
    KrakenSpotConfig,
    NewOrder,
    Side,
    Token,
)

from .peers import client_context

__all__ = ["DEFAULT", "PRODUCTS", "TRIO_WEBSOCKET", "Product", "Way"]

SECRET = "YmVuY2htYXJrcyBuZWVkIG5vIHNlY3JldA=="


@frozen(kw_only=True)
class Way:
    """How a client reaches the feeder. websocket: the implementation, None for the default; tls: encrypted."""

    websocket: str | None = None
    tls: bool = False


DEFAULT = Way()
TRIO_WEBSOCKET = Way(websocket="trio-websocket")


@frozen(kw_only=True)
class Product:
    """placement: what a placement over the socket looks like there, None where it is a call; messages: of one fill;
    answers: messages that a placement over the socket is answered with; the budgets are ratios to the floors."""

    name: str
    instrument: Instrument
    order: NewOrder
    config: Callable[..., ClientConfig]
    messages: int
    graph_budget: float
    order_budget: float
    placement: str | None = None
    answers: int = 0

    def config_for(self, port: int, path: str, *, way: Way = DEFAULT, close_timeout: float = 2.0) -> ClientConfig:
        options: dict[str, Any] = {}
        if way.websocket is not None:
            options["websocket"] = way.websocket
        if way.tls:
            options["ssl_context"] = client_context()
        return self.config(
            url=f"{'wss' if way.tls else 'ws'}://127.0.0.1:{port}{path}",
            instruments=(self.instrument,),
            load_instruments=False,
            close_timeout=close_timeout,
            subscriber_batches=1_000_000,
            data_deadline=600,  # the feeder sends no heartbeats
            **options,
        )


def _ax(**options: Any) -> ClientConfig:
    return AxConfig(credentials=Token("bench"), **options)


def _kraken_spot(**options: Any) -> ClientConfig:
    return KrakenSpotConfig(credentials=ApiKey("bench", SECRET), use_budget=False, **options)


def _kraken_futures(**options: Any) -> ClientConfig:
    return KrakenFuturesConfig(credentials=ApiKey("bench", SECRET), use_budget=False, **options)


PRODUCTS: Mapping[str, Product] = {
    "ax": Product(
        name="ax",
        instrument=Instrument(id="XAU-PERP.AX", price_increment="0.1"),
        order=NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=40, price="2411.5"),
        config=_ax,
        messages=1,
        graph_budget=1.3,
        order_budget=6.5,
        placement='{"rid":1,"t":"p","s":"XAU-PERP","d":"S","q":40,"p":"2411.5","tif":"GTC","po":false,'
        '"cid":12345678901234567890,"tag":"trioorders"}',
        answers=2,
    ),
    "kraken-spot": Product(
        name="kraken-spot",
        instrument=Instrument(id="BTC/USD.KRAKEN", price_increment="0.1", quantity_increment="0.00000001"),
        order=NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity=40, price="60000"),
        config=_kraken_spot,
        messages=1,
        graph_budget=2.75,
        order_budget=7.5,
        placement='{"method":"add_order","params":{"order_type":"limit","side":"buy","symbol":"BTC/USD",'
        '"order_qty":40.0,"limit_price":60000.0,"time_in_force":"gtc","deadline":"2026-09-21T15:33:26.000Z",'
        '"cl_ord_id":"11111111-2222-4333-8444-555555555555","token":"bench-token"},"req_id":1}',
        answers=2,
    ),
    "kraken-futures": Product(
        name="kraken-futures",
        instrument=Instrument(id="PF_XBTUSD.KRAKEN-FUTURES", price_increment="0.5", quantity_increment="0.0001"),
        order=NewOrder.limit("PF_XBTUSD.KRAKEN-FUTURES", Side.BUY, quantity=40, price="60000"),
        config=_kraken_futures,
        messages=2,
        graph_budget=1.9,
        order_budget=1.5,
    ),
}
