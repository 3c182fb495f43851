"""A tracked order costs the collector of reference cycles nothing: it tracks no object of one."""

from __future__ import annotations

import gc
from collections import Counter
from decimal import Decimal

from protocol import commands
from protocol.ax.venue import AxSettings, AxVenue
from protocol.dispatch import DispatchState
from protocol.dispatch.inputs import Admission, Asked, Heard, LinkUp, Submission
from protocol.facts import Fact, LoggedIn, OrderAcknowledged, OrderCanceled, OrderFilled, OrderView, Trade
from protocol.orders import NewOrder
from protocol.structs import evolve
from protocol.values import (
    AccountId,
    ClientOrderId,
    Instant,
    Instrument,
    InstrumentId,
    LiquiditySide,
    OrderStatus,
    RequestId,
    Side,
    TimeInForce,
    TradeId,
    TraderId,
    VenueOrderId,
)

ORDERS = 500
NOW = Instant(1_000_000_000, 1_790_000_000_000_000_000)
LATER = Instant(NOW.monotonic_ns + 60 * 10**9, NOW.wall_ns + 60 * 10**9)
GOLD = Instrument(id=InstrumentId("XAU-PERP", "AX"), price_increment=Decimal("0.5"))


def ready() -> DispatchState:
    state = DispatchState(AxVenue(AxSettings(token="t")), TraderId("T"), AccountId("A"))
    login = LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    state.apply([LinkUp(1, "ws://x"), Heard(1, (login,))], NOW)
    return state


def place(state: DispatchState, number: int) -> OrderView:
    """Submits an order under a text for its instrument, as programs do; how the venue shows it then."""
    name = ClientOrderId(f"o-{number}")
    order = NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=40, price="2410.5")
    submission = Submission(order=order, client_order_id=name, instrument=GOLD)
    command = commands.Place(order)
    asked = Asked(
        command=command,
        request_id=RequestId(number + 1),
        reply_to=None,
        admission=Admission.ORDER,
        submission=submission,
    )
    state.apply([asked], NOW)
    view = OrderView(
        venue_order_id=VenueOrderId(f"v-{number}"),
        wire_id=AxVenue(AxSettings(token="t")).wire_id(name),
        symbol="XAU-PERP",
        side=Side.SELL,
        price=Decimal("2410.5"),
        quantity=Decimal(40),
        cumulative=Decimal(0),
        status=OrderStatus.ACCEPTED,
        time_in_force=TimeInForce.GTC,
        post_only=False,
    )
    hear(state, OrderAcknowledged(time=NOW.wall_ns, order=view))
    return view


def fill(state: DispatchState, number: int, view: OrderView) -> None:
    trade = Trade(
        venue_order_id=view.venue_order_id,
        trade_id=TradeId(f"t-{number}"),
        symbol=view.symbol,
        side=Side.SELL,
        price=Decimal("2410.5"),
        quantity=Decimal(15),
        liquidity=LiquiditySide.MAKER,
        time=NOW.wall_ns,
    )
    partly = evolve(view, cumulative=Decimal(15), status=OrderStatus.PARTIALLY_FILLED)
    hear(state, OrderFilled(time=NOW.wall_ns, order=partly, trade=trade, final=False))


def hear(state: DispatchState, fact: Fact) -> None:
    state.apply([Heard(1, [fact])], NOW)


def seen_by_the_collector() -> Counter[str]:
    gc.collect()  # a dict or a tuple of plain values is let go when it is first looked at
    return Counter(type(each).__qualname__ for each in gc.get_objects())


def test_tracked_orders_leave_nothing_for_the_collector_to_look_at() -> None:
    state = ready()
    fill(state, 0, place(state, 0))
    before = seen_by_the_collector()
    views = [place(state, number) for number in range(1, ORDERS)]
    for number, view in enumerate(views, 1):
        fill(state, number, view)
    for view in views[: ORDERS // 2]:
        ended = evolve(view, status=OrderStatus.CANCELED, cumulative=Decimal(15))
        hear(state, OrderCanceled(time=NOW.wall_ns, order=ended, reason=""))
    del views
    state.apply((), LATER)  # the deadlines of requests that were answered are let go when they come up
    more = seen_by_the_collector() - before
    assert {name: count for name, count in more.items() if count >= ORDERS // 4} == {}
    assert len(state.orders.live) + len(state.orders.finished) == ORDERS
