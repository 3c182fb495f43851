"""Answers on Kraken Spot's socket, and the legs of batches (spec A.12, A.14, A.16)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.dispatch.batch_answers import settle_batch
from protocol.facts import (
    BatchAnswered,
    CancelAllAfterSet,
    LegAnswer,
    Notice,
    Outcome,
    RequestAnswered,
    RequestRefused,
    SlowDown,
    Unreadable,
)
from protocol.kraken_spot.enumerations import error_outcome
from protocol.kraken_spot.rest_answers import read_answer
from protocol.reasons import RejectReason
from protocol.requests import BatchOrders
from protocol.values import RequestId, VenueOrderId

from .messages import (
    AMBIGUOUS,
    BATCH,
    DEFINITE,
    NOT_FOUND,
    THROTTLED,
    answer,
    cancel,
    error,
    http,
    legs,
    logged_in,
    new,
    pending,
    update,
)

ANSWERS: dict[str, tuple[str, Any]] = {
    "a placement": (
        answer("add_order", 100, '{"order_id":"OSIM01-AAAAA-BBBB01","cl_ord_id":"sim-0001"}'),
        RequestAnswered(request_id=RequestId(100), venue_order_id=VenueOrderId("OSIM01-AAAAA-BBBB01")),
    ),
    "a placement that names no order": (
        answer("add_order", 100, '{"order_id":""}'),
        RequestAnswered(request_id=RequestId(100)),
    ),
    "a placement without a word of success": (
        '{"method":"add_order","req_id":100,"result":{"order_id":"O-1"}}',
        RequestAnswered(request_id=RequestId(100), venue_order_id=VenueOrderId("O-1")),
    ),
    "an amendment by client order id": (
        answer("amend_order", 110, '{"amend_id":"TSIMAM-ENDID-000001","cl_ord_id":"sim-0001"}'),
        RequestAnswered(request_id=RequestId(110)),
    ),
    "an amendment": (
        answer("amend_order", 111, '{"amend_id":"TSIMAM-ENDID-000002","order_id":"OSIM01-AAAAA-BBBB01"}'),
        RequestAnswered(request_id=RequestId(111), venue_order_id=VenueOrderId("OSIM01-AAAAA-BBBB01")),
    ),
    "an edit": (
        answer("edit_order", 112, '{"order_id":"O-NEW","original_order_id":"O-OLD"}'),
        RequestAnswered(request_id=RequestId(112), venue_order_id=VenueOrderId("O-NEW")),
    ),
    "a cancel": (
        answer("cancel_order", 113, '{"order_id":"OSIM03-CANCL-ORDR03"}'),
        RequestAnswered(request_id=RequestId(113)),
    ),
    "a cancel of everything": (
        answer("cancel_all", 117, '{"count":4}'),
        RequestAnswered(request_id=RequestId(117), canceled=4),
    ),
    "a cancel of everything that finds nothing": (
        answer("cancel_all", 117, '{"count":0}'),
        RequestAnswered(request_id=RequestId(117), canceled=0),
    ),
    "a cancel of everything that tells no count": (
        answer("cancel_all", 117, "{}"),
        RequestAnswered(request_id=RequestId(117)),
    ),
    "the cancel timer": (
        answer(
            "cancel_all_orders_after",
            118,
            '{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"2026-07-01T12:01:14Z"}',
        ),
        CancelAllAfterSet(request_id=RequestId(118), cancels_at=1782907274000000000),
    ),
    "the cancel timer off": (
        answer("cancel_all_orders_after", 119, '{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"0"}'),
        CancelAllAfterSet(request_id=RequestId(119), cancels_at=None),
    ),
    "a batch of orders": (
        answer("batch_add", 120, '[{"order_id":"O-1","cl_ord_id":"sim-b-1"},{"order_id":"O-2"}]'),
        BatchAnswered(
            request_id=RequestId(120),
            legs=(
                LegAnswer(wire_id="sim-b-1", venue_order_id=VenueOrderId("O-1")),
                LegAnswer(wire_id=None, venue_order_id=VenueOrderId("O-2")),
            ),
        ),
    ),
    "a batch with a leg that failed": (
        answer("batch_add", 120, '[{"order_id":"O-1"},{"cl_ord_id":"sim-b-2","error":"EOrder:Insufficient funds"}]'),
        BatchAnswered(
            request_id=RequestId(120),
            legs=(
                LegAnswer(wire_id=None, venue_order_id=VenueOrderId("O-1")),
                LegAnswer(
                    wire_id="sim-b-2",
                    venue_order_id=None,
                    outcome=Outcome.DEFINITE,
                    reason="EOrder:Insufficient funds",
                    why=RejectReason.INSUFFICIENT_FUNDS,
                ),
            ),
        ),
    ),
    "a batch as an object": (
        answer(
            "batch_add",
            120,
            '{"orders":[{"success":true,"order_id":"O-1","cl_ord_id":"sim-b-1"},'
            '{"success":false,"cl_ord_id":"sim-b-2","error":"EOrder:Post only order"}]}',
        ),
        BatchAnswered(
            request_id=RequestId(120),
            legs=(
                LegAnswer(wire_id="sim-b-1", venue_order_id=VenueOrderId("O-1")),
                LegAnswer(
                    wire_id="sim-b-2",
                    venue_order_id=None,
                    outcome=Outcome.DEFINITE,
                    reason="EOrder:Post only order",
                    why=RejectReason.POST_ONLY,
                ),
            ),
        ),
    ),
    "a batch of cancels": (
        answer("batch_cancel", 121, '{"count":2}'),
        BatchAnswered(request_id=RequestId(121), count=2),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_read(kind: str) -> None:
    text, expected = ANSWERS[kind]
    assert logged_in().decode(text) == (expected,)


def test_the_answer_may_come_before_or_after_the_first_report() -> None:
    answered = answer("add_order", 100, '{"order_id":"OAAAA1-BBBB2-CCCC33","cl_ord_id":"sim-0001"}')
    told = []
    for texts in ([answered, update(pending()), update(new())], [update(pending()), update(new()), answered]):
        spot = logged_in()
        told.append([fact for text in texts for fact in spot.decode(text)])
    assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))


def test_a_leg_that_names_neither_an_order_nor_an_error_is_open() -> None:
    facts: list[Any] = list(logged_in().decode(answer("batch_add", 1, "[{}]")))
    assert [leg.outcome for leg in facts[0].legs] == [Outcome.AMBIGUOUS]


def test_of_several_ids_each_gets_its_own_answer() -> None:
    spot = logged_in()
    first = spot.decode(answer("cancel_order", 114, '{"order_id":"OSIM03-CANCL-ORDR03"}'))
    second = spot.decode(error("cancel_order", 114, "EOrder:Unknown order"))
    assert first == (RequestAnswered(request_id=RequestId(114)),)
    assert second == (
        RequestRefused(
            request_id=RequestId(114),
            outcome=Outcome.NOT_FOUND,
            reason="EOrder:Unknown order",
            why=RejectReason.UNKNOWN_ORDER,
        ),
    )


def test_a_warning_comes_beside_the_answer() -> None:
    for shape in ('"warnings":["old terms"]', '"warning":"old terms"'):
        answered, notice = logged_in().decode(answer("add_order", 108, '{"order_id":"O-1",' + shape + "}"))
        assert isinstance(answered, RequestAnswered)
        assert isinstance(notice, Notice)
        assert "old terms" in notice.text


def test_an_answer_without_its_result_leaves_the_outcome_open() -> None:
    for method in ("batch_add", "cancel_all_orders_after"):
        refusal, complaint = logged_in().decode(f'{{"method":"{method}","req_id":5,"success":true}}')
        assert isinstance(refusal, RequestRefused)
        assert refusal.outcome is Outcome.AMBIGUOUS
        assert isinstance(complaint, Unreadable)


def test_an_answer_without_a_number_is_nobodys() -> None:
    (taken,) = logged_in().decode('{"method":"add_order","result":{"order_id":"O-1"},"success":true}')
    (refused,) = logged_in().decode('{"method":"add_order","error":"EOrder:Invalid price","success":false}')
    assert isinstance(taken, Notice)
    assert refused == RequestRefused(
        request_id=None, outcome=Outcome.DEFINITE, reason="EOrder:Invalid price", why=RejectReason.PRICE
    )


ERRORS = {
    "EOrder:Post only order": DEFINITE,
    "EOrder:Insufficient funds": DEFINITE,
    "EOrder:Order minimum not met": DEFINITE,
    "EOrder:Cost minimum not met": DEFINITE,
    "EOrder:Tick size check failed": DEFINITE,
    "EOrder:Invalid price": DEFINITE,
    "EOrder:Invalid order": DEFINITE,
    "EOrder:Limit price check failed": DEFINITE,
    "EOrder:Reduce only:No position exists": DEFINITE,
    "EOrder:Insufficient margin": DEFINITE,
    "EOrder:Margin allowance exceeded": DEFINITE,
    "EOrder:Margin level too low": DEFINITE,
    "EOrder:Margin position size exceeded": DEFINITE,
    "EOrder:Cannot open position": DEFINITE,
    "EOrder:Orders limit exceeded": DEFINITE,
    "EOrder:Positions limit exceeded": DEFINITE,
    "EOrder:Scheduled orders limit exceeded": DEFINITE,
    "EOrder:Trading agreement required": DEFINITE,
    "EOrder:Something brand new": DEFINITE,
    "EOrder:Unknown order": NOT_FOUND,
    "EGeneral:Invalid arguments:cl_ord_id not unique": DEFINITE,
    "EQuery:Unknown asset pair": DEFINITE,
    "Limit_price field must be a number_float": DEFINITE,
    "Unsupported field: 'leverage' for the given msg type: add_order": DEFINITE,
    "EGeneral:Permission denied": DEFINITE,
    "EAccount:Invalid permissions:XMR trading restricted": DEFINITE,
    "EAPI:Invalid key": DEFINITE,
    "EAPI:Invalid signature": DEFINITE,
    "EAPI:Permission denied": DEFINITE,
    "EAuth:Account temporary disabled": DEFINITE,
    "EAuth:Account unconfirmed": DEFINITE,
    "EAuth:Something brand new": AMBIGUOUS,
    "EGeneral:Unknown method": DEFINITE,
    "EQuery:Unknown asset": DEFINITE,
    "EAPI:Invalid token": Outcome.TOKEN,
    "ESession:Invalid session": Outcome.TOKEN,
    "Token(s) not found": Outcome.TOKEN,
    "EOrder:Rate limit exceeded": THROTTLED,
    "EOrder:Domain rate limit exceeded": THROTTLED,
    "EAPI:Rate limit exceeded": THROTTLED,
    "EAuth:Rate limit exceeded": THROTTLED,
    "EAuth:Too many requests": THROTTLED,
    "EGeneral:Too many requests": THROTTLED,
    "EService: Throttled: 1782907205": THROTTLED,
    "EBM:limit exceeded:CAL": THROTTLED,
    "EGeneral:Temporary lockout": THROTTLED,
    "Exceeded msg rate": THROTTLED,
    "EAPI:Invalid nonce": DEFINITE,
    "EService:Unavailable": AMBIGUOUS,
    "EService:Busy": AMBIGUOUS,
    "EGeneral:Internal error": AMBIGUOUS,
    "EService:Market timeout": AMBIGUOUS,
    "EService:Unavailable; EOrder:Insufficient funds": AMBIGUOUS,
    "EService:Deadline elapsed": DEFINITE,
    "EService:Market in cancel_only mode": DEFINITE,
    "EService:Market in post_only mode": DEFINITE,
    "EService:Market in limit_only mode": DEFINITE,
    "EBrandNew:Whatever": AMBIGUOUS,
    "": AMBIGUOUS,
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_proves_what_its_text_says(text: str) -> None:
    fact = logged_in().decode(error("add_order", 100, text))[0]
    assert isinstance(fact, RequestRefused)
    assert (fact.request_id, fact.outcome) == (100, ERRORS[text])
    assert (fact.why is RejectReason.POST_ONLY) is (text == "EOrder:Post only order")


@pytest.mark.parametrize("method", ["add_order", "amend_order", "cancel_order", "batch_add", "ping"])
def test_a_flood_is_slowed_down_wherever_the_venue_complains_of_it(method: str) -> None:
    facts: list[Any] = list(logged_in().decode(error(method, 100, "Exceeded msg rate")))
    assert [fact.text for fact in facts if isinstance(fact, SlowDown)] == ["The venue says: Exceeded msg rate"]
    assert not any(
        isinstance(fact, SlowDown) for fact in logged_in().decode(error(method, 100, "EOrder:Invalid price"))
    )


UNREADABLE = ["null", "7", '"nothing"', "[]"]


@pytest.mark.parametrize("broken", UNREADABLE)
@pytest.mark.parametrize("shape", ["[%s]", '{"orders":[%s]}'])
def test_a_leg_that_cannot_be_read_keeps_its_place(shape: str, broken: str) -> None:
    text = answer("batch_add", 9, shape % (broken + ',{"order_id":"O-2"},{"order_id":"O-3"}'))
    answered = logged_in().decode(text)[0]
    assert isinstance(answered, BatchAnswered)
    assert settled(answered) == [(1, AMBIGUOUS), (2, "O-2"), (3, "O-3")]


@pytest.mark.parametrize("broken", UNREADABLE)
def test_a_leg_that_cannot_be_read_keeps_its_place_over_rest(broken: str) -> None:
    body = '{"error":[],"result":{"orders":[{"txid":"O-1"},' + broken + ',{"txid":"O-3"}]}}'
    first, second, third, *_ = read_answer(BATCH, http(body))
    assert first == RequestAnswered(request_id=RequestId(1), venue_order_id=VenueOrderId("O-1"))
    assert isinstance(second, RequestRefused)
    assert (second.request_id, second.outcome) == (2, AMBIGUOUS)
    assert third == RequestAnswered(request_id=RequestId(3), venue_order_id=VenueOrderId("O-3"))


CONTRADICTIONS = [
    '"success":"true","error":"EOrder:Insufficient funds"',
    '"success":"true","result":{"order_id":"O-1"}',
    '"success":1,"result":{"order_id":"O-1"}',
    '"success":"false","error":"EOrder:Insufficient funds"',
    '"success":{},"result":{"order_id":"O-1"}',
    '"success":true,"error":"EOrder:Insufficient funds"',
    '"success":true,"error":"EOrder:Insufficient funds","result":{"order_id":"O-1"}',
]


@pytest.mark.parametrize("said_", CONTRADICTIONS)
@pytest.mark.parametrize("method", ["add_order", "amend_order", "cancel_order"])
def test_a_success_that_is_none_proves_nothing(method: str, said_: str) -> None:
    (refused,) = logged_in().decode(f'{{"method":"{method}","req_id":5,{said_}}}')
    assert isinstance(refused, RequestRefused)
    assert (refused.request_id, refused.outcome) == (5, AMBIGUOUS)


@pytest.mark.parametrize("said_", ['"success":"true"', '"success":1', '"success":true,"error":"EOrder:Invalid price"'])
def test_a_leg_whose_success_is_none_proves_nothing(said_: str) -> None:
    text = answer("batch_add", 9, f'{{"orders":[{{"order_id":"O-1",{said_}}},{{"success":true,"order_id":"O-2"}}]}}')
    (answered,) = logged_in().decode(text)
    assert isinstance(answered, BatchAnswered)
    assert settled(answered)[:2] == [(1, AMBIGUOUS), (2, "O-2")]


@pytest.mark.parametrize("method", ["amend_order", "edit_order", "cancel_order"])
def test_an_invalid_order_that_was_to_be_changed_was_never_there(method: str) -> None:
    (fact,) = logged_in().decode(error(method, 100, "EOrder:Invalid order"))
    assert isinstance(fact, RequestRefused)
    assert fact.outcome is NOT_FOUND
    assert error_outcome("EOrder:Invalid order") is DEFINITE


def settled(answered: BatchAnswered, batch: BatchOrders = BATCH) -> list[tuple[Any, ...]]:
    return [
        (each.request_id, each.venue_order_id if isinstance(each, RequestAnswered) else each.outcome)
        for each in settle_batch(batch, answered)
    ]


def test_legs_are_told_by_their_client_order_ids() -> None:
    assert settled(legs(("c", "O-3"), ("a", "O-1"), ("b", "O-2"))) == [(1, "O-1"), (2, "O-2"), (3, "O-3")]


def test_legs_without_names_are_told_by_their_places() -> None:
    assert settled(legs((None, "O-1"), ("b", "O-2"), (None, "O-3"))) == [(1, "O-1"), (2, "O-2"), (3, "O-3")]


def test_a_leg_without_an_answer_may_have_been_carried_out() -> None:
    assert settled(legs(("b", "O-2"))) == [(1, AMBIGUOUS), (2, "O-2"), (3, AMBIGUOUS)]


def test_a_leg_that_failed_is_refused_alone() -> None:
    failed = LegAnswer(
        wire_id="b", venue_order_id=None, outcome=DEFINITE, reason="EOrder:Invalid price", why=RejectReason.PRICE
    )
    first = LegAnswer(wire_id="a", venue_order_id=VenueOrderId("O-1"))
    assert settled(BatchAnswered(request_id=RequestId(9), legs=(first, failed)))[:2] == [(1, "O-1"), (2, DEFINITE)]


def test_a_count_settles_cancels_only_when_it_is_complete() -> None:
    batch = BatchOrders(request_id=RequestId(9), legs=(cancel(1, "O-1"), cancel(2, "O-2")))
    assert settled(BatchAnswered(request_id=RequestId(9), count=2), batch) == [(1, None), (2, None)]
    assert settled(BatchAnswered(request_id=RequestId(9), count=1), batch) == [(1, AMBIGUOUS), (2, AMBIGUOUS)]
