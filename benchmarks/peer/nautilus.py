"""python -m benchmarks.peer.nautilus LOOP PORT FILLS ORDERS TRIPS: the worker of nautilus_trader's AX client.

LOOP: `asyncio`, or `uvloop`, which the package's own node chooses. This is the compiled client alone, as its Python
face has it: its typed events come to a callback in the event loop. It keeps no books of orders; `benchmarks.peer.node`
measures what does. The package logs nothing until it is set up to.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop
from nautilus_trader.core import nautilus_pyo3 as nautilus

from benchmarks.frames import venue_order_id

from .serving import CLIENT_ORDER_ID, PATIENCE, Load, serve

T = TypeVar("T")

TRADER = nautilus.TraderId("BENCH-001")
STRATEGY = nautilus.StrategyId("BENCH-001")
INSTRUMENT = nautilus.InstrumentId.from_str("XAU-PERP.AX")


def make_client(load: Load, path: str) -> Any:
    """Not connected yet. It knows the one instrument, without which it makes no typed event."""
    client = nautilus.AxOrdersWebSocketClient(
        url=f"ws://127.0.0.1:{load.port}{path}", account_id=nautilus.AccountId("AX-001"), trader_id=TRADER
    )
    dollar = nautilus.Currency.from_str("USD")
    client.cache_instrument(
        nautilus.PerpetualContract(
            instrument_id=INSTRUMENT,
            raw_symbol=nautilus.Symbol("XAU-PERP"),
            underlying="XAU",
            asset_class=nautilus.AssetClass.COMMODITY,
            quote_currency=dollar,
            settlement_currency=dollar,
            is_inverse=False,
            price_precision=1,
            size_precision=0,
            price_increment=nautilus.Price.from_str("0.1"),
            size_increment=nautilus.Quantity.from_int(1),
            ts_event=0,
            ts_init=0,
        )
    )
    return client


def register(client: Any, orders: int, strategy: str) -> None:
    """Orders that it did not place itself, without which their fills come as mere reports."""
    for number in range(orders):
        known = client.register_external_order(
            client_order_id=nautilus.ClientOrderId(CLIENT_ORDER_ID.format(number)),
            venue_order_id=nautilus.VenueOrderId(venue_order_id("ax", number)),
            instrument_id=INSTRUMENT,
            strategy_id=nautilus.StrategyId(strategy),
        )
        assert known
    gc.collect()


async def fills(load: Load) -> tuple[float, float]:
    """From the request that the feeder waits for until the callback has the last fill."""
    loop = asyncio.get_running_loop()
    client = make_client(load, "/fills")
    register(client, load.orders, STRATEGY.value)
    last: asyncio.Future[Any] = loop.create_future()
    count = 0

    def hear(event: object) -> None:
        nonlocal count
        if type(event) is nautilus.OrderFilled:
            count += 1
            if count == load.fills:
                last.set_result(event)

    await client.connect(loop_=loop, callback=hear, bearer_token="bench")
    began, used = time.perf_counter(), time.process_time()
    await client.get_open_orders()
    event = await last
    wall, processor = time.perf_counter() - began, time.process_time() - used
    assert event.trade_id.value == load.last_trade
    await client.close()
    return wall / load.fills * 1e6, processor / load.fills * 1e6


async def trips(load: Load) -> tuple[list[float], float]:
    """Price and quantity are made beforehand, as the library's order is; the client order id for each order."""
    loop = asyncio.get_running_loop()
    client = make_client(load, "/answer")
    quantity, price = nautilus.Quantity.from_int(40), nautilus.Price.from_str("2411.5")
    accepted: asyncio.Future[Any]

    def hear(event: object) -> None:
        if type(event) is nautilus.OrderAccepted:
            accepted.set_result(event)

    await client.connect(loop_=loop, callback=hear, bearer_token="bench")
    spent, used = [], time.process_time()
    for number in range(load.trips):
        accepted = loop.create_future()
        began = time.perf_counter()
        await client.submit_order(
            trader_id=TRADER,
            strategy_id=STRATEGY,
            instrument_id=INSTRUMENT,
            client_order_id=nautilus.ClientOrderId(f"O-{number:020d}"),
            order_side=nautilus.OrderSide.SELL,
            quantity=quantity,
            time_in_force=nautilus.TimeInForce.GTC,
            price=price,
        )
        await accepted
        spent.append((time.perf_counter() - began) * 1e6)
    processor = time.process_time() - used
    await client.close()
    return spent, processor / load.trips * 1e6


def measure(run: Callable[..., T], what: Callable[[Load], Coroutine[Any, Any, T]]) -> Callable[[Load], T]:
    return lambda load: run(asyncio.wait_for(what(load), PATIENCE))


if __name__ == "__main__":
    run = {"asyncio": asyncio.run, "uvloop": uvloop.run}[sys.argv[1]]
    serve(("nautilus_trader", "uvloop"), measure(run, fills), measure(run, trips))
