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

from ..order_life import WALL, Rig, canceled, refused, view

READS = VenueRules(venue="TEST", reads_history=True, query_delays=(SECOND,))


class Watched(Rig):
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
    rig = Watched(rules=rules)
    for number in range(1, count + 1):
        rig.live(f"a{number}", f"v{number}")
    return rig


def reconciled(rig: Rig, **changes: Any) -> events.Reconciled:
    known: dict[str, Any] = {
        "venue": "TEST",
        "account": AccountId("A"),
        "connection": rig.connection,
        "local_time": rig.wall + rig.time,
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
    rig = with_live(4)
    rig.lose_link()
    rig.log_in(view("v1", 1, price=Decimal("99.0")), view("v2", 2))
    lives, ended = rig.asked(requests.QueryOrder)
    rig.hear(shown(lives))
    rig.records.clear()
    assert rig.hear(shown(ended, status=OrderStatus.CANCELED)) == ["Canceled", "Reconciled"]
    assert rig.events()[1] == reconciled(rig, open_orders=2, settled=2)


def test_an_order_that_was_never_answered_is_awaited_though_its_turn_comes_long_after_the_login() -> None:
    rig = Watched()
    for number in range(1, 18):
        rig.place(f"a{number}")
    rig.lose_link()
    rig.sent()
    rig.log_in()
    first = rig.asked(requests.QueryOrder)
    assert [query.wire_id for query in first] == list(range(1, 17))
    rig.wait(1)
    rig.records.clear()
    rig.hear(*(shown(query) for query in first))
    assert rig.told(events.Reconciled) == []
    (last,) = rig.asked(requests.QueryOrder)
    rig.records.clear()
    assert rig.hear(shown(last)) == ["Accepted", "Reconciled"]
    assert rig.events()[1] == reconciled(rig, settled=17)


def test_an_order_whose_placement_was_refused_unclearly_while_it_stood_in_line_is_awaited() -> None:
    """What was asked since the login is not the login's, until the turn comes that the login gave it."""
    rig = with_live(16, VenueRules(venue="TEST", http_requests=frozenset({requests.PlaceOrder})))
    rig.place("a17")
    number = rig.numbers
    rig.lose_link()
    rig.sent()
    rig.log_in()
    first = rig.asked(requests.QueryOrder)
    rig.wait(0.1)
    rig.hear(refused(number, Outcome.AMBIGUOUS))
    rig.records.clear()
    rig.hear(*(shown(query) for query in first))
    assert rig.told(events.Reconciled) == []
    (last,) = rig.asked(requests.QueryOrder)
    assert last.wire_id == 17
    assert rig.hear(shown(last)) == ["Accepted", "Reconciled"]


def test_an_order_that_stands_in_line_is_awaited_though_no_other_is() -> None:
    """The questions about orders that were denied long ago have all the places; no login waits for those."""
    rules = VenueRules(venue="TEST", absence_proves_after=SECOND)
    rig = with_live(1, rules)
    for number in range(2, 18):
        rig.place(f"a{number}")
        rig.hear(refused(rig.numbers, Outcome.AMBIGUOUS))
    rig.sent()
    rig.wait(1)
    for query in rig.asked(requests.QueryOrder):
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert {rig.status(f"a{number}") for number in range(2, 18)} == {OrderStatus.DENIED}
    rig.wait(60)
    looks = rig.asked(requests.QueryOrder)
    assert [query.wire_id for query in looks] == list(range(2, 18))
    again = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert rig.hear(again) == []
    assert (rig.progress.is_complete, rig.progress.open_questions) == (False, 1)
    rig.hear(refused(looks[0].request_id, Outcome.NOT_FOUND))
    (query,) = rig.asked(requests.QueryOrder)
    assert query.venue_order_id == "v1"
    assert rig.hear(shown(query)) == ["Reconciled"]


# How far it is


def test_how_far_a_login_is_is_told_from_its_list_until_its_end() -> None:
    rig = with_live(1)
    rig.lose_link()
    assert rig.progress == Reconciliation()
    rig.log_in()
    assert rig.progress == Reconciliation(connection=2, open_questions=1)
    (query,) = rig.asked(requests.QueryOrder)
    rig.hear(shown(query))
    assert rig.progress == Reconciliation(connection=2, is_complete=True)


def test_how_far_a_login_is_is_told_again_only_when_that_has_changed() -> None:
    rig = with_live(1)
    rig.hear(unclear(1))
    assert rig.last.progress == Reconciliation(connection=1, is_complete=True, open_questions=2)
    rig.hear(facts.Notice(text="Maintenance at noon."))
    assert rig.last.progress is None


def test_a_question_that_was_told_is_no_news_when_it_stays_open() -> None:
    rig = Watched()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    seen = []
    for _ in range(3):
        rig.wait(5)
        query = rig.asked(requests.QueryOrder)[-1]
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
        seen.append(rig.last.progress is not None)
    assert seen == [True, False, False], "it is told once that nobody knows the order"


# Patience


def logged_in_again(*listed: facts.OrderView) -> Watched:
    """A login of which history is still to be read, behind a live order."""
    rig = with_live(1, READS)
    rig.wait(30)
    rig.lose_link()
    rig.sent()
    rig.log_in(*listed)
    rig.records.clear()
    return rig


def read_until(rig: Watched, time: int, *, busy: bool) -> None:
    """History is read page by page without an end; busy: the venue gives no page at all."""
    while rig.time < time:
        for page in rig.asked(requests.ListFills):
            if busy:
                rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
            else:
                rig.hear(facts.FillsListed(request_id=page.request_id, trades=(), cursor=f"{rig.time}"))
        rig.wait(0.5)


def failed(rig: Watched, since: int) -> list[Any]:
    """What is told when a login has waited in vain for history."""
    now = rig.wall + rig.time
    gap = events.MissingFills(
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
    return [gap, reconciled(rig, open_orders=1, fills_complete_until=since, history_failed=True)]


def test_a_login_waits_five_minutes_to_the_moment_for_history_that_cannot_be_read() -> None:
    since = WALL + 100 * SECOND
    rig = logged_in_again(view("v1", 1))
    began = rig.time
    read_until(rig, began + 298 * SECOND, busy=True)
    assert rig.events() == []
    rig.wait((began + 300 * SECOND - rig.time) / SECOND)
    assert rig.events() == failed(rig, since)


def test_a_login_that_reads_a_long_history_waits_on_and_looks_again_after_five_minutes() -> None:
    since = WALL + 100 * SECOND
    rig = logged_in_again(view("v1", 1))
    began = rig.time
    read_until(rig, began + 301 * SECOND, busy=False)
    assert rig.events() == []
    read_until(rig, began + 598 * SECOND, busy=True)
    assert rig.events() == []
    rig.wait((began + 600 * SECOND - rig.time) / SECOND)
    assert rig.events() == failed(rig, since)


def test_the_fills_of_an_order_that_is_remembered_no_more_are_told_as_missing_and_hold_no_login_up() -> None:
    rig = Watched(rules=evolve(READS, fills_lag=SECOND), finished_window=1)
    for number in (1, 2):
        rig.live(f"a{number}", f"v{number}")
    rig.hear(canceled("v1", 1))
    rig.lose_link()
    rig.sent()
    ended = view("v1", 1, status=OrderStatus.CANCELED, cumulative=Decimal(4))
    rig.log_in(ended, view("v2", 2))
    began = rig.time
    rig.hear(canceled("v2", 2))
    assert rig.state.orders.by_client_order_id(ClientOrderId("a1")) is None
    read_until(rig, began + 301 * SECOND, busy=True)
    (unread,) = [gap for gap in rig.told(events.MissingFills) if gap.identity is None]
    (missing,) = [gap for gap in rig.told(events.MissingFills) if gap.identity is not None]
    assert unread.venue_order_id is None
    assert (missing.venue_order_id, missing.known, missing.reported) == ("v1", 0, 4)
    (end,) = rig.told(events.Reconciled)
    assert (end.gaps, end.history_failed) == (1, True)


def test_a_later_reading_that_fails_is_not_the_logins() -> None:
    """Its own is over; what it waits for is where one order stands."""
    rig = logged_in_again()
    began = rig.time
    first = True
    while rig.time < began + 400 * SECOND:
        for request in rig.sent():
            if isinstance(request, requests.ListFills) and first:
                first = False
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListFills | requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.AMBIGUOUS, "busy"))
        rig.wait(0.5)
    assert rig.progress.failing == "busy"
    assert rig.events() == []


def test_questions_that_are_open_after_all_are_counted_with_the_fills_that_are_missing() -> None:
    rig = with_live(2)
    rig.lose_link()
    rig.records.clear()
    rig.log_in(view("v1", 1, cumulative=Decimal(4)), view("v2", 2))
    gap, end = rig.events()[-2:]
    assert isinstance(gap, events.MissingFills)
    assert (gap.venue_order_id, gap.known, gap.reported) == ("v1", Decimal(0), Decimal(4))
    assert end == reconciled(rig, open_orders=2, gaps=1, open_questions=1)
