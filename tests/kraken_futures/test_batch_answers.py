"""Answers of Kraken Futures to batchorder, leg by leg (spec B.12)."""

from __future__ import annotations

import pytest

from protocol.facts import Outcome, RequestRefused, Unreadable
from protocol.requests import BatchOrders

from .answers import EXECUTION, HEARD, answered, cancel, listed, live, number, place, read, refused, replace, traded

LEGS = BatchOrders(
    request_id=number(20),
    legs=(
        place(request_id=21),
        replace("ord-5", request_id=22),
        cancel("ord-6", request_id=23),
        cancel(None, "mine-7", request_id=24),
    ),
)


def batch_of(*elements: str) -> str:
    return listed("batchStatus", *elements)


TAGGED = f'{{"status":"placed","order_tag":"r21","order_id":"ord-1","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
EDITED = f'{{"status":"edited","order_id":"ord-5","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
ENDED = '{"status":"cancelled","order_id":"ord-6","dateTimeReceived":null,"orderEvents":[]}'
ENDED_BY_NAME = '{"status":"notFound","cliOrdId":"mine-7","dateTimeReceived":null}'


def test_each_part_of_a_batch_gets_its_own_answer() -> None:
    assert read(LEGS, batch_of(TAGGED, EDITED, ENDED, ENDED_BY_NAME)) == (
        answered(request_id=20),
        answered("ord-1", request_id=21),
        live(),
        answered("ord-5", request_id=22),
        answered(request_id=23),
        refused(Outcome.NOT_FOUND, "notFound", 24),
    )


def test_the_venue_promises_no_order_of_its_answers() -> None:
    there = read(LEGS, batch_of(TAGGED, EDITED, ENDED, ENDED_BY_NAME))
    back = read(LEGS, batch_of(ENDED_BY_NAME, ENDED, EDITED, TAGGED))
    assert there[0] == back[0]
    assert sorted(map(repr, there)) == sorted(map(repr, back))


@pytest.mark.parametrize(
    "named",
    [
        '"order_tag":"r21"',
        '"orderTag":"r21"',
        '"cliOrdId":"mine-1"',
        '"cli_ord_id":"mine-1"',
        '"order_tag":"r21","cliOrdId":"cut-by-the-venue"',
    ],
)
def test_a_placement_in_a_batch_is_found_by(named: str) -> None:
    legs = BatchOrders(request_id=number(20), legs=(place(request_id=30, wire_id="other"), place(request_id=21)))
    element = f'{{"status":"placed",{named},"order_id":"ord-1","dateTimeReceived":"{HEARD}","orderEvents":[]}}'
    facts = read(legs, batch_of(element))
    assert facts[1:3] == (answered("ord-1", request_id=21), live())


def test_the_tag_counts_before_the_client_id_and_that_before_the_id() -> None:
    legs = BatchOrders(
        request_id=number(20),
        legs=(
            cancel("ord-9", request_id=25),
            cancel(None, "mine-1", request_id=24),
            place(request_id=21, wire_id="mine-9"),
        ),
    )
    tagged = '{"status":"invalidSize","order_tag":"r21","cliOrdId":"mine-1","order_id":"ord-9"}'
    named = '{"status":"cancelled","cliOrdId":"mine-1","order_id":"ord-9"}'
    assert read(legs, batch_of(tagged)) == (
        answered(request_id=20),
        refused(Outcome.DEFINITE, "invalidSize", 21),
        refused(Outcome.AMBIGUOUS, SILENT, 25),
        refused(Outcome.AMBIGUOUS, SILENT, 24),
    )
    assert read(legs, batch_of(named))[1] == answered(request_id=24)


@pytest.mark.parametrize(
    "element",
    [
        '{"cancelStatus":{"status":"cancelled","order_id":"ord-6"}}',
        '{"order_id":"ord-6","cancelStatus":{"status":"cancelled"}}',
        '{"status":null,"order_id":"ord-6","cancelStatus":{"status":"cancelled","cliOrdId":null}}',
        '{"status":"cancelled","order_id":"ord-6","cancelStatus":{"status":"cancelled"}}',
    ],
)
def test_a_cancel_in_a_batch_may_be_nested(element: str) -> None:
    legs = BatchOrders(request_id=number(20), legs=(cancel("ord-6", request_id=23),))
    assert read(legs, batch_of(element)) == (answered(request_id=20), answered(request_id=23))


