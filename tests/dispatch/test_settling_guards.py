"""What evidence answers, what it leaves open, and what follows from silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.settling import NEVER_ARRIVED, VANISHED
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import NO_TIME, AccountId, ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, BatchRules, VenueRules

from ..guarding import NOBODYS
from ..order_life import WALL, Rig, acknowledged, refused, replaced, took, trade, traded, view

A1 = ClientOrderId("a1")
PLACED = WALL + 100 * SECOND
EVERY_SECOND = VenueRules(venue="TEST", query_delays=(SECOND,))


class Watched(Rig):
    """Remembers how many questions were open when that was told last."""

    open_questions = 0

    def apply(self, *inputs: Any) -> list[str]:
        told = super().apply(*inputs)
        if self.last.progress is not None:
            self.open_questions = self.last.progress.open_questions
        return told

    def asked(self, kind: type) -> list[Any]:
        """Requests of this kind since the last look; the others are forgotten."""
        return [request for request in self.sent() if isinstance(request, kind)]

    def list_open(self, *shown: facts.OrderView) -> list[str]:
        self.ask(commands.OpenOrders())
        return self.hear(facts.RequestAnswered(request_id=RequestId(self.numbers), orders=shown))


def unclear(oid: str = "v1") -> facts.OrderUnclear:
    """News that leave open where the order stands and what its terms are: two questions, so it is asked for."""
    return facts.OrderUnclear(time=WALL, order=view(oid, 1, status=None))


def answer(query: Any, oid: str = "v1", **terms: Any) -> facts.RequestAnswered:
    return facts.RequestAnswered(request_id=query.request_id, order=view(oid, 1, **terms))


def in_question(rules: VenueRules | None = None) -> tuple[Watched, Any]:
    """A live order with two questions open, and its query."""
    rig = Watched(rules=rules)
    rig.live("a1", "v1")
    rig.hear(unclear())
    (query,) = rig.asked(requests.QueryOrder)
    assert rig.open_questions == 2
    return rig, query


# What answers a question


def test_a_message_of_the_stream_answers_both_questions() -> None:
    rig, _ = in_question()
    rig.hear(acknowledged("v1", 1))
    assert rig.open_questions == 0


def test_an_answer_that_shows_an_id_of_before_a_replacement_answers_nothing() -> None:
    rig = Watched(rules=EVERY_SECOND)
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    rig.hear(unclear("v2"))
    (query,) = rig.asked(requests.QueryOrder)
    assert rig.hear(answer(query, "v1")) == []
    assert rig.open_questions == 2
    rig.wait(1)
    (again,) = rig.asked(requests.QueryOrder)
    assert again.venue_order_id == "v2"
    rig.hear(answer(again, "v2"))
    assert rig.open_questions == 0


def test_an_answer_about_an_id_of_before_says_nothing_of_a_cancel_whose_time_is_over() -> None:
    rig = Watched()
    rig.live("a1", "v1")
    rig.hear(replaced("v1", "v2", 1))
    rig.ask(commands.Cancel(A1))
    rig.wait(10)
    (query,) = rig.asked(requests.QueryOrder)
    assert rig.hear(answer(query, "v1")) == []
    rig.wait(1)
    (again,) = rig.asked(requests.QueryOrder)
    assert rig.hear(answer(again, "v2")) == ["CancelRejected"]


@pytest.mark.parametrize(("price", "told", "left"), [("100.0", [], 2), ("98.0", ["Updated"], 1)], ids=["old", "new"])
def test_what_was_asked_for_ahead_of_a_question_answers_it_only_by_terms_that_are_new(
    price: str, told: list[str], left: int
) -> None:
    rig = Watched()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    (users,) = rig.asked(requests.QueryOrder)
    rig.wait(1)
    rig.hear(unclear())
    (ours,) = rig.asked(requests.QueryOrder)
    assert rig.hear(answer(users, price=Decimal(price))) == told
    assert rig.open_questions == left
    rig.hear(answer(ours, price=Decimal(price)))
    assert rig.open_questions == 0


def test_an_order_that_is_shown_as_submitted_may_live_or_not() -> None:
    rig, query = in_question()
    assert rig.hear(answer(query, status=OrderStatus.SUBMITTED)) == []
    assert rig.open_questions == 1, "its terms are told"


def test_an_answer_that_a_younger_list_contradicts_does_not_tell_whether_the_order_lives() -> None:
    rig, query = in_question()
    rig.wait(1)
    assert rig.list_open() == []
    assert rig.hear(answer(query)) == []
    assert rig.open_questions == 1, "its terms are told"


def test_the_terms_of_an_order_for_an_amount_are_told_by_any_view_of_it() -> None:
    """How much that comes to, no view tells."""
    rig = Watched(rules=VenueRules(venue="TEST"))
    rig.place("a1", market=True, quote_quantity=True)
    rig.hear(took(1, "v1"), acknowledged("v1", 1, quantity=None))
    rig.hear(unclear())
    assert rig.open_questions == 2
    (query,) = rig.asked(requests.QueryOrder)
    rig.hear(answer(query, quantity=None))
    assert rig.open_questions == 0


def test_news_of_other_terms_change_nothing_of_an_order_that_has_ended() -> None:
    """A row of history says of it that it was replaced, so what it became is asked for."""
    rig = Watched(rules=VenueRules(venue="TEST", reads_history=True, chain_history=True))
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 10, 10, 1, final=True))
    row = view("v1", 1, replaced=True, status=OrderStatus.CANCELED, cumulative=Decimal(10))
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(999), orders=(row,)))
    assert rig.open_questions == 1
    (query,) = rig.asked(requests.QueryOrder)
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.wait(120)
    assert rig.asked(requests.QueryOrder) == []
    assert rig.hear(acknowledged("v1", 1, quantity=None, price=Decimal("99.0"))) == []
    assert (rig.status("a1"), rig.open_questions) == (OrderStatus.FILLED, 0)


def test_an_execution_that_calls_its_order_canceled_does_not_prove_that_it_lives() -> None:
    rig, _ = in_question()
    assert rig.hear(traded("v1", "t1", 4, 4, 1, status=OrderStatus.CANCELED)) == ["Filled"]
    assert rig.open_questions == 1, "its terms are told"


def test_an_order_that_left_the_book_ahead_of_its_fills_is_not_in_question_any_more() -> None:
    """Its fills are."""
    rig, _ = in_question(VenueRules(venue="TEST", fills_lag=SECOND))
    gone = facts.OrderRemoved(
        time=WALL,
        order=view("v1", 1, status=None, cumulative=None),
        ending=OrderStatus.CANCELED,
        reason="asked for",
        filled=Decimal(4),
    )
    assert rig.hear(gone) == []
    assert rig.open_questions == 1
    assert rig.hear(traded("v1", "t1", 4, 4, 1, status=None)) == ["Filled", "Canceled"]


def test_an_order_that_waits_for_its_price_is_not_denied_because_the_venue_does_not_know_it() -> None:
    """It was not sent yet; a cancel of it in a batch was."""
    rules = VenueRules(
        venue="TEST",
        http_requests=frozenset({requests.PreviewPrice}),
        market_needs_price=True,
        batch=BatchRules(most=10, most_orders=10),
    )
    rig = Watched(rules=rules)
    rig.place("a1", market=True)
    rig.batch(commands.Cancel(A1))
    rig.hear(refused(rig.numbers - 1, Outcome.NOT_FOUND))
    (query,) = rig.asked(requests.QueryOrder)
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == []
    assert rig.status("a1") is OrderStatus.SUBMITTED


# What a source leaves out


@pytest.mark.parametrize(("by_list", "left"), [(True, 1), (False, 0)], ids=["list", "status"])
def test_an_order_that_a_list_has_left_out_is_not_proven_live_by_a_fill_of_its_past(by_list: bool, left: int) -> None:
    """A list of open orders may have left it out because it had ended; a status answer only came too early."""
    rig = Watched(rules=VenueRules(venue="TEST", query_delays=(SECOND, 60 * SECOND)))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (query,) = rig.asked(requests.QueryOrder)
    if by_list:
        rig.list_open()
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    fill = evolve(trade("v1", "t1", 4), wire_id=1, time=rig.wall + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(fill,))) == ["Accepted", "Filled"]
    assert rig.open_questions == left


def test_an_order_that_a_login_has_left_out_is_not_proven_live_by_a_fill_of_its_past() -> None:
    rig = Watched()
    rig.place("a1")
    rig.lose_link()
    rig.log_in()
    assert rig.open_questions == 1
    fill = evolve(trade("v1", "t1", 4), wire_id=1, time=rig.wall + rig.time)
    assert "Filled" in rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(fill,)))
    assert rig.open_questions == 1, "whether it lives"


def test_silence_proves_nothing_before_what_the_venue_did_in_time_must_show_in_its_lists() -> None:
    """3 s after it was sent the venue takes it no more, and 5 s later its lists would show it."""
    rules = VenueRules(venue="TEST", query_delays=(SECOND,) * 8, absence_proves_after=3 * SECOND, lists_lag=5 * SECOND)
    rig = Watched(rules=rules)
    rig.place("a1")
    sent_at = rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    for second in range(1, 8):
        rig.wait(1)
        (query,) = rig.asked(requests.QueryOrder)
        assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == [], second
    rig.wait(1)
    (query,) = rig.asked(requests.QueryOrder)
    rig.records.clear()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == ["Denied"]
    assert rig.time == sent_at + 8 * SECOND
    (denied,) = rig.events()
    assert isinstance(denied, events.Denied)
    assert (denied.venue_order_id, denied.venue_time, denied.reason) == (None, NO_TIME, NEVER_ARRIVED)


def not_found_thrice(rig: Watched) -> list[list[str]]:
    """The venue denies three times to know the order that it had accepted. Gives what was told each time."""
    names = []
    for _ in range(3):
        queries = rig.asked(requests.QueryOrder)
        assert [query.venue_order_id for query in queries] == ["v1"]
        names.append(rig.hear(refused(queries[0].request_id, Outcome.NOT_FOUND)))
        if len(names) < 3:
            rig.wait(1)
    return names


def test_an_accepted_order_that_the_venue_denies_three_times_to_know_is_unknown_and_no_login_waits_for_it() -> None:
    rig = Watched(rules=EVERY_SECOND)
    rig.live("a1", "v1")
    rig.lose_link()
    rig.log_in()
    rig.records.clear()
    assert not_found_thrice(rig) == [[], [], ["StatusUnknown", "Reconciled"]]
    assert rig.last.warnings == [f"Order a1: {VANISHED}"]
    lost, reconciled = rig.events()
    now = rig.wall + rig.time
    assert isinstance(lost, events.StatusUnknown)
    assert (lost.venue_order_id, lost.venue_time, lost.reason, lost.since) == ("v1", NO_TIME, VANISHED, now)
    assert reconciled == events.Reconciled(
        venue="TEST",
        account=AccountId("A"),
        connection=2,
        local_time=now,
        open_orders=0,
        settled=1,
        gaps=0,
        open_questions=1,
        fills_complete_until=None,
        history_failed=False,
    )
    rig.wait(1)
    (query,) = rig.asked(requests.QueryOrder)
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == []
    assert rig.last.warnings == [], "that was said"


def test_where_silence_needs_no_history_none_of_the_order_is_read() -> None:
    rig = Watched(rules=evolve(EVERY_SECOND, reads_history=True))
    rig.live("a1", "v1")
    rig.hear(unclear())
    assert not_found_thrice(rig) == [[], [], ["StatusUnknown"]]
    assert rig.asked(requests.ListOrderHistory) == []


@pytest.mark.parametrize(
    ("are_terms_open", "told"), [(False, ["Completed"]), (True, [])], ids=["terms known", "terms in question"]
)
def test_an_order_that_is_executed_whole_and_nowhere_any_more_is_complete(
    are_terms_open: bool, told: list[str]
) -> None:
    """Asked for in the moment in which that became a question. Its quantity must not be in question itself."""
    rig = Watched(rules=EVERY_SECOND)
    rig.live("a1", "v1")
    listed = evolve(trade("v1", "t1", 10), time=rig.wall + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(listed,))) == ["Filled"]
    (query,) = rig.asked(requests.QueryOrder)
    if are_terms_open:
        rig.hear(unclear())
    rig.records.clear()
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == told
    for completed in rig.events():
        assert isinstance(completed, events.Completed)
        assert (completed.venue_order_id, completed.venue_time) == (VenueOrderId("v1"), NO_TIME)
        assert (completed.cumulative, completed.concluded) == (Decimal(10), True)


# What history is read for


def pages_of_orders(rig: Watched, seconds: int) -> list[requests.ListOrderHistory]:
    """What is asked of what became of orders, while the venue has no fills, and knows no order that is asked for."""
    pages: list[requests.ListOrderHistory] = []
    for _ in range(seconds):
        for request in rig.sent():
            if isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListOrderHistory):
                pages.append(request)
        rig.wait(1)
    return pages


def test_what_became_of_a_placement_in_doubt_is_read_from_a_minute_before_it_on() -> None:
    rules = evolve(EVERY_SECOND, reads_history=True, absence_needs_history=True, absence_proves_after=SECOND)
    rig = Watched(rules=rules)
    rig.wait(50)
    rig.place("a1")
    placed = rig.wall + rig.time
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    assert [page.start for page in pages_of_orders(rig, 5)] == [placed - 60 * SECOND]


def test_a_proposal_for_an_order_of_which_nothing_was_open_is_looked_for_from_the_placement_on() -> None:
    """The user asks where an order stands that the venue has not answered yet: what has its name may be an older one,
    and the history of the last seconds tells; not that of all the years before."""
    week = 7 * 24 * 3600 * SECOND
    rig = Watched(rules=VenueRules(venue="TEST", reads_history=True, status_shows_terms=False, history_span=week))
    rig.place("a1")
    rig.wait(1)
    rig.ask(commands.Status(A1))
    (query,) = rig.asked(requests.QueryOrder)
    rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 1, side=None, price=None)))
    comparison, fills = rig.sent()
    assert (type(comparison), type(fills)) == (requests.ListOpenOrders, requests.ListFills)
    rig.hear(facts.FillsListed(request_id=fills.request_id, trades=()))
    (page,) = rig.asked(requests.ListOrderHistory)
    assert (page.start, page.end) == (PLACED - 60 * SECOND, rig.wall + rig.time + 60 * SECOND)
