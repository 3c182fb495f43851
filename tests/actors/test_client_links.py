"""Connecting, losing the connection, and what becomes of orders meanwhile. All times are virtual."""

from __future__ import annotations

import logging
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from actors import (
    ApiKey,
    AuthenticationError,
    AxConfig,
    Backoff,
    ConnectFailed,
    NotSent,
    OrderStatus,
    OutcomeUnknown,
    RequestFailed,
    SessionError,
    Side,
    Token,
    events,
    open_client,
)
from actors.net.connectors import MemoryConnector
from actors.net.memory_stream import MemoryListener
from protocol.simulation.exchange import Close
from protocol.simulation.faults import Fault, FaultKind

from ..scripted_venue import Peer, open_scripted_venue, scripted_config
from ..trading import WrappedConnector, config_for, drain, names, open_quiet_venue, sell, trading, until

pytestmark = pytest.mark.usefixtures("each_websocket")


class Nowhere:
    """Refuses every connection, or never answers."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.tried: list[float] = []

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.tried.append(trio.current_time())
        if self.silent:
            await trio.sleep_forever()
        raise OSError("nobody listens there")


def config_of(nowhere: Nowhere, **options: Any) -> AxConfig:
    url = "ws://localhost:1/orders/ws"
    return AxConfig(url=url, credentials=Token("t"), connector=nowhere, draw=lambda: 0.0, **options)


async def test_without_the_list_of_instruments_there_is_no_client(autojump_clock: MockClock) -> None:
    nowhere = Nowhere()
    with pytest.raises(ConnectFailed, match=r"instruments of AX could not be read .* in 5 attempts"):
        async with open_client(config_of(nowhere)):
            raise AssertionError("there is nothing to connect to")
    assert nowhere.tried == [0.0, 0.5, 1.5, 3.5, 7.5]


async def test_the_first_connect_gives_up_after_five_attempts(autojump_clock: MockClock) -> None:
    nowhere = Nowhere()
    config = config_of(nowhere, load_instruments=False)
    with pytest.raises(ConnectFailed) as failure:
        async with open_client(config):
            raise AssertionError("there is nothing to connect to")
    assert nowhere.tried == [0.0, 0.5, 1.5, 3.5, 7.5]
    for part in ("ws://localhost:1/orders/ws", "5 attempts", "nobody listens there"):
        assert part in str(failure.value)


async def test_an_attempt_takes_ten_seconds_at_most(autojump_clock: MockClock) -> None:
    nowhere = Nowhere(silent=True)
    config = config_of(nowhere, load_instruments=False)
    with pytest.raises(ConnectFailed, match=r"There was no connection within 10 s\.$"):
        async with open_client(config):
            raise AssertionError("there is nothing to connect to")
    assert nowhere.tried == [0.0, 10.5, 21.5, 33.5, 47.5]


async def test_a_reconnect_is_tried_at_once_and_then_with_growing_pauses(autojump_clock: MockClock) -> None:
    refusals = [Fault(kind=FaultKind.REFUSE_UPGRADE, nth=n, code=502) for n in range(2, 10)]
    async with open_quiet_venue(*refusals) as venue:
        assert venue.connector is not None
        connector = WrappedConnector(venue.connector, lambda stream: stream)
        async with open_client(config_for(venue, connector=connector)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                await trio.sleep(10)
                connector.made.clear()
                lost = trio.current_time()
                await venue.drop_connections()
                seen = await until(stream, events.Reconciled)
    assert names(seen) == ["Disconnected", "Reconnected", "Authenticated", "Reconciled"]
    waits = [round(time - lost, 3) for time in connector.made][:9]  # behind them, the connection for what is read
    pauses = [round(after - before, 3) for before, after in pairwise(waits)]
    assert waits[0] == 0
    assert pauses == pytest.approx([0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.0, 5.0], abs=0.01)


async def test_a_login_that_is_not_answered_is_told_in_a_sentence(autojump_clock: MockClock) -> None:
    async def say_nothing(_: Peer) -> None:
        await trio.sleep_forever()

    async with open_scripted_venue() as venue:
        venue.greet = say_nothing
        config = scripted_config(venue, login_timeout=3, first_connect=Backoff(attempts=1))
        with pytest.raises(ConnectFailed, match=r"The venue did not answer the login within 3 s\.$"):
            async with open_client(config):
                raise AssertionError("nobody logged in")


async def test_a_client_that_leaves_says_so_in_a_sentence(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, stream):
        await client.close()
        down, report = [event async for event in stream][-2:]
        assert isinstance(report, events.CloseReport)
        assert isinstance(down, events.Disconnected)
        assert (down.reason, down.will_retry) == ("This client closed the connection.", False)


async def test_a_refused_token_is_renewed_once(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        async with open_client(config_for(venue)) as client:
            with client.events() as stream:
                await until(stream, events.Reconciled)
                venue.exchange.access.revoke_tokens()
                await venue.drop_connections()
                assert "Reconnected" in names(await until(stream, events.Reconciled))


async def test_a_second_refusal_with_a_new_token_is_fatal(autojump_clock: MockClock) -> None:
    refusals = [Fault(kind=FaultKind.REFUSE_TOKEN, nth=n) for n in (2, 3)]
    with pytest.raises(AuthenticationError, match="brand-new token"):
        async with trading(*refusals) as (venue, _, stream):
            await until(stream, events.Reconciled)
            await venue.drop_connections()
            await trio.sleep_forever()


async def test_wrong_credentials_are_fatal_at_once_and_stay_secret(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_quiet_venue() as venue:
        config = evolve(config_for(venue), credentials=ApiKey("demo-key", "s3cr3t-of-mine"))
        with pytest.raises(AuthenticationError) as failure:
            async with open_client(config):
                raise AssertionError("nobody can log in like this")
    assert trio.current_time() < 1
    for text in (str(failure.value), repr(config), caplog.text):
        assert "s3cr3t-of-mine" not in text


async def test_no_secret_shows_anywhere(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with trading() as (venue, client, stream):
        await (await client.submit(sell())).accepted()
        await venue.drop_connections()
        await until(stream, events.Reconciled, times=2)
        shown = [repr(client), repr(client._config), repr(client._views), caplog.text]
        token = client._views.token.value
    assert token is not None
    for text in shown:
        assert token not in text
        assert "demo-secret" not in text


async def test_a_token_is_renewed_at_half_its_life(autojump_clock: MockClock) -> None:
    async with trading() as (_, client, _stream):
        first = client._views.token.value
        await trio.sleep(1790)
        assert client._views.token.value == first
        await trio.sleep(20)
        assert client._views.token.value != first


async def test_a_given_token_cannot_be_renewed_but_replaced(autojump_clock: MockClock) -> None:
    async with open_quiet_venue() as venue:
        config = evolve(config_for(venue), credentials=Token("worthless"))
        with pytest.raises(AuthenticationError, match="fresh token"):
            async with open_client(config):
                raise AssertionError("nobody can log in like this")
        async with open_client(config_for(venue)) as client:
            await client.authenticate("another")
            await trio.sleep(0.1)
            assert client._views.token.value == "another"


async def test_safety_options_are_verified_and_heartbeats_sent(autojump_clock: MockClock) -> None:
    async with trading(cancel_on_disconnect=True, client_heartbeat_timeout=6) as (venue, client, stream):
        order = await client.submit(sell())
        await order.accepted()
        await until(stream, events.Accepted)
        assert await drain(stream, 60) == [], "the venue would have dropped a silent client"
        await venue.drop_connections()
        assert (await order.done()).status is OrderStatus.CANCELED


async def test_an_option_that_is_not_confirmed_fails_the_session(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(legacy=True) as venue:
        with pytest.raises(SessionError, match="cancel-on-disconnect"):
            async with open_client(config_for(venue, cancel_on_disconnect=True)):
                raise AssertionError("the old venue does not confirm it")


async def test_unencrypted_connections_stay_on_this_machine() -> None:
    for url in ("ws://gateway.example/orders/ws", "ws://10.0.0.1/orders/ws"):
        with pytest.raises(ValueError, match="not encrypted"):
            async with open_client(AxConfig(url=url, credentials=Token("t"))):
                raise AssertionError("the token would be readable on the way")


# Orders and lost messages


async def test_a_lost_answer_makes_an_order_unknown_until_the_venue_is_asked(autojump_clock: MockClock) -> None:
    lost = [Fault(kind=FaultKind.DROP_ANSWER, nth=1), Fault(kind=FaultKind.DROP_EVENT, nth=1)]
    async with trading(*lost) as (_, client, stream):
        order = await client.submit(sell())
        with pytest.raises(OutcomeUnknown, match="Do not send it again"):
            await order.accepted()
        assert trio.current_time() == pytest.approx(10, abs=0.1)
        assert names(await until(stream, events.Accepted))[-2:] == ["StatusUnknown", "Accepted"]


@pytest.mark.parametrize(
    ("kind", "ending"),
    [(FaultKind.PLACE_ERROR, "Denied"), (FaultKind.PLACE_ERROR_EXECUTED, "Accepted")],
)
@pytest.mark.parametrize("code", [500, 503, 504])
async def test_an_ambiguous_error_is_settled_by_the_truth(
    autojump_clock: MockClock, kind: FaultKind, ending: str, code: int
) -> None:
    """The same answer, whether the order was executed or not. With it executed the event comes in time."""
    dropped = Fault(kind=FaultKind.DROP_EVENT, nth=1)
    async with trading(Fault(kind=kind, nth=1, code=code), dropped) as (_, client, stream):
        await client.submit(sell())
        kinds = {"Denied": events.Denied, "Accepted": events.Accepted}
        assert names(await until(stream, kinds[ending]))[-2:] == ["StatusUnknown", ending]


async def test_a_connection_lost_behind_a_placement_leaves_it_unknown_then_accepted(
    autojump_clock: MockClock,
) -> None:
    async with trading(Fault(kind=FaultKind.DROP_CONNECTION, nth=1), Fault(kind=FaultKind.DROP_ANSWER, nth=1)) as (
        _,
        client,
        stream,
    ):
        await client.submit(sell())
        seen = names(await until(stream, events.Reconciled, times=2))
        assert seen[3:] == [
            "Submitted", "Accepted", "Disconnected", "Reconnected", "Authenticated", "Reconciled",
        ] or seen[3:] == [
            "Submitted", "Disconnected", "StatusUnknown", "Reconnected", "Authenticated", "Accepted", "Reconciled",
        ]  # fmt: skip


async def test_a_connection_lost_before_a_placement_ends_in_denied(autojump_clock: MockClock) -> None:
    """The venue ended it, so nothing of it can arrive five seconds later; the reconciliation does not wait for that,
    and says that a question is open."""
    async with trading(Fault(kind=FaultKind.DROP_BEFORE, nth=1)) as (venue, client, stream):
        order = await client.submit(sell())
        seen = await until(stream, events.Reconciled, times=2)
        assert names(seen[3:]) == [
            "Submitted", "Disconnected", "StatusUnknown", "Reconnected", "Authenticated", "Reconciled",
        ]  # fmt: skip
        assert isinstance(seen[-1], events.Reconciled)
        assert seen[-1].open_questions == 1
        assert names(await until(stream, events.Denied)) == ["Denied"]
        with pytest.raises(NotSent, match="never"):
            await order.accepted()
        assert venue.exchange.engine.orders == {}


async def test_fills_missed_while_away_are_a_gap_and_then_fills_before_all_is_reconciled(
    autojump_clock: MockClock,
) -> None:
    async with trading() as (venue, client, stream):
        order = await client.submit(sell(10))
        await order.accepted()
        await until(stream, events.Reconciled)
        await venue.drop_connections()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
        seen = await until(stream, events.Reconciled)
        assert names(seen)[-3:] == ["MissingFills", "Filled", "Reconciled"]
        fill, reconciled = seen[-2:]
        assert isinstance(fill, events.Filled)
        assert (fill.last_quantity, fill.leaves, fill.commission is not None) == (Decimal(4), Decimal(6), True)
        assert isinstance(reconciled, events.Reconciled)
        assert (reconciled.gaps, reconciled.open_questions) == (0, 0)
        now = venue.wall_clock()
        assert await client.read_fills(start=now - 10**12, end=now + 10**12) == 1
        assert "Filled" not in names(await drain(stream)), "whoever reads history nevertheless hears nothing twice"


async def test_an_order_that_ended_while_away_is_found_ended(autojump_clock: MockClock) -> None:
    async with trading() as (venue, client, _):
        order = await client.submit(sell(10))
        await order.accepted()
        await venue.drop_connections()
        await venue.act(lambda exchange, now: exchange.end_orders("EXPIRED", now))
        assert (await order.done()).status is OrderStatus.EXPIRED


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATE_EVENT, FaultKind.EVENTS_FIRST, FaultKind.DUPLICATE_ANSWER])
async def test_doubled_and_reordered_messages_change_nothing(autojump_clock: MockClock, kind: FaultKind) -> None:
    faults = [Fault(kind=kind, nth=n) for n in range(1, 20)]
    async with trading(*faults) as (venue, client, stream):
        order = await client.submit(sell(10))
        await order.accepted()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=6)
        await order.filled()
        seen = names([*await until(stream, events.Reconciled), *await drain(stream)])
        assert seen[3:] == ["Submitted", "Accepted", "Filled", "Filled"]


async def test_a_delayed_fill_is_late_and_not_lost(autojump_clock: MockClock) -> None:
    async with trading(Fault(kind=FaultKind.DELAY_EVENT, nth=2, delay=5_000_000_000)) as (venue, client, _):
        order = await client.submit(sell(10))
        await order.accepted()
        await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=10)
        before = trio.current_time()
        await order.filled()
        assert trio.current_time() - before == pytest.approx(5, abs=0.1)


async def test_a_policy_close_is_not_tried_again(autojump_clock: MockClock) -> None:
    """At AX 1008 has one documented cause, the heartbeat timeout that was asked for (spec AX 2.4)."""
    with pytest.raises(SessionError, match="1008"):
        async with trading(client_heartbeat_timeout=60) as (venue, _, stream):
            await until(stream, events.Reconciled)
            await venue.act(lambda exchange, now: exchange.close_all(1008))
            await trio.sleep_forever()


async def test_any_other_close_is(autojump_clock: MockClock) -> None:
    async with trading() as (venue, _, stream):
        await until(stream, events.Reconciled)

        def go_away(exchange: Any, now: Any) -> list[Close]:
            return list(exchange.close_all(1001))

        await venue.act(go_away)
        assert "Reconnected" in names(await until(stream, events.Reconciled))


async def test_three_violations_in_a_row_are_fatal(autojump_clock: MockClock) -> None:
    """A reserved opcode behind every login."""

    class Spoiled(trio.abc.Stream):
        def __init__(self, stream: trio.abc.Stream) -> None:
            self._stream = stream
            self._reads = 0

        async def receive_some(self, max_bytes: int | None = None) -> bytes:
            data = bytes(await self._stream.receive_some(max_bytes))
            self._reads += b'"li"' in data
            return data + b"\x83\x00" if b'"li"' in data else data

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            await self._stream.send_all(data)

        async def wait_send_all_might_not_block(self) -> None:
            await self._stream.wait_send_all_might_not_block()

        async def aclose(self) -> None:
            await self._stream.aclose()

    with pytest.raises(SessionError, match="3 connections in a row"):
        async with open_quiet_venue() as venue:
            assert venue.connector is not None
            connector = WrappedConnector(venue.connector, Spoiled)
            async with open_client(config_for(venue, connector=connector)):
                await trio.sleep_forever()


async def test_a_message_over_the_limit_ends_the_connection(autojump_clock: MockClock) -> None:
    async with trading(max_message_size=2000) as (_, client, stream):
        await until(stream, events.Reconciled)
        for _ in range(20):
            await client.submit(sell())
        await until(stream, events.Accepted, times=20)
        with pytest.raises(RequestFailed):
            await client.open_orders()
        down = next(e for e in await until(stream, events.Disconnected) if isinstance(e, events.Disconnected))
        assert "1009" in down.reason
        client.abort()


async def test_a_venue_that_is_not_there_any_more_can_still_be_left(autojump_clock: MockClock) -> None:
    listener = MemoryListener()
    await listener.aclose()
    with pytest.raises(ConnectFailed):
        config = AxConfig(
            url="ws://localhost/orders/ws",
            credentials=ApiKey("demo-key", "demo-secret"),
            connector=MemoryConnector(listener),
        )
        async with open_client(config):
            raise AssertionError("nothing listens")
