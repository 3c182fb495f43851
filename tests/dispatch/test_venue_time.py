"""The venue's time, as its answers tell it: stamps of both Kraken venues, typed as they come."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.facts import (
    Alive,
    LimitTold,
    RequestAnswered,
    RequestRefused,
    Say,
    TokenRefused,
    VenueTime,
)
from protocol.kraken_futures.rest_answers import answer_time, read_answer
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.kraken_spot.codec import SpotWire
from protocol.kraken_spot.order_entry import encode
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.requests import AskTime, ListOpenOrders
from protocol.values import RequestId
from protocol.venue import HttpAnswer, Opening

from ..kraken_spot.messages import STATUS, TOKEN, ack, answer, error, snapshot

# Kraken Spot (spec A.12): every answer tells when the venue got the request, and when it answered

TIME_IN_NS = 1782907202000000000
TIME_OUT_NS = 1782907202002100000


def times_of(message: str) -> list[Any]:
    spot = SpotWire(Opening(token=TOKEN, instruments={}))
    for text in (STATUS, ack(), snapshot()):
        spot.decode(text)
    return [fact for fact in spot.decode(message) if isinstance(fact, VenueTime)]


@pytest.mark.parametrize(
    "message",
    [
        answer("add_order", 100, '{"order_id":"OSIM01-AAAAA-BBBB01"}'),
        answer("amend_order", 100, '{"amend_id":"TAMEND-AAAAA-BBBB01"}'),
        answer("cancel_order", 100, '{"order_id":"OSIM01-AAAAA-BBBB01"}'),
        answer("batch_add", 100, '[{"order_id":"OSIM01-AAAAA-BBBB01"},{"order_id":"OSIM01-AAAAA-BBBB02"}]'),
        error("add_order", 100, "EService:Deadline elapsed"),
        '{"method":"pong","req_id":100,"time_in":"2026-07-01T12:00:02.000000Z",'
        '"time_out":"2026-07-01T12:00:02.002100Z"}',
    ],
)
def test_every_answer_tells_the_venues_time(message: str) -> None:
    assert times_of(message) == [
        VenueTime(request_id=RequestId(100), received=TIME_IN_NS, sent=TIME_OUT_NS, resolution=1000)
    ]


def test_the_answer_to_the_subscription_tells_it_as_well() -> None:
    spot = SpotWire(Opening(token=TOKEN, instruments={}))
    (word, _) = spot.decode(STATUS)
    assert isinstance(word, Say)
    time, limit = spot.decode(ack())
    assert (word.number, limit) == (2**31, LimitTold(most=125))
    assert time == VenueTime(
        request_id=RequestId(2**31),
        received=1782907200500000000,
        sent=1782907200502100000,
        resolution=1000,
    )


def test_the_time_comes_before_the_rest_of_an_answer() -> None:
    """What follows may end the request that it is measured by."""
    spot = SpotWire(Opening(token=TOKEN, instruments={}))
    facts = spot.decode(error("add_order", 100, "EAPI:Invalid token"))
    assert [type(fact) for fact in facts if not isinstance(fact, Say)][:3] == [VenueTime, RequestRefused, TokenRefused]


@pytest.mark.parametrize(
    ("stamps", "times"),
    [
        ('"time_in":"2026-07-01T12:00:02.000000Z"', [(TIME_IN_NS, TIME_IN_NS, 1000)]),
        ('"time_out":"2026-07-01T12:00:02.002100Z"', [(TIME_OUT_NS, TIME_OUT_NS, 1000)]),
        (
            '"time_in":"2026-07-01T12:00:02.000Z","time_out":"2026-07-01T12:00:02.002100123Z"',
            [(TIME_IN_NS, TIME_OUT_NS + 123, 1_000_000)],
        ),
        ('"time_in":"2026-07-01T12:00:02Z","time_out":null', [(TIME_IN_NS, TIME_IN_NS, 1_000_000_000)]),
        ('"time_in":"noon","time_out":""', []),
        ('"time_in":null', []),
    ],
)
def test_stamps_may_be_missing_or_of_another_precision(stamps: str, times: list[tuple[int, int, int]]) -> None:
    told = times_of('{"method":"pong","req_id":100,' + stamps + "}")
    assert [(time.received, time.sent, time.resolution) for time in told] == times


@pytest.mark.parametrize(
    "message",
    [
        '{"method":"pong","time_in":"2026-07-01T12:00:02.000000Z","time_out":"2026-07-01T12:00:02.002100Z"}',
        answer("add_order", 100, '{"order_id":"O"}').replace('"req_id":100,', ""),
    ],
)
def test_an_answer_without_a_number_tells_nothing_of_use(message: str) -> None:
    """Nobody knows when its question was asked."""
    assert times_of(message) == []


def test_the_venue_is_asked_for_its_time_by_a_ping_with_a_number() -> None:
    """A ping has no params, and so no token (spec A.4)."""
    assert encode(AskTime(request_id=RequestId(7)), "T") == '{"method":"ping","req_id":7}'


@pytest.mark.parametrize(("stamps", "told"), [('"time_in":"2026-07-01T12:00:02.000000Z"', 1), ('"time_in":"x"', 0)])
def test_a_pong_with_a_number_answers_that_question_and_is_an_echo_all_the_same(stamps: str, told: int) -> None:
    """What answers a ping of ours says nothing of whether the stream of news lives."""
    facts = SpotWire(Opening(token=TOKEN, instruments={})).decode('{"method":"pong","req_id":7,' + stamps + "}")
    assert [type(fact) for fact in facts if not isinstance(fact, Say)] == [VenueTime] * told + [RequestAnswered, Alive]
    assert isinstance(facts[-1], Alive)
    assert facts[-1].is_echo


def test_also_where_orders_go_over_rest_the_socket_is_asked_for_the_time() -> None:
    settings = KrakenSpotSettings(api_key="k", api_secret="c2VjcmV0", rest_entry=True)
    venue = KrakenSpotVenue(settings)
    assert AskTime not in venue.rules.http_requests
    assert venue.encode(AskTime(request_id=RequestId(7))) == '{"method":"ping","req_id":7}'


# Kraken Futures (spec B.11): every answer may tell it, whatever else it says


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"result":"success","openOrders":[],"serverTime":"2026-07-01T12:00:02.125Z"}', (125_000_000, 1_000_000)),
        ('{"result":"success","fills":[],"serverTime":"2026-07-01T12:00:02.125001Z"}', (125_001_000, 1000)),
        ('{"result":"error","error":"apiLimitExceeded","serverTime":"2026-07-01T12:00:02Z"}', (0, 1_000_000_000)),
        (
            '{"status":"BAD_REQUEST","result":"error","errors":[{"code":87,"message":"no"}],'
            '"serverTime":"2026-07-01T12:00:02.125Z"}',
            (125_000_000, 1_000_000),
        ),
        ('{"accountUid":"a","len":0,"elements":[],"serverTime":"2026-07-01T12:00:02.125Z"}', (125_000_000, 1_000_000)),
        ('{"result":"success","openOrders":[]}', None),
        ('{"result":"success","openOrders":[],"serverTime":null}', None),
        ('{"result":"success","openOrders":[],"serverTime":"noon"}', None),
        ('{"result":"success","openOrders":[],"serverTime":7}', None),
        ("<html>502</html>", None),
    ],
)
def test_an_answer_tells_the_venues_time(body: str, told: tuple[int, int] | None) -> None:
    """told: ns after 12:00:02, and the precision."""
    facts = answer_time(ListOpenOrders(request_id=RequestId(9)), HttpAnswer(status=200, body=body.encode()))
    if told is None:
        assert facts == ()
    else:
        time = 1782907202000000000 + told[0]
        assert facts == (VenueTime(request_id=RequestId(9), received=time, sent=time, resolution=told[1]),)


def test_a_question_for_the_time_is_answered_by_any_list() -> None:
    body = '{"result":"success","openOrders":[{"order_id":"o-1"}],"serverTime":"2026-07-01T12:00:02.125Z"}'
    question = AskTime(request_id=RequestId(1))
    facts = read_answer(question, HttpAnswer(status=200, body=body.encode()))
    assert facts == (RequestAnswered(request_id=RequestId(1)),)


def test_the_venue_hands_the_time_on_before_the_rest_of_an_answer() -> None:
    venue = KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret="c2VjcmV0"))
    body = '{"result":"success","openOrders":[],"serverTime":"2026-07-01T12:00:02.125Z"}'
    facts = venue.read_answer(ListOpenOrders(request_id=RequestId(9)), HttpAnswer(status=200, body=body.encode()))
    assert [type(fact) for fact in facts] == [VenueTime, RequestAnswered]
