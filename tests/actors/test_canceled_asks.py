"""`submit`, `replace` and `cancel` are cancelled at every turn of the scheduler: what is known here and what is at the
venue agree each time, and an id that was not used is free again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import ClientOrderId, NewOrder, OrderStatus, Side, open_client

from ..trading import config_for, names, open_quiet_venue

ORDERS: dict[str, tuple[str, str, str, int, dict[str, Any]]] = {
    "ax": ("EURUSD-PERP.AX", "1.05", "1.04", 100, {}),
    "kraken-spot": ("BTC/USD.KRAKEN", "50000", "49000", 1, {"use_budget": False}),
    "kraken-spot over REST": ("BTC/USD.KRAKEN", "50000", "49000", 1, {"use_budget": False, "rest_entry": True}),
    "kraken-futures": ("PF_XBTUSD.KRAKEN-FUTURES", "50000", "49000", 1, {"use_budget": False}),
}
TURNS = 16


async def cancelled_after(turns: int, ask: Callable[[], Awaitable[object]]) -> bool:
    """True when the call had returned by then."""
    returned = False
    async with trio.open_nursery() as nursery:

        async def call() -> None:
            nonlocal returned
            await ask()
            returned = True
            nursery.cancel_scope.cancel()

        nursery.start_soon(call)
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    return returned


@pytest.mark.parametrize("where", ORDERS)
async def test_both_sides_agree_at_whatever_turn_an_ask_is_cancelled(autojump_clock: MockClock, where: str) -> None:
    symbol, price, other, quantity, options = ORDERS[where]
    async with open_quiet_venue(name=where.partition(" ")[0]) as venue:
        async with open_client(config_for(venue, **options)) as client:
            with client.events() as stream:
                for turns in range(TURNS):
                    name = ClientOrderId(f"0000{turns:04d}-0000-4000-8000-000000000000")
                    order = NewOrder.limit(symbol, Side.BUY, quantity=quantity, price=price, client_order_id=name)
                    submitted = await cancelled_after(turns, partial(client.submit, order))
                    await trio.sleep(3)
                    assert submitted == (await client.order_state(name) is not None)
                    assert len(await client.open_orders()) == submitted
                    if not submitted:
                        await (await client.submit(order)).accepted()
                    await cancelled_after(turns, partial(client.replace, name, price=other, quantity=quantity))
                    await trio.sleep(3)
                    state = await client.order_state(name)
                    (shown,) = await client.open_orders()
                    assert state is not None
                    assert state.price == shown.price
                    if not await cancelled_after(turns, partial(client.cancel, name)):
                        await client.cancel(name)
                    await trio.sleep(3)
                    state = await client.order_state(name)
                    assert state is not None
                    assert state.status is OrderStatus.CANCELED
                await client.close()
                heard = names([event async for event in stream])
    assert not {"StatusUnknown", "MissingFills", "Rejected", "Denied", "CancelRejected", "MessagesLost"} & set(heard)
