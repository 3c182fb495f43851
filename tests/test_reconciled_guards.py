"""What a login has to settle before `Reconciled`, and how far that is told to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve

from protocol import events, facts, requests
from protocol.facts import Outcome
from protocol.reconciliation import Reconciliation
from protocol.values import AccountId, ClientOrderId, OrderStatus
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Desk, canceled, refused, view

READS = VenueRules(venue="TEST", reads_history=True, query_delays=(SECOND,))


class Watched(Desk):
    """Remembers how far the login was told to be last."""

    progress = Reconciliation()

    def apply(self, *inputs: Any) -> list[str]:
        told = super().apply(*inputs)
        self.progress = self.last.progress or self.progress
        return told

    def asked(self, kind: type) -> list[Any]:
        """Requests of this kind since the last look; the others are forgotten."""
        return [request for request in self.sent() if isinstance(request, kind)]

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.events() if isinstance(event, kind)]


def shown(query: Any, **terms: Any) -> facts.RequestAnswered:
    number = int(str(query.venue_order_id)[1:]) if query.wire_id is None else query.wire_id
    return facts.RequestAnswered(request_id=query.request_id, order=view(f"v{number}", number, **terms))


def unclear(number: int) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view(f"v{number}", number, status=None))


def with_live(count: int, rules: VenueRules | None = None) -> Watched:
    desk = Watched(rules=rules)
    for number in range(1, count + 1):
        desk.live(f"a{number}", f"v{number}")
    return desk


def reconciled(desk: Desk, **changes: Any) -> events.Reconciled:
    known: dict[str, Any] = {
        "venue": "TEST",
        "account": AccountId("A"),
        "connection": desk.connection,
        "local_time": desk.wall + desk.time,
        "open_orders": 0,
        "settled": 0,
        "gaps": 0,
        "open_questions": 0,
        "fills_complete_until": None,
        "history_failed": False,
    }
    return events.Reconciled(**(known | changes))


# What is awaited


def test_a_login_counts_the_orders_that_it_or_what_it_asked_for_has_changed() -> None:
    """Of four, it shows one with another price and one as it was; of those that it leaves out, one lives as before."""
    desk = with_live(4)
    desk.lose_link()
    desk.log_in(view("v1", 1, price=Decimal("99.0")), view("v2", 2))
    lives, ended = desk.asked(requests.QueryOrder)
    desk.hear(shown(lives))
    desk.records.clear()
    assert desk.hear(shown(ended, status=OrderStatus.CANCELED)) == ["Canceled", "Reconciled"]
    assert desk.events()[1] == reconciled(desk, open_orders=2, settled=2)


def test_an_order_that_was_never_answered_is_awaited_though_its_turn_comes_long_after_the_login() -> None:
    desk = Watched()
    for number in range(1, 18):
        desk.place(f"a{number}")
    desk.lose_link()
    desk.sent()
    desk.log_in()
    first = desk.asked(requests.QueryOrder)
    assert [query.wire_id for query in first] == list(range(1, 17))
    desk.wait(1)
    desk.records.clear()
    desk.hear(*(shown(query) for query in first))
    assert desk.told(events.Reconciled) == []
    (last,) = desk.asked(requests.QueryOrder)
    desk.records.clear()
    assert desk.hear(shown(last)) == ["Accepted", "Reconciled"]
    assert desk.events()[1] == reconciled(desk, settled=17)


def test_an_order_whose_placement_was_refused_unclearly_while_it_stood_in_line_is_awaited() -> None:
    """What was asked since the login is not the login's, until the turn comes that the login gave it."""
    desk = with_live(16, VenueRules(venue="TEST", http_requests=frozenset({requests.PlaceOrder})))
    desk.place("a17")
    number = desk.numbers
    desk.lose_link()
    desk.sent()
    desk.log_in()
    first = desk.asked(requests.QueryOrder)
    desk.wait(0.1)
    desk.hear(refused(number, Outcome.AMBIGUOUS))
    desk.records.clear()
    desk.hear(*(shown(query) for query in first))
    assert desk.told(events.Reconciled) == []
    (last,) = desk.asked(requests.QueryOrder)
    assert last.wire_id == 17
    assert desk.hear(shown(last)) == ["Accepted", "Reconciled"]


def test_an_order_that_stands_in_line_is_awaited_though_no_other_is() -> None:
    """The questions about orders that were denied long ago have all the places; no login waits for those."""
    rules = VenueRules(venue="TEST", absence_proves_after=SECOND)
    desk = with_live(1, rules)
    for number in range(2, 18):
        desk.place(f"a{number}")
        desk.hear(refused(desk.numbers, Outcome.AMBIGUOUS))
    desk.sent()
    desk.wait(1)
    for query in desk.asked(requests.QueryOrder):
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert {desk.status(f"a{number}") for number in range(2, 18)} == {OrderStatus.DENIED}
    desk.wait(60)
    looks = desk.asked(requests.QueryOrder)
    assert [query.wire_id for query in looks] == list(range(2, 18))
    again = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert desk.hear(again) == []
    assert (desk.progress.is_complete, desk.progress.open_questions) == (False, 1)
    desk.hear(refused(looks[0].request_id, Outcome.NOT_FOUND))
    (query,) = desk.asked(requests.QueryOrder)
    assert query.venue_order_id == "v1"
    assert desk.hear(shown(query)) == ["Reconciled"]


# How far it is


