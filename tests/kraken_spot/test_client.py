"""Trading Kraken Spot through the whole graph, on virtual time over memory: orders and news over one socket."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors import (
    ApiKey,
    AuthenticationError,
    Client,
    EventStream,
    NewOrder,
    NotSent,
    OffsetUnit,
    OrderEnded,
    OrderRejected,
    OrderStatus,
    SessionError,
    Side,
    SimulatedVenue,
    SystemMode,
    TimeInForce,
    events,
    open_client,
)
from protocol.kraken_spot import checks
from protocol.kraken_spot import venue as venue_module
from protocol.kraken_spot.options import KrakenSpotOptions
from protocol.kraken_spot.order_entry import encode
from protocol.orders import VenueOptions
from protocol.requests import BatchOrders, PlaceOrder
from protocol.simulation.faults import Fault, FaultKind, drawn
from protocol.simulation.kraken_spot.exchange import KrakenSpotExchange
from protocol.simulation.kraken_spot.settings import KrakenSpotExchangeSettings

from ..stories import orders_of, tell
from ..trading import config_for, drain, names, open_quiet_venue, until

VENUE = "kraken-spot"
BTC = "BTC/USD.KRAKEN"
STARTER = tuple(evolve(user, tier="starter") for user in KrakenSpotExchangeSettings().users)


def buy(quantity: str = "1", price: str = "60000", **terms: Any) -> NewOrder:
    return NewOrder.limit(BTC, Side.BUY, quantity=quantity, price=price, **terms)


@asynccontextmanager
async def trading(
    *faults: Fault, client: dict[str, Any] | None = None, **venue_settings: Any
) -> AsyncIterator[tuple[SimulatedVenue, Client, EventStream]]:
    async with open_quiet_venue(*faults, name=VENUE, **venue_settings) as venue:
        async with open_client(config_for(venue, **({"tier": "pro"} | (client or {})))) as ours:
            with ours.events() as stream:
                yield venue, ours, stream


async def sell_to_us(venue: SimulatedVenue, quantity: str, price: str = "60000") -> None:
    await venue.trade("BTC/USD", Side.SELL, price=price, quantity=quantity)


async def offer(venue: SimulatedVenue, quantity: str, price: str = "60000") -> None:
    """Somebody's resting sell order, for us to buy from."""
    await venue.trade("BTC/USD", Side.SELL, price=price, quantity=quantity, rest=True)


# The story


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"echo_client_ids": False},
        {"strict_delta": True},
        {"echo_client_ids": False, "strict_delta": True},
        {"omit_filled": True},
        {"events_first": True},
        {"reports_per_message": 3},
        {"engine_delay": 200_000_000},
    ],
    ids=str,
)
async def test_the_stream_is_the_same_however_the_venue_tells_it(
    autojump_clock: MockClock, switches: dict[str, Any]
) -> None:
    async with trading(**switches) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await trio.sleep(1)
        await sell_to_us(venue, "0.4")
        await client.replace(order, price="59999")
        await trio.sleep(1)
        await sell_to_us(venue, "0.6", "59999")
        state = await order.filled()
        assert (state.cumulative, state.leaves, state.status) == (1, 0, OrderStatus.FILLED)
        other = await client.submit(buy())
        await other.accepted()
        await trio.sleep(1)
        await client.cancel(other)
        await other.done()
        heard = names(await drain(stream, 5))
        assert heard == [
            "Connected",
            "Authenticated",
            "Reconciled",
            "Submitted",
            "Accepted",
            "Filled",
            "Updated",
            "Filled",
            "Submitted",
            "Accepted",
            "Canceled",
        ]


async def test_orders_may_go_over_rest_while_the_socket_brings_the_news(autojump_clock: MockClock) -> None:
    async with trading(client={"rest_entry": True}) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await sell_to_us(venue, "0.4")
        await client.replace(order, price="59999")
        await trio.sleep(1)
        await sell_to_us(venue, "0.6", "59999")
        await order.filled()
        orders = await client.submit_all([buy(price=str(59000 + number)) for number in range(3)])
        for placed in orders:
            await placed.accepted()
        await client.cancel(orders[0])
        assert (await orders[0].done()).status is OrderStatus.CANCELED
        await client.cancel_all()
        for placed in orders:
            assert (await placed.done()).status is OrderStatus.CANCELED
        assert names(await drain(stream, 5))[3:8] == ["Submitted", "Accepted", "Filled", "Updated", "Filled"]


