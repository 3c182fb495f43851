"""The pure core without a network: decoding, dispatch, dispatch with very many orders, memory."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from protocol import commands, facts
from protocol.ax.venue import AxSettings, AxVenue
from protocol.dispatch import DispatchState
from protocol.facts import Fact
from protocol.inputs import Admission, Asked, Heard, LinkUp, Submission
from protocol.orders import NewOrder
from protocol.values import AccountId, ClientOrderId, Instant, RequestId, Side, StrategyId, TraderId, VenueOrderId
from protocol.venue import Opening

from .frames import ax_fills, venue_order_id
from .products import PRODUCTS
from .report import Row, ratio_row, value_row

__all__ = ["rows"]

XAU = PRODUCTS["ax"].instrument
BATCH = 48
BUDGET_OF_SCALE = 1.6
MEMORY_BUDGET = 1500.0
NOW = Instant(1_000_000_000, 1_790_000_000_000_000_000)


def ready_state() -> DispatchState:
    state = DispatchState(AxVenue(AxSettings(token="bench")), TraderId("T"), AccountId("A"))
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    state.apply([LinkUp(1, "ws://bench"), Heard(1, (login,))], NOW)
    return state


def track(state: DispatchState, orders: int) -> None:
    instrument = XAU
    for number in range(orders):
        command = commands.RegisterExternal(
            client_order_id=ClientOrderId(f"bench-order-number-{number:010d}"),
            venue_order_id=VenueOrderId(venue_order_id("ax", number)),
            instrument=instrument.id,
            strategy=StrategyId("bench"),
        )
        asked = Asked(command=command, request_id=RequestId(0), reply_to=None, instrument=instrument)
        state.apply((asked,), NOW)


def messages(count: int, orders: int, first: int) -> list[str]:
    """Fills spread evenly over all orders."""
    step = max(1, orders // count)
    return [ax_fills(n * step % orders, first + n, 15 * (n * step // orders + 1))[0] for n in range(count)]


def decode_cost(texts: Sequence[str]) -> tuple[float, list[Fact]]:
    """µs per message, and the facts."""
    decode = AxVenue(AxSettings(token="bench")).open_wire(Opening(instruments={})).decode
    decoded: list[Fact] = []
    began = time.perf_counter()
    for text in texts:
        decoded.extend(decode(text))
    return (time.perf_counter() - began) / len(texts) * 1e6, decoded


def dispatch_cost(state: DispatchState, decoded: Sequence[Fact]) -> float:
    """µs per message."""
    batches = [Heard(1, decoded[index : index + BATCH]) for index in range(0, len(decoded), BATCH)]
    began = time.perf_counter()
    for batch in batches:
        state.apply((batch,), NOW)
    return (time.perf_counter() - began) / len(decoded) * 1e6


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def placed_and_accepted(state: DispatchState, numbers: Iterable[int]) -> None:
    instrument, venue = XAU, AxVenue(AxSettings(token="bench"))
    decode = venue.open_wire(Opening(instruments={})).decode
    for number in numbers:
        name = ClientOrderId(f"bench-placed-number-{number:010d}")
        order = NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=40, price=f"24{number % 90 + 10}.5")
        request_id = RequestId(number + 1)
        asked = Asked(
            command=commands.Place(order),
            request_id=request_id,
            reply_to=None,
            admission=Admission.ORDER,
            submission=Submission(order=order, client_order_id=name, instrument=instrument),
        )
        state.apply((asked,), NOW)
        answers = (
            f'{{"rid":{request_id},"res":{{"oid":"{venue_order_id("ax", number)}"}}}}',
            f'{{"t":"n","ts":1790000001,"tn":1,"eid":"E-{number}","o":{{"oid":"{venue_order_id("ax", number)}",'
            f'"s":"XAU-PERP","p":"24{number % 90 + 10}.5","q":40,"xq":0,"rq":40,"o":"ACCEPTED","d":"S","tif":"GTC",'
            f'"cid":{venue.wire_id(name)},"ts":1790000001,"tn":1}}}}',
        )
        state.apply([Heard(1, decode(text)) for text in answers], NOW)
    # Deadlines of requests that were answered long ago are let go when they come up.
    state.apply((), Instant(NOW.monotonic_ns + 60_000_000_000, NOW.wall_ns))


def memory_per_order(orders: int) -> float:
    """Bytes per tracked open order, indexes included."""
    state = ready_state()
    placed_and_accepted(state, range(1000))
    gc.collect()
    before = resident()
    placed_and_accepted(state, range(1000, 1000 + orders))
    gc.collect()
    return (resident() - before) / orders


def rows(*, quick: bool) -> list[Row]:
    count, rounds, many = (5_000, 3, 50_000) if quick else (20_000, 5, 1_000_000)
    memory = memory_per_order(20_000 if quick else 100_000)
    small, large = ready_state(), ready_state()
    track(small, 1000)
    track(large, many)
    gc.collect()
    decodes: list[float] = []
    few: list[float] = []
    lots: list[float] = []
    for turn in range(rounds):
        cost, decoded = decode_cost(messages(count, 1000, 1 + turn * count))
        decodes.append(cost)
        few.append(dispatch_cost(small, decoded))
        lots.append(dispatch_cost(large, decode_cost(messages(count, many, 1 + turn * count))[1]))
    return [
        ratio_row(
            f"dispatch alone with {many:,} tracked orders, against 1,000", "µs/message", lots, few, BUDGET_OF_SCALE
        ),
        value_row("memory per tracked open order", "bytes", [memory], MEMORY_BUDGET),
        value_row("decode a fill", "µs/message", decodes),
        value_row("dispatch a fill", "µs/message", few),
    ]