def test_how_far_a_login_is_is_told_from_its_list_until_its_end() -> None:
    desk = with_live(1)
    desk.lose_link()
    assert desk.progress == Reconciliation()
    desk.log_in()
    assert desk.progress == Reconciliation(connection=2, open_questions=1)
    (query,) = desk.asked(requests.QueryOrder)
    desk.hear(shown(query))
    assert desk.progress == Reconciliation(connection=2, is_complete=True)


def test_how_far_a_login_is_is_told_again_only_when_that_has_changed() -> None:
    desk = with_live(1)
    desk.hear(unclear(1))
    assert desk.last.progress == Reconciliation(connection=1, is_complete=True, open_questions=2)
    desk.hear(facts.Notice(text="Maintenance at noon."))
    assert desk.last.progress is None


def test_a_question_that_was_told_is_no_news_when_it_stays_open() -> None:
    desk = Watched()
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    seen = []
    for _ in range(3):
        desk.wait(5)
        query = desk.asked(requests.QueryOrder)[-1]
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))
        seen.append(desk.last.progress is not None)
    assert seen == [True, False, False], "it is told once that nobody knows the order"


# Patience


def logged_in_again(*listed: facts.OrderView) -> Watched:
    """A login of which history is still to be read, behind a live order."""
    desk = with_live(1, READS)
    desk.wait(30)
    desk.lose_link()
    desk.sent()
    desk.log_in(*listed)
    desk.records.clear()
    return desk


def read_until(desk: Watched, time: int, *, busy: bool) -> None:
    """History is read page by page without an end; busy: the venue gives no page at all."""
    while desk.time < time:
        for page in desk.asked(requests.ListFills):
            if busy:
                desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
            else:
                desk.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=f"{desk.time}"))
        desk.wait(0.5)


def failed(desk: Watched, since: int) -> list[Any]:
    """What is told when a login has waited in vain for history."""
    now = desk.wall + desk.time
    gap = events.Gap(
        venue="TEST",
        account=AccountId("A"),
        connection=2,
        local_time=now,
        identity=None,
        venue_order_id=None,
        known=Decimal(0),
        reported=Decimal(0),
        since=since,
        until=now,
    )
    return [gap, reconciled(desk, open_orders=1, fills_complete_until=since, history_failed=True)]


def test_a_login_waits_five_minutes_to_the_moment_for_history_that_cannot_be_read() -> None:
    since = WALL + 100 * SECOND
    desk = logged_in_again(view("v1", 1))
    began = desk.time
    read_until(desk, began + 298 * SECOND, busy=True)
    assert desk.events() == []
    desk.wait((began + 300 * SECOND - desk.time) / SECOND)
    assert desk.events() == failed(desk, since)


def test_a_login_that_reads_a_long_history_waits_on_and_looks_again_after_five_minutes() -> None:
    since = WALL + 100 * SECOND
    desk = logged_in_again(view("v1", 1))
    began = desk.time
    read_until(desk, began + 301 * SECOND, busy=False)
    assert desk.events() == []
    read_until(desk, began + 598 * SECOND, busy=True)
    assert desk.events() == []
    desk.wait((began + 600 * SECOND - desk.time) / SECOND)
    assert desk.events() == failed(desk, since)


def test_the_fills_of_an_order_that_is_remembered_no_more_are_told_as_missing_and_hold_no_login_up() -> None:
    desk = Watched(rules=evolve(READS, fills_lag=SECOND), finished_window=1)
    for number in (1, 2):
        desk.live(f"a{number}", f"v{number}")
    desk.hear(canceled("v1", 1))
    desk.lose_link()
    desk.sent()
    ended = view("v1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    desk.log_in(ended, view("v2", 2))
    began = desk.time
    desk.hear(canceled("v2", 2))
    assert desk.state.orders.by_client_order_id(ClientOrderId("a1")) is None
    read_until(desk, began + 301 * SECOND, busy=True)
    (unread,) = [gap for gap in desk.told(events.Gap) if gap.identity is None]
    (missing,) = [gap for gap in desk.told(events.Gap) if gap.identity is not None]
    assert unread.venue_order_id is None
    assert (missing.venue_order_id, missing.known, missing.reported) == ("v1", 0, 4)
    (end,) = desk.told(events.Reconciled)
    assert (end.gaps, end.history_failed) == (1, True)


def test_a_later_reading_that_fails_is_not_the_logins() -> None:
    """Its own is over; what it waits for is where one order stands."""
    desk = logged_in_again()
    began = desk.time
    first = True
    while desk.time < began + 400 * SECOND:
        for request in desk.sent():
            if isinstance(request, requests.ListFills) and first:
                first = False
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListFills | requests.QueryOrder):
                desk.hear(refused(request.request_id, Outcome.AMBIGUOUS, "busy"))
        desk.wait(0.5)
    assert desk.progress.failing == "busy"
    assert desk.events() == []


def test_questions_that_are_open_after_all_are_counted_with_the_fills_that_are_missing() -> None:
    desk = with_live(2)
    desk.lose_link()
    desk.records.clear()
    desk.log_in(view("v1", 1, cumulative=Decimal(4)), view("v2", 2))
    gap, end = desk.events()[-2:]
    assert isinstance(gap, events.Gap)
    assert (gap.venue_order_id, gap.known, gap.reported) == ("v1", 0, 4)
    assert end == reconciled(desk, open_orders=2, gaps=1, open_questions=1)
