"""When history is read and from where to where, which pages are asked for, and what a reading leaves behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Asked, Heard, LinkUp
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import AccountId, ClientOrderId, OrderStatus, RequestId, VenueOrderId
from protocol.venue import SECOND, VenueRules

from ..guarding import A1
from ..history_pages import asked, at, give, next_page
from ..order_life import GOLD, WALL, Rig, acknowledged, canceled, refused, trade, traded, view
from .test_order_deadlines import measured

NEVER = 10**6 * SECOND
READS = VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND)
CHAINS = evolve(READS, chain_history=True)


def give_all(rig: Rig, **rows: tuple[Any, ...]) -> list[str]:
    """Answers whatever is asked of one reading until it is over; gives the events. rows: `fills`, `orders`."""
    names: list[str] = []
    while pages := asked(rig):
        kind = "fills" if isinstance(pages[0], requests.ListFills) else "orders"
        names += give(rig, pages[0], *rows.get(kind, ()))
    return names


# From where to where


def fills_read(rig: Rig) -> tuple[int, int | None]:
    """How many the present reading has brought, and until when all are told: seconds."""
    progress = rig.last.progress
    assert progress is not None
    until = progress.fills_complete_until
    return progress.fills_read, None if until is None else (until - WALL) // SECOND


def test_a_reading_covers_orders_and_then_fills_in_spans_that_the_venue_takes() -> None:
    """It reaches back a minute behind what is complete, and a minute beyond the present: clocks differ."""
    rig = Rig(rules=evolve(CHAINS, history_span=70 * SECOND))
    rig.live("a1", "v1")
    first = next_page(rig)
    assert rig.time == 160 * SECOND
    orders = requests.ListOrderHistory(request_id=first.request_id, start=at(40), end=at(110))
    assert first == orders
    give(rig, first, view("v1", 1), cursor="two")
    (second,) = asked(rig)
    assert second == evolve(orders, cursor="two")
    give(rig, second)
    (third,) = asked(rig)
    assert third == evolve(orders, start=at(110), end=at(180))
    give(rig, third)
    (fourth,) = asked(rig)
    assert fourth == evolve(orders, start=at(180), end=at(220))
    give(rig, fourth)
    (fills,) = asked(rig)
    wanted = requests.ListFills(request_id=fills.request_id, start=at(40), end=at(110), symbol=None)
    assert fills == wanted
    newest_first = (evolve(trade("v1", tid, 1), time=at(time)) for tid, time in (("t2", 108), ("t1", 106)))
    assert give(rig, fills, *newest_first, cursor="three") == ["Filled", "Filled"]
    assert [event.trade_id for event in rig.events() if isinstance(event, events.Filled)] == ["t1", "t2"]
    assert fills_read(rig) == (2, 100)
    (more,) = asked(rig)
    assert more == evolve(wanted, cursor="three")
    give(rig, more, evolve(trade("v1", "t3", 1), time=at(109)))
    assert fills_read(rig) == (3, 100)
    (middle,) = asked(rig)
    assert middle == evolve(wanted, start=at(110), end=at(180))
    give(rig, middle)
    (last,) = asked(rig)
    assert last == evolve(wanted, start=at(180), end=at(220), latest=True)
    give(rig, last)
    assert fills_read(rig) == (0, 160)
    following = next_page(rig)
    assert rig.time == 220 * SECOND
    assert (following.start, following.end) == (at(100), at(170))


def test_of_a_history_that_lags_only_what_is_older_than_the_lag_is_complete() -> None:
    rig = Rig(rules=evolve(READS, lists_lag=20 * SECOND))
    page = next_page(rig)
    assert rig.time == 160 * SECOND
    assert (page.start, page.end) == (at(40), at(220))
    give(rig, page)
    assert fills_read(rig) == (0, 140)
    assert next_page(rig).start == at(80)


def test_a_lag_that_is_longer_than_the_session_takes_nothing_back_that_was_complete() -> None:
    rig = Rig(rules=evolve(READS, lists_lag=600 * SECOND))
    give(rig, next_page(rig))
    assert fills_read(rig) == (0, 100)


# When


def test_a_login_reads_once_and_where_history_lags_once_more_when_it_can_have_all() -> None:
    for lag, again in ((0, 160), (10, 116)):
        rig = Rig(rules=evolve(READS, lists_lag=lag * SECOND))
        rig.live("a1", "v1")
        rig.wait(5)
        rig.lose_link()
        rig.log_in(view("v1", 1))
        (page,) = asked(rig)
        give(rig, page)
        next_page(rig)
        assert rig.time == again * SECOND, "a second after the lag, or with the period"


def test_a_page_that_was_refused_is_asked_for_again_and_no_reading_follows_it() -> None:
    rig = Rig(rules=READS)
    page = next_page(rig)
    give(rig, page)
    page = next_page(rig)
    assert rig.time == 220 * SECOND
    rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    assert rig.last.warnings == ["The history of TEST could not be read, and is tried again: busy"]
    again = next_page(rig)
    assert rig.time == 221 * SECOND
    assert again == evolve(page, request_id=again.request_id)
    give(rig, again)
    next_page(rig)
    assert rig.time == 280 * SECOND


def test_what_was_wanted_before_the_first_login_is_read_at_it() -> None:
    """An execution came ahead of the login and named no instrument; history names it."""
    rig = Rig(rules=READS, logged_in=False)
    rig.connection = 1
    rig.apply(LinkUp(1, "ws://test"))
    fact = traded("x1", "t1", 3, 3)
    nameless = evolve(fact, order=evolve(fact.order, symbol="", status=None), trade=evolve(fact.trade, symbol=""))
    assert rig.hear(nameless) == []
    assert asked(rig) == []
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    rig.apply(Heard(1, (login,)))
    (page,) = asked(rig)
    assert page == requests.ListFills(request_id=page.request_id, start=at(40), end=at(160), symbol=None, latest=True)


def short_of_fills() -> Rig:
    """The venue counts four of a1 of which no fill was heard; nothing else has history read."""
    rig = Rig(rules=evolve(READS, fills_lag=SECOND, audit_period=NEVER))
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    return rig


def test_fills_that_were_told_as_missing_are_looked_for_slower_and_slower_and_then_no_more() -> None:
    rig = short_of_fills()
    times, told = [], []
    for _ in range(5):
        while not rig.sends:
            rig.time = max(rig.time, rig.state.next_deadline or 0)
            rig.apply()
        (page,) = rig.sent()
        times.append(rig.time // SECOND)
        told.append(give(rig, page))
    assert times == [101, 161, 461, 1361, 2261]
    assert told == [["MissingFills"], [], [], [], []]
    (gap,) = rig.events()
    assert gap == events.MissingFills(
        venue="TEST",
        account=AccountId("A"),
        connection=1,
        local_time=at(101),
        identity=rig.state.orders.live[ClientOrderId("a1")].identity,
        venue_order_id=VenueOrderId("v1"),
        known=Decimal(0),
        reported=Decimal(4),
    )
    page = next_page(rig)
    assert rig.time == 3161 * SECOND
    assert give(rig, page, trade("v1", "t1", 4)) == ["Filled"]
    rig.wait(3600)
    assert asked(rig) == []
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(6), status=OrderStatus.PARTIALLY_FILLED))
    began = rig.time
    give(rig, next_page(rig))
    next_page(rig)
    assert rig.time == began + 61 * SECOND, "the pace begins anew"


def test_however_often_a_link_comes_again_history_is_read_once_a_period() -> None:
    rig = Rig(rules=READS)
    times = []
    for _ in range(3):
        rig.wait(5)
        rig.lose_link()
        rig.log_in()
        give(rig, next_page(rig))
    assert rig.time == 115 * SECOND
    for _ in range(3):
        give(rig, next_page(rig))
        times.append(rig.time // SECOND)
    assert times == [160, 220, 280]


def test_what_waits_for_the_lag_is_read_then_whatever_pages_are_refused_before_and_after() -> None:
    rig = Rig(rules=evolve(READS, lists_lag=10 * SECOND))
    rig.wait(5)
    rig.lose_link()
    rig.log_in()
    times = []
    for refuses in (True, False, False, True, False, False):
        page = next_page(rig)
        times.append(rig.time // SECOND)
        if refuses:
            rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        else:
            give(rig, page)
    assert times == [105, 106, 116, 160, 161, 220]


def test_pages_are_asked_for_again_slower_and_slower() -> None:
    rig = Rig(rules=evolve(READS, audit_period=30 * SECOND, query_delays=(SECOND, 2 * SECOND, 20 * SECOND)))
    times = []
    for _ in range(5):
        page = next_page(rig)
        times.append(rig.time // SECOND)
        rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
        assert rig.last.progress is not None
        assert rig.last.progress.failing == "busy"
    assert times == [130, 131, 133, 153, 173]
    give(rig, next_page(rig), cursor="two")
    assert rig.last.progress is not None
    assert rig.last.progress.failing == ""
    (page,) = asked(rig)
    rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    since = rig.time
    assert next_page(rig).cursor == "two"
    assert rig.time == since + SECOND, "that is the first refusal of this page"


def test_an_earlier_wish_goes_before_a_later_one() -> None:
    """Fills of a1 were told as missing, and are looked for slowly; those of a2 when history can have them."""
    rig = Rig(rules=evolve(READS, fills_lag=SECOND, lists_lag=10 * SECOND, audit_period=NEVER))
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    told = []
    for time in (101, 112):
        page = next_page(rig)
        assert rig.time == time * SECOND
        told.append(give(rig, page))
    rig.wait(8)
    rig.hear(acknowledged("v2", 2, cumulative=Decimal(4)))
    for time in (121, 132):
        page = next_page(rig)
        assert rig.time == time * SECOND
        told.append(give(rig, page))
    assert told == [[], ["MissingFills"], [], ["MissingFills"]]


def test_fills_are_missing_only_when_the_last_span_does_not_have_them_either() -> None:
    rig = Rig(rules=evolve(READS, fills_lag=SECOND, audit_period=NEVER, history_span=70 * SECOND))
    rig.live("a1", "v1")
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4)))
    page = next_page(rig)
    assert (page.start, page.end) == (at(40), at(110))
    assert give(rig, page) == []
    (last,) = asked(rig)
    assert (last.start, last.end) == (at(110), at(161))
    assert give(rig, last, trade("v1", "t1", 4)) == ["Filled"]


def test_without_orders_a_page_of_fills_is_asked_for_again_alone() -> None:
    rig = Rig(rules=CHAINS)
    page = next_page(rig)
    assert isinstance(page, requests.ListFills)
    rig.hear(refused(page.request_id, Outcome.AMBIGUOUS, "busy"))
    again = next_page(rig)
    assert again == evolve(page, request_id=again.request_id)


def test_what_a_reading_tells_again_of_nobodys_order_was_told_before_it_was_complete() -> None:
    """A minute less while the clocks are not compared, and two seconds when they are."""
    for rig, until in ((Rig(rules=READS), 340), (measured(rules=evolve(READS, tells_time=True)), 398)):
        rig.sends.clear()
        while rig.time < 400 * SECOND:
            give(rig, next_page(rig))
        assert fills_read(rig) == (0, 400)
        rig.records.clear()
        page = next_page(rig)
        old, new = (evolve(trade("x1", tid, 1), time=at(time)) for tid, time in (("t1", until - 0.1), ("t2", until)))
        assert give(rig, page, old, new) == ["FillReport"]
        (report,) = (event for event in rig.events() if isinstance(event, events.FillReport))
        assert report.trade_id == "t2"


def test_where_no_history_is_read_nothing_waits_for_it() -> None:
    """An execution that may be of a1 waits, and the venue answers no question for single orders that would tell."""
    rig = Rig(rules=VenueRules(venue="TEST", lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False))
    rig.place("a1")
    early = traded("x1", "t1", 3, 3)
    assert rig.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    rig.wait(60)
    assert asked(rig) == []


# Orders that went on under other ids


def test_a_live_fill_waits_while_its_id_may_be_one_that_an_order_had_in_between() -> None:
    """A login showed a1 first under its second id. Until the history of orders is read late enough to name the first,
    an execution that is nobody's may be its own."""
    rules = evolve(CHAINS, lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False, audit_period=NEVER)
    rig = Rig(rules=rules)
    rig.place("a1")
    rig.sent()
    rig.wait(1)
    rig.lose_link()
    rig.wait(1)
    rig.log_in(view("v2", 1))
    give_all(rig)
    early = traded("v1", "t1", 3, 3)
    assert rig.hear(evolve(early, trade=evolve(early.trade, time=at(101)))) == []
    page = next_page(rig)
    assert rig.time == 103 * SECOND, "what the login itself wants"
    assert [give(rig, page), give_all(rig)] == [[], []]
    page = next_page(rig)
    assert rig.time == 113 * SECOND
    first = view("v1", 1, status=None, replaced=True, cumulative=Decimal(3))
    names = give(rig, page, first, view("v2", 1))
    assert "Filled" in names
    names += give_all(rig)
    (fill,) = [event for event in rig.events() if isinstance(event, events.Filled)]
    assert (fill.client_order_id, fill.trade_id, fill.fill_venue_order_id) == ("a1", "t1", "v1")
    assert "FillReport" not in names
    later = traded("x1", "t2", 1, 1)
    later = evolve(later, trade=evolve(later.trade, time=at(112)))
    assert rig.hear(later)[:1] == ["FillReport"], "all ids of a1 are known"


