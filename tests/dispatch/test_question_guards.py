"""Which questions are open, what a login awaits of them, and commands that no venue is needed for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.dispatch.questions import table
from protocol.errors import NotSent, RequestFailed
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.reconciliation import Reconciliation
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from ..guarding import NOBODYS
from ..order_life import WALL, PlainVenue, Rig, acknowledged, canceled, external, refused, took, trade, traded, view

A1 = ClientOrderId("a1")
READS = VenueRules(venue="TEST", reads_history=True, query_delays=(SECOND,))
NO_TERMS = VenueRules(venue="TEST", status_shows_terms=False)


class Watched(Rig):
    """Remembers how far the login was told to be last."""

    progress = Reconciliation()

    def apply(self, *inputs: Any) -> list[str]:
        told = super().apply(*inputs)
        self.progress = self.last.progress or self.progress
        return told

    def asked(self, kind: type = requests.QueryOrder) -> list[Any]:
        """Requests of this kind since the last look; the others are forgotten."""
        return [request for request in self.sent() if isinstance(request, kind)]

    def list_open(self, *shown: facts.OrderView) -> list[str]:
        self.ask(commands.OpenOrders())
        return self.hear(facts.RequestAnswered(request_id=RequestId(self.numbers), orders=shown))

    @property
    def reconciled(self) -> list[tuple[int, int]]:
        """Of each login that was settled: orders that had changed, questions that are open still."""
        told = [event for event in self.events() if isinstance(event, events.Reconciled)]
        return [(event.settled, event.open_questions) for event in told]


class NamelessVenue(PlainVenue):
    """Its orders have no client ids on the wire."""

    def is_named(self, order: NewOrder) -> bool:
        return False


def with_live(count: int, rules: VenueRules | None = None) -> Watched:
    rig = Watched(rules=rules)
    for number in range(1, count + 1):
        rig.live(f"a{number}", f"v{number}")
    return rig


def unclear(number: int) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view(f"v{number}", number, status=None))


def answer(query: Any, oid: str, cid: int | None = 1, **terms: Any) -> facts.RequestAnswered:
    return facts.RequestAnswered(request_id=query.request_id, order=view(oid, cid, **terms))


def old_fill(rig: Rig, number: int) -> facts.FillsListed:
    """A fill of this order in the history, which tells that it was placed, and not whether it lives."""
    fill = evolve(trade(f"v{number}", "t1", 4), wire_id=number, time=rig.wall + rig.time)
    return facts.FillsListed(request_id=NOBODYS, trades=(fill,))


def test_the_printed_table_has_a_row_for_every_question() -> None:
    _, _, *rows = table().splitlines()
    assert [row.split(" | ")[0] for row in rows] == [f"| **{question.name}**" for question in Question]


# Commands that need no venue


def test_a_wire_id_finds_its_order_and_another_none() -> None:
    rig = with_live(1)
    assert rig.ask(commands.Resolve(1), None) == "a1"
    assert rig.ask(commands.Resolve(2), None) is None
    assert len(rig.replies) == 1, "none is an answer, too"


def test_live_orders_are_told_with_the_requests_that_placed_them() -> None:
    rig = with_live(2)
    rig.hear(canceled("v1", 1))
    ((identity, number),) = rig.ask(commands.LiveOrders(), None)
    assert (identity.client_order_id, number) == ("a2", 2)


# The user asks for the status of one order


def test_the_refusal_of_a_users_question_is_told_with_the_venues_words() -> None:
    rig = with_live(1)
    rig.ask(commands.Status(A1))
    rig.hear(refused(rig.numbers, Outcome.DEFINITE, "not now"))
    told = rig.answer_to(rig.numbers)
    assert isinstance(told, RequestFailed)
    assert str(told) == "not now"


def test_a_users_question_is_not_sent_while_there_is_no_connection() -> None:
    rig = with_live(1)
    rig.lose_link()
    told = rig.ask(commands.Status(A1))
    assert isinstance(told, NotSent)
    assert str(told) == "The status query was not sent: there is no connection to TEST at the moment."
    assert rig.sent() == []


def test_a_proposal_for_an_unknown_order_that_stands_in_line_opens_no_question() -> None:
    rig = Watched(rules=NO_TERMS)
    for number in range(1, 18):
        rig.place(f"a{number}")
    rig.lose_link()
    rig.log_in()
    rig.ask(commands.Status(ClientOrderId("a17")))
    *_, query = rig.asked()
    assert rig.hear(answer(query, "v17", 17)) == []
    assert rig.progress.open_questions == 17
    assert [type(request) for request in rig.sent()] == [requests.ListOpenOrders]


# Where answers show no terms


def test_no_login_waits_for_a_list_to_confirm_what_the_answer_about_an_unknown_order_proposes() -> None:
    rig = Watched(rules=NO_TERMS)
    rig.place("a1")
    rig.lose_link()
    rig.log_in()
    (query,) = rig.asked()[-1:]
    rig.records.clear()
    assert rig.hear(answer(query, "v1", side=None, price=None, quantity=None)) == ["Reconciled"]
    assert rig.reconciled == [(0, 1)]
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_answer_by_name_that_shows_the_id_which_the_placement_was_answered_with_is_no_proposal() -> None:
    rig = Watched(rules=NO_TERMS)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    *_, query = rig.asked()
    rig.hear(took(1, "v1"))
    assert rig.hear(answer(query, "v1", side=None, price=None, quantity=None)) == ["Accepted"]


# Whose answer


def test_an_answer_by_name_about_another_order_says_nothing_of_one_that_has_an_id() -> None:
    rig = Watched(rules=VenueRules(venue="TEST", absence_proves_after=0))
    rig.live("a2", "v2")
    rig.place("a1")
    number = rig.numbers
    rig.hear(refused(number, Outcome.AMBIGUOUS))
    rig.wait(1)
    *_, query = rig.asked()
    rig.hear(took(number, "v1"))
    assert rig.hear(answer(query, "v2")) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_an_order_that_was_not_placed_here_is_asked_for_by_its_name_however_old_it_is() -> None:
    rig = Watched()
    external(rig, "x9", "v9")
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v9", None, status=None)))
    (query,) = rig.asked()
    rig.hear(answer(query, "v9", None, status=None))
    (following,) = rig.asked()
    assert (following.venue_order_id, following.wire_id, following.since) == (None, 9, 0)


def test_an_order_of_which_no_placement_is_known_never_arrived_as_soon_as_the_venue_denies_it() -> None:
    rig = Watched()
    external(rig, "x9", "v9")
    rig.lose_link()
    rig.log_in()
    (query,) = rig.asked()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND))[0] == "Denied"


def test_an_order_that_is_shown_without_a_count_of_its_fills_lives() -> None:
    rig = with_live(1)
    rig.hear(unclear(1))
    (query,) = rig.asked()
    rig.hear(answer(query, "v1", cumulative=None))
    assert rig.progress.open_questions == 0


# Silence


def test_where_the_list_must_be_silent_too_it_is_asked_for_and_then_the_order_never_arrived() -> None:
    rig = Watched(rules=VenueRules(venue="TEST", absence_proves_after=SECOND, absence_needs_list=True))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    *_, query = rig.asked()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == []
    (comparison,) = rig.asked(requests.ListOpenOrders)
    assert rig.hear(facts.RequestAnswered(request_id=comparison.request_id, orders=())) == ["Denied"]


def test_a_placement_with_a_deadline_never_arrived_once_lists_would_show_what_was_done_by_then() -> None:
    """It may act on it for 8 s, and its lists follow 5 s behind."""
    rules = VenueRules(venue="TEST", query_delays=(SECOND,) * 13, process_within=8 * SECOND, lists_lag=5 * SECOND)
    rig = Watched(rules=rules)
    rig.place("a1")
    sent_at = rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is OrderStatus.UNKNOWN:
        rig.wait(1)
        *_, query = rig.asked()
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert (rig.status("a1"), rig.time) == (OrderStatus.DENIED, sent_at + 13 * SECOND)


def test_where_no_history_is_read_its_silence_is_not_waited_for() -> None:
    rig = with_live(1, VenueRules(venue="TEST", absence_needs_history=True, query_delays=(SECOND,)))
    rig.hear(unclear(1))
    told = []
    for _ in range(3):
        *_, query = rig.asked()
        told.append(rig.hear(refused(query.request_id, Outcome.NOT_FOUND)))
        rig.wait(1)
    assert told == [[], [], ["StatusUnknown"]]


def test_a_list_behind_lost_messages_asks_for_what_it_leaves_out() -> None:
    rig = with_live(1)
    rig.hear(facts.MessagesLost(text="", expected=2, received=5))
    rig.wait(1)
    assert rig.list_open() == []
    assert rig.progress.open_questions == 1
    rig.wait(1)
    assert [query.venue_order_id for query in rig.asked()] == ["v1"]


def test_a_list_that_is_younger_than_a_query_counts_though_others_stand_in_line() -> None:
    rig = with_live(17)
    rig.lose_link()
    rig.log_in()
    first, *_ = rig.asked()
    rig.wait(1)
    rig.list_open()
    rig.hear(answer(first, "v1"))
    assert rig.progress.open_questions == 17, "the list may have left it out because it had ended meanwhile"


def test_an_order_in_question_is_none_of_the_256_that_wait_for_the_pause() -> None:
    rig = with_live(257)
    rig.hear(unclear(1))
    rig.wait(1)
    rig.sent()
    rig.list_open()
    assert rig.asked() == []


# What a login awaits


def test_a_placement_that_came_into_doubt_since_the_login_is_not_awaited_by_it() -> None:
    rig = with_live(1, READS)
    rig.lose_link()
    rig.sent()
    rig.log_in(view("v1", 1))
    (page,) = rig.asked(requests.ListFills)
    rig.wait(1)
    rig.place("a2")
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS))
    assert rig.hear(facts.FillsListed(request_id=page.request_id, trades=())) == ["Reconciled"]
    assert rig.reconciled[-1] == (0, 1)


def test_fills_that_were_told_as_missing_before_are_not_awaited_by_a_login() -> None:
    rig = with_live(1)
    assert rig.hear(acknowledged("v1", 1, cumulative=Decimal(4))) == ["MissingFills"]
    rig.lose_link()
    assert "Reconciled" in rig.log_in(view("v1", 1, cumulative=Decimal(4)))


@pytest.mark.parametrize("fills", [0, 1])
def test_an_order_in_question_at_the_login_has_changed_if_it_stands_otherwise_in_the_end(fills: int) -> None:
    rig = with_live(1)
    rig.hear(unclear(1))
    rig.lose_link()
    rig.sent()
    rig.log_in(view("v1", 1, quantity=None))
    (query,) = rig.asked()
    for _ in range(fills):
        fill = traded("v1", "t1", 4, 4, 1)
        rig.hear(evolve(fill, order=evolve(fill.order, status=None)))
    rig.hear(unclear(1))
    rig.records.clear()
    told = rig.hear(answer(query, "v1", cumulative=Decimal(4 * fills)))
    assert told == ["Reconciled"]
    assert rig.reconciled == [(fills, 0)]


def test_no_login_waits_for_an_order_that_the_venue_cannot_be_asked_for() -> None:
    rig = Watched(venue=NamelessVenue(VenueRules(venue="TEST")))
    rig.place("a1")
    rig.lose_link()
    rig.sent()
    rig.records.clear()
    assert rig.log_in()[-1] == "Reconciled"
    assert rig.reconciled == [(0, 1)]
    assert rig.sent() == []


def test_an_order_in_question_that_a_login_leaves_out_is_not_proven_live_by_a_fill_ahead_of_its_turn() -> None:
    rig = with_live(16)
    rig.place("a17")
    rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS))
    rig.lose_link()
    rig.log_in()
    before = rig.progress.open_questions
    assert "Filled" in rig.hear(old_fill(rig, 17))
    assert rig.progress.open_questions == before, "that it was placed is answered, and whether it lives is asked"


# What is over


def test_questions_of_orders_in_line_are_none_any_more_when_the_link_is_lost() -> None:
    rig = with_live(17)
    rig.lose_link()
    rig.log_in()
    assert rig.progress.open_questions == 17
    rig.lose_link()
    assert rig.progress.open_questions == 16, "those that were asked for; the next login tells of the other"


def test_an_order_that_was_answered_while_it_waited_for_its_turn_is_not_asked_for() -> None:
    rig = with_live(17)
    rig.hear(*map(unclear, range(1, 18)))
    first, *_ = rig.asked()
    rig.hear(acknowledged("v17", 17))
    rig.hear(answer(first, "v1"))
    assert (rig.asked(), rig.progress.open_questions) == ([], 30)


def test_nothing_is_told_of_how_far_the_client_is_before_there_is_a_login() -> None:
    rig = Watched(logged_in=False)
    rig.apply()
    assert rig.last.progress is None


def test_once_no_question_is_open_what_became_of_orders_is_read_no_more() -> None:
    rig = with_live(1, evolve(READS, chain_history=True))
    rig.hear(unclear(1))
    rig.hear(canceled("v1", 1))
    read_all(rig, 70)
    assert read_all(rig, 130) == 0


def read_all(rig: Watched, seconds: int) -> int:
    """The venue has nothing in its history. Gives how often it was asked what became of orders."""
    count = 0
    for _ in range(seconds):
        for request in rig.sent():
            if isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                count += 1
                rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
        rig.wait(1)
    return count


def test_a_lookup_that_was_given_up_is_made_again_with_the_next_execution() -> None:
    rig = Watched(rules=VenueRules(venue="TEST", unnamed_events=True, request_timeout=2 * SECOND))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    asked = []
    for second in range(1, 5):
        fact = traded("v5", f"t{second}", 1, second)
        rig.hear(evolve(fact, trade=evolve(fact.trade, time=rig.wall + rig.time)))
        asked.append([query.venue_order_id for query in rig.asked() if query.wire_id is None])
        rig.wait(1)
    assert asked == [["v5"], [], ["v5"], []]
