"""Kraken Spot's signatures, checked against vectors, and that no secret is ever shown."""

from __future__ import annotations

import traceback

import pytest

from protocol.errors import AuthenticationError
from protocol.facts import Say
from protocol.kraken_spot.rest_order_entry import encode_rest, token_call
from protocol.kraken_spot.signing import Credentials, api_sign, inner_digest
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.requests import BatchOrders, CancelOrder, ListOpenOrders
from protocol.simulation.kraken_spot import venue_side
from protocol.values import RequestId, VenueOrderId
from protocol.venue import HttpAnswer, Opening

SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="

CALLS = {
    "a token": (
        "/0/private/GetWebSocketsToken",
        "1767225600000000001",
        "nonce=1767225600000000001",
        "XCI6K2eNONDHL9Yq/gNUz8wChUbji5SCvbkwGbDXV90lMBGJwvreG65IboJYW11KpDMe73QKFmRYgznHzxcUoA==",
    ),
    "a cancel": (
        "/0/private/CancelOrder",
        "1767225600000000002",
        "nonce=1767225600000000002&txid=OABCDE-FGHIJ-KLMNOP",
        "id0zJ5lpEKW88f1i4zZxViwh/6sKwntSvsYdFrpnQpfDLeZb/phcRvHYs2wsfj7MIbCmneqB1dhatg8Vs8/K4A==",
    ),
    "a batch in JSON": (
        "/0/private/CancelOrderBatch",
        "1767225600000000003",
        '{"nonce":"1767225600000000003","orders":["OABCDE-FGHIJ-KLMNOP"]}',
        "FlEDLlagvRHBYf4bUJPdd+CuHfKdbYMYzmbiEDbe0pyEvrlzFGF3sPn9ei2fEotADM1wTMM748+lzSQ/0odUSQ==",
    ),
    "a placement with an escaped comma": (
        "/0/private/AddOrder",
        "1767225600000000004",
        "nonce=1767225600000000004&pair=XBTUSD&type=buy&ordertype=limit&price=50000.5&volume=0.25&oflags=post%2Cfciq",
        "P5NC8y+0LT1zfzCEnC2pNi0fFTqgrnyvAv53KF9XEDiXfpUWFpmej2F4pdIApl7IH3qUaHfpj7XsyMwroD1kKw==",
    ),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_is_signed(kind: str) -> None:
    path, nonce, post_data, signature = CALLS[kind]
    assert api_sign(SECRET, path, nonce, post_data) == signature
    credentials = Credentials("key", SECRET)
    assert venue_side.proves_call(credentials, path=path, nonce=nonce, post_data=post_data, api_sign=signature)
    assert not venue_side.proves_call(
        credentials, path=path, nonce=nonce + "0", post_data=post_data, api_sign=signature
    )
    assert not venue_side.proves_call(credentials, path=path, nonce=nonce, post_data=post_data, api_sign="é")


def test_what_is_hashed_is_the_nonce_then_the_body() -> None:
    _, nonce, post_data, _ = CALLS["a token"]
    expected = "b2cd1abeb827e00caef190bc17a36538f982d5aa6870301ead29e8b92481d911"
    assert inner_digest(nonce, post_data).hex() == expected


def test_the_call_for_a_token_is_signed_exactly_as_it_is_sent() -> None:
    path, nonce, post_data, signature = CALLS["a token"]
    call = token_call(Credentials("key", SECRET)).sign(int(nonce))
    assert (call.method, call.path, call.body, call.authorized) == ("POST", path, post_data.encode(), False)
    assert dict(call.headers) == {
        "API-Key": "key",
        "API-Sign": signature,
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    }


def test_a_form_is_signed_with_its_nonce_in_front() -> None:
    path, nonce, post_data, signature = CALLS["a cancel"]
    cancel = CancelOrder(request_id=RequestId(2), venue_order_id=VenueOrderId("OABCDE-FGHIJ-KLMNOP"), wire_id=None)
    call = encode_rest(cancel, Credentials("key", SECRET)).sign(int(nonce))
    assert (call.path, call.body) == (path, post_data.encode())
    assert dict(call.headers)["API-Sign"] == signature


def test_a_json_body_is_signed_with_its_nonce_inside() -> None:
    path, nonce, post_data, signature = CALLS["a batch in JSON"]
    leg = CancelOrder(request_id=RequestId(2), venue_order_id=VenueOrderId("OABCDE-FGHIJ-KLMNOP"), wire_id=None)
    call = encode_rest(BatchOrders(request_id=RequestId(1), legs=(leg,)), Credentials("key", SECRET)).sign(int(nonce))
    assert (call.path, call.body) == (path, post_data.encode())
    assert dict(call.headers)["API-Sign"] == signature
    assert dict(call.headers)["Content-Type"] == "application/json"


def test_a_key_with_two_factors_sends_the_second_as_well() -> None:
    credentials = Credentials("key", SECRET, "12 34")
    call = encode_rest(ListOpenOrders(request_id=RequestId(1)), credentials).sign(7)
    assert call.body == b"nonce=7&otp=12+34"
    leg = CancelOrder(request_id=RequestId(2), venue_order_id=VenueOrderId("O"), wire_id=None)
    batch = encode_rest(BatchOrders(request_id=RequestId(1), legs=(leg,)), credentials).sign(7)
    assert batch.body == b'{"nonce":"7","otp":"12 34","orders":["O"]}'


@pytest.mark.parametrize("secret", ["", "not base64!", "abc", "====", "é"])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="not base64") as caught:
        Credentials("key", secret)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert not secret or secret not in shown.replace("not base64", "")
    assert caught.value.__cause__ is None


def test_no_secret_shows_in_any_repr() -> None:
    settings = KrakenSpotSettings(api_key="PUBLIC-KEY", api_secret=SECRET, otp="123456")
    venue = KrakenSpotVenue(settings)
    wire = venue.open_wire(Opening(instruments={}, token="SESSION-TOKEN"))
    call = venue.encode(ListOpenOrders(request_id=RequestId(1)))
    assert not isinstance(call, str)
    signed = call.sign(7)
    said = wire.decode('{"channel":"heartbeat"}')
    for thing in (settings, venue, wire, wire._handshake, wire._opening, call, signed, said):
        for secret in ("PUBLIC-KEY", SECRET, "123456", "SESSION-TOKEN", dict(signed.headers)["API-Sign"]):
            assert secret not in repr(thing)


def test_no_token_shows_in_what_the_venue_echoes() -> None:
    venue = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    wire = venue.open_wire(Opening(instruments={}, token="SESSION-TOKEN"))
    (say, _) = wire.decode('{"channel":"heartbeat"}')
    assert isinstance(say, Say)
    assert "SESSION-TOKEN" in say.text
    for text in (
        '{"surprise":"SESSION-TOKEN"}',
        "not JSON, SESSION-TOKEN",
        '{"error":"SESSION-TOKEN is wrong"}',
        '{"method":"cancel_all_orders_after","req_id":1,"success":true,"token":"SESSION-TOKEN"}',
        '{"method":"subscribe","error":"EAPI:Invalid token SESSION-TOKEN","success":false}',
    ):
        assert "SESSION-TOKEN" not in repr(wire.decode(text))


def test_no_secret_shows_in_a_refused_login() -> None:
    venue = KrakenSpotVenue(KrakenSpotSettings(api_key="PUBLIC-KEY", api_secret=SECRET))
    with pytest.raises(AuthenticationError) as caught:
        venue.read_token(HttpAnswer(status=200, body=b'{"error":["EAPI:Invalid key PUBLIC-KEY"]}'))
    assert "PUBLIC-KEY" not in str(caught.value)
