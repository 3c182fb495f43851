"""What the venue answers, answers badly, or does not answer at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, facts, requests
from protocol.dispatch import EndLink
from protocol.dispatch.inputs import Admission, LinkDown, LinkFailed, NotWritten
from protocol.errors import NotSent, OutcomeUnknown, RequestFailed, SessionError
from protocol.events import Denied, Reconciled, Rejected, StatusUnknown
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..order_life import GOLD, WALL, Rig, acknowledged, canceled, refused, rejected, replaced, took, traded, view

A1 = ClientOrderId("a1")


def cancel(rig: Rig, name: str = "a1") -> object:
    return rig.ask(commands.Cancel(ClientOrderId(name)), Admission.CANCEL)


# Refusals


@pytest.mark.parametrize("outcome", [Outcome.DEFINITE, Outcome.THROTTLED, Outcome.TOO_EARLY, Outcome.NOT_FOUND])
def test_a_definite_refusal_rejects_the_order(outcome: Outcome) -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(refused(1, outcome, "too small")) == ["Rejected"]
    event = rig.events()[-1]
    assert isinstance(event, Rejected)
    assert event.reason == "too small"


def test_an_order_is_rejected_once_by_whichever_comes_first() -> None:
    for first, second in (
        (refused(1, Outcome.DEFINITE), rejected("v1", 1)),
        (rejected("v1", 1), refused(1, Outcome.DEFINITE)),
    ):
        rig = Rig()
        rig.place("a1")
        assert rig.hear(first) == ["Rejected"]
        assert rig.hear(second) == []


def test_an_ambiguous_refusal_is_unknown_and_asked_about_with_growing_pauses() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    assert rig.hear(refused(1, Outcome.AMBIGUOUS, "deadline")) == ["StatusUnknown"]
    asked_at = []
    for _ in range(4):
        rig.wait_for_sends()
        (query,) = rig.sent()
        assert isinstance(query, requests.QueryOrder)
        assert query.wire_id == 1
        asked_at.append(rig.time // SECOND - 100)
        rig.hear(refused(query.request_id, Outcome.AMBIGUOUS))
    assert asked_at == [1, 3, 8, 23]
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_no_such_order_counts_only_some_time_after_the_placement() -> None:
    """A minute here: so long the venue may still act on a placement that bears no deadline."""
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sent()
    denials = asked_in_vain(rig)
    assert denials == [(1, []), (3, []), (8, []), (23, []), (83, ["Denied"])]
    assert rig.status("a1") is OrderStatus.DENIED
    assert isinstance(cancel(rig), NotSent)
    assert rig.sent() == []


def asked_in_vain(rig: Rig) -> list[tuple[int, list[str]]]:
    """Answers every status query of ours with "no such order" until that settles the only order: when each was sent,
    in seconds since 100 s, and what its answer led to."""
    asked: list[tuple[int, list[str]]] = []
    while rig.status("a1") is OrderStatus.UNKNOWN:
        rig.wait_for_sends()
        (query,) = rig.sent()
        assert isinstance(query, requests.QueryOrder)
        heard = rig.hear(refused(query.request_id, Outcome.NOT_FOUND, "no such order"))
        asked.append((rig.time // SECOND - 100, heard))
    return asked


def test_a_silent_venue_makes_an_order_unknown_never_rejected() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.wait(9.9) == []
    assert rig.wait(0.2) == ["StatusUnknown"]
    event = rig.events()[-1]
    assert isinstance(event, StatusUnknown)
    placements = [request for request in rig.sent() if isinstance(request, requests.PlaceOrder)]
    assert len(placements) == 1, "it is never sent again"


@pytest.mark.parametrize(
    ("late", "names"),
    [
        ((took(1, "v1"), acknowledged("v1", 1)), ["Accepted"]),
        ((traded("v1", "t1", 10, 10, 1, final=True),), ["Accepted", "Filled"]),
        ((refused(1, Outcome.DEFINITE),), ["Rejected"]),
        ((canceled("v1", 1),), ["Accepted", "Canceled"]),
    ],
)
def test_whatever_comes_late_settles_an_unknown_order(late: tuple[facts.Fact, ...], names: list[str]) -> None:
    rig = Rig()
    rig.place("a1")
    rig.wait(11)
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert rig.hear(*late) == names


def test_a_status_answer_settles_an_unknown_order() -> None:
    rig = Rig()
    rig.place("a1")
    rig.sent()
    rig.wait(11)
    query = rig.sent()[-1]
    shown = view("v1", 1, price=None, quantity=None, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED)
    assert rig.hear(took(query.request_id, order=shown)) == ["Accepted", "MissingFills"]
    assert rig.wait(300) == []


def test_an_order_shown_as_filled_ends_without_inventing_fills() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    shown = view("v1", 1, price=None, quantity=None, cumulative=Decimal(10), status=OrderStatus.FILLED)
    assert rig.hear(took(rig.numbers, order=shown)) == ["MissingFills", "Completed"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert rig.hear(traded("v1", "t1", 10, 10, 1, final=True)) == ["Filled"]


def test_an_answered_placement_without_acknowledgement_is_asked_about() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(took(1, "v1"))
    rig.sent()
    rig.wait(10.1)
    (query,) = rig.sent()
    assert query == requests.QueryOrder(request_id=query.request_id, venue_order_id=VenueOrderId("v1"), wire_id=None)


def test_answers_to_nobody_are_warnings() -> None:
    rig = Rig()
    rig.hear(took(99, "v9"))
    assert len(rig.last.warnings) == 1
    rig.hear(facts.RequestRefused(request_id=None, outcome=Outcome.DEFINITE, reason="what?"))
    assert "what?" in rig.last.warnings[0]


# Canceling and changing


def test_a_cancel_goes_by_venue_id_or_while_that_is_unknown_by_wire_id() -> None:
    rig = Rig()
    rig.place("a1")
    assert cancel(rig) == 2
    rig.hear(took(1, "v1"))
    assert cancel(rig) == 3
    first, second = rig.sent()[1:]
    assert (first.venue_order_id, first.wire_id) == (None, 1)
    assert (second.venue_order_id, second.wire_id) == ("v1", None)


def test_a_cancel_that_comes_too_early_is_sent_again_under_its_number() -> None:
    rig = Rig()
    rig.place("a1")
    cancel(rig)
    rig.sent()
    names = rig.hear(refused(2, Outcome.TOO_EARLY))
    for pause in (0.1, 0.2, 0.4):
        rig.wait(pause)
        (again,) = rig.sent()
        assert isinstance(again, requests.CancelOrder)
        assert again.request_id == 2
        names += rig.hear(refused(2, Outcome.TOO_EARLY))
    assert names == ["CancelRejected"]


GONE = facts.CancelRefused(venue_order_id=VenueOrderId("v1"), wire_id=1, reason="gone", time=0)


@pytest.mark.parametrize(
    ("answer", "names", "queried"),
    [
        (refused(2, Outcome.DEFINITE), ["CancelRejected"], False),
        (refused(2, Outcome.NOT_FOUND), ["CancelRejected"], True),
        (refused(2, Outcome.AMBIGUOUS), [], True),
        (took(2, refused=True), ["CancelRejected"], True),
        (
            facts.CancelRefused(venue_order_id=VenueOrderId("v1"), wire_id=1, reason="gone", time=0),
            ["CancelRejected"],
            True,
        ),
    ],
)
def test_a_refused_cancel_leaves_the_order_and_may_need_a_look(
    answer: facts.Fact, names: list[str], queried: bool
) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    cancel(rig)
    rig.sent()
    assert rig.hear(answer) == names
    assert rig.status("a1") is OrderStatus.ACCEPTED
    assert any(isinstance(request, requests.QueryOrder) for request in rig.sent()) is queried


def test_a_cancel_that_loses_the_race_says_nothing_more() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    cancel(rig)
    rig.hear(took(2), traded("v1", "t1", 10, 10, 1, final=True))
    assert rig.hear(GONE) == []


def test_a_cancel_that_was_taken_and_shows_no_effect_is_asked_about() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    cancel(rig)
    rig.hear(took(2))
    rig.sent()
    rig.wait(10.1)
    assert [type(request) for request in rig.sent()] == [requests.QueryOrder]


def test_what_became_of_a_cancel_is_asked_for_though_its_order_was_placed_long_after_it() -> None:
    """The placement was held up on its way, and the answer to the cancel said nothing of what it came to."""
    rig = Rig(rules=VenueRules(venue="TEST", cancel_by_wire_id=True))
    rig.place("a1")
    cancel(rig)
    assert rig.hear(refused(2, Outcome.AMBIGUOUS, "not found, maybe")) == []
    rig.wait(30)
    assert rig.hear(acknowledged("v1", 1)) == ["Accepted"]
    rig.sent()
    rig.wait_for_sends()
    (query,) = rig.sent()
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == ["CancelRejected"]


def test_commands_about_unknown_or_ended_orders_are_refused_here() -> None:
    rig = Rig()
    assert isinstance(cancel(rig, "zz"), NotSent)
    assert rig.last.released == [Admission.CANCEL]
    rig.live("a1", "v1")
    rig.hear(canceled("v1", 1))
    assert isinstance(cancel(rig), NotSent)
    assert rig.sent() == []


def test_one_change_at_a_time() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    change = commands.Replace(client_order_id=A1, instrument=GOLD.id, price=Decimal("99.0"))
    number = rig.ask(change)
    assert isinstance(rig.ask(change), NotSent)
    assert rig.hear(refused(number, Outcome.DEFINITE)) == ["ReplaceRejected"]
    assert isinstance(rig.ask(change), int)


def test_a_change_whose_event_is_lost_is_found_out() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    number = rig.ask(commands.Replace(client_order_id=A1, instrument=GOLD.id, price=Decimal("99.0")))
    rig.hear(took(number, "v2"))
    rig.sent()
    rig.wait(10.1)
    (by_venue_id,) = rig.sent()
    rig.hear(took(by_venue_id.request_id, order=view("v1", 1, status=None, quantity=None, price=None)))
    (by_wire_id,) = rig.sent()
    assert by_wire_id.wire_id == 1
    found = view("v2", 1, quantity=None, price=None)
    assert rig.hear(took(by_wire_id.request_id, order=found)) == ["Updated"]
    listing, former = sorted(rig.sent(), key=lambda request: type(request).__name__)
    assert isinstance(listing, requests.ListOpenOrders)
    assert isinstance(former, requests.QueryOrder)
    assert former.venue_order_id == "v1", "nobody has said how much had filled under the old id"
    assert rig.hear(took(former.request_id, order=view("v1", 1, status=None, quantity=None, price=None))) == []
    assert rig.hear(took(listing.request_id, orders=(view("v2", 1, price=Decimal("99.0")),))) == ["Updated"]


# Market orders


def test_a_market_order_is_priced_by_the_venue_first() -> None:
    rig = Rig()
    rig.place("a1", market=True)
    (preview,) = rig.sent()
    assert isinstance(preview, requests.PreviewPrice)
    rig.hear(
        facts.PricePreviewed(
            request_id=preview.request_id, price=Decimal("100.3"), filled=Decimal(8), remaining=Decimal(2)
        )
    )
    (place,) = rig.sent()
    assert (place.request_id, place.price) == (1, Decimal("100.3"))
    assert "2 would not" in rig.last.warnings[0]


def test_a_market_order_without_a_market_is_denied_and_its_credit_is_free() -> None:
    for answer in (
        lambda number: facts.PricePreviewed(request_id=number, price=None, filled=Decimal(0), remaining=Decimal(10)),
        lambda number: refused(number, Outcome.AMBIGUOUS),
    ):
        rig = Rig()
        rig.place("a1", market=True)
        (preview,) = rig.sent()
        assert rig.hear(answer(preview.request_id)) == ["Denied"]
        assert rig.last.released == [Admission.ORDER]
        assert rig.sent() == []


# The link


def test_nothing_is_sent_without_a_link() -> None:
    rig = Rig(logged_in=False)
    assert isinstance(rig.place("a1"), NotSent)
    assert rig.last.released == [Admission.ORDER]
    assert rig.state.orders.live == {}


def test_an_unanswered_placement_is_unknown_when_the_link_is_lost() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
    assert isinstance(rig.place("a2"), NotSent)


@pytest.mark.parametrize("before", [True, False])
def test_a_frame_that_was_never_begun_is_denied(before: bool) -> None:
    rig = Rig()
    rig.place("a1")
    unwritten = NotWritten([RequestId(1)], "never begun")
    if before:
        assert rig.apply(unwritten) == ["Denied"]
        assert rig.lose_link() == ["Disconnected"]
    else:
        assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
        assert rig.apply(unwritten) == ["Denied"]
    event = [event for event in rig.events() if isinstance(event, Denied)]
    assert [denied.reason for denied in event] == ["never begun"]


def test_a_login_settles_what_changed_meanwhile() -> None:
    rig = Rig()
    for number in range(1, 5):
        rig.live(f"a{number}", f"v{number}")
    rig.lose_link()
    names = rig.log_in(view("v1", 1), view("v2", 2, cumulative=Decimal(3)), view("x9", 99))
    assert names == ["Reconnected", "Authenticated", "MissingFills", "OrderStatusReport"]
    queries = rig.sent()
    assert [query.venue_order_id for query in queries] == ["v3", "v4"]
    assert rig.hear(took(queries[0].request_id, order=view("v3", 3, status=OrderStatus.CANCELED))) == ["Canceled"]
    shown = view("v4", 4, quantity=None, price=None)
    assert rig.hear(took(queries[1].request_id, order=shown)) == ["Reconciled"]


def lose_placement(rig: Rig, *, by_venue: bool) -> None:
    """Its frame was written and its connection ended before an answer; another one is up two seconds later."""
    rig.place("a1")
    rig.apply(LinkDown(rig.connection, "cut", True, by_venue=by_venue))
    rig.sent()
    rig.wait(2)
    rig.log_in()


def test_a_connection_that_ended_proves_not_that_its_placement_never_arrived() -> None:
    """It is dead for us, and not for the venue: what it carried may still be on its way."""
    rig = Rig()
    lose_placement(rig, by_venue=True)
    denials = asked_in_vain(rig)
    assert denials == [(2, ["Reconciled"]), (3, []), (5, []), (10, []), (25, []), (85, ["Denied"])]


def test_a_name_that_leads_to_an_older_order_alone_shows_that_the_placement_never_arrived() -> None:
    """It was used before, so the venue does not say that it knows no such order."""
    rig = Rig()
    lose_placement(rig, by_venue=True)
    heard: list[str] = []
    for _ in range(6):
        rig.wait_for_sends()
        (query,) = rig.sent()
        older = view("o0", 1, quantity=Decimal(11), status=OrderStatus.CANCELED, time=WALL + 30 * SECOND)
        heard = rig.hear(took(query.request_id, order=older))
    assert heard == ["Denied"]


def test_an_answer_by_name_with_other_terms_from_before_the_placement_is_about_an_older_order() -> None:
    """It is younger than the clocks can tell apart."""
    rig = Rig()
    rig.place("a1")
    placed = WALL + rig.time
    rig.wait(10.1)
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    older = view("o0", 1, quantity=Decimal(11), status=OrderStatus.FILLED, time=placed - SECOND)
    assert rig.hear(took(query.request_id, order=older)) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_that_a_placement_is_in_doubt_is_said_by_the_reconciliation_that_does_not_wait_for_it() -> None:
    rig = Rig()
    lose_placement(rig, by_venue=False)
    (query,) = rig.sent()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == ["Reconciled"]
    (reconciled,) = [event for event in rig.events() if isinstance(event, Reconciled)]
    assert (reconciled.open_questions, rig.status("a1")) == (1, OrderStatus.UNKNOWN)


def test_the_reconciliation_waits_for_an_order_whose_placement_the_venue_had_answered() -> None:
    """Nothing was told of it yet but that it was submitted."""
    rig = Rig()
    rig.place("a1")
    rig.hear(took(rig.numbers, "O1"))
    rig.lose_link()
    rig.sent()
    rig.log_in()
    (query,) = rig.sent()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == []
    assert rig.status("a1") is OrderStatus.SUBMITTED
    rig.wait(1)
    query = rig.sent()[-1]
    ended = view("O1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(query.request_id, order=ended)) == ["Accepted", "Canceled", "Reconciled"]


def test_the_reconciliation_waits_five_minutes_for_what_the_venue_does_not_answer() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(took(rig.numbers, "O1"))
    rig.lose_link()
    rig.sent()
    rig.log_in()
    (query,) = rig.sent()
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.records.clear()
    rig.wait(299)
    assert rig.records == []
    rig.wait(2)
    (reconciled,) = rig.events()
    assert isinstance(reconciled, Reconciled)
    assert (reconciled.open_questions, rig.status("a1")) == (1, OrderStatus.SUBMITTED)


def test_five_seconds_after_the_venue_itself_ended_the_connection_nothing_of_it_can_arrive() -> None:
    rules = VenueRules(venue="TEST", ended_proves_after=5 * SECOND)
    rig = Rig(rules=rules)
    lose_placement(rig, by_venue=True)
    denials = asked_in_vain(rig)
    assert denials == [(2, ["Reconciled"]), (3, []), (5, ["Denied"])]
    ours = Rig(rules=rules)
    lose_placement(ours, by_venue=False)
    assert asked_in_vain(ours)[-1] == (85, ["Denied"]), "a connection that we gave up may live on for the venue"


def test_a_login_with_many_missing_orders_asks_for_sixteen_at_a_time() -> None:
    rig = Rig()
    for number in range(1, 101):
        rig.live(f"a{number}", f"v{number}")
    rig.lose_link()
    rig.log_in()
    assert len(rig.sends) == 16
    answered = 0
    while rig.sends:
        assert len(rig.sends) <= 16
        for query in rig.sent():
            answered += 1
            rig.hear(took(query.request_id, order=view(query.venue_order_id, answered, quantity=None, price=None)))
    assert answered == 100


def test_questions_fail_when_the_link_is_lost() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    rig.lose_link()
    assert isinstance(rig.answer_to(rig.numbers), RequestFailed)


def test_an_old_view_takes_nothing_back() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    rig.ask(commands.OpenOrders())
    assert rig.hear(took(rig.numbers, orders=(view("v1", 1),))) == []
    order = rig.state.orders.by_client_order_id(A1)
    assert order is not None
    assert order.venue_order_id == "v2"


# Waiting and closing


def test_a_watch_is_answered_when_its_milestone_is_reached() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.ask(commands.Watch(A1, commands.Milestone.ACCEPTED), None) is None
    accepted = rig.numbers
    assert rig.ask(commands.Watch(A1, commands.Milestone.DONE), None) is None
    done = rig.numbers
    rig.hear(acknowledged("v1", 1))
    assert rig.answer_to(accepted).status is OrderStatus.ACCEPTED
    rig.hear(canceled("v1", 1))
    assert rig.answer_to(done).status is OrderStatus.CANCELED
    assert rig.ask(commands.Watch(A1, commands.Milestone.DONE), None).status is OrderStatus.CANCELED


def test_abandoned_watches_do_not_pile_up() -> None:
    rig = Rig(abandoned=lambda address: True)
    rig.live("a1", "v1")
    for _ in range(100):
        rig.ask(commands.Watch(A1, commands.Milestone.DONE), None)
    rig.hear(canceled("v1", 1))
    assert len(rig.replies) == 1


def test_a_failed_session_ends_every_wait() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Watch(A1, commands.Milestone.DONE), None)
    waiting = rig.numbers
    assert rig.apply(LinkFailed(1, "no way", True, "session")) == ["AuthenticationFailed"]
    assert isinstance(rig.answer_to(waiting), SessionError)


def closing(rig: Rig, *, cancel_all: bool = False) -> bool:
    rig.ask(commands.Disconnect(grace=SECOND // 2, cancel_all=cancel_all), None)
    return any(isinstance(send, EndLink) for send in rig.last.sends)


def test_closing_waits_for_answers_and_not_for_orders() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert closing(rig)
    rig = Rig()
    rig.place("a1")
    assert not closing(rig)
    assert isinstance(rig.place("a2"), NotSent)
    rig.hear(took(1, "v1"))
    assert any(isinstance(send, EndLink) for send in rig.last.sends)


def test_closing_waits_no_longer_than_its_grace() -> None:
    rig = Rig()
    rig.place("a1")
    assert not closing(rig)
    rig.wait(0.5)
    assert any(isinstance(send, EndLink) for send in rig.last.sends)


def test_closing_may_cancel_everything_first() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert not closing(rig, cancel_all=True)
    (everything,) = rig.sent()
    assert isinstance(everything, requests.CancelAllOrders)
    rig.hear(took(everything.request_id))
    assert not any(isinstance(send, EndLink) for send in rig.last.sends)
    rig.hear(canceled("v1", 1))
    assert any(isinstance(send, EndLink) for send in rig.last.sends)


def test_history_is_read_page_by_page_and_week_by_week() -> None:
    rig = Rig()
    week = 7 * 24 * 3600 * SECOND
    rig.ask(commands.ReadFills(0, week + 5))
    (first,) = rig.sent()
    assert (first.start, first.end) == (0, week)
    rig.hear(facts.FillsListed(request_id=first.request_id, trades=(), cursor="next"))
    (second,) = rig.sent()
    assert second.cursor == "next"
    rig.hear(facts.FillsListed(request_id=first.request_id, trades=()))
    (third,) = rig.sent()
    assert (third.start, third.end, third.cursor) == (week, week + 5, None)
    rig.hear(facts.FillsListed(request_id=first.request_id, trades=()))
    assert rig.answer_to(rig.numbers) == 0


def test_what_is_remembered_of_requests_does_not_grow() -> None:
    rig = Rig(finished_window=10, fill_window=10)
    for number in range(1, 201):
        rig.live(f"a{number}", f"v{number}")
        rig.hear(traded(f"v{number}", f"t{number}", 10, 10, number, final=True))
    rig.wait(330)
    state = rig.state
    assert len(state.orders.live) == 0
    assert len(state.orders.finished) == 10
    remembered = [state.orders.by_client_order_id(name) for name in state.orders.finished]
    assert [order and order.fills and len(order.fills) for order in remembered] == [1] * 10
    assert len(state.orders.fills) == 0, "fills beyond the first 64 of an order, and those of others"
    assert state.next_deadline is None
    assert state.orders.by_venue_order_id(VenueOrderId("v1")) is None


def test_the_errors_answer_whether_the_order_may_exist() -> None:
    assert not issubclass(OutcomeUnknown, NotSent)
    assert not issubclass(RequestFailed, NotSent)


def test_a_rejected_order_that_is_executed_all_the_same_is_accepted_first() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.hear(rejected("v1", 1)) == ["Rejected"]
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Accepted", "Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize("what", ["cancel", "change"])
def test_what_a_lost_link_took_along_is_asked_for_until_its_outcome_is_known(what: str) -> None:
    """Whatever else shows the order meanwhile: only where it stands after the request's time tells."""
    rig = Rig()
    rig.live("a1", "v1")
    if what == "cancel":
        cancel(rig)
    else:
        change = commands.Replace(client_order_id=ClientOrderId("a1"), instrument=GOLD.id, price="101")
        assert rig.ask(change) == rig.numbers
    rig.lose_link()
    rig.wait(15)
    rig.sent()
    rig.log_in(view("v1", 1))
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert rig.hear(refused(query.request_id, facts.Outcome.AMBIGUOUS)) == []
    assert rig.hear(acknowledged("v1", 1)) == [], "that it lives is no news of the request"
    rig.wait_for_sends()
    (query,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    told = rig.hear(took(query.request_id, order=view("v1", 1)))
    assert told == ["CancelRejected" if what == "cancel" else "ReplaceRejected", "Reconciled"]
    assert not rig.state._context.flights.by_id
