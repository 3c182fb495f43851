"""A refused upgrade, a throttled call, a closed connection: what is final, and how long the venue is left alone.

The scripted venue's wall clock begins at Mon, 21 Sep 2026 14:13:20 GMT.
"""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from actors import AuthenticationError, Backoff, ConnectFailed, ConnectionMode, SessionError, events, open_client
from protocol.close_codes import is_close_code, meaning_of
from protocol.errors import Throttled
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.simulation.faults import Fault, FaultKind
from protocol.venue import HttpAnswer

from ..scripted_venue import EPOCH, Message, Peer, ScriptedVenue, open_scripted_venue, scripted_config, talking
from ..trading import config_for, open_quiet_venue, until

pytestmark = pytest.mark.usefixtures("each_websocket")

PAGE = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head></html>"


def answer(status: int, body: bytes = b'{"error":"no"}', *headers: str) -> bytes:
    """An HTTP answer, typed by hand."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def page(status: int, *headers: str) -> bytes:
    return answer(status, PAGE, "Content-Type: text/html; charset=UTF-8", *headers)


async def knocks_after(venue: ScriptedVenue, *steps: bytes | int) -> list[float]:
    """Seconds between the upgrades that a client asks for when its connection is lost, until one succeeds again."""
    async with open_client(scripted_config(venue)) as client:
        stream = client.events()
        await until(stream, events.Reconciled)
        await trio.sleep(10)
        venue.at_upgrade.extend(steps)
        venue.upgrades.clear()
        venue.peer.drop()
        await until(stream, events.Reconciled)
        times = [upgrade.time for upgrade in venue.upgrades]
    return [round(later - earlier, 1) for earlier, later in pairwise(times)]


@pytest.mark.parametrize("status", [429, 503, 502])
async def test_a_venue_that_says_when_is_not_asked_before(autojump_clock: MockClock, status: int) -> None:
    async with open_scripted_venue() as venue:
        refusal = answer(status, b'{"error":"too many connections"}', "Retry-After: 8")
        assert await knocks_after(venue, refusal, refusal) == [8.0, 8.0]


async def test_a_date_says_when_as_well(autojump_clock: MockClock) -> None:
    assert EPOCH == 1_790_000_000
    async with open_scripted_venue() as venue:
        # Half a minute behind the beginning of the test; the connection is lost after 10 s.
        refusal = answer(429, b"", "retry-after: Mon, 21 Sep 2026 14:13:50 GMT")
        assert await knocks_after(venue, refusal) == [20.0]


async def test_nobody_waits_longer_than_a_quarter_of_an_hour(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        assert await knocks_after(venue, answer(503, b"", "Retry-After: 86400")) == [900.0]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", [(), ("Retry-After: soon",)])
async def test_a_venue_that_does_not_say_when_is_left_alone_for_long(
    autojump_clock: MockClock, status: int, header: tuple[str, ...]
) -> None:
    async with open_scripted_venue() as venue:
        refusal = answer(status, b"{}", *header)
        assert await knocks_after(venue, *[refusal] * 4) == [10.0, 20.0, 40.0, 60.0]


async def test_other_refusals_are_tried_again_soon(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        assert await knocks_after(venue, 500, 502) == [0.5, 0.8]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_page_of_a_proxy_is_a_passing_failure(autojump_clock: MockClock, status: int) -> None:
    async with open_scripted_venue() as venue:
        assert await knocks_after(venue, page(status), page(status, "Retry-After: 3")) == [0.5, 3.0]
        assert len(venue.tokens) == 1, "nor does it say anything about the token"


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (400, ConnectFailed, "check the url and the options"),
        (403, AuthenticationError, "check what the key may do, and from which addresses"),
        (404, ConnectFailed, "There is nothing at this url"),
    ],
)
async def test_a_refusal_of_the_venues_own_is_final(
    autojump_clock: MockClock, status: int, error: type[Exception], advice: str
) -> None:
    async with open_scripted_venue() as venue:
        venue.at_upgrade.append(answer(status, b'{"error":"we do not want you"}'))
        with pytest.raises(error, match=advice) as raised:
            async with open_client(scripted_config(venue)):
                raise AssertionError("nobody can come in")
        assert len(venue.upgrades) == 1
        for part in (f"HTTP status {status}", "we do not want you", "ws://localhost/orders/ws"):
            assert part in str(raised.value)


async def test_a_final_refusal_later_fails_the_session(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        with pytest.raises(SessionError, match="would end the same way"):
            await knocks_after(venue, 404)


async def test_a_venue_that_takes_the_login_and_drops_it_at_once_is_not_knocked_at_for_ever(
    autojump_clock: MockClock,
) -> None:
    async with open_scripted_venue() as venue:

        async def greet(peer: Peer) -> None:
            await peer.say(venue.login(peer))
            await peer.close(1001, "not now")

        venue.greet = greet
        five = Backoff(initial=0.5, factor=2.0, maximum=30.0, attempts=5)
        with pytest.raises(SessionError, match=r"after 5 attempts; the last one failed: .*not now"):
            async with open_client(scripted_config(venue, reconnect=five)):
                await trio.sleep(600)
        times = [upgrade.time for upgrade in venue.upgrades]
        pauses = [round(later - earlier, 1) for earlier, later in pairwise(times)]
        assert pauses == [0.5, 1.0, 2.0, 4.0]


async def lost_and_then(venue: ScriptedVenue, *statuses: int) -> None:
    """Loses its connection, meets these answers to its next upgrades, and may fail twice in a row."""
    async with open_client(scripted_config(venue, reconnect=Backoff(initial=0.5, attempts=2))) as client:
        stream = client.events()
        await until(stream, events.Reconciled)
        await trio.sleep(10)
        venue.at_upgrade.extend(statuses)
        venue.peer.drop()
        await until(stream, events.Reconciled)


async def test_the_attempt_after_a_refused_token_counts_as_one_with_it(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        await lost_and_then(venue, 401)
        assert len(venue.tokens) == 2
    async with open_scripted_venue() as venue:
        with pytest.raises(SessionError, match="after 2 attempts"):
            await lost_and_then(venue, 401, 503)


@pytest.mark.parametrize("name", ["kraken-spot", "kraken-futures"])
@pytest.mark.parametrize("status", [401, 403])
async def test_kraken_has_no_token_in_its_upgrade_to_be_renewed(
    autojump_clock: MockClock, name: str, status: int
) -> None:
    refusal = Fault(kind=FaultKind.REFUSE_UPGRADE, nth=1, code=status)
    async with open_quiet_venue(refusal, name=name) as venue:
        if name == "kraken-futures":  # it refuses with a page, as what stands in front of it does
            async with open_client(config_for(venue)) as client:
                assert client.is_active
            return
        with pytest.raises(AuthenticationError, match=str(status)):
            async with open_client(config_for(venue)):
                raise AssertionError("nobody can come in")


async def test_a_long_pause_is_told_in_the_log(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    async with open_scripted_venue() as venue:
        await knocks_after(venue, answer(429, b'{"error":"too many"}', "Retry-After: 8"))
    assert 'HTTP status 429: \'{"error":"too many"}\'. The next attempt follows in 8 s.' in caplog.text
    assert [record.levelno for record in caplog.records if "429" in record.getMessage()] == [logging.WARNING]


# Calls before the connection


async def test_a_throttled_login_is_asked_again_when_the_venue_says(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        throttle = answer(429, b'{"error":"slow down"}', "Retry-After: 7")
        venue.at_http["/api/authenticate"].extend([throttle, throttle])
        async with open_client(scripted_config(venue)):
            times = [call.time for call in venue.calls_to("/api/authenticate")]
    assert times == pytest.approx([0, 7, 14], abs=0.1)


async def test_a_throttled_login_without_a_word_waits_long(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        venue.at_http["/api/authenticate"].append(answer(503))
        async with open_client(scripted_config(venue)):
            times = [call.time for call in venue.calls_to("/api/authenticate")]
    assert times == pytest.approx([0, 5], abs=0.1)


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [(answer(429, b"{}", "Retry-After: 7"), 7), (answer(503), 5), (answer(500), 0.5), (page(403), 0.5)],
)
async def test_the_instruments_are_asked_for_again_when_the_venue_says(
    autojump_clock: MockClock, refusal: bytes, wait: float
) -> None:
    async with open_scripted_venue() as venue:
        venue.at_http["/api/instruments"].append(refusal)
        async with open_client(scripted_config(venue)):
            times = [call.time for call in venue.calls_to("/api/instruments")]
    assert times == pytest.approx([0, wait], abs=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "EAuth:Rate limit exceeded",
        "EAuth:Too many requests",
        "EAPI:Rate limit exceeded",
        "EGeneral:Too many requests",
        "EService: Throttled: 1790000000",
    ],
)
def test_kraken_spot_says_in_its_own_words_that_logins_are_throttled(text: str) -> None:
    venue = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret="c2VjcmV0"))
    with pytest.raises(Throttled, match="takes no more logins for now"):
        venue.read_token(HttpAnswer(status=200, body=f'{{"error":["{text}"]}}'.encode()))


# Closes


async def close_codes(venue: ScriptedVenue, *codes: int, options: Message | None = None) -> list[float]:
    """Seconds that a client stays away after each of these closes, which follow the logins at once."""
    left = list(codes)
    closed: list[float] = []

    async def greet(peer: Peer) -> None:
        await peer.say(venue.login(peer))
        if left:
            await peer.close(left.pop(0), "because")
            closed.append(trio.current_time())

    venue.greet = greet
    async with open_client(scripted_config(venue, **(options or {}))):
        await venue.wait_for_connection(len(codes) + 1)
        times = [upgrade.time for upgrade in venue.upgrades[1:]]
    return [round(time - at, 1) for at, time in zip(closed, times, strict=True)]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1009, 1010, 1011, 1012, 1013, 3000, 3003, 3008, 4001])
async def test_a_close_is_not_final(autojump_clock: MockClock, code: int) -> None:
    """Whatever the venue finds wrong with us (spec AX 2.4, Kraken A.4)."""
    async with open_scripted_venue() as venue:
        assert await close_codes(venue, code) == [0.0]


async def test_a_bad_gateway_is_neither_final_nor_a_broken_rule(autojump_clock: MockClock) -> None:
    """1014 is younger than the library that reads the frames."""
    async with talking() as (venue, _, stream):
        for _ in range(5):
            await until(stream, events.Reconciled)
            await venue.peer.send_raw(b"\x88\x11\x03\xf6gateway is down")
            down = (await until(stream, events.Disconnected))[-1]
            assert isinstance(down, events.Disconnected)
            assert down.reason == "The WebSocket ended with code 1014 (bad gateway): gateway is down."


@pytest.mark.parametrize("code", [503, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])
async def test_a_code_that_nobody_may_send_is_a_broken_rule(autojump_clock: MockClock, code: int) -> None:
    async with open_scripted_venue() as venue:

        async def greet(peer: Peer) -> None:
            await peer.say(venue.login(peer))
            await peer.send_raw(b"\x88\x02" + code.to_bytes(2, "big"))

        venue.greet = greet
        with pytest.raises(SessionError, match=rf"3 connections in a row .*the close code {code}"):
            async with open_client(scripted_config(venue)):
                await trio.sleep_forever()


async def test_a_connection_that_worked_makes_up_for_broken_rules(autojump_clock: MockClock) -> None:
    async with talking() as (venue, client, stream):
        for _ in range(6):
            await until(stream, events.Reconciled)
            await trio.sleep(6)
            await venue.peer.send_raw(b"\x88\x02\x01\xf7")
            await until(stream, events.Disconnected)
        await until(stream, events.Reconciled)
        assert client.is_active


async def test_a_connection_that_worked_makes_up_for_failed_attempts(autojump_clock: MockClock) -> None:
    twice = Backoff(initial=0.5, attempts=2)
    async with talking(reconnect=twice) as (venue, client, stream):
        for _ in range(4):
            await until(stream, events.Reconciled)
            await trio.sleep(6)
            venue.peer.drop()
            await until(stream, events.Disconnected)
        await until(stream, events.Reconciled)
        assert client.is_active


@pytest.mark.parametrize("name", ["kraken-spot", "kraken-futures"])
async def test_a_policy_close_is_final_at_kraken(autojump_clock: MockClock, name: str) -> None:
    async with open_quiet_venue(name=name) as venue:
        with pytest.raises(SessionError, match=r"1008 \(policy violation\)"):
            async with open_client(config_for(venue)):
                await venue.act(lambda exchange, now: exchange.close_all(1008))
                await trio.sleep_forever()


async def test_a_policy_close_without_a_cause_is_waited_out_at_ax(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        assert await close_codes(venue, 1008, 1008) == [5.0, 10.0]


async def test_a_policy_close_with_its_cause_is_final_at_ax(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        with pytest.raises(SessionError, match="1008"):
            await close_codes(venue, 1008, options={"client_heartbeat_timeout": 60})


def test_the_registry_of_close_codes() -> None:
    may_be_sent = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}
    assert {code for code in range(65536) if is_close_code(code)} == may_be_sent
    assert (meaning_of(1012), meaning_of(1014), meaning_of(4000)) == ("service restart", "bad gateway", "")


async def test_waiting_for_a_venue_can_be_left_at_any_time(autojump_clock: MockClock) -> None:
    async with open_scripted_venue() as venue:
        async with open_client(scripted_config(venue)) as client:
            venue.at_upgrade.append(answer(429, b"{}", "Retry-After: 600"))
            venue.peer.drop()
            await trio.sleep(5)
            assert client.mode is ConnectionMode.RECONNECTING
            began = trio.current_time()
        assert trio.current_time() == began
