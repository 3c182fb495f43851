"""Deadlines of orders and changes: they count by the venue's clock, however wrong ours is."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from protocol import commands, facts, requests
from protocol.dispatch import EndLink
from protocol.dispatch.decisions import Measured
from protocol.dispatch.inputs import Admission, Heard, LinkUp, NotWritten
from protocol.dispatch.venue_clock import JUMP, MOST_UNCERTAIN
from protocol.errors import NotSent
from protocol.events import Denied, Rejected, ReplaceRejected
from protocol.facts import Outcome
from protocol.orders import OrderState
from protocol.structs import evolve
from protocol.values import ClientOrderId, Instant, OrderStatus, RequestId, TimeInForce
from protocol.venue import SECOND, BatchRules, VenueRules

from ..order_life import GOLD, WALL, PlainVenue, Rig, acknowledged, refused, took
from .test_order_batches import cancel, place

WITHIN = 5 * SECOND
PARTS = BatchRules(most=5, most_orders=5)
RULES = VenueRules(
    venue="TEST",
    process_within=WITHIN,
    tells_time=True,
    late_refusals=frozenset({"Too late"}),
    batch=PARTS,
)


class ClockRig(Rig):
    """At a venue whose clock is right, while ours is `skew` seconds ahead."""

    def __init__(self, skew: float = 0.0, rules: VenueRules = RULES, **options: Any) -> None:
        self.venue_wall = WALL - int(skew * SECOND)
        super().__init__(rules=rules, **options)

    @property
    def venue_now(self) -> int:
        return self.venue_wall + self.time

    def asked(self) -> list[requests.AskTime]:
        """Questions for the time since the last look."""
        found = [request for request in self.sent() if isinstance(request, requests.AskTime)]
        return found

    def stamp(self, request_id: int) -> facts.VenueTime:
        """What an answer says that the venue gives now."""
        return facts.VenueTime(
            request_id=RequestId(request_id), received=self.venue_now, sent=self.venue_now, resolution=1
        )

    def tell_time(self, question: requests.AskTime, seconds: float = 0.0) -> list[str]:
        """The answer to the question for the time, after so long."""
        self.time += int(seconds * SECOND)
        return self.hear(self.stamp(question.request_id), took(question.request_id))

    def jump(self, seconds: float) -> None:
        """Somebody sets our clock."""
        self.wall += int(seconds * SECOND)

    def sleep(self, seconds: float) -> None:
        """The machine sleeps, and its monotonic clock with it."""
        self.wall += int(seconds * SECOND)
        self.venue_wall += int(seconds * SECOND)

    @property
    def skew(self) -> Measured | None:
        return self.last.measured


def measured(skew: float = 0.0, **options: Any) -> ClockRig:
    """Logged in, and the venue has told its time."""
    rig = ClockRig(skew, **options)
    (question,) = rig.asked()
    rig.tell_time(question)
    rig.records.clear()
    return rig


def jumped(seconds: float = 3600.0, **options: Any) -> ClockRig:
    rig = measured(**options)
    rig.jump(seconds)
    return rig


# Measuring


def test_the_venue_is_asked_for_its_time_at_the_login_and_every_few_minutes() -> None:
    rig = ClockRig()
    (question,) = rig.asked()
    assert rig.tell_time(question) == []
    rig.wait(299)
    assert rig.asked() == []
    rig.wait(1)
    assert len(rig.asked()) == 1


def test_over_http_it_is_asked_as_soon_as_a_connection_is_up() -> None:
    rules = evolve(RULES, http_requests=frozenset({requests.AskTime}))
    rig = ClockRig(rules=rules, logged_in=False)
    rig.connection = 1
    rig.apply(LinkUp(1, "ws://test"))
    (question,) = rig.asked()
    rig.tell_time(question)
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.apply(Heard(1, (login,)))
    assert rig.asked() == []


def test_a_venue_that_tells_no_time_is_not_asked() -> None:
    rig = ClockRig(rules=evolve(RULES, tells_time=False))
    rig.wait(1000)
    assert rig.asked() == []


def test_the_answer_to_any_request_tells_how_far_our_clock_is_off() -> None:
    rig = ClockRig(-7.0)
    rig.place("a1")
    rig.hear(rig.stamp(rig.numbers), took(rig.numbers, "V1"), acknowledged("V1", 1))
    assert rig.skew == Measured(-7 * SECOND)


def test_an_answer_to_nothing_that_is_on_its_way_tells_nothing() -> None:
    rig = ClockRig(-7.0)
    rig.hear(rig.stamp(77))
    assert rig.skew is None


def test_an_answer_that_was_long_on_its_way_tells_nothing() -> None:
    """It waited in a queue of ours, perhaps: more than a second would be left open."""
    rig = ClockRig(-7.0)
    rig.place("a1")
    rig.wait(2.5)
    rig.hear(rig.stamp(rig.numbers))
    assert rig.skew is None


def test_a_word_of_the_handshake_can_be_the_question() -> None:
    """It goes out when it is heard; the answer tells the time with it."""
    rig = ClockRig(-7.0, logged_in=False)
    rig.connection = 1
    number = RequestId(2**31)
    rig.apply(LinkUp(1, "ws://test"), Heard(1, (facts.Say(text="subscribe", number=number),)))
    rig.hear(rig.stamp(number))
    assert rig.skew == Measured(-7 * SECOND)
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.apply(Heard(1, (login,)))
    assert rig.asked() == []


def test_where_answers_tell_no_time_the_acceptance_of_an_order_does() -> None:
    rig = ClockRig(50.0, rules=VenueRules(venue="TEST", dates_acceptance=True))
    rig.place("a1")
    rig.hear(evolve(acknowledged("V1", 1), time=rig.venue_now))
    assert rig.skew == Measured(50 * SECOND)
    assert rig.last.warnings == [
        "This machine's clock is 50.0 s ahead of that of TEST. Local times of events are wrong by that. Set the clock, "
        "for instance with NTP."
    ]


def test_a_question_that_was_of_no_use_is_asked_again_a_second_later() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    rig.hear(refused(question.request_id, Outcome.THROTTLED))
    assert rig.asked() == []
    rig.wait(1)
    (again,) = rig.asked()
    rig.tell_time(again)
    assert [type(request) for request in rig.sent()] == [requests.PlaceOrder]


# Warnings


def test_a_skew_beyond_two_seconds_is_warned_of_once_and_again_only_when_it_was_well_meanwhile() -> None:
    rig = measured(2.1)
    assert rig.last.warnings == [
        "This machine's clock is 2.1 s ahead of that of TEST. The deadlines that process_within gives to orders are "
        "corrected for that; times that you give them yourself are not. Set the clock, for instance with NTP."
    ]

    def place(name: str) -> list[str]:
        rig.place(name)
        rig.hear(rig.stamp(rig.numbers))
        return rig.last.warnings

    assert place("a1") == []
    rig.jump(-0.3)
    assert place("a2") == []
    rig.jump(0.4)
    assert ["2.2 s ahead" in warning for warning in place("a3")] == [True]


def test_a_skew_of_two_seconds_is_not_warned_of() -> None:
    assert measured(2.0).last.warnings == []
    assert measured(-2.0).last.warnings == []


# Deadlines


@pytest.mark.parametrize("skew", [-50.0, -7.0, 0.0, 7.0, 50.0])
def test_a_deadline_counts_from_the_venues_time(skew: float) -> None:
    rig = measured(skew)
    rig.place("a1")
    (placed,) = rig.sent()
    assert placed.process_before == rig.venue_now + WITHIN


def test_before_anything_is_known_our_own_clock_has_to_do() -> None:
    rig = ClockRig(-7.0)
    rig.place("a1")
    placed = rig.sent()[-1]
    assert placed.process_before == WALL + rig.time + WITHIN


def test_a_deadline_that_the_user_chose_is_left_alone() -> None:
    rig = measured(-7.0)
    rig.place("a1", process_before=WALL + rig.time + 3 * SECOND)
    (placed,) = rig.sent()
    assert placed.process_before == WALL + rig.time + 3 * SECOND


def test_a_change_and_a_batch_count_from_the_venues_time() -> None:
    rig = measured(-7.0)
    rig.live("a1", "V1")
    rig.ask(change("a1"))
    (request,) = rig.sent()
    assert request.process_before == rig.venue_now + WITHIN
    rig.batch(place("a2"), place("a3"))
    (batch,) = rig.sent()
    assert batch.process_before == rig.venue_now + WITHIN


def change(name: str) -> commands.Replace:
    return commands.Replace(client_order_id=ClientOrderId(name), instrument=GOLD.id, price="99.0")


class ParticularVenue(PlainVenue):
    """It looks at the times of orders."""

    def check_moment(self, order: Any, now: int) -> None:
        if order.expire_time is not None and order.expire_time <= now:
            raise NotSent("it must expire in the future.")


def test_the_times_that_the_user_chose_are_looked_at_by_the_venues_clock() -> None:
    """Ours is an hour ahead: what is over by it is still to come, and the sentence says so where it is not."""
    rig = measured(3600.0, venue=ParticularVenue(RULES))
    gtd = {"time_in_force": TimeInForce.GTD}
    assert isinstance(rig.place("a1", expire_time=rig.venue_now + 60 * SECOND, **gtd), OrderState)
    refusal = rig.place("a2", expire_time=rig.venue_now - 60 * SECOND, **gtd)
    assert str(refusal) == (
        "it must expire in the future. The times of an order count by the venue's clock, and this machine's clock is "
        "60.0 min ahead of that of TEST."
    )


# Refusals


def refusal_of(rig: ClockRig, text: str) -> str:
    rig.place("a1")
    number = rig.numbers
    rig.hear(rig.stamp(number), refused(number, Outcome.DEFINITE, text))
    return rig.newest(Rejected).reason


def test_a_refusal_for_being_late_names_a_clock_that_is_behind() -> None:
    assert refusal_of(ClockRig(-7.2), "EX:Too late") == (
        "EX:Too late (this machine's clock is 7.2 s behind that of TEST; set it, for instance with NTP)"
    )


@pytest.mark.parametrize(("skew", "text"), [(0.0, "Too late"), (50.0, "Too late"), (-1.9, "Too late"), (-7.2, "No")])
def test_a_refusal_that_the_clock_does_not_explain_is_told_as_it_came(skew: float, text: str) -> None:
    assert refusal_of(ClockRig(skew), text) == text


def test_a_short_deadline_is_missed_by_a_smaller_skew() -> None:
    rig = ClockRig(-0.6, rules=evolve(RULES, process_within=SECOND))
    assert "0.6 s behind" in refusal_of(rig, "Too late")


def test_a_change_that_is_refused_for_being_late_names_the_clock_as_well() -> None:
    rig = ClockRig(-7.2)
    rig.live("a1", "V1")
    rig.ask(change("a1"))
    number = rig.numbers
    assert rig.hear(rig.stamp(number), refused(number, Outcome.DEFINITE, "Too late")) == ["ReplaceRejected"]
    assert "7.2 s behind" in rig.newest(ReplaceRejected).reason


# After a jump


@pytest.mark.parametrize("how", ["jump", "sleep"])
@pytest.mark.parametrize("seconds", [-3600.0, -1.1, 1.1, 3600.0])
def test_after_a_jump_an_order_waits_for_the_venues_time(how: str, seconds: float) -> None:
    rig = measured()
    getattr(rig, how)(abs(seconds) if how == "sleep" else seconds)
    placed = rig.place("a1")
    assert placed.status is OrderStatus.SUBMITTED
    assert rig.skew == Measured(None)
    (question,) = rig.sent()
    assert isinstance(question, requests.AskTime)
    rig.tell_time(question, 0.2)
    (request,) = rig.sent()
    assert isinstance(request, requests.PlaceOrder)
    assert request.process_before is not None
    assert abs(request.process_before - rig.venue_now - WITHIN) <= SECOND // 5
    assert rig.hear(took(1, "V1"), acknowledged("V1", 1)) == ["Accepted"]


def test_a_small_correction_of_the_clock_holds_nothing_up() -> None:
    rig = measured()
    rig.jump(0.9)
    rig.place("a1")
    (request,) = rig.sent()
    assert request.process_before == rig.venue_now + WITHIN


def test_an_order_that_waited_in_vain_was_certainly_not_sent() -> None:
    rig = jumped()
    rig.place("a1")
    assert rig.wait(9.9) == []
    assert rig.wait(0.1) == ["Denied"]
    assert rig.newest(Denied).reason == (
        "This machine's clock was set, or the machine slept, and the venue did not tell its time within 10 s, so no "
        "deadline could be given and this was not sent. It is safe to send it again."
    )
    assert rig.last.released == [Admission.ORDER]
    (question,) = rig.asked()
    assert rig.tell_time(question) == []
    assert rig.sent() == []


def test_the_time_for_the_answer_begins_when_the_order_is_sent() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    rig.tell_time(question, 9.0)
    assert rig.sent() == []  # nine seconds leave too much open
    rig.wait(0.99)
    rig.place("a2")
    rig.wait(0.01)
    assert rig.status("a1") is OrderStatus.DENIED
    (again,) = rig.asked()
    rig.tell_time(again)
    assert len(rig.sent()) == 1
    assert rig.wait(9.9) == []
    assert rig.wait(0.1) == ["StatusUnknown"]


def test_where_the_question_cannot_be_sent_an_order_could_not_either() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    why = "There was no connection for it within 2 s. It is safe to send it again."
    assert rig.apply(NotWritten((question.request_id,), why)) == ["Denied"]
    assert rig.newest(Denied).reason == why
    assert rig.last.released == [Admission.ORDER]


def test_the_credit_of_an_order_that_waits_goes_with_it() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    rig.tell_time(question)
    assert [send.admission for send in rig.sends] == [Admission.ORDER]
    assert rig.last.released == []


def test_cancels_questions_and_deadlines_of_the_users_do_not_wait() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    rig.ask(commands.CancelAll(None), Admission.CANCEL)
    rig.ask(commands.OpenOrders())
    rig.ask(commands.Status(ClientOrderId("a1")))
    rig.place("a2", process_before=rig.venue_now + SECOND)
    assert [type(request) for request in rig.sent()] == [
        requests.CancelOrder,
        requests.CancelAllOrders,
        requests.ListOpenOrders,
        requests.QueryOrder,
        requests.PlaceOrder,
    ]


def test_one_question_serves_all_that_wait_and_they_keep_their_order() -> None:
    rig = jumped()
    for name in ("a1", "a2", "a3"):
        rig.place(name)
    (question,) = rig.sent()
    rig.tell_time(question)
    assert [request.wire_id for request in rig.sent()] == [1, 2, 3]


def test_what_another_answer_tells_lets_orders_go_as_well() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    number = rig.numbers
    rig.place("a2")
    rig.sent()
    rig.hear(rig.stamp(number), took(number))
    assert [type(request) for request in rig.sent()] == [requests.PlaceOrder]


def test_an_exchange_during_which_the_machine_slept_tells_nothing() -> None:
    """The question left before, the answer came after: whose clock stood still in between is open."""
    rig = measured()
    rig.live("a1", "V1")
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    number, stamp = rig.numbers, rig.stamp(rig.numbers)
    rig.sleep(3600)
    rig.place("a2")
    rig.sent()
    rig.hear(stamp, took(number))
    assert rig.sent() == []


def test_an_order_that_waits_can_be_canceled_before_it_is_sent() -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    assert [type(event).__name__ for event in rig.events()] == ["Submitted", "Denied"]
    assert sorted(each.name for each in rig.last.released) == ["CANCEL", "ORDER"]
    assert rig.sent() == []
    rig.tell_time(question)
    assert rig.sent() == []


@pytest.mark.parametrize(("instrument", "withdrawn"), [(None, True), (GOLD.id, True), ("SILVER.TEST", False)])
def test_a_cancel_of_everything_withdraws_what_waits(instrument: Any, withdrawn: bool) -> None:
    rig = jumped()
    rig.place("a1")
    (question,) = rig.asked()
    if isinstance(instrument, str):
        instrument = type(GOLD.id).parse(instrument)
    rig.ask(commands.CancelAll(instrument), Admission.CANCEL)
    assert (rig.status("a1") is OrderStatus.DENIED) is withdrawn
    assert [type(request) for request in rig.sent()] == [requests.CancelAllOrders]
    rig.tell_time(question)
    assert len(rig.sent()) == (0 if withdrawn else 1)


def test_closing_denies_what_waits() -> None:
    rig = jumped()
    rig.place("a1")
    rig.ask(commands.Disconnect(grace=SECOND, cancel_all=False), None)
    assert rig.status("a1") is OrderStatus.DENIED
    assert rig.newest(Denied).reason == "The client was closed before it was sent."
    assert any(isinstance(send, EndLink) for send in rig.last.sends)  # nor does the question keep us


def test_a_lost_connection_denies_what_waits() -> None:
    rig = jumped()
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "Denied"]
    assert rig.last.released == [Admission.ORDER]
    rig.log_in()
    assert [type(request) for request in rig.sent()] == [requests.AskTime, requests.AskTime]


def test_a_change_waits_as_an_order_does() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(-3600)
    rig.ask(change("a1"))
    (question,) = rig.sent()
    rig.tell_time(question)
    (request,) = rig.sent()
    assert isinstance(request, requests.ReplaceOrder)
    assert request.process_before == rig.venue_now + WITHIN


def test_a_change_that_waited_in_vain_is_told() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(change("a1"))
    assert rig.wait(10) == ["ReplaceRejected"]
    assert "did not tell its time" in rig.newest(ReplaceRejected).reason


def test_a_change_of_an_order_that_ended_meanwhile_is_dropped() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.ask(change("a1"))
    (question,) = rig.asked()
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    rig.hear(facts.OrderCanceled(time=WALL, order=evolve(acknowledged("V1", 1).order), reason="asked for"))
    assert rig.last.released == [Admission.ORDER]
    rig.sent()
    rig.tell_time(question)
    assert rig.sent() == []


def test_a_batch_waits_as_a_whole() -> None:
    rig = jumped()
    rig.batch(place("a1"), place("a2"))
    batch = rig.numbers
    (question,) = rig.sent()
    rig.tell_time(question)
    (request,) = rig.sent()
    assert (request.request_id, [leg.wire_id for leg in request.legs]) == (batch, [1, 2])
    assert {leg.process_before for leg in request.legs} | {request.process_before} == {rig.venue_now + WITHIN}


def test_of_a_batch_that_waits_one_order_can_be_withdrawn() -> None:
    rig = jumped()
    rig.batch(place("a1"), place("a2"))
    (question,) = rig.sent()
    rig.batch(cancel("a1"))
    assert rig.status("a1") is OrderStatus.DENIED
    rig.sends.clear()
    rig.tell_time(question)
    (request,) = rig.sent()
    assert isinstance(request, requests.PlaceOrder)
    assert request.wire_id == 2


def test_the_cancels_of_a_batch_do_not_wait_for_its_orders() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.jump(3600)
    rig.batch(place("a2"), cancel("a1"))
    assert [type(request) for request in rig.sent()] == [requests.CancelOrder, requests.AskTime]


def test_a_batch_that_waited_in_vain_is_told_part_by_part() -> None:
    rig = jumped()
    rig.batch(place("a1"), place("a2"))
    assert rig.wait(10) == ["Denied", "Denied"]
    assert rig.last.released == [Admission.ORDER]


def test_what_was_refused_for_its_token_waits_as_well() -> None:
    rig = measured()
    rig.live("a1", "V1")
    rig.place("a2")
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    for number in (2, 3):
        rig.hear(refused(number, Outcome.TOKEN))
    rig.sent()
    rig.jump(3600)
    rig.hear(facts.TokenRenewed())
    canceled, question = rig.sent()
    assert isinstance(canceled, requests.CancelOrder)
    rig.hear(facts.TokenRenewed())
    assert rig.sent() == []
    rig.tell_time(question)
    (placed,) = rig.sent()
    assert placed.process_before == rig.venue_now + WITHIN


# History, too, is by the venue's clock


def test_history_is_read_by_the_venues_clock() -> None:
    """Ours is two hours ahead: by it, all that happened since the login would lie before the beginning."""
    rules = evolve(RULES, reads_history=True, http_requests=frozenset({requests.ListFills}))
    rig = ClockRig(7200.0, rules=rules, logged_in=False)
    rig.connection = 1
    number = RequestId(2**31)
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.apply(LinkUp(1, "ws://test"), Heard(1, (facts.Say(text="subscribe", number=number),)))
    rig.hear(rig.stamp(number), login)
    began = rig.venue_now
    rig.lose_link()
    rig.wait(30)
    rig.log_in()
    (read,) = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    assert read.start == began - 60 * SECOND
    assert read.end == rig.venue_now + 60 * SECOND


# Whatever happens to the clocks

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["jump", "sleep", "set back"]), st.floats(1.1, 100.0)),
        st.tuples(st.just("wait"), st.floats(0.0, 400.0)),
        st.tuples(st.just("answer"), st.floats(0.0, 3.0)),
        st.tuples(st.just("place"), st.just(0.0)),
    ),
    max_size=25,
)


@given(skew=st.floats(-100.0, 100.0), steps=STEPS)
def test_no_order_is_ever_sent_with_a_deadline_that_is_far_from_the_right_one(
    skew: float, steps: list[tuple[str, float]]
) -> None:
    """By more than what an exchange leaves open, and what a clock may move without our noticing."""
    rig = measured(skew)
    open_questions: list[requests.AskTime] = []

    def look() -> None:
        for request in rig.sent():
            if isinstance(request, requests.AskTime):
                open_questions.append(request)
            elif isinstance(request, requests.PlaceOrder):
                assert request.process_before is not None
                wrong = request.process_before - (rig.venue_now + WITHIN)
                assert abs(wrong) <= JUMP + MOST_UNCERTAIN + SECOND // 10

    for number, (step, amount) in enumerate(steps, 1):
        if step == "place":
            rig.place(f"a{number}")
        elif step == "answer" and open_questions:
            rig.tell_time(open_questions.pop(), amount)
        elif step == "wait":
            until = rig.time + int(amount * SECOND)
            while (due := rig.state.next_deadline) is not None and due <= until:
                rig.time = max(rig.time, due)
                rig.apply()
                look()
            rig.time = until
        elif step == "set back":
            rig.jump(-amount)
        elif step in ("jump", "sleep"):
            getattr(rig, step)(amount)
        rig.apply()  # something is heard every now and then
        look()


def test_an_instant_is_what_both_clocks_show() -> None:
    rig = jumped(5.0)
    rig.place("a1")
    flight = rig.state._context.flights.by_id[RequestId(1)]
    assert flight.released_at == Instant(rig.time, WALL + 5 * SECOND + rig.time)