async def test_an_order_without_words_on_the_socket_is_denied_and_nothing_else_suffers(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(request: Any, token: str) -> str:
        if isinstance(request, PlaceOrder | BatchOrders) and request.request_id < 5:
            raise ValueError("No such words.")
        return encode(request, token)

    monkeypatch.setattr(venue_module, "encode", write)
    async with trading(client={"order_credits": 1}) as (_, client, stream):
        order = await client.submit(buy())
        with pytest.raises(NotSent, match="so it was not sent: No such words"):
            await order.filled()
        legs = await client.submit_all([buy(), buy()])
        for leg in legs:
            with pytest.raises(NotSent, match="so it was not sent: No such words"):
                await leg.filled()
        await client.submit(buy())
        assert names(await until(stream, events.Accepted))[-2:] == ["Submitted", "Accepted"]


async def test_an_order_without_words_over_rest_is_denied_and_nothing_else_suffers(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "check_rest_terms", lambda order: None)
    async with trading(client={"order_credits": 1, "rest_entry": True}) as (_, client, stream):
        order = await client.submit(buy(margin=True))
        with pytest.raises(NotSent, match="so it was not sent: A margin order goes over the socket"):
            await order.filled()
        for leg in await client.submit_all([buy(margin=True, reduce_only=True), buy()]):
            with pytest.raises(NotSent, match="so it was not sent: A margin order goes over the socket"):
                await leg.filled()
        await client.submit(buy())
        assert names(await until(stream, events.Accepted))[-2:] == ["Submitted", "Accepted"]


async def test_a_fill_names_its_fee(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "1")
        await (await client.submit(buy())).filled()
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert fill.commission is not None
        assert (fill.commission.currency, fill.commission.amount > 0) == ("USD", True)
        assert (fill.leaves, fill.liquidity.value) == (0, "TAKER")


# Every type of order


async def test_an_amount_of_dollars_buys_what_it_buys(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "1")
        order = await client.submit(NewOrder.market(BTC, Side.BUY, quantity=6000, quote_quantity=True))
        state = await order.filled()
        assert state.cumulative == Decimal("0.1")
        submitted = (await until(stream, events.Submitted))[-1]
        assert isinstance(submitted, events.Submitted)
        assert (submitted.quantity, submitted.quote_quantity) == (None, 6000)


async def test_the_rest_of_an_order_that_must_trade_at_once_is_canceled_behind_its_fills(
    autojump_clock: MockClock,
) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "0.7")
        order = await client.submit(buy(time_in_force=TimeInForce.IOC))
        with pytest.raises(OrderEnded, match=r"0\.7"):
            await order.filled()
        assert [n for n in names(await drain(stream, 5)) if n in ("Filled", "Canceled")] == ["Filled", "Canceled"]


@pytest.mark.parametrize("how", ["event", "error"])
async def test_a_post_only_order_that_would_trade_is_refused_for_that(autojump_clock: MockClock, how: str) -> None:
    async with trading(post_only=how) as (venue, client, stream):
        await offer(venue, "0.7")
        order = await client.submit(buy(post_only=True))
        with pytest.raises(OrderRejected):
            await order.accepted()
        rejection = (await until(stream, events.Rejected))[-1]
        assert isinstance(rejection, events.Rejected)
        assert rejection.due_post_only


async def test_an_order_lives_until_its_own_end(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE, wall_clock=virtual_wall) as venue:
        async with open_client(config_for(venue, wall_clock=virtual_wall)) as client:
            order = await client.submit(
                buy(time_in_force=TimeInForce.GTD, expire_time=virtual_wall() + 60 * 1_000_000_000)
            )
            await order.accepted()
            assert (await order.done()).status is OrderStatus.EXPIRED
            assert 59 <= trio.current_time() <= 65


async def test_the_shortest_deadline_leaves_time_for_the_way_to_the_venue(autojump_clock: MockClock) -> None:
    def earlier() -> int:
        return virtual_wall() - 400_000_000

    async with open_quiet_venue(name=VENUE, wall_clock=virtual_wall) as venue:
        async with open_client(config_for(venue, wall_clock=earlier, process_within=1.0)) as client:
            await (await client.submit(buy())).accepted()
            await (await client.submit(buy(price="59000", process_before=earlier() + 1_000_000_000))).accepted()


def virtual_wall() -> int:
    return 1_790_000_000_000_000_000 + int(trio.current_time() * 1e9)


