"""The link, line by line: what is told of it, and what a connection that is gone leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, LinkDown, LinkFailed, LinkSilent, LinkUp
from protocol.errors import NotSent, OutcomeUnknown, SessionFailed
from protocol.facts import Outcome
from protocol.values import AccountId, ClientOrderId, OrderStatus, RequestId, SystemMode
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Desk, PlainVenue, refused, replaced, took, trade, traded, view

LOGIN = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)


def told(desk: Desk, kind: type[events.ConnectionEvent], connection: int, **what: Any) -> events.ConnectionEvent:
    """An event of now, as it must be."""
    return kind(venue="TEST", account=AccountId("A"), connection=connection, local_time=desk.wall + desk.time, **what)


def up(desk: Desk) -> None:
    """A connection, without a login."""
    desk.connection += 1
    desk.apply(LinkUp(desk.connection, f"ws://{desk.connection}"))


def asked_for(desk: Desk) -> list[int | None]:
    """The wire ids, or numbers in the venue order ids, by which orders are asked for now."""
    queries = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
    return [int(query.venue_order_id[1:]) if query.venue_order_id else int(query.wire_id or 0) for query in queries]


# What is told


def test_each_connection_tells_of_itself() -> None:
    desk = Desk(logged_in=False)
    up(desk)
    assert desk.events() == [told(desk, events.Connected, 1, url="ws://1")]
    desk.records.clear()
    desk.time += SECOND
    desk.hear(LOGIN)
    done = {"gaps": 0, "open_questions": 0, "fills_complete_until": None, "history_failed": False}
    assert desk.events() == [
        told(desk, events.Authenticated, 1, user="u"),
        told(desk, events.Reconciled, 1, open_orders=0, settled=0, **done),
    ]
    desk.records.clear()
    desk.time += SECOND
    desk.lose_link()
    assert desk.events() == [told(desk, events.Disconnected, 1, reason="cut", will_retry=True)]
    desk.records.clear()
    desk.time += SECOND
    up(desk)
    assert desk.events() == [told(desk, events.Reconnected, 2, url="ws://2")]


def test_a_login_tells_how_many_orders_of_ours_had_changed() -> None:
    """One was unknown, one has another price, and one is as it was; the fourth is of another session."""
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    desk.place("a3")
    desk.lose_link()
    assert desk.status("a3") is OrderStatus.UNKNOWN
    desk.log_in(view("v1", 1), view("v2", 2, price=98), view("v3", 3), view("v4", 4))
    reports = [event for event in desk.events() if isinstance(event, events.OrderStatusReport)]
    assert [report.venue_order_id for report in reports] == ["v4"]
    (event,) = [event for event in desk.events() if isinstance(event, events.Reconciled)]
    assert (event.open_orders, event.settled) == (4, 2)


def test_messages_that_were_lost_are_told_and_leave_every_order_in_doubt() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.live("a2", "v2")
    assert desk.hear(facts.MessagesLost(text="a gap", expected=7, received=9)) == ["MessagesLost"]
    assert desk.events() == [told(desk, events.MessagesLost, 1, expected=7, received=9)]
    assert desk.hear(evolve(LOGIN, orders=(view("v1", 1),))) == []
    assert asked_for(desk) == [2]


def test_the_end_of_a_session_is_told_and_nothing_is_sent_behind_it() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to="opener"))
    assert desk.events() == [told(desk, events.SessionFailed, 1, reason="for good")]
    assert [(reply.reply_to, reply.value) for reply in desk.replies] == [("opener", None)]
    refusal = desk.place("a2")
    assert isinstance(refusal, NotSent)
    assert "the session has ended. for good" in str(refusal)
    assert desk.sent() == []


def test_credentials_that_are_refused_are_told_as_such() -> None:
    desk = Desk()
    desk.apply(LinkFailed(1, "who?", unauthorized=True, reply_to=None))
    assert desk.events() == [told(desk, events.AuthenticationFailed, 1, reason="who?")]


def test_what_is_on_its_way_when_the_session_ends_is_unknown() -> None:
    desk = Desk()
    desk.place("a1")
    names = desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    assert names == ["SessionFailed", "Unknown"]
    event = desk.events()[-1]
    assert event.reason == "The session ended before the venue answered. for good"  # type: ignore[attr-defined]


def watching(desk: Desk, name: str) -> None:
    desk.ask(commands.Watch(ClientOrderId(name), commands.Milestone.DONE), None)


def test_whoever_waits_for_an_order_when_the_client_has_left_is_told_that_nothing_follows() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    watching(desk, "a1")
    waiter = desk.numbers
    desk.ask(commands.Disconnect(grace=SECOND), None)
    desk.apply(LinkDown(1, "closed", False))
    answer = desk.answer_to(waiter)
    assert isinstance(answer, OutcomeUnknown)
    assert str(answer) == (
        "This client closed the connection, so nothing more will be heard of orders that are open. Look at the venue."
    )


@pytest.mark.parametrize(("closes", "retries"), [(True, True), (False, False)])
def test_a_connection_that_ends_otherwise_ends_no_waiting(closes: bool, retries: bool) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    watching(desk, "a1")
    waiter = desk.numbers
    if closes:
        desk.ask(commands.Disconnect(grace=SECOND, cancel_all=True), None)
    desk.apply(LinkDown(1, "closed", retries))
    assert desk.answer_to(waiter) is None


def test_a_session_that_had_failed_stays_failed_for_the_same_reason() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    desk.ask(commands.Disconnect(grace=SECOND), None)
    desk.apply(LinkDown(1, "closed", False))
    watching(desk, "a1")
    answer = desk.answer_to(desk.numbers)
    assert isinstance(answer, SessionFailed)
    assert str(answer) == "for good"


def test_whoever_waits_for_an_order_when_the_session_ends_is_told_why() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    watching(desk, "a1")
    desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    answer = desk.answer_to(desk.numbers)
    assert isinstance(answer, SessionFailed)
    assert str(answer) == "for good"


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_a_connection_that_is_gone_has_reconciled_nothing(how: str) -> None:
    desk = Desk()
    progress = desk.last.progress
    assert progress is not None
    assert (progress.connection, progress.is_complete) == (1, True)
    if how == "lost":
        desk.lose_link()
    else:
        desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    progress = desk.last.progress
    assert progress is not None
    assert (progress.connection, progress.is_complete) == (0, False)


# Silence


def test_a_silent_connection_is_asked_for_its_open_orders() -> None:
    desk = Desk()
    desk.apply(LinkSilent(1))
    assert [type(request) for request in desk.sent()] == [requests.ListOpenOrders]
    (send,) = desk.last.sends
    assert isinstance(send, Send)
    assert send.connection == 1


def test_one_that_is_not_logged_in_yet_is_not_asked() -> None:
    desk = Desk(logged_in=False)
    up(desk)
    desk.apply(LinkSilent(1))
    assert desk.sent() == []


def test_nor_is_another_one_asked_for_it() -> None:
    desk = Desk()
    desk.lose_link()
    desk.log_in()
    desk.apply(LinkSilent(1))
    assert desk.sent() == []


# What the venue takes


@frozen
class ModalVenue(PlainVenue):
    """It notes in which mode it was asked for what; it takes nothing while it is in maintenance."""

    asked: list[tuple[type, SystemMode | None]] = field(factory=list)

    def check_mode(self, request: requests.Request, mode: SystemMode | None) -> None:
        self.asked.append((type(request), mode))
        if mode is SystemMode.MAINTENANCE:
            raise NotSent("Nothing was sent: it is in maintenance.")


def in_mode(mode: SystemMode | None) -> facts.SystemChanged:
    return facts.SystemChanged(mode=mode, text="as it says")


def test_what_the_venue_does_not_take_in_its_mode_is_not_sent() -> None:
    venue = ModalVenue()
    desk = Desk(venue=venue)
    desk.hear(in_mode(SystemMode.MAINTENANCE))
    assert desk.events() == [told(desk, events.SystemStatus, 1, mode=SystemMode.MAINTENANCE, reason="as it says")]
    assert str(desk.place("a1")) == "Nothing was sent: it is in maintenance."
    assert desk.sent() == []
    assert venue.asked == [(requests.PlaceOrder, SystemMode.MAINTENANCE)]


def test_the_mode_of_a_connection_that_is_gone_says_nothing_of_the_next_one() -> None:
    venue = ModalVenue()
    desk = Desk(venue=venue)
    desk.hear(in_mode(SystemMode.MAINTENANCE))
    desk.lose_link()
    desk.log_in()
    desk.place("a1")
    assert venue.asked == [(requests.PlaceOrder, None)]
    assert desk.hear(in_mode(SystemMode.ONLINE)) == []  # what every connection begins with


# What is in doubt after a login


def test_an_order_that_an_answer_showed_between_two_connections_is_asked_for_if_the_login_leaves_it_out() -> None:
    """The answer comes over HTTP, from before the login."""
    desk = Desk(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder})))
    desk.live("a1", "v1")
    desk.ask(commands.Status(ClientOrderId("a1")), None)
    number = desk.numbers
    desk.lose_link()
    desk.hear(took(number, order=view("v1", 1)))
    desk.sent()
    desk.log_in()
    assert asked_for(desk) == [1]


def test_a_login_asks_for_the_orders_that_it_leaves_out_and_for_what_became_of_a_cancel() -> None:
    """Not for one that it shows, and not for one that waits for its price, of which nothing has been sent."""
    rules = VenueRules(venue="TEST", market_needs_price=True, http_requests=frozenset({requests.PreviewPrice}))
    desk = Desk(rules=rules)
    for number in (1, 2, 3, 4):
        desk.live(f"a{number}", f"v{number}")
    desk.ask(commands.Cancel(ClientOrderId("a4")), Admission.CANCEL)
    desk.wait(5)
    desk.place("a5", market=True)
    desk.wait(5)
    assert asked_for(desk) == [4], "the cancel is not answered in time"
    desk.lose_link()
    desk.log_in(view("v1", 1), view("v3", 3), view("v4", 4))
    assert asked_for(desk) == [4, 2]


def test_a_list_over_http_that_a_lost_connection_has_left_behind_keeps_nobody_from_asking_anew() -> None:
    """Its answer may be two minutes away; the lists are compared every five seconds here."""
    rules = VenueRules(
        venue="TEST",
        http_requests=frozenset({requests.ListOpenOrders, requests.ListFills}),
        reads_history=True,
        audit_period=5 * SECOND,
    )
    desk = Desk(rules=rules)
    desk.live("a1", "v1")

    def lists() -> int:
        return sum(isinstance(request, requests.ListOpenOrders) for request in desk.sent())

    desk.wait(5)
    assert lists() == 1
    desk.wait(5)
    assert lists() == 0, "one at a time"
    desk.lose_link()
    desk.log_in(view("v1", 1))
    assert lists() == 0
    desk.wait(5)
    assert lists() == 1


def test_what_was_shown_between_lost_messages_and_the_next_list_is_asked_for_if_that_leaves_it_out() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
    desk.hear(traded("v1", "t1", 4, 4, 1))
    assert asked_for(desk) == []
    desk.hear(LOGIN)
    assert asked_for(desk) == [1]


@pytest.mark.parametrize("lost", ["messages", "the connection"])
def test_behind_a_loss_the_ids_that_orders_had_are_read_though_no_order_lives_here(lost: str) -> None:
    """Meanwhile one may have gone on under an id that nobody tells; its fills are told by that id alone."""
    history = frozenset({requests.ListFills, requests.ListOrderHistory})
    rules = VenueRules(venue="TEST", reads_history=True, chain_history=True, http_requests=history)
    desk = Desk(rules=rules)
    desk.sent()
    if lost == "messages":
        desk.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
        desk.hear(LOGIN)
    else:
        desk.lose_link()
        desk.log_in()
    assert [type(request) for request in desk.sent()] == [requests.ListOrderHistory]


def test_an_order_that_a_login_showed_was_open_then_so_history_is_read_from_there() -> None:
    """A later list leaves it out, and nobody knows it: what became of it is read from the login on, or a minute earlier
    for what the clocks leave open; not from the first connection on."""
    rules = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True, audit_period=10_000 * SECOND)
    desk = Desk(rules=rules)
    desk.live("a1", "v1")
    desk.wait(100)
    desk.lose_link()
    desk.log_in(view("v1", 1))
    login = desk.wall + desk.time
    desk.wait(100)
    desk.ask(commands.OpenOrders())
    desk.wait(1)
    desk.hear(took(desk.numbers, orders=()))
    read: list[requests.ListOrderHistory] = []
    for _ in range(100):
        for request in desk.sent():
            if isinstance(request, requests.QueryOrder):
                desk.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                read.append(request)
        desk.wait(5)
    assert {request.start for request in read} == {login - 60 * SECOND}


OVER_HTTP = VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder, requests.ListFills}))


def test_questions_of_our_own_over_http_end_with_the_connection_and_are_asked_anew() -> None:
    desk = Desk(rules=OVER_HTTP)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.sent()
    desk.wait_for_sends()
    number = desk.sends[0].request.request_id
    assert asked_for(desk) == [1]
    desk.lose_link()
    assert desk.last.forgotten == [number]
    desk.log_in()
    assert asked_for(desk) == [1]
    desk.hear(refused(number, Outcome.NOT_FOUND))
    assert desk.last.warnings == [f"A refusal of request {number} came from the venue, and nobody waits for it: no"]


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_what_history_tells_of_an_order_in_doubt_is_no_overfill(how: str) -> None:
    """Somebody may have changed it since: the connection is gone, and nobody has shown its terms."""
    desk = Desk(rules=OVER_HTTP)
    desk.live("a1", "v1")
    desk.hear(traded("v1", "t1", 6, 6, 1))
    desk.ask(commands.ReadFills(start=0, end=WALL))
    if how == "lost":
        desk.lose_link()
    else:
        desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    read = facts.FillsListed(request_id=RequestId(desk.numbers), trades=(trade("v1", "t2", 6),))
    assert desk.hear(read) == ["Filled"]
    assert desk.events()[-1].overfill == 0  # type: ignore[attr-defined]
    assert desk.last.warnings == []


def test_a_question_about_terms_is_asked_again_though_the_login_lists_the_order() -> None:
    """It was replaced, and nobody named its successor; the list shows no quantity."""
    desk = Desk(rules=OVER_HTTP)
    desk.live("a1", "v1")
    desk.hear(replaced("v1", None, 1))
    assert asked_for(desk) == [1]
    desk.lose_link()
    desk.log_in(view("v1", 1, quantity=None))
    assert asked_for(desk) == [1]


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_more_than_the_whole_of_an_order_that_nobody_has_shown_since_is_no_overfill(how: str) -> None:
    desk = Desk(rules=OVER_HTTP)
    desk.live("a1", "v1")
    desk.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert desk.status("a1") is OrderStatus.FILLED
    desk.ask(commands.ReadFills(start=0, end=WALL))
    if how == "lost":
        desk.lose_link()
    else:
        desk.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    read = facts.FillsListed(request_id=RequestId(desk.numbers), trades=(trade("v1", "t2", 2),))
    assert desk.hear(read) == ["Filled"]
    assert desk.events()[-1].overfill == 0  # type: ignore[attr-defined]


def test_a_cancel_whose_time_is_over_is_asked_about_again_though_only_fills_are_in_question() -> None:
    """The total is ahead of the fills, so a question is open, but none that the order's status would answer."""
    desk = Desk(rules=OVER_HTTP)
    desk.live("a1", "v1")
    assert desk.hear(traded("v1", "t1", 4, 6, 1)) == ["Gap", "Filled"]
    desk.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    desk.wait(10)
    assert asked_for(desk) == [1]
    desk.lose_link()
    desk.log_in(view("v1", 1, cumulative=6))
    query = number_of_query(desk)
    assert asked_for(desk) == [1]
    assert "CancelRejected" in desk.hear(took(query, order=view("v1", 1, cumulative=6)))


