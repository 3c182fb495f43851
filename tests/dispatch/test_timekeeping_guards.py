"""The venue's time, line by line: when it is asked for and when not, what measures it, and what waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import commands, facts, requests
from protocol.dispatch.decisions import Measured
from protocol.dispatch.inputs import Admission, Heard, LinkUp
from protocol.events import Denied, FillReport, Rejected
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId, TimeInForce
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, acknowledged, canceled, refused, took, trade
from .test_order_deadlines import PARTS, RULES, WITHIN, ClockRig, ParticularVenue, change, jumped, measured, refusal_of

LOGIN = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
WORD = RequestId(2**31)
"""The number of the subscription, whose answer tells the time."""


def greeting(skew: float = 0.0, *, rules: VenueRules = RULES) -> ClockRig:
    """A connection is up, and the subscription goes out; nothing is logged in yet."""
    rig = ClockRig(skew, rules=rules, logged_in=False)
    rig.connection = 1
    rig.apply(LinkUp(1, "ws://test"), Heard(1, (facts.Say(text="subscribe", number=WORD),)))
    return rig


# When it is asked for


def test_a_venue_that_tells_no_time_has_no_clock_that_must_be_looked_at() -> None:
    quiet, telling = ClockRig(rules=evolve(RULES, tells_time=False)), ClockRig()
    for rig in (quiet, telling):
        rig.wait(1000)
    assert quiet.state.next_deadline is None
    assert telling.state.next_deadline is not None


def test_over_the_socket_it_cannot_be_asked_before_the_login() -> None:
    rig = ClockRig(logged_in=False)
    rig.connection = 1
    rig.apply(LinkUp(1, "ws://test"))
    assert rig.asked() == []
    rig.hear(LOGIN)
    assert len(rig.asked()) == 1


@pytest.mark.parametrize("told", ["refused", "of no use"])
def test_while_nothing_waits_a_question_that_was_of_no_use_is_asked_again_with_the_period_only(told: str) -> None:
    rig = ClockRig()
    (question,) = rig.asked()
    number = question.request_id
    rig.hear(refused(number, Outcome.DEFINITE) if told == "refused" else took(number))
    rig.wait(299.9)
    assert rig.asked() == []
    rig.wait(0.1)
    assert len(rig.asked()) == 1


def test_what_was_learned_on_the_last_connection_is_not_asked_again_at_a_login() -> None:
    rig = measured()
    rig.wait(250)
    rig.lose_link()
    rig.log_in()
    assert rig.asked() == []


def test_a_reading_is_renewed_five_minutes_after_the_last_answer_that_told_the_time() -> None:
    rig = measured()
    rig.wait(150)
    rig.place("a1")
    rig.hear(rig.stamp(rig.numbers), took(rig.numbers, "V1"), acknowledged("V1", 1))
    rig.sent()
    rig.wait(299.9)
    assert rig.asked() == []
    rig.wait(0.1)
    assert len(rig.asked()) == 1


def test_a_second_login_does_not_ask_twice_as_often() -> None:
    """A venue that never answers is asked at each login, and every five minutes since the first one."""
    rig = ClockRig()
    moments: list[float] = []
    for second in range(701):
        if second == 150:
            rig.lose_link()
            rig.log_in()
        moments += [second for _ in rig.asked()]
        rig.wait(1)
    assert moments == [0, 150, 300, 600]


def test_a_question_on_its_way_is_not_asked_twice() -> None:
    rig = jumped()
    rig.place("a1")
    rig.place("a2")
    assert len(rig.asked()) == 1
    rig.wait(1)
    assert rig.asked() == []


def test_one_second_is_between_two_questions_of_no_use() -> None:
    rig = jumped()
    rig.place("a1")
    for _ in range(3):
        (question,) = rig.asked()
        rig.hear(refused(question.request_id, Outcome.THROTTLED))
        assert rig.state.next_deadline == rig.time + SECOND
        rig.wait(0.999)
        rig.apply()
        assert rig.asked() == []
        rig.wait(0.001)


# What measures it


def test_an_answer_under_another_number_than_the_greetings_is_not_measured_by_it() -> None:
    rig = greeting(-7.0)
    rig.hear(rig.stamp(77))
    assert rig.skew is None
    rig.hear(rig.stamp(WORD))
    assert rig.skew == Measured(-7 * SECOND)


def test_a_word_without_a_number_leaves_the_numbered_one_the_question() -> None:
    rig = greeting(-7.0)
    rig.hear(facts.Say(text="pong"))
    rig.hear(rig.stamp(WORD))
    assert rig.skew == Measured(-7 * SECOND)


def test_a_greeting_is_asked_when_it_goes_out() -> None:
    """A second passes until the answer, whose stamp is of its end: ours lags by what was measured, give or take half
    of that."""
    rig = greeting(10.0)
    rig.time += SECOND
    rig.hear(rig.stamp(WORD))
    assert rig.skew == Measured(10 * SECOND - SECOND // 2)


def test_a_jump_before_anything_was_measured_takes_nothing_back() -> None:
    rig = ClockRig()
    rig.jump(3600)
    rig.apply()
    assert rig.skew is None
    rig.place("a1")
    assert [type(request) for request in rig.sent()] == [requests.AskTime, requests.PlaceOrder]


@pytest.mark.parametrize("seconds", [-1.0, 1.0])
def test_a_clock_that_moved_by_one_second_has_not_jumped(seconds: float) -> None:
    rig = measured()
    rig.jump(seconds)
    rig.place("a1")
    assert rig.skew is None
    (placed,) = rig.sent()
    assert placed.process_before == rig.venue_now + WITHIN


@pytest.mark.parametrize("seconds", [-1.000000001, 1.000000001])
def test_one_nanosecond_more_is_a_jump_even_if_the_clock_is_set_back(seconds: float) -> None:
    rig = measured()
    for correction in (seconds, -seconds):
        rig.wall += round(correction * SECOND)
        rig.apply()
        assert rig.skew == Measured(None)
    rig.place("a1")
    assert len(rig.asked()) == 1


def dated(skew: float = 50.0) -> ClockRig:
    """At a venue that tells its time with the acceptance of an order alone; one has been placed."""
    rig = ClockRig(skew, rules=VenueRules(venue="TEST", dates_acceptance=True))
    rig.place("a1")
    return rig


def accepted(rig: ClockRig, name: int = 1, **more: Any) -> facts.OrderAcknowledged:
    return evolve(acknowledged(f"V{name}", name), **({"time": rig.venue_now} | more))


def test_an_acceptance_lies_between_placing_and_hearing() -> None:
    """A second passes: half of it is what may be wrong, and the middle is believed."""
    rig = dated()
    rig.time += SECOND
    rig.hear(accepted(rig))
    assert rig.skew == Measured(50 * SECOND - SECOND // 2)


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_however_far_the_clocks_are_apart_an_acceptance_is_of_the_order_that_it_names(skew: float) -> None:
    """By an unmeasured clock it came an hour before its order was placed."""
    rig = dated(skew)
    shown = evolve(accepted(rig).order, time=rig.venue_now)
    assert rig.hear(accepted(rig, order=shown)) == ["Accepted"]
    assert rig.skew == Measured(int(skew) * SECOND)


def test_an_acceptance_without_a_time_tells_none() -> None:
    rig = dated()
    assert rig.hear(accepted(rig, time=0)) == ["Accepted"]
    assert rig.skew is None


def test_an_acceptance_that_is_told_again_tells_no_time() -> None:
    """It was dated then, and is heard now."""
    rig = dated()
    rig.hear(accepted(rig, time=0))
    rig.hear(accepted(rig))
    assert rig.skew is None


def test_an_acceptance_of_an_order_that_was_not_placed_here_tells_no_time() -> None:
    rig = dated()
    rig.hear(accepted(rig, name=7))
    assert rig.skew is None


# What our clock is blamed for


@pytest.mark.parametrize("skew", [-2.0, 0.0, 1.0, 2.0])
def test_a_time_that_is_refused_is_not_blamed_on_a_clock_that_is_right(skew: float) -> None:
    rig = measured(skew, venue=ParticularVenue(RULES))
    past = rig.venue_now - 60 * SECOND
    refusal = rig.place("a1", expire_time=past, time_in_force=TimeInForce.GTD)
    assert str(refusal) == "it must expire in the future."


def test_nor_on_one_of_which_nothing_is_known() -> None:
    rig = ClockRig(venue=ParticularVenue(RULES))
    refusal = rig.place("a1", expire_time=WALL, time_in_force=TimeInForce.GTD)
    assert str(refusal) == "it must expire in the future."


# What waits


def test_the_credit_of_a_change_whose_order_ends_in_the_message_that_tells_the_time_is_free() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(change("a1"))
    (question,) = rig.asked()
    rig.hear(canceled("V1", 1), rig.stamp(question.request_id), took(question.request_id))
    assert rig.last.released == [Admission.ORDER]
    assert rig.sent() == []
    rig.numbers -= 1
    assert rig.ask(commands.OpenOrders()) is None, "its number is free"


def test_of_changes_that_wait_together_only_those_of_orders_that_live_go_out() -> None:
    rig = measured(rules=evolve(RULES, batch=evolve(PARTS, kinds=frozenset({requests.ReplaceOrder}))))
    for name in ("a1", "a2", "a3"):
        rig.live(name, f"V{name[1:]}")
    rig.jump(3600)
    rig.batch(*(change(name) for name in ("a1", "a2", "a3")))
    (question,) = rig.sent()
    rig.hear(canceled("V2", 2))
    assert rig.last.released == []
    rig.tell_time(question)
    assert rig.last.released == []
    (send,) = rig.sends
    assert isinstance(send.request, requests.BatchOrders)
    legs: Any = send.request.legs
    assert [leg.venue_order_id for leg in legs] == ["V1", "V3"]
    assert {leg.process_before for leg in legs} == {rig.venue_now + WITHIN}
    assert send.admission is Admission.ORDER


def test_a_request_that_is_let_go_has_the_whole_time_for_its_answer() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    rig.wait(1.5)
    rig.tell_time(question)
    assert [type(request) for request in rig.sent()] == [requests.PlaceOrder]
    rig.wait(9.9)
    assert rig.status("a1") is OrderStatus.SUBMITTED
    rig.wait(0.1)
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_ended_while_it_waited_leaves_the_others_waiting() -> None:
    rig = jumped()
    rig.place("a1")
    rig.place("a2")
    (question,) = rig.asked()
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    assert sorted(each.name for each in rig.last.released) == ["CANCEL", "ORDER"]
    rig.tell_time(question)
    assert [request.wire_id for request in rig.sent()] == [2]
    assert rig.last.released == []


def test_a_change_that_waited_in_vain_is_not_sent_when_the_time_is_known() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(change("a1"))
    (question,) = rig.asked()
    assert rig.wait(10) == ["ReplaceRejected"]
    assert rig.last.released == [Admission.ORDER]
    rig.sent()
    rig.hear(rig.stamp(question.request_id))
    rig.place("a2")
    (again,) = rig.asked()
    rig.tell_time(again)
    assert [type(request) for request in rig.sent()] == [requests.PlaceOrder]


def test_where_orders_bear_no_deadline_none_waits() -> None:
    rig = jumped(rules=evolve(RULES, process_within=None))
    rig.place("a1")
    (placed,) = rig.sent()
    assert placed.process_before is None


def test_a_venue_that_tells_no_time_is_not_asked_for_what_waits() -> None:
    rig = ClockRig(rules=evolve(RULES, tells_time=False, dates_acceptance=True))
    rig.place("a1")
    rig.hear(accepted(rig))
    assert rig.skew == Measured(0)
    rig.jump(3600)
    rig.sent()
    rig.place("a2")
    assert rig.sent() == []
    assert rig.wait(10) == ["Denied"]


def test_a_client_that_is_closing_does_not_ask_for_the_time() -> None:
    rig = ClockRig()
    rig.place("a1")
    rig.sent()
    rig.ask(commands.Disconnect(grace=60 * SECOND, cancel_all=True), None)
    rig.lose_link()
    rig.log_in()
    assert rig.asked() == []


def test_an_order_over_http_that_waits_for_token_and_time_asks_nothing_while_there_is_no_socket() -> None:
    rig = measured(rules=evolve(RULES, http_requests=frozenset({requests.PlaceOrder})))
    rig.place("a1")
    rig.hear(refused(1, Outcome.TOKEN))
    rig.sent()
    rig.lose_link()
    rig.jump(3600)
    rig.hear(facts.TokenRenewed())
    assert rig.sent() == []


@pytest.mark.parametrize("over", [frozenset(), frozenset({requests.PlaceOrder})], ids=["the socket", "HTTP"])
def test_what_waits_when_the_connection_ends_is_told_that(over: frozenset[type]) -> None:
    rig = jumped(rules=evolve(RULES, http_requests=over))
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "Denied"]
    assert rig.newest(Denied).reason == "The connection ended before it was sent."


# What our clock is to blame for, in a refusal


@pytest.mark.parametrize(
    ("skew", "within", "is_blamed"),
    [
        (-2.0, 5 * SECOND, True),
        (-1.999, 5 * SECOND, False),
        (-1.0, None, True),
        (-0.999, None, False),
        (0.0, None, False),
    ],
)
def test_a_clock_that_is_two_seconds_or_half_the_deadline_behind_is_blamed(
    skew: float, within: int | None, is_blamed: bool
) -> None:
    """Where orders bear no deadline, those two seconds stand for it."""
    told = refusal_of(ClockRig(skew, rules=evolve(RULES, process_within=within)), "Too late")
    assert ("behind" in told) is is_blamed


def test_one_of_which_nothing_is_known_is_not() -> None:
    rig = ClockRig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.DEFINITE, "Too late"))
    assert rig.newest(Rejected).reason == "Too late"


# What began before us, by the venue's clock


def fill(tid: str, time: int) -> facts.Trade:
    """Of an order of another session."""
    return evolve(trade("X1", tid, 1), time=time)


def read_after_a_loss(rig: ClockRig, *trades: facts.Trade) -> list[str]:
    """The link is lost and found again half a minute later; history tells these executions."""
    rig.lose_link()
    rig.wait(30)
    rig.log_in()
    (read,) = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    return rig.hear(facts.FillsListed(request_id=read.request_id, trades=trades))


@pytest.mark.parametrize("later", [0, 1, 2])
@pytest.mark.parametrize("skew", [-7200.0, 0.0, 7200.0])
def test_executions_since_the_first_connection_are_told_and_earlier_ones_are_not(skew: float, later: int) -> None:
    """The beginning is by the venue's clock, whatever ours shows; later readings of it move nothing."""
    rules = evolve(RULES, reads_history=True, http_requests=frozenset({requests.ListFills}))
    rig = greeting(skew, rules=rules)
    began = rig.venue_now
    rig.hear(rig.stamp(WORD), LOGIN)
    rig.wait(5)
    for number in range(later):
        rig.place(f"a{number}")
        rig.hear(rig.stamp(rig.numbers), took(rig.numbers, f"V{number}"), acknowledged(f"V{number}", number))
    told = read_after_a_loss(rig, fill("t1", began - 1), fill("t2", began), fill("t3", began + 20 * SECOND))
    assert told[:2] == ["FillReport", "FillReport"]
    assert [event.trade_id for event in rig.events() if isinstance(event, FillReport)] == ["t2", "t3"]


@pytest.mark.parametrize(("tells_time", "margin"), [(True, 2 * SECOND), (False, 60 * SECOND)])
def test_executions_from_before_the_last_reading_are_no_news_but_for_what_the_clocks_leave_open(
    tells_time: bool, margin: int
) -> None:
    """Two seconds where they were compared, and else a minute."""
    rules = evolve(
        RULES,
        tells_time=tells_time,
        reads_history=True,
        audit_period=10_000 * SECOND,
        http_requests=frozenset({requests.ListFills}),
    )
    rig = measured(rules=rules) if tells_time else ClockRig(rules=rules)
    rig.wait(200)
    read_after_a_loss(rig)
    read = rig.venue_now
    told = read_after_a_loss(rig, fill("t1", read - margin - 1), fill("t2", read - margin))
    assert told[:2] == ["FillReport", "Reconciled"]
    (event,) = [event for event in rig.events() if isinstance(event, FillReport)]
    assert event.trade_id == "t2"
