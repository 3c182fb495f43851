"""What can go wrong at a simulated venue, and how it is chosen."""

from __future__ import annotations

import random

import pytest

from actors.venues import VENUES
from protocol.simulation.exchange import HttpRequest, Refuse, SessionNumber
from protocol.simulation.faults import Fault, FaultKind, FaultSchedule, Occasion, drawn
from protocol.values import Instant


def test_drawn_faults_have_codes_that_a_venue_can_send() -> None:
    schedule = drawn(random.Random(3).random, chance=0.9, among=FaultKind, last=60)

    codes: dict[FaultKind, set[int]] = {}
    for fault in schedule.faults:
        codes.setdefault(fault.kind, set()).add(fault.code)
    assert codes[FaultKind.CLOSE] == {1001, 1011, 1012, 1013, 1014}
    assert codes[FaultKind.REST_ERROR] == {500, 502, 503, 504}
    assert codes[FaultKind.REFUSE_UPGRADE] == {429, 502, 503}
    assert codes[FaultKind.DROP_EVENT] == {0}


def test_equal_draws_give_equal_schedules() -> None:
    first, second = (drawn(random.Random(5).random, chance=0.2, among=FaultKind).faults for _ in range(2))

    assert first == second
    assert first != drawn(random.Random(6).random, chance=0.2, among=FaultKind).faults


@pytest.mark.parametrize("code", [503, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_a_close_code_that_is_none_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match=f"CLOSE cannot have the code {code}"):
        Fault(kind=FaultKind.CLOSE, nth=1, code=code)


@pytest.mark.parametrize("code", [1000, 1008, 1012, 3000, 4999])
def test_a_close_code_of_the_registry_is_taken(code: int) -> None:
    assert Fault(kind=FaultKind.CLOSE, nth=1, code=code).code == code


def test_a_fault_without_a_code_has_the_usual_one_of_its_kind() -> None:
    assert Fault(kind=FaultKind.CLOSE, nth=1).code == 1001
    assert Fault(kind=FaultKind.PLACE_ERROR, nth=1).code == 500


def test_the_next_thing_is_hit_however_many_came_before() -> None:
    schedule = FaultSchedule()
    for _ in range(7):
        assert schedule.next(Occasion.PLACE) == {}

    schedule.fail_next(FaultKind.PLACE_ERROR, code=503)

    assert schedule.next(Occasion.CANCEL) == {}
    assert schedule.next(Occasion.PLACE)[FaultKind.PLACE_ERROR].code == 503
    assert schedule.next(Occasion.PLACE) == {}


def test_a_fault_for_a_name_waits_for_a_thing_of_that_name() -> None:
    schedule = FaultSchedule()
    schedule.fail_next(FaultKind.DROP_ANSWER, of="add_order")

    assert schedule.next(Occasion.ANSWER, "ping") == {}
    assert list(schedule.next(Occasion.ANSWER, "add_order")) == [FaultKind.DROP_ANSWER]
    assert schedule.next(Occasion.ANSWER, "add_order") == {}


def test_two_faults_of_one_kind_hit_one_thing_each_and_two_kinds_hit_the_same() -> None:
    schedule = FaultSchedule()
    schedule.fail_next(FaultKind.CANCEL_ERROR)
    schedule.fail_next(FaultKind.CANCEL_ERROR, code=504)
    schedule.fail_next(FaultKind.CANCEL_REFUSED_LATER)

    assert list(schedule.next(Occasion.CANCEL)) == [FaultKind.CANCEL_ERROR, FaultKind.CANCEL_REFUSED_LATER]
    assert schedule.next(Occasion.CANCEL)[FaultKind.CANCEL_ERROR].code == 504
    assert schedule.next(Occasion.CANCEL) == {}


def test_what_is_planned_and_what_is_made_up_on_the_way_hit_together() -> None:
    schedule = FaultSchedule([Fault(kind=FaultKind.DROP_EVENT, nth=2)])
    schedule.fail_next(FaultKind.DUPLICATE_EVENT)

    assert list(schedule.next(Occasion.EVENT)) == [FaultKind.DUPLICATE_EVENT]
    assert list(schedule.next(Occasion.EVENT)) == [FaultKind.DROP_EVENT]


@pytest.mark.parametrize("name", sorted(VENUES))
def test_a_proxys_page_can_come_in_place_of_an_answer_or_an_upgrade_at_every_venue(name: str) -> None:
    faults = FaultSchedule()
    exchange = VENUES[name].simulation().make_exchange(random.Random(1).random, faults)
    now = Instant(10**9, 1_790_000_000 * 10**9)
    faults.fail_next(FaultKind.REST_PAGE, code=403)
    faults.fail_next(FaultKind.UPGRADE_PAGE)

    reply, _ = exchange.request(HttpRequest(method="GET", path="/anything"), now)
    decision, _ = exchange.upgrade(SessionNumber(1), HttpRequest(method="GET", path=exchange.websocket_path), now)

    assert (reply.status, reply.content_type.partition(";")[0]) == (403, "text/html")
    assert isinstance(decision, Refuse)
    assert (decision.reply.status, decision.reply.content_type.partition(";")[0]) == (502, "text/html")