def number_of_query(desk: Desk) -> int:
    """Of the question for a single order that was sent in the last call."""
    (send,) = desk.last.sends
    assert isinstance(send, Send)
    return send.request.request_id


@pytest.mark.parametrize("by_venue", [True, False])
def test_a_connection_that_the_venue_ended_proves_what_it_left_unread(by_venue: bool) -> None:
    """Five seconds after it ended there, "no such order" says that a placement never arrived."""
    desk = Desk(rules=VenueRules(venue="TEST", ended_proves_after=5 * SECOND))
    desk.place("a1")
    desk.apply(LinkDown(1, "cut", True, by_venue=by_venue))
    desk.wait(6)
    desk.log_in()
    assert asked_for(desk) == [1]
    assert ("Denied" in desk.hear(refused(number_of_query(desk), Outcome.NOT_FOUND))) is by_venue


def test_an_order_that_was_called_denied_is_asked_for_once_more_at_the_next_login() -> None:
    """That it never arrived is our own conclusion."""
    desk = Desk(rules=VenueRules(venue="TEST", ended_proves_after=5 * SECOND))
    desk.place("a1")
    desk.apply(LinkDown(1, "cut", True, by_venue=True))
    desk.wait(6)
    desk.log_in()
    desk.hear(refused(number_of_query(desk), Outcome.NOT_FOUND))
    assert desk.status("a1") is OrderStatus.DENIED
    desk.sent()
    desk.lose_link()
    desk.log_in()
    assert asked_for(desk) == [1]