async def test_a_stop_fires_and_trades_under_its_name(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await venue.trade("BTC/USD", Side.BUY, price="63000", quantity="9", rest=True)
        stop = NewOrder.stop_market(BTC, Side.SELL, quantity="1", trigger_price="63500")
        order = await client.submit(stop)
        await order.accepted()
        await venue.trade("BTC/USD", Side.SELL, price="63000", quantity="0.1")  # the last price falls
        assert (await order.filled()).cumulative == 1
        heard = names(await drain(stream, 3))
        assert heard.index("Accepted") < heard.index("Triggered") < heard.index("Filled")


async def test_icebergs_triggers_and_trailing_stops_are_taken(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        for order in (
            buy("3", display_quantity="0.5"),
            NewOrder.limit_if_touched(BTC, Side.SELL, quantity="1", price="69900", trigger_price="70000"),
            NewOrder.trailing_stop(BTC, Side.SELL, quantity="1", trailing_offset="2"),
            NewOrder.trailing_stop(BTC, Side.SELL, quantity="1", trailing_offset="500", trailing_unit=OffsetUnit.PRICE),
            buy(options=KrakenSpotOptions(stp_type="cancel_both", fee_preference="quote")),
        ):
            await (await client.submit(order)).accepted()
        assert len(await client.open_orders()) == 5


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (buy(time_in_force=TimeInForce.GTD), "expir"),
        (buy(quote_quantity=True), "market"),
        (buy(price="60000.05"), "tick size|increment"),
        (buy("0.00000001"), "minimum"),
        (buy(tag="mine"), "tag"),
        (buy(reduce_only=True), "margin"),
        (buy(display_quantity="0.001"), "fifteenth|15"),
        (buy(options=VenueOptions()), "options"),
        (NewOrder.limit("XBT/USD.KRAKEN", Side.BUY, quantity=1, price=1), "not in the cache.*BTC/USD"),
        (NewOrder.trailing_stop(BTC, Side.SELL, quantity=1, trailing_offset=0), "greater than zero"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_venue_would_refuse_is_refused_here(
    autojump_clock: MockClock, order: NewOrder, why: str
) -> None:
    async with trading() as (_, client, stream):
        await until(stream, events.Reconciled)
        with pytest.raises(NotSent, match=why):
            await client.submit(order)
        assert await drain(stream, 0.5) == []


# Changes, cancels, batches


async def test_an_amendment_that_the_venue_refuses_leaves_the_order(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        await offer(venue, "1", "60001")
        order = await client.submit(buy(post_only=True))
        await order.accepted()
        await client.replace(order, price="60001")
        refusal = (await until(stream, events.ReplaceRejected))[-1]
        assert isinstance(refusal, events.ReplaceRejected)
        assert (await order.state()).price == 60000


@pytest.mark.parametrize("strict_delta", [False, True])
async def test_an_amendment_grows_an_order_even_where_its_news_leaves_the_quantity_out(
    autojump_clock: MockClock, strict_delta: bool
) -> None:
    async with trading(strict_delta=strict_delta) as (venue, client, stream):
        order = await client.submit(buy("1"))
        await order.accepted()
        await client.replace(order, quantity="2")
        update = (await until(stream, events.Updated))[-1]
        assert isinstance(update, events.Updated)
        assert update.quantity == 2
        await sell_to_us(venue, "1.5")
        fill = (await until(stream, events.Filled))[-1]
        assert isinstance(fill, events.Filled)
        assert (fill.leaves, fill.status) == (Decimal("0.5"), OrderStatus.PARTIALLY_FILLED)


async def test_a_batch_tells_of_each_part(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        await offer(venue, "1", "60001")
        good, bad, other = await client.submit_all(
            [buy(), buy(price="60001", post_only=True), NewOrder.limit("ETH/USD.KRAKEN", Side.BUY, quantity=1, price=9)]
        )
        await good.accepted()
        await other.accepted()
        assert (await bad.done()).status in (OrderStatus.REJECTED, OrderStatus.CANCELED)
        await client.cancel_many([good, other])
        assert (await good.done()).status is OrderStatus.CANCELED
        assert (await other.done()).status is OrderStatus.CANCELED


async def test_the_orders_of_one_instrument_cannot_be_canceled_together(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _):
        with pytest.raises(NotSent, match="one by one"):
            await client.cancel_all(BTC)


@pytest.mark.parametrize("objects", [True, False])
async def test_an_answer_to_a_batch_comes_in_two_shapes(autojump_clock: MockClock, objects: bool) -> None:
    async with trading(batch_objects=objects) as (_, client, _):
        orders = await client.submit_all([buy(price=str(60000 + number)) for number in range(17)])
        for order in orders:
            await order.accepted()
        await client.cancel_all()
        for order in orders:
            assert (await order.done()).status is OrderStatus.CANCELED


async def test_a_client_that_dies_leaves_its_orders_to_the_switch(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE) as venue:
        async with open_client(config_for(venue, cancel_all_after=60)) as client:
            await (await client.submit(buy())).accepted()
            await trio.sleep(200)
            assert len(await client.open_orders()) == 1
            client.abort()
        await trio.sleep(61)
        async with open_client(config_for(venue)) as client:
            assert await client.open_orders() == ()


# What goes wrong


async def test_a_wrong_key_ends_the_client_with_a_sentence(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name=VENUE) as venue:
        with pytest.raises(AuthenticationError, match="Kraken refused the credentials"):
            async with open_client(config_for(venue, credentials=ApiKey("nobody", "c2VjcmV0"))):
                pass


async def test_a_token_that_dies_in_mid_session_is_replaced_and_the_order_sent_again(
    autojump_clock: MockClock,
) -> None:
    async with trading() as (venue, client, stream):
        await (await client.submit(buy())).accepted()
        await venue.act(lambda exchange, now: exchange.revoke_tokens(now))
        order = await client.submit(buy(price="59000"))
        await order.accepted()
        assert (await order.state()).status is OrderStatus.ACCEPTED
        heard = names(await drain(stream, 1))
        assert "Disconnected" not in heard
        assert "Rejected" not in heard
        assert heard.count("Accepted") == 2
        assert len(await client.open_orders()) == 2


async def test_a_venue_that_does_not_list_the_orders_again_is_left(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Fault(kind=FaultKind.DROP_EVENT, nth=3)  # the fill
    monkeypatch.setattr(KrakenSpotExchange, "_unsubscribe", lambda *_: [])
    async with trading(lost) as (venue, client, stream):
        await (await client.submit(buy())).accepted()
        await trio.sleep(1)
        await sell_to_us(venue, "0.4")
        await trio.sleep(1)
        await sell_to_us(venue, "0.1")
        heard = await until(stream, events.Disconnected)
        down = heard[-1]
        assert isinstance(down, events.Disconnected)
        assert "did not list the orders again" in down.reason
        assert names(heard + await drain(stream, 10)).count("Filled") == 2


async def test_messages_that_were_lost_are_noticed_by_their_numbers(autojump_clock: MockClock) -> None:
    lost = Fault(kind=FaultKind.DROP_EVENT, nth=3)  # the fill
    async with trading(lost) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await until(stream, events.Accepted)
        await sell_to_us(venue, "0.4")
        await sell_to_us(venue, "0.3")
        heard = names(await until(stream, events.Reconciled))
        assert "MessagesLost" in heard
        assert heard.count("Filled") == 2
        assert "Disconnected" not in heard
        assert (await order.state()).cumulative == Decimal("0.7")


async def test_a_stream_with_a_hole_is_read_anew_with_another_token_once_the_first_is_too_old(
    autojump_clock: MockClock,
) -> None:
    lost = Fault(kind=FaultKind.DROP_EVENT, nth=3)  # the fill
    async with trading(lost) as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await until(stream, events.Accepted)
        await trio.sleep(1000)
        await sell_to_us(venue, "0.4")
        await sell_to_us(venue, "0.3")
        heard = names(await until(stream, events.Reconciled))
        assert ("MessagesLost" in heard, heard.count("Filled"), "Disconnected" in heard) == (True, 2, False)
        await (await client.submit(buy(price="59000"))).accepted()


@pytest.mark.parametrize(
    ("mode", "taken"),
    [("maintenance", []), ("cancel_only", ["cancel"]), ("post_only", ["cancel", "post-only"])],
)
async def test_a_venue_that_closes_is_an_event_and_a_refusal_here(
    autojump_clock: MockClock, mode: str, taken: list[str]
) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await venue.act(lambda exchange, now: exchange.set_system(mode, now))
        event = (await until(stream, events.SystemStatus))[-1]
        assert isinstance(event, events.SystemStatus)
        assert event.mode is SystemMode(mode)
        with pytest.raises(NotSent, match=r"at the moment|maintenance"):
            await client.submit(buy())
        if "post-only" in taken:
            await (await client.submit(buy(post_only=True))).accepted()
        if "cancel" in taken:
            await client.cancel(order)
            assert (await order.done()).status is OrderStatus.CANCELED
        await venue.act(lambda exchange, now: exchange.set_system("online", now))
        await trio.sleep(1)
        await (await client.submit(buy(price="59000"))).accepted()


async def test_a_connection_closed_for_a_policy_is_not_opened_again(autojump_clock: MockClock) -> None:
    with pytest.raises(SessionError, match="for good"):
        async with trading() as (venue, _, _):
            await venue.act(lambda exchange, now: exchange.close_all(1008))
            await trio.sleep_forever()


async def test_an_answer_that_comes_too_late_changes_nothing(autojump_clock: MockClock) -> None:
    late = Fault(kind=FaultKind.DELAY_ANSWER, nth=1, delay=8_000_000_000)
    async with trading(late) as (_, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        heard = names(await drain(stream, 20))
        assert heard[-1] == "Accepted"
        assert "StatusUnknown" not in heard


async def test_a_batch_counts_half_of_what_its_orders_would(autojump_clock: MockClock) -> None:
    async with trading(users=STARTER, client={"tier": "starter"}) as (_, client, stream):
        for batch in range(3):
            await client.submit_all([buy(price=str(50000 + 100 * batch + number)) for number in range(15)])
        await trio.sleep(5)
        assert names(await drain(stream, 1)).count("Accepted") == 45


async def test_more_orders_than_the_trading_counter_allows_are_refused_here(autojump_clock: MockClock) -> None:
    """However the client is configured: the venue tells its own limit."""
    async with trading(users=STARTER, client={"tier": "pro"}) as (_, client, stream):
        sent = 0
        with pytest.raises(NotSent, match="no more of these for BTC/USD"):
            for number in range(100):
                await client.submit(buy(price=str(50000 + number)))
                sent += 1
        assert 30 <= sent <= 60
        heard = await drain(stream, 1)
        accepted = next(event for event in heard if isinstance(event, events.Accepted))
        await client.cancel(accepted.client_order_id)  # the reserve is for cancels
        assert names(await until(stream, events.Canceled))[-1] == "Canceled"


async def test_fills_of_a_lost_connection_are_there_before_all_is_reconciled(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(buy())
        await order.accepted()
        await until(stream, events.Accepted)
        await venue.drop_connections()
        await sell_to_us(venue, "0.4")
        heard = names(await until(stream, events.Reconciled))
        assert heard[0] == "Disconnected"
        assert heard.count("Filled") == 1
        assert "MissingFills" not in heard


# The books, whatever goes wrong

KINDS = (
    FaultKind.DUPLICATE_EVENT,
    FaultKind.DROP_EVENT,
    FaultKind.DELAY_EVENT,
    FaultKind.EVENTS_FIRST,
    FaultKind.DROP_ANSWER,
    FaultKind.DELAY_ANSWER,
    FaultKind.DROP_CONNECTION,
    FaultKind.DROP_BEFORE,
    FaultKind.UNKNOWN_WORD,
    FaultKind.REST_ERROR,
    FaultKind.MALFORMED,
)


async def story(seed: int) -> None:
    """Orders, changes, cancels and fills at a venue where things go wrong; afterwards the books are compared."""
    chance = random.Random(seed)
    faults = drawn(chance.random, chance=0.05, among=KINDS, first=3, last=60).faults
    switches = {
        "echo_client_ids": chance.random() < 0.5,
        "strict_delta": chance.random() < 0.5,
        "omit_filled": chance.random() < 0.5,
        "reports_per_message": chance.choice([1, 2]),
    }
    async with open_quiet_venue(*faults, name=VENUE, **switches) as venue:
        await tell(venue, chance, orders_of(BTC), tier="pro")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.random_module(), st.integers(0, 10**6))
def test_every_fill_comes_once_whatever_goes_wrong_and_whoever_goes_first(schedule: object, seed: int) -> None:
    """Hypothesis seeds Trio's scheduler, so a failing interleaving is found again."""
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("seed", range(20))
def test_every_fill_comes_once_whatever_goes_wrong(seed: int) -> None:
    trio.run(story, seed, clock=MockClock(autojump_threshold=0))
