"""When history is read and from where to where, which pages are asked for, and what a reading leaves behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve

from protocol import events, facts, requests
from protocol.dispatch.inputs import Heard, LinkUp
from protocol.facts import Outcome
from protocol.values import AccountId, ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from .history_pages import asked, at, give, next_page
from .order_life import WALL, Desk, acknowledged, canceled, refused, trade, traded, view
from .test_order_deadlines import measured

NEVER = 10**6 * SECOND
READS = VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND)
CHAINS = evolve(READS, chain_history=True)


def give_all(desk: Desk, **rows: tuple[Any, ...]) -> list[str]:
    """Answers whatever is asked of one reading until it is over; gives the events. rows: `fills`, `orders`."""
    names: list[str] = []
    while pages := asked(desk):
        kind = "fills" if isinstance(pages[0], requests.ListFills) else "orders"
        names += give(desk, pages[0], *rows.get(kind, ()))
    return names


# From where to where


def fills_read(desk: Desk) -> tuple[int, int | None]:
    """How many the present reading has brought, and until when all are told: seconds."""
    progress = desk.last.progress
    assert progress is not None
    until = progress.fills_complete_until
    return progress.fills_read, None if until is None else (until - WALL) // SECOND


def test_a_reading_covers_orders_and_then_fills_in_spans_that_the_venue_takes() -> None:
    """It reaches back a minute behind what is complete, and a minute beyond the present: clocks differ."""
    desk = Desk(rules=evolve(CHAINS, history_span=70 * SECOND))
    desk.live("a1", "v1")
    first = next_page(desk)
    assert desk.time == 160 * SECOND
    orders = requests.ListOrderHistory(request_id=first.request_id, start=at(40), end=at(110))
    assert first == orders
    give(desk, first, view("v1", 1), cursor="two")
    (second,) = asked(desk)
    assert second == evolve(orders, cursor="two")
    give(desk, second)
    (third,) = asked(desk)
    assert third == evolve(orders, start=at(110), end=at(180))
    give(desk, third)
    (fourth,) = asked(desk)
    assert fourth == evolve(orders, start=at(180), end=at(220))
    give(desk, fourth)
    (fills,) = asked(desk)
    wanted = requests.ListFills(request_id=fills.request_id, start=at(40), end=at(110), symbol=None)
    assert fills == wanted
    newest_first = (evolve(trade("v1", tid, 1), time=at(time)) for tid, time in (("t2", 108), ("t1", 106)))
    assert give(desk, fills, *newest_first, cursor="three") == ["Filled", "Filled"]
    assert [event.trade_id for event in desk.events() if isinstance(event, events.Filled)] == ["t1", "t2"]
    assert fills_read(desk) == (2, 100)
    (more,) = asked(desk)
    assert more == evolve(wanted, cursor="three")
    give(desk, more, evolve(trade("v1", "t3", 1), time=at(109)))
    assert fills_read(desk) == (3, 100)
    (middle,) = asked(desk)
    assert middle == evolve(wanted, start=at(110), end=at(180))
    give(desk, middle)
    (last,) = asked(desk)
    assert last == evolve(wanted, start=at(180), end=at(220), latest=True)
    give(desk, last)
    assert fills_read(desk) == (0, 160)
    following = next_page(desk)
    assert desk.time == 220 * SECOND
    assert (following.start, following.end) == (at(100), at(170))


def test_of_a_history_that_lags_only_what_is_older_than_the_lag_is_complete() -> None:
    desk = Desk(rules=evolve(READS, lists_lag=20 * SECOND))
    page = next_page(desk)
    assert desk.time == 160 * SECOND
    assert (page.start, page.end) == (at(40), at(220))
    give(desk, page)
    assert fills_read(desk) == (0, 140)
    assert next_page(desk).start == at(80)


def test_a_lag_that_is_longer_than_the_session_takes_nothing_back_that_was_complete() -> None:
    desk = Desk(rules=evolve(READS, lists_lag=600 * SECOND))
    give(desk, next_page(desk))
    assert fills_read(desk) == (0, 100)


# When


def test_a_login_reads_once_and_where_history_lags_once_more_when_it_can_have_all() -> None:
    for lag, again in ((0, 160), (10, 116)):
        desk = Desk(rules=evolve(READS, lists_lag=lag * SECOND))
        desk.live("a1", "v1")
        desk.wait(5)
        desk.lose_link()
        desk.log_in(view("v1", 1))
        (page,) = asked(desk)
        give(desk, page)
        next_page(desk)
        assert desk.time == again * SECOND, "a second after the lag, or with the period"


def test_a_page_that_was_refused_is_asked_for_again_and_no_reading_follows_it() -> None:
    desk = Desk(rules=READS)
    page = next_page(desk)
    give(desk, page)
    page = next_page(desk)
    assert desk.time == 220 * SECOND
    desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    assert desk.last.warnings == ["The history of TEST could not be read, and is tried again: busy"]
    again = next_page(desk)
    assert desk.time == 221 * SECOND
    assert again == evolve(page, request_id=again.request_id)
    give(desk, again)
    next_page(desk)
    assert desk.time == 280 * SECOND


def test_what_was_wanted_before_the_first_login_is_read_at_it() -> None:
    """An execution came ahead of the login and named no instrument; history names it."""
    desk = Desk(rules=READS, logged_in=False)
    desk.connection = 1
    desk.apply(LinkUp(1, "ws://test"))
    fact = traded("x1", "t1", 3, 3)
    nameless = evolve(fact, order=evolve(fact.order, symbol="", status=None), trade=evolve(fact.trade, symbol=""))
    assert desk.hear(nameless) == []
    assert asked(desk) == []
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    desk.apply(Heard(1, (login,)))
    (page,) = asked(desk)
    assert page == requests.ListFills(request_id=page.request_id, start=at(40), end=at(160), symbol=None, latest=True)


def short_of_fills() -> Desk:
    """The venue counts four of a1 of which no fill was heard; nothing else has history read."""
    desk = Desk(rules=evolve(READS, fills_lag=SECOND, audit_period=NEVER))
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    return desk


def test_fills_that_were_told_as_missing_are_looked_for_slower_and_slower_and_then_no_more() -> None:
    desk = short_of_fills()
    times, told = [], []
    for _ in range(5):
        while not desk.sends:
            desk.time = max(desk.time, desk.state.next_deadline or 0)
            desk.apply()
        (page,) = desk.sent()
        times.append(desk.time // SECOND)
        told.append(give(desk, page))
    assert times == [101, 161, 461, 1361, 2261]
    assert told == [["Gap"], [], [], [], []]
    (gap,) = desk.events()
    assert gap == events.Gap(
        venue="TEST",
        account=AccountId("A"),
        connection=1,
        local_time=at(101),
        identity=desk.state.orders.live[ClientOrderId("a1")].identity,
        venue_order_id=VenueOrderId("v1"),
        known=Decimal(0),
        reported=Decimal(4),
    )
    page = next_page(desk)
    assert desk.time == 3161 * SECOND
    assert give(desk, page, trade("v1", "t1", 4)) == ["Filled"]
    desk.wait(3600)
    assert asked(desk) == []
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(6), status=OrderStatus.PARTIALLY_FILLED))
    began = desk.time
    give(desk, next_page(desk))
    next_page(desk)
    assert desk.time == began + 61 * SECOND, "the pace begins anew"


def test_however_often_a_link_comes_again_history_is_read_once_a_period() -> None:
    desk = Desk(rules=READS)
    times = []
    for _ in range(3):
        desk.wait(5)
        desk.lose_link()
        desk.log_in()
        give(desk, next_page(desk))
    assert desk.time == 115 * SECOND
    for _ in range(3):
        give(desk, next_page(desk))
        times.append(desk.time // SECOND)
    assert times == [160, 220, 280]


def test_what_waits_for_the_lag_is_read_then_whatever_pages_are_refused_before_and_after() -> None:
    desk = Desk(rules=evolve(READS, lists_lag=10 * SECOND))
    desk.wait(5)
    desk.lose_link()
    desk.log_in()
    times = []
    for refuses in (True, False, False, True, False, False):
        page = next_page(desk)
        times.append(desk.time // SECOND)
        if refuses:
            desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        else:
            give(desk, page)
    assert times == [105, 106, 116, 160, 161, 220]


def test_pages_are_asked_for_again_slower_and_slower() -> None:
    desk = Desk(rules=evolve(READS, audit_period=30 * SECOND, query_delays=(SECOND, 2 * SECOND, 20 * SECOND)))
    times = []
    for _ in range(5):
        page = next_page(desk)
        times.append(desk.time // SECOND)
        desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        assert desk.last.progress is not None
        assert desk.last.progress.failing == "busy"
    assert times == [130, 131, 133, 153, 173]
    give(desk, next_page(desk), cursor="two")
    assert desk.last.progress is not None
    assert desk.last.progress.failing == ""
    (page,) = asked(desk)
    desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    since = desk.time
    assert next_page(desk).cursor == "two"
    assert desk.time == since + SECOND, "that is the first refusal of this page"


def test_an_earlier_wish_goes_before_a_later_one() -> None:
    """Fills of a1 were told as missing, and are looked for slowly; those of a2 when history can have them."""
    desk = Desk(rules=evolve(READS, fills_lag=SECOND, lists_lag=10 * SECOND, audit_period=NEVER))
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    told = []
    for time in (101, 112):
        page = next_page(desk)
        assert desk.time == time * SECOND
        told.append(give(desk, page))
    desk.wait(8)
    desk.hear(acknowledged("v2", 2, cumulative=Decimal(4)))
    for time in (121, 132):
        page = next_page(desk)
        assert desk.time == time * SECOND
        told.append(give(desk, page))
    assert told == [[], ["Gap"], [], ["Gap"]]


def test_fills_are_missing_only_when_the_last_span_does_not_have_them_either() -> None:
    desk = Desk(rules=evolve(READS, fills_lag=SECOND, audit_period=NEVER, history_span=70 * SECOND))
    desk.live("a1", "v1")
    desk.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    page = next_page(desk)
    assert (page.start, page.end) == (at(40), at(110))
    assert give(desk, page) == []
    (last,) = asked(desk)
    assert (last.start, last.end) == (at(110), at(161))
    assert give(desk, last, trade("v1", "t1", 4)) == ["Filled"]


def test_without_orders_a_page_of_fills_is_asked_for_again_alone() -> None:
    desk = Desk(rules=CHAINS)
    page = next_page(desk)
    assert isinstance(page, requests.ListFills)
    desk.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    again = next_page(desk)
    assert again == evolve(page, request_id=again.request_id)


def test_what_a_reading_tells_again_of_nobodys_order_was_told_before_it_was_complete() -> None:
    """A minute less while the clocks are not compared, and two seconds when they are."""
    for desk, until in ((Desk(rules=READS), 340), (measured(rules=evolve(READS, tells_time=True)), 398)):
        desk.sends.clear()
        while desk.time < 400 * SECOND:
            give(desk, next_page(desk))
        assert fills_read(desk) == (0, 400)
        desk.records.clear()
        page = next_page(desk)
        old, new = (evolve(trade("x1", tid, 1), time=at(time)) for tid, time in (("t1", until - 0.1), ("t2", until)))
        assert give(desk, page, old, new) == ["FillReport"]
        (report,) = (event for event in desk.events() if isinstance(event, events.FillReport))
        assert report.trade_id == "t2"


def test_where_no_history_is_read_nothing_waits_for_it() -> None:
    """An execution that may be of a1 waits, and the venue answers no question for single orders that would tell."""
    desk = Desk(rules=VenueRules(venue="TEST", lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False))
    desk.place("a1")
    early = traded("x1", "t1", 3, 3)
    assert desk.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    desk.wait(60)
    assert asked(desk) == []


# Orders that went on under other ids


def test_a_live_fill_waits_while_its_id_may_be_one_that_an_order_had_in_between() -> None:
    """A login showed a1 first under its second id. Until the history of orders is read late enough to name the first,
    an execution that is nobody's may be its own."""
    rules = evolve(CHAINS, lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False, audit_period=NEVER)
    desk = Desk(rules=rules)
    desk.place("a1")
    desk.sent()
    desk.wait(1)
    desk.lose_link()
    desk.wait(1)
    desk.log_in(view("v2", 1))
    give_all(desk)
    early = traded("v1", "t1", 3, 3)
    assert desk.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    page = next_page(desk)
    assert desk.time == 103 * SECOND, "what the login itself wants"
    assert [give(desk, page), give_all(desk)] == [[], []]
    page = next_page(desk)
    assert desk.time == 113 * SECOND
    first = view("v1", 1, status=None, replaced=True, cumulative=Decimal(3))
    names = give(desk, page, first, view("v2", 1))
    assert "Filled" in names
    names += give_all(desk)
    (fill,) = [event for event in desk.events() if isinstance(event, events.Filled)]
    assert (fill.client_order_id, fill.trade_id, fill.fill_venue_order_id) == ("a1", "t1", "v1")
    assert "FillReport" not in names
    later = traded("x1", "t2", 1, 1)
    later = evolve(later, trade=evolve(later.trade, time=at(112)))
    assert desk.hear(later)[:1] == ["FillReport"], "all ids of a1 are known"


def test_the_ids_of_an_order_are_read_though_it_has_ended_meanwhile() -> None:
    rules = evolve(CHAINS, lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False, audit_period=NEVER)
    desk = Desk(rules=rules)
    desk.place("a1")
    desk.lose_link()
    desk.log_in(view("v2", 1))
    give_all(desk)
    give(desk, next_page(desk))
    give_all(desk)
    desk.hear(canceled("v2", 1))
    assert not desk.state.orders.live
    page = next_page(desk)
    assert desk.time == 111 * SECOND
    assert isinstance(page, requests.ListOrderHistory)


def test_a_page_of_nobodys_reading_changes_nothing_of_the_reading() -> None:
    desk = Desk(rules=READS)
    page = next_page(desk)
    desk.hear(facts.FillsListed(request_id=RequestId(page.request_id + 1), trades=(), cursor="two"))
    desk.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(), cursor="two"))
    assert asked(desk) == []
    give(desk, page)
    assert fills_read(desk) == (0, 160)
