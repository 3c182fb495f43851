"""What the end of an order leaves to be watched, and what it leaves out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, facts, requests
from protocol.dispatch.inputs import Admission, NotWritten
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, IN_PLACE, NOBODYS, ask_for, asked, at_work, open_questions
from ..order_life import (
    WALL,
    Rig,
    acknowledged,
    canceled,
    expired,
    external,
    refused,
    rejected,
    took,
    trade,
    traded,
    view,
)

READS = VenueRules(venue="TEST", reads_history=True, check_unfilled_cancels=True)


# What an end leaves


def ended(rig: Rig) -> None:
    rig.hear(canceled("v1", 1))
    assert rig.status("a1") is OrderStatus.CANCELED


def test_a_cancel_that_rests_is_not_sent_again_for_an_order_that_has_ended() -> None:
    rig = at_work()
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.hear(refused(rig.numbers, Outcome.TOO_EARLY))
    ended(rig)
    assert RequestId(rig.numbers) not in rig.state._context.flights.by_id
    rig.sent()
    rig.wait(5)
    assert asked(rig, requests.CancelOrder) == []


@pytest.mark.parametrize("how", ["answered", "overdue"])
@pytest.mark.parametrize("what", ["cancel", "change"])
def test_nothing_is_awaited_of_a_request_that_only_the_end_could_settle(what: str, how: str) -> None:
    rig = at_work()
    if what == "cancel":
        rig.ask(commands.Cancel(A1), Admission.CANCEL)
    else:
        rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    number = RequestId(rig.numbers)
    if how == "answered":
        rig.hear(took(number))
    else:
        rig.wait(11)
    ended(rig)
    assert number not in rig.state._context.flights.by_id


@pytest.mark.parametrize("what", ["cancel", "change"])
def test_an_answer_that_is_still_to_come_is_awaited_behind_the_end(what: str) -> None:
    """Its number is not free before."""
    rig = at_work()
    if what == "cancel":
        rig.ask(commands.Cancel(A1), Admission.CANCEL)
    else:
        rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0"))
    ended(rig)
    assert RequestId(rig.numbers) in rig.state._context.flights.by_id
    assert rig.hear(took(rig.numbers)) == []
    assert RequestId(rig.numbers) not in rig.state._context.flights.by_id


def test_an_order_that_ended_is_not_asked_for_any_more() -> None:
    rig = at_work(IN_PLACE)
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    (query,) = asked(rig, requests.QueryOrder)
    ended(rig)
    assert rig.hear(refused(query.request_id, Outcome.AMBIGUOUS)) == []
    rig.wait(30)
    assert asked(rig, requests.QueryOrder) == []


def read_all(rig: Rig) -> int:
    """How often history was read within the next half minute, to its end."""
    count = 0
    for _ in range(30):
        for page in asked(rig, requests.ListFills):
            count += 1
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        rig.wait(1)
    return count


@pytest.mark.parametrize(
    ("end", "reads"),
    [
        (canceled("v1", 1), 1),
        (expired("v1", 1), 1),
        (canceled("v1", 1, 4), 0),
        (evolve(expired("v1", 1), order=view("v1", 1, cumulative=Decimal(4), status=OrderStatus.EXPIRED)), 0),
    ],
    ids=["canceled", "expired", "canceled in part", "expired in part"],
)
def test_history_is_read_once_more_for_an_order_that_ended_with_nothing_filled(end: facts.Fact, reads: int) -> None:
    rig = Rig(rules=READS)
    read_all(rig)
    rig.live("a1", "v1")
    if not reads:
        rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.hear(end)
    assert rig.status("a1").is_terminal
    assert read_all(rig) == reads


@pytest.mark.parametrize("reads", [1, 0], ids=["by the feed", "as a request"])
def test_history_is_read_once_more_for_an_order_that_the_feed_rejects(reads: int) -> None:
    rig = Rig(rules=READS)
    read_all(rig)
    rig.place("a1")
    rig.hear(rejected("v1", 1) if reads else refused(1, Outcome.DEFINITE))
    assert rig.status("a1") is OrderStatus.REJECTED
    assert read_all(rig) == reads


@pytest.mark.parametrize("final", [True, False], ids=["by the venue", "by ourselves"])
def test_lists_are_read_on_for_an_order_that_we_concluded_to_be_complete(final: bool) -> None:
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True))
    read_all(rig)
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 10, 10, 1, final=final))
    assert rig.status("a1") is OrderStatus.FILLED
    asked(rig, requests.ListOpenOrders)
    lists = 0
    for _ in range(300):
        rig.wait(1)
        for listing in asked(rig, requests.ListOpenOrders):
            lists += 1
            rig.hear(took(listing.request_id, orders=()))
        for page in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
    assert lists == (0 if final else 3)


ENDS: dict[str, Any] = {
    "canceled": canceled("v1", 1),
    "expired": expired("v1", 1),
    "filled": facts.OrderRemoved(
        time=WALL, order=view("v1", 1, status=None), ending=OrderStatus.FILLED, filled=Decimal(4), reason=""
    ),
}


@pytest.mark.parametrize("how", list(ENDS))
def test_every_end_is_the_end_of_a_cancel_that_was_answered_and_of_every_question(how: str) -> None:
    rig = at_work(IN_PLACE)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    number = RequestId(rig.numbers)
    rig.hear(took(number))
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    rig.hear(ENDS[how])
    assert rig.status("a1").name == how.upper()
    assert number not in rig.state._context.flights.by_id
    assert open_questions(rig) == set()


@pytest.mark.parametrize("how", ["rejected", "not written"])
def test_an_order_that_never_lived_is_no_question_any_more(how: str) -> None:
    rig = Rig()
    rig.place("a1")
    rig.lose_link()
    assert rig.status("a1") is OrderStatus.UNKNOWN
    rig.log_in()
    assert len(open_questions(rig)) == 1
    if how == "rejected":
        assert rig.hear(rejected("v1", 1)) == ["Rejected", "Reconciled"]
    else:
        assert rig.apply(NotWritten([RequestId(1)], "cut")) == ["Denied", "Reconciled"]
    assert open_questions(rig) == set()
    assert RequestId(1) not in rig.state._context.flights.by_id


def test_an_order_that_was_rejected_is_not_denied_as_well() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(rejected("v1", 1))
    assert rig.apply(NotWritten([RequestId(1)], "cut")) == []
    assert rig.status("a1") is OrderStatus.REJECTED


def test_of_an_order_that_has_ended_no_cancel_is_refused_any_more() -> None:
    rig = at_work()
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    ended(rig)
    assert rig.apply(NotWritten([RequestId(rig.numbers)], "cut")) == []


def test_a_refused_change_of_an_order_of_unknown_quantity_completes_nothing() -> None:
    rig = Rig(rules=IN_PLACE)
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=None))
    rig.ask(commands.Replace(client_order_id=ClientOrderId("x7"), instrument="GOLD.TEST", price="99.0"))
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE)) == ["ReplaceRejected"]


def test_where_a_cancel_needs_no_look_at_the_fills_history_is_not_read_for_it() -> None:
    rig = Rig(rules=evolve(READS, check_unfilled_cancels=False))
    read_all(rig)
    rig.live("a1", "v1")
    ended(rig)
    assert read_all(rig) == 0


def test_an_order_that_is_shown_when_asked_for_is_complete_by_arithmetic_later() -> None:
    """The answer has shown it in this login."""
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    query = ask_for(rig, requests.QueryOrder)
    rig.hear(took(query.request_id, order=view("v1", 1)))
    rig.records.clear()
    assert rig.hear(traded("v1", "t1", 10, 10, 1)) == ["Filled"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_an_old_fill_that_tells_of_an_order_does_not_show_it() -> None:
    rig = Rig(rules=READS)
    rig.place("a1")
    rig.hear(took(1, "v1"))
    old = facts.FillsListed(request_id=NOBODYS, trades=(evolve(trade("v1", "t1", 4), time=rig.wall + rig.time),))
    assert rig.hear(old) == ["Accepted", "Filled"]
    fill = traded("v1", "t2", 6, 10, 1)
    rig.hear(evolve(fill, order=evolve(fill.order, status=None)))
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize("how", ["refused", "not written"])
def test_an_accepted_order_that_the_venue_knows_no_more_was_neither_rejected_nor_never_sent(how: str) -> None:
    """The answer to its placement is late, and contradicts what was heard of it."""
    rig = Rig(rules=IN_PLACE)
    rig.place("a1")
    rig.hear(acknowledged("v1", 1))
    rig.time += SECOND
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None)))
    while rig.status("a1") is not OrderStatus.UNKNOWN:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    assert RequestId(1) in rig.state._context.flights.by_id
    if how == "refused":
        assert rig.hear(refused(1, Outcome.DEFINITE)) == []
    else:
        assert rig.apply(NotWritten([RequestId(1)], "cut")) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN
