"""python -m benchmarks.peer.node PORT FILLS ORDERS TRIPS: the worker of nautilus_trader's node around its AX client.

What a program has that uses the package as its makers mean it: a strategy, the risk and the execution engine, the cache
and the portfolio, on uvloop, which the node chooses. An event comes once the order's books are kept, as ours does. The
parts are put together here without the node itself, which would ask the venue over HTTP first. Three private names of
the adapter are used for that; the package stands at one version.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import uvloop
from attrs import frozen
from nautilus_trader.adapters.architect_ax.config import AxExecClientConfig
from nautilus_trader.adapters.architect_ax.execution import AxExecutionClient
from nautilus_trader.adapters.architect_ax.providers import AxInstrumentProvider
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.config import StrategyConfig
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.live.config import LiveExecEngineConfig, LiveRiskEngineConfig
from nautilus_trader.live.execution_engine import LiveExecutionEngine
from nautilus_trader.live.risk_engine import LiveRiskEngine
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import AssetClass, OrderSide
from nautilus_trader.model.events import OrderAccepted, OrderSubmitted
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, Symbol, TraderId, VenueOrderId
from nautilus_trader.model.instruments import PerpetualContract
from nautilus_trader.model.objects import AccountBalance, Money, Price, Quantity
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.trading.strategy import Strategy

from benchmarks.frames import venue_order_id

from .nautilus import TRADER, make_client, measure, register
from .serving import CLIENT_ORDER_ID, Load, serve

PRICE = Price.from_str("2411.5")

GOLD = PerpetualContract(
    instrument_id=InstrumentId.from_str("XAU-PERP.AX"),
    raw_symbol=Symbol("XAU-PERP"),
    underlying="XAU",
    asset_class=AssetClass.COMMODITY,
    quote_currency=USD,
    settlement_currency=USD,
    is_inverse=False,
    price_precision=1,
    size_precision=0,
    price_increment=Price.from_str("0.1"),
    size_increment=Quantity.from_int(1),
    margin_init=Decimal(0),
    margin_maint=Decimal(0),
    maker_fee=Decimal(0),
    taker_fee=Decimal(0),
    ts_event=0,
    ts_init=0,
)


class Listener(Strategy):  # type: ignore[misc]  # the package is not installed where types are checked
    """The program: it waits for the last of some fills, and for each order's Accepted."""

    def __init__(self, fills: int) -> None:
        super().__init__(StrategyConfig(strategy_id="BENCH", order_id_tag="001"))
        self.fills = fills
        self.heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.filled = 0

    def wait_again(self) -> None:
        self.heard = asyncio.get_running_loop().create_future()

    def on_order_filled(self, event: Any) -> None:
        self.filled += 1
        if self.filled == self.fills:
            self.heard.set_result(event)

    def on_order_accepted(self, event: Any) -> None:
        self.heard.set_result(event)


@frozen
class Parts:
    """What a node is made of, as far as orders go."""

    client: Any
    cache: Any
    execution: Any
    risk: Any
    strategy: Any

    @classmethod
    def put_together(cls, load: Load) -> Parts:
        loop, clock, trader = asyncio.get_running_loop(), LiveClock(), TraderId(TRADER.value)
        bus, cache = MessageBus(trader_id=trader, clock=clock), Cache(database=None)
        cache.add_instrument(GOLD)
        common = {"msgbus": bus, "cache": cache, "clock": clock}
        portfolio = Portfolio(**common)
        asks_nothing = LiveExecEngineConfig(reconciliation=False, inflight_check_interval_ms=0)
        limits_nothing = LiveRiskEngineConfig(max_order_submit_rate="1000000/00:00:01")
        http = nautilus_pyo3.AxHttpClient(base_url="http://127.0.0.1:1")  # never called
        client = AxExecutionClient(
            loop=loop,
            client=http,
            instrument_provider=AxInstrumentProvider(http),
            config=AxExecClientConfig(),
            name=None,
            **common,
        )
        execution = LiveExecutionEngine(loop=loop, config=asks_nothing, **common)
        execution.register_client(client)
        risk = LiveRiskEngine(loop=loop, portfolio=portfolio, config=limits_nothing, **common)
        strategy = Listener(load.fills)
        strategy.register(trader_id=trader, portfolio=portfolio, **common)
        return cls(client, cache, execution, risk, strategy)

    def start(self) -> None:
        self.execution.start()
        self.risk.start()
        free, none = Money(9_000_000_000, USD), Money(0, USD)
        balances = [AccountBalance(free, none, free)]
        self.client.generate_account_state(balances=balances, margins=[], reported=True, ts_event=0)
        self.strategy.start()

    def stop(self) -> None:
        self.strategy.stop()
        self.risk.stop()
        self.execution.stop()

    def track(self, orders: int) -> None:
        """Open orders in the books, as they are after a start."""
        for number in range(orders):
            order = self.strategy.order_factory.limit(
                GOLD.id,
                OrderSide.SELL,
                Quantity.from_int(4_000_000_000),
                PRICE,
                client_order_id=ClientOrderId(CLIENT_ORDER_ID.format(number)),
            )
            self.cache.add_order(order)
            whose = (order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id)
            account, known = self.client.account_id, VenueOrderId(venue_order_id("ax", number))
            order.apply(OrderSubmitted(*whose, account, UUID4(), 0, 0))
            self.cache.update_order(order)
            order.apply(OrderAccepted(*whose, known, account, UUID4(), 0, 0))
            self.cache.update_order(order)


@asynccontextmanager
async def open_node(load: Load, path: str, orders: int) -> AsyncIterator[tuple[Any, Any]]:
    """The strategy, and the connected client below it."""
    parts, socket = Parts.put_together(load), make_client(load, path)
    parts.start()
    parts.track(orders)
    register(socket, orders, parts.strategy.id.value)
    parts.client._ws_orders_client = socket
    parts.client._has_credentials = True
    await socket.connect(loop_=asyncio.get_running_loop(), callback=parts.client._handle_msg, bearer_token="bench")
    gc.collect()
    yield parts.strategy, socket
    await socket.close()
    parts.stop()


async def fills(load: Load) -> tuple[float, float]:
    """From the request that the feeder waits for until the strategy has the last fill."""
    async with open_node(load, "/fills", load.orders) as (strategy, socket):
        began, used = time.perf_counter(), time.process_time()
        await socket.get_open_orders()
        event = await strategy.heard
        wall, processor = time.perf_counter() - began, time.process_time() - used
        assert event.trade_id.value == load.last_trade
    return wall / load.fills * 1e6, processor / load.fills * 1e6


async def trips(load: Load) -> tuple[list[float], float]:
    """From the strategy's order until the strategy hears that it is accepted."""
    spent = []
    quantity = Quantity.from_int(40)
    async with open_node(load, "/answer", 0) as (strategy, _):
        used = time.process_time()
        for _ in range(load.trips):
            strategy.wait_again()
            began = time.perf_counter()
            strategy.submit_order(strategy.order_factory.limit(GOLD.id, OrderSide.SELL, quantity, PRICE))
            await strategy.heard
            spent.append((time.perf_counter() - began) * 1e6)
        processor = time.process_time() - used
    return spent, processor / load.trips * 1e6


if __name__ == "__main__":
    serve(("nautilus_trader", "uvloop"), measure(uvloop.run, fills), measure(uvloop.run, trips))