def test_the_ids_of_an_order_are_read_though_it_has_ended_meanwhile() -> None:
    rules = evolve(CHAINS, lists_lag=10 * SECOND, unnamed_events=True, status_shows_terms=False, audit_period=NEVER)
    rig = Rig(rules=rules)
    rig.place("a1")
    rig.lose_link()
    rig.log_in(view("v2", 1))
    give_all(rig)
    give(rig, next_page(rig))
    give_all(rig)
    rig.hear(canceled("v2", 1))
    assert not rig.state.orders.live
    page = next_page(rig)
    assert rig.time == 111 * SECOND
    assert isinstance(page, requests.ListOrderHistory)


def test_a_reading_of_fills_alone_leaves_open_which_ids_an_order_had_that_went_on_as_it_began() -> None:
    """It began when no order was live. At the same moment one was adopted, and went on under an id that no message had
    told: what executes under another one may still be its own when that reading is over."""
    rig = Rig(rules=evolve(CHAINS, unnamed_events=True, status_shows_terms=False))
    rig.hear(acknowledged("v1", 7))
    (report,) = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    rig.time = 160 * SECOND  # the moment of a reading
    adopt = Asked(
        command=commands.Adopt(report=report, client_order_id=A1),
        request_id=RequestId(1),
        reply_to="me",
        instrument=GOLD,
    )
    rig.apply(adopt, Heard(rig.connection, (evolve(acknowledged("v3", 7), time=at(160)),)))
    (page,) = asked(rig)
    assert isinstance(page, requests.ListFills)
    rig.time += SECOND // 2
    give(rig, page)
    between = traded("v2", "t1", 3, 3)
    between = evolve(between, trade=evolve(between.trade, time=rig.time + WALL))
    assert rig.hear(between) == []
    page = next_page(rig)
    replaced = (view(each, 7, status=None, replaced=True, time=at(160)) for each in ("v1", "v2"))
    assert "Filled" in give(rig, page, *replaced, view("v3", 7, time=at(160)))
    assert not any(isinstance(event, events.FillReport) for event in rig.events())


def test_messages_that_are_lost_as_a_reading_of_fills_alone_begins_have_the_history_of_orders_read() -> None:
    rig = Rig(rules=CHAINS)
    rig.time = 160 * SECOND  # the moment of a reading
    rig.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
    page = next_page(rig)
    assert isinstance(page, requests.ListFills)
    give(rig, page)
    page = next_page(rig)
    assert isinstance(page, requests.ListOrderHistory)
    give(rig, page)
    give_all(rig)
    assert isinstance(next_page(rig), requests.ListFills), "once is enough"


def test_a_page_of_nobodys_reading_changes_nothing_of_the_reading() -> None:
    rig = Rig(rules=READS)
    page = next_page(rig)
    rig.hear(facts.FillsListed(request_id=RequestId(page.request_id + 1), trades=(), cursor="two"))
    rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(), cursor="two"))
    assert asked(rig) == []
    give(rig, page)
    assert fills_read(rig) == (0, 160)
