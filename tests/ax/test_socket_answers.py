"""Answers on AX's socket, each typed out, and what they mean."""

from __future__ import annotations

import pytest

from protocol.ax import codec
from protocol.facts import Fact, LoggedIn, OrderView, Outcome, RequestAnswered, RequestRefused
from protocol.reasons import RejectReason
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, VenueOrderId

from .messages import BARE, BARE_VIEW, OPEN, PART, PART_VIEW, VIEW


def refused(number: int | None, outcome: Outcome, reason: str, why: RejectReason = RejectReason.OTHER) -> Fact:
    return RequestRefused(
        request_id=None if number is None else RequestId(number), outcome=outcome, reason=reason, why=why
    )


ANSWERS: dict[str, tuple[str, Fact]] = {
    "login, nothing open": (
        '{"rid":0,"res":{"li":"U-5","o":null,"cod":false}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login with options": (
        '{"rid":0,"res":{"li":"U-5","o":[],"cod":true,"chb":12}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=True, heartbeat_timeout=12),
    ),
    "login with open orders": (
        '{"rid":0,"res":{"li":"U-5","o":[' + PART + "," + BARE + '],"cod":false}}',
        LoggedIn(user="U-5", orders=(PART_VIEW, BARE_VIEW), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login, older shape": (
        '{"rid":0,"res":{"li":"U-5","o":null}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "login in older keys": (
        '{"request_id":0,"result":{"li":"U-5"}}',
        LoggedIn(user="U-5", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None),
    ),
    "placed or replaced": (
        '{"rid":3,"res":{"oid":"O-7A1"}}',
        RequestAnswered(request_id=RequestId(3), venue_order_id=VenueOrderId("O-7A1")),
    ),
    "placed, error is null": (
        '{"rid":3,"res":{"oid":"O-7A1"},"err":null}',
        RequestAnswered(request_id=RequestId(3), venue_order_id=VenueOrderId("O-7A1")),
    ),
    "placed, in older keys": (
        '{"request_id":3,"result":{"oid":"O-7A1"},"error":null}',
        RequestAnswered(request_id=RequestId(3), venue_order_id=VenueOrderId("O-7A1")),
    ),
    "placed, older key beside a null": (
        '{"rid":3,"res":null,"result":{"oid":"O-7A1"}}',
        RequestAnswered(request_id=RequestId(3), venue_order_id=VenueOrderId("O-7A1")),
    ),
    "cancel received": ('{"rid":4,"res":{"cxl_rx":true}}', RequestAnswered(request_id=RequestId(4))),
    "cancel declined": ('{"rid":4,"res":{"cxl_rx":false}}', RequestAnswered(request_id=RequestId(4), refused=True)),
    "open orders": (
        '{"rid":5,"res":{"orders":[' + OPEN + "," + BARE + "]}}",
        RequestAnswered(request_id=RequestId(5), orders=(VIEW, BARE_VIEW)),
    ),
    "no open orders": ('{"rid":5,"res":{"orders":[]}}', RequestAnswered(request_id=RequestId(5), orders=())),
    "open orders, older shape": (
        '{"rid":5,"res":[' + BARE + "]}",
        RequestAnswered(request_id=RequestId(5), orders=(BARE_VIEW,)),
    ),
    "no open orders, older shape": ('{"rid":5,"res":[]}', RequestAnswered(request_id=RequestId(5), orders=())),
    "open orders with a price as a JSON number": (
        '{"rid":5,"res":{"orders":[' + OPEN.replace('"1.2705"', "1.2705") + "]}}",
        RequestAnswered(request_id=RequestId(5), orders=(VIEW,)),
    ),
    "status": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","clord_id":9001,'
        '"state":"PARTIALLY_FILLED","filled_quantity":22,"remaining_quantity":38}}}',
        RequestAnswered(
            request_id=RequestId(6),
            order=evolve(
                PART_VIEW, side=None, price=None, quantity=None, time_in_force=None, post_only=False, time=0, tag=None
            ),
        ),
    ),
    "status of a rejected order": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","clord_id":9001,"state":"REJECTED",'
        '"filled_quantity":0,"remaining_quantity":0,"reject_reason":"UNKNOWN","reject_message":"gone fishing"}}}',
        RequestAnswered(
            request_id=RequestId(6),
            order=evolve(
                VIEW,
                side=None,
                price=None,
                quantity=None,
                time_in_force=None,
                post_only=False,
                time=0,
                tag=None,
                status=OrderStatus.REJECTED,
                reason="gone fishing",
            ),
        ),
    ),
    "status, older and shorter": (
        '{"rid":6,"res":{"status":{"symbol":"GBPUSD-PERP","order_id":"O-7A1","state":"REPLACED"}}}',
        RequestAnswered(
            request_id=RequestId(6),
            order=OrderView(
                venue_order_id=VenueOrderId("O-7A1"),
                wire_id=None,
                symbol="GBPUSD-PERP",
                side=None,
                price=None,
                quantity=None,
                cumulative=None,
                status=None,
                time_in_force=None,
                post_only=False,
                reason="REPLACED",
                replaced=True,
            ),
        ),
    ),
    "cancel all": ('{"rid":7,"res":{}}', RequestAnswered(request_id=RequestId(7))),
    "funding": (
        '{"rid":8,"res":{"symbol":"GBPUSD-PERP","status":"ready","funding_rate":"0.0003","funding_amount":"0.01",'
        '"benchmark_price":"1.27","settlement_price":"1.28","timestamp":"2026-11-01T08:00:00Z"}}',
        RequestAnswered(request_id=RequestId(8)),
    ),
    "funding unavailable": (
        '{"rid":8,"res":{"symbol":"GBPUSD-PERP","status":"unavailable","reason":"no index","funding_rate":null,'
        '"funding_amount":null,"benchmark_price":null,"settlement_price":null,"timestamp":"2026-11-01T08:00:00Z"}}',
        RequestAnswered(request_id=RequestId(8)),
    ),
    "margin": (
        '{"rid":3,"err":{"code":400,"msg":"81.20 of margin needed, 12.00 available"}}',
        refused(3, Outcome.DEFINITE, "81.20 of margin needed, 12.00 available", why=RejectReason.INSUFFICIENT_FUNDS),
    ),
    "invalid reference": (
        '{"rid":4,"err":{"code":400,"msg":"oid or cid, not both"}}',
        refused(4, Outcome.DEFINITE, "oid or cid, not both", why=RejectReason.INVALID),
    ),
    "post-only and IOC": (
        '{"rid":3,"err":{"code":400,"msg":"po with IOC"}}',
        refused(3, Outcome.DEFINITE, "po with IOC", why=RejectReason.INVALID),
    ),
    "post-only, as an error": (
        '{"rid":3,"err":{"code":400,"msg":"post-only order would cross the book"}}',
        refused(3, Outcome.DEFINITE, "post-only order would cross the book", why=RejectReason.POST_ONLY),
    ),
    "read-only key": (
        '{"rid":3,"err":{"code":403,"msg":"look only"}}',
        refused(3, Outcome.DEFINITE, "look only", why=RejectReason.PERMISSION),
    ),
    "not found": (
        '{"rid":6,"err":{"code":404,"msg":"no order"}}',
        refused(6, Outcome.NOT_FOUND, "no order", why=RejectReason.UNKNOWN_ORDER),
    ),
    "too early": (
        '{"rid":4,"err":{"code":409,"msg":"wait"}}',
        refused(4, Outcome.TOO_EARLY, "wait", why=RejectReason.TOO_EARLY),
    ),
    "too many": (
        '{"rid":3,"err":{"code":429,"msg":"easy now"}}',
        refused(3, Outcome.THROTTLED, "easy now", why=RejectReason.RATE_LIMIT),
    ),
    "internal, no text": (
        '{"rid":3,"err":{"code":500}}',
        refused(3, Outcome.AMBIGUOUS, "The venue gave no reason (code 500).", why=RejectReason.UNAVAILABLE),
    ),
    "unavailable": (
        '{"rid":3,"err":{"code":503,"msg":"restart"}}',
        refused(3, Outcome.AMBIGUOUS, "restart", why=RejectReason.UNAVAILABLE),
    ),
    "deadline": (
        '{"rid":3,"err":{"code":504,"msg":"slow"}}',
        refused(3, Outcome.AMBIGUOUS, "slow", why=RejectReason.UNAVAILABLE),
    ),
    "a code of the 400s that we do not know": (
        '{"rid":3,"err":{"code":418,"msg":"teapot"}}',
        refused(3, Outcome.DEFINITE, "teapot"),
    ),
    "a code that we cannot place": ('{"rid":3,"err":{"code":-1,"msg":"?"}}', refused(3, Outcome.AMBIGUOUS, "?")),
    "an error without a code": ('{"rid":3,"err":{"msg":"?"}}', refused(3, Outcome.AMBIGUOUS, "?")),
    "an error that is text": ('{"rid":3,"err":"no"}', refused(3, Outcome.AMBIGUOUS, "no")),
    "an error that is nothing we know": (
        '{"rid":3,"err":[1]}',
        refused(3, Outcome.AMBIGUOUS, "The venue gave no reason (code 0)."),
    ),
    "an error without a request": (
        '{"err":{"code":400,"msg":"cannot parse"},"data":"at byte 9"}',
        refused(None, Outcome.DEFINITE, "cannot parse: at byte 9", why=RejectReason.INVALID),
    ),
    "an error of a null request": (
        '{"rid":null,"err":{"code":400,"msg":"cannot parse"}}',
        refused(None, Outcome.DEFINITE, "cannot parse", why=RejectReason.INVALID),
    ),
    "an error in older keys": (
        '{"request_id":3,"error":{"code":400,"message":"no such field"}}',
        refused(3, Outcome.DEFINITE, "no such field", why=RejectReason.INVALID),
    ),
    "an error beside an answer": (
        '{"rid":3,"res":{"oid":"O-7A1"},"err":{"code":504,"msg":"slow"}}',
        refused(3, Outcome.AMBIGUOUS, "slow", why=RejectReason.UNAVAILABLE),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_read(kind: str) -> None:
    text, fact = ANSWERS[kind]
    assert codec.decode(text) == (fact,)
