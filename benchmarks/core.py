"""The pure core without a network: decoding, dispatch, dispatch with very many orders, memory."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import define, field

from protocol import commands, facts
from protocol.ax.venue import AxSettings, AxVenue
from protocol.dispatch import DispatchState
from protocol.dispatch.inputs import Admission, Asked, Heard, Input, LinkDown, LinkUp, Submission
from protocol.facts import Fact
from protocol.orders import NewOrder
from protocol.values import AccountId, ClientOrderId, Instant, RequestId, Side, StrategyId, TraderId, VenueOrderId
from protocol.venue import Opening

from .frames import ax_fills, venue_order_id
from .products import PRODUCTS
from .report import Floor, Row, ratio_row, value_row

__all__ = ["rows"]

XAU = PRODUCTS["ax"].instrument
BATCH = 48
BUDGET_OF_SCALE = 1.6
MEMORY_BUDGET = 1500.0
HOW = "Pure code in one process, without Trio: fills of AX, spread evenly over the orders, in batches of 48."
HOW_MEMORY = "What the process grew by while AX orders were placed and accepted, divided by them, indexes included."
NOW = Instant(1_000_000_000, 1_790_000_000_000_000_000)


LISTING = RequestId(999_999_999)
LOGIN = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)


def ready_state() -> DispatchState:
    state = DispatchState(AxVenue(AxSettings(token="bench")), TraderId("T"), AccountId("A"))
    state.apply([LinkUp(1, "ws://bench"), Heard(1, (LOGIN,))], NOW)
    return state


def doubt(state: DispatchState) -> float:
    """A second login, whose list shows none of the orders, and a later list that shows none of them either. µs."""
    login: list[Input] = [LinkDown(1, "Connection reset by peer.", True), LinkUp(2, "ws://bench"), Heard(2, (LOGIN,))]
    asked = Asked(command=commands.OpenOrders(), request_id=LISTING, reply_to=None)
    listed = Heard(0, (facts.RequestAnswered(request_id=LISTING, orders=()),))
    later = Instant(NOW.monotonic_ns + 60_000_000_000, NOW.wall_ns + 60_000_000_000)
    began = time.perf_counter()
    state.apply(login, NOW)
    state.apply((asked,), later)
    state.apply((listed,), later)
    return (time.perf_counter() - began) * 1e6


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


def dispatch_cost(state: DispatchState, decoded: Sequence[Fact], connection: int = 1) -> float:
    """µs per message."""
    batches = [Heard(connection, decoded[index : index + BATCH]) for index in range(0, len(decoded), BATCH)]
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


@define
class Costs:
    """What the rounds took, µs per message."""

    connection: int = 1
    decodes: list[float] = field(factory=list)
    few: list[float] = field(factory=list)
    many: list[float] = field(factory=list)

    def measure(self, small: DispatchState, large: DispatchState, orders: int, numbers: range) -> None:
        """One round of fills with these numbers: at the 1,000 orders of `small`, then at the `orders` of `large`."""
        cost, decoded = decode_cost(messages(len(numbers), 1000, numbers[0]))
        self.decodes.append(cost)
        self.few.append(dispatch_cost(small, decoded, self.connection))
        decoded = decode_cost(messages(len(numbers), orders, numbers[0]))[1]
        self.many.append(dispatch_cost(large, decoded, self.connection))

    def row(self, name: str) -> Row:
        few = Floor("1,000 orders", self.few)
        return ratio_row(name, "µs/message", self.many, few, budget=BUDGET_OF_SCALE, how=HOW)


def memory_per_order(orders: int) -> tuple[float, float]:
    """Bytes per tracked open order, indexes included: as it was accepted, and in doubt."""
    state = ready_state()
    placed_and_accepted(state, range(1000))
    gc.collect()
    before = resident()
    placed_and_accepted(state, range(1000, 1000 + orders))
    gc.collect()
    accepted = resident() - before
    doubt(state)
    gc.collect()
    return accepted / orders, (resident() - before) / orders


def rows(*, quick: bool) -> list[Row]:
    count, rounds, many = (5_000, 3, 50_000) if quick else (20_000, 5, 1_000_000)
    accepted, doubted = memory_per_order(20_000 if quick else 100_000)
    small, large = ready_state(), ready_state()
    track(small, 1000)
    track(large, many)
    gc.collect()
    costs = Costs()
    for turn in range(rounds):
        costs.measure(small, large, many, range(1 + turn * count, 1 + (turn + 1) * count))
    doubt(small)
    login = doubt(large) / many
    in_doubt = Costs(connection=2)
    for turn in range(rounds, 2 * rounds):
        in_doubt.measure(small, large, many, range(1 + turn * count, 1 + (turn + 1) * count))
    alone = f"dispatch alone with {many:,} tracked orders, against 1,000"
    doubtful = f"the same after a login and a list that put all of them in doubt, {many:,} against 1,000"
    return [
        costs.row(alone),
        in_doubt.row(doubtful),
        value_row(f"that login and a list, with {many:,} tracked orders", "µs/order", [login], how=HOW),
        value_row("memory per tracked open order", "bytes", [accepted], budget=MEMORY_BUDGET, how=HOW_MEMORY),
        value_row("memory per tracked open order in doubt", "bytes", [doubted], budget=MEMORY_BUDGET, how=HOW_MEMORY),
        value_row("decode a fill", "µs/message", costs.decodes, how=HOW),
        value_row("dispatch a fill", "µs/message", costs.few, how=HOW),
    ]