SILENT = "The answer to the batch does not say what became of this part."


def test_a_part_that_the_answer_does_not_mention_is_open() -> None:
    assert read(LEGS, batch_of(ENDED)) == (
        answered(request_id=20),
        answered(request_id=23),
        refused(Outcome.AMBIGUOUS, SILENT, 21),
        refused(Outcome.AMBIGUOUS, SILENT, 22),
        refused(Outcome.AMBIGUOUS, SILENT, 24),
    )


@pytest.mark.parametrize("broken", ['"nothing"', "null", '{"status":"cancelled","order_id":"someone-else"}', "{}"])
def test_one_bad_part_of_a_batch_never_costs_its_neighbours(broken: str) -> None:
    facts = read(LEGS, batch_of(TAGGED, broken, ENDED))
    assert answered("ord-1", request_id=21) in facts
    assert answered(request_id=23) in facts
    assert refused(Outcome.AMBIGUOUS, SILENT, 22) in facts
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1


def cancels(*places: int) -> BatchOrders:
    return BatchOrders(request_id=number(20), legs=tuple(cancel(f"ord-{each}", request_id=each) for each in places))


NAMELESS = '{"status":"notFound","dateTimeReceived":null,"orderEvents":[]}'


@pytest.mark.parametrize("nameless", [NAMELESS, '{"cancelStatus":{"status":"notFound"}}'])
def test_cancels_that_all_found_nothing_need_no_names(nameless: str) -> None:
    named = '{"status":"cancelled","order_id":"ord-22"}'
    assert read(cancels(21, 22, 23), batch_of(nameless, named, nameless)) == (
        answered(request_id=20),
        answered(request_id=22),
        refused(Outcome.NOT_FOUND, "notFound", 21),
        refused(Outcome.NOT_FOUND, "notFound", 23),
    )


@pytest.mark.parametrize("other", [(), ('{"status":"filled"}',), (NAMELESS, NAMELESS)])
def test_a_part_without_a_name_is_open_where_it_matters_which_is_meant(other: tuple[str, ...]) -> None:
    facts = read(cancels(21, 22), batch_of(NAMELESS, *other))
    assert [fact for fact in facts if isinstance(fact, RequestRefused)] == [
        refused(Outcome.AMBIGUOUS, SILENT, 21),
        refused(Outcome.AMBIGUOUS, SILENT, 22),
    ]
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1 + len(other)


def test_a_part_is_answered_once() -> None:
    """A second answer to the same part belongs to no request."""
    facts = read(LEGS, batch_of(ENDED, ENDED))
    assert len([fact for fact in facts if fact == answered(request_id=23)]) == 1
    assert len([fact for fact in facts if isinstance(fact, Unreadable)]) == 1


def test_a_part_of_a_batch_may_be_refused_or_executed() -> None:
    legs = BatchOrders(
        request_id=number(20), legs=(place(request_id=21), place(request_id=22, wire_id="mine-2", post_only=True))
    )
    executed = TAGGED.replace('"orderEvents":[]', f'"orderEvents":[{EXECUTION}]')
    crossed = '{"status":"postWouldExecute","order_tag":"r22","order_id":"ord-2"}'
    assert read(legs, batch_of(executed, crossed)) == (
        answered(request_id=20),
        answered("ord-1", request_id=21),
        live(),
        traded(),
        refused(Outcome.DEFINITE, "postWouldExecute", 22),
    )


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('{"result":"error","error":"insufficientFunds"}', Outcome.DEFINITE),
        ('{"result":"error","error":"apiLimitExceeded"}', Outcome.THROTTLED),
        ('{"result":"error","error":"Server Error"}', Outcome.AMBIGUOUS),
        ('{"status":"BAD_REQUEST","result":"error","errors":[{"code":1,"message":"no"}]}', Outcome.DEFINITE),
        ('{"result":"success"}', Outcome.AMBIGUOUS),
        ("Bad gateway", Outcome.AMBIGUOUS),
    ],
)
def test_a_refused_batch_refuses_each_of_its_parts(body: str, outcome: Outcome) -> None:
    facts = read(LEGS, body)
    refusals = [fact for fact in facts if isinstance(fact, RequestRefused)]
    assert [(fact.request_id, fact.outcome) for fact in refusals] == [
        (number(number_), outcome) for number_ in (21, 22, 23, 24, 20)
    ]
