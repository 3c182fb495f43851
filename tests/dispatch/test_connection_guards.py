"""The link, line by line: what is told of it, and what a connection that is gone leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import field, frozen

from protocol import commands, events, facts, requests
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, LinkDown, LinkFailed, LinkSilent, LinkUp
from protocol.errors import NotSent, OutcomeUnknown, SessionError
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import AccountId, ClientOrderId, OrderStatus, RequestId, SystemMode
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, PlainVenue, Rig, refused, replaced, took, trade, traded, view

LOGIN = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)


def told(rig: Rig, kind: type[events.ConnectionEvent], connection: int, **what: Any) -> events.ConnectionEvent:
    """An event of now, as it must be."""
    return kind(venue="TEST", account=AccountId("A"), connection=connection, local_time=rig.wall + rig.time, **what)


def up(rig: Rig) -> None:
    """A connection, without a login."""
    rig.connection += 1
    rig.apply(LinkUp(rig.connection, f"ws://{rig.connection}"))


def asked_for(rig: Rig) -> list[int | None]:
    """The wire ids, or numbers in the venue order ids, by which orders are asked for now."""
    queries = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    return [int(query.venue_order_id[1:]) if query.venue_order_id else int(query.wire_id or 0) for query in queries]


# What is told


def test_each_connection_tells_of_itself() -> None:
    rig = Rig(logged_in=False)
    up(rig)
    assert rig.events() == [told(rig, events.Connected, 1, url="ws://1")]
    rig.records.clear()
    rig.time += SECOND
    rig.hear(LOGIN)
    done = {"gaps": 0, "open_questions": 0, "fills_complete_until": None, "history_failed": False}
    assert rig.events() == [
        told(rig, events.Authenticated, 1, user="u"),
        told(rig, events.Reconciled, 1, open_orders=0, settled=0, **done),
    ]
    rig.records.clear()
    rig.time += SECOND
    rig.lose_link()
    assert rig.events() == [told(rig, events.Disconnected, 1, reason="cut", will_retry=True)]
    rig.records.clear()
    rig.time += SECOND
    up(rig)
    assert rig.events() == [told(rig, events.Reconnected, 2, url="ws://2")]


def test_a_login_tells_how_many_orders_of_ours_had_changed() -> None:
    """One was unknown, one has another price, and one is as it was; the fourth is of another session."""
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    rig.place("a3")
    rig.lose_link()
    assert rig.status("a3") is OrderStatus.UNKNOWN
    rig.log_in(view("v1", 1), view("v2", 2, price=98), view("v3", 3), view("v4", 4))
    reports = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    assert [report.venue_order_id for report in reports] == ["v4"]
    (event,) = [event for event in rig.events() if isinstance(event, events.Reconciled)]
    assert (event.open_orders, event.settled) == (4, 2)


def test_messages_that_were_lost_are_told_and_leave_every_order_in_doubt() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.live("a2", "v2")
    assert rig.hear(facts.MessagesLost(text="a gap", expected=7, received=9)) == ["MessagesLost"]
    assert rig.events() == [told(rig, events.MessagesLost, 1, expected=7, received=9)]
    assert rig.hear(evolve(LOGIN, orders=(view("v1", 1),))) == []
    assert asked_for(rig) == [2]


def test_the_end_of_a_session_is_told_and_nothing_is_sent_behind_it() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to="opener"))
    assert rig.events() == [told(rig, events.SessionFailed, 1, reason="for good")]
    assert [(reply.reply_to, reply.value) for reply in rig.replies] == [("opener", None)]
    refusal = rig.place("a2")
    assert isinstance(refusal, NotSent)
    assert "the session has ended. for good" in str(refusal)
    assert rig.sent() == []


def test_credentials_that_are_refused_are_told_as_such() -> None:
    rig = Rig()
    rig.apply(LinkFailed(1, "who?", unauthorized=True, reply_to=None))
    assert rig.events() == [told(rig, events.AuthenticationFailed, 1, reason="who?")]


def test_what_is_on_its_way_when_the_session_ends_is_unknown() -> None:
    rig = Rig()
    rig.place("a1")
    names = rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    assert names == ["SessionFailed", "StatusUnknown"]
    reason = rig.newest(events.StatusUnknown).reason
    assert reason == "The session ended before the venue answered. for good"


def watching(rig: Rig, name: str) -> None:
    rig.ask(commands.Watch(ClientOrderId(name), commands.Milestone.DONE), None)


def test_whoever_waits_for_an_order_when_the_client_has_left_is_told_that_nothing_follows() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    watching(rig, "a1")
    waiter = rig.numbers
    rig.ask(commands.Disconnect(grace=SECOND), None)
    rig.apply(LinkDown(1, "closed", False))
    answer = rig.answer_to(waiter)
    assert isinstance(answer, OutcomeUnknown)
    assert str(answer) == (
        "This client closed the connection, so nothing more will be heard of orders that are open. Look at the venue."
    )


@pytest.mark.parametrize(("closes", "retries"), [(True, True), (False, False)])
def test_a_connection_that_ends_otherwise_ends_no_waiting(closes: bool, retries: bool) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    watching(rig, "a1")
    waiter = rig.numbers
    if closes:
        rig.ask(commands.Disconnect(grace=SECOND, cancel_all=True), None)
    rig.apply(LinkDown(1, "closed", retries))
    assert rig.answer_to(waiter) is None


def test_a_session_that_had_failed_stays_failed_for_the_same_reason() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    rig.ask(commands.Disconnect(grace=SECOND), None)
    rig.apply(LinkDown(1, "closed", False))
    watching(rig, "a1")
    answer = rig.answer_to(rig.numbers)
    assert isinstance(answer, SessionError)
    assert str(answer) == "for good"


def test_whoever_waits_for_an_order_when_the_session_ends_is_told_why() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    watching(rig, "a1")
    rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    answer = rig.answer_to(rig.numbers)
    assert isinstance(answer, SessionError)
    assert str(answer) == "for good"


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_a_connection_that_is_gone_has_reconciled_nothing(how: str) -> None:
    rig = Rig()
    progress = rig.last.progress
    assert progress is not None
    assert (progress.connection, progress.is_complete) == (1, True)
    if how == "lost":
        rig.lose_link()
    else:
        rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    progress = rig.last.progress
    assert progress is not None
    assert (progress.connection, progress.is_complete) == (0, False)


# Silence


def test_a_silent_connection_is_asked_for_its_open_orders() -> None:
    rig = Rig()
    rig.apply(LinkSilent(1))
    assert [type(request) for request in rig.sent()] == [requests.ListOpenOrders]
    (send,) = rig.last.sends
    assert isinstance(send, Send)
    assert send.connection == 1


def test_one_that_is_not_logged_in_yet_is_not_asked() -> None:
    rig = Rig(logged_in=False)
    up(rig)
    rig.apply(LinkSilent(1))
    assert rig.sent() == []


def test_nor_is_another_one_asked_for_it() -> None:
    rig = Rig()
    rig.lose_link()
    rig.log_in()
    rig.apply(LinkSilent(1))
    assert rig.sent() == []


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
    rig = Rig(venue=venue)
    rig.hear(in_mode(SystemMode.MAINTENANCE))
    assert rig.events() == [told(rig, events.SystemStatus, 1, mode=SystemMode.MAINTENANCE, reason="as it says")]
    assert str(rig.place("a1")) == "Nothing was sent: it is in maintenance."
    assert rig.sent() == []
    assert venue.asked == [(requests.PlaceOrder, SystemMode.MAINTENANCE)]


def test_the_mode_of_a_connection_that_is_gone_says_nothing_of_the_next_one() -> None:
    venue = ModalVenue()
    rig = Rig(venue=venue)
    rig.hear(in_mode(SystemMode.MAINTENANCE))
    rig.lose_link()
    rig.log_in()
    rig.place("a1")
    assert venue.asked == [(requests.PlaceOrder, None)]
    assert rig.hear(in_mode(SystemMode.ONLINE)) == []  # what every connection begins with


# What is in doubt after a login


def test_an_order_that_an_answer_showed_between_two_connections_is_asked_for_if_the_login_leaves_it_out() -> None:
    """The answer comes over HTTP, from before the login."""
    rig = Rig(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder})))
    rig.live("a1", "v1")
    rig.ask(commands.Status(ClientOrderId("a1")), None)
    number = rig.numbers
    rig.lose_link()
    rig.hear(took(number, order=view("v1", 1)))
    rig.sent()
    rig.log_in()
    assert asked_for(rig) == [1]


def test_a_login_asks_for_the_orders_that_it_leaves_out_and_for_what_became_of_a_cancel() -> None:
    """Not for one that it shows, and not for one that waits for its price, of which nothing has been sent."""
    rules = VenueRules(venue="TEST", market_needs_price=True, http_requests=frozenset({requests.PreviewPrice}))
    rig = Rig(rules=rules)
    for number in (1, 2, 3, 4):
        rig.live(f"a{number}", f"v{number}")
    rig.ask(commands.Cancel(ClientOrderId("a4")), Admission.CANCEL)
    rig.wait(5)
    rig.place("a5", market=True)
    rig.wait(5)
    assert asked_for(rig) == [4], "the cancel is not answered in time"
    rig.lose_link()
    rig.log_in(view("v1", 1), view("v3", 3), view("v4", 4))
    assert asked_for(rig) == [4, 2]


def test_a_list_over_http_that_a_lost_connection_has_left_behind_keeps_nobody_from_asking_anew() -> None:
    """Its answer may be two minutes away; the lists are compared every five seconds here."""
    rules = VenueRules(
        venue="TEST",
        http_requests=frozenset({requests.ListOpenOrders, requests.ListFills}),
        reads_history=True,
        audit_period=5 * SECOND,
    )
    rig = Rig(rules=rules)
    rig.live("a1", "v1")

    def lists() -> int:
        return sum(isinstance(request, requests.ListOpenOrders) for request in rig.sent())

    rig.wait(5)
    assert lists() == 1
    rig.wait(5)
    assert lists() == 0, "one at a time"
    rig.lose_link()
    rig.log_in(view("v1", 1))
    assert lists() == 0
    rig.wait(5)
    assert lists() == 1


def test_what_was_shown_between_lost_messages_and_the_next_list_is_asked_for_if_that_leaves_it_out() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
    rig.hear(traded("v1", "t1", 4, 4, 1))
    assert asked_for(rig) == []
    rig.hear(LOGIN)
    assert asked_for(rig) == [1]


@pytest.mark.parametrize("lost", ["messages", "the connection"])
def test_behind_a_loss_the_ids_that_orders_had_are_read_though_no_order_lives_here(lost: str) -> None:
    """Meanwhile one may have gone on under an id that nobody tells; its fills are told by that id alone."""
    history = frozenset({requests.ListFills, requests.ListOrderHistory})
    rules = VenueRules(venue="TEST", reads_history=True, chain_history=True, http_requests=history)
    rig = Rig(rules=rules)
    rig.sent()
    if lost == "messages":
        rig.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
        rig.hear(LOGIN)
    else:
        rig.lose_link()
        rig.log_in()
    assert [type(request) for request in rig.sent()] == [requests.ListOrderHistory]


def test_an_order_that_a_login_showed_was_open_then_so_history_is_read_from_there() -> None:
    """A later list leaves it out, and nobody knows it: what became of it is read from the login on, or a minute earlier
    for what the clocks leave open; not from the first connection on."""
    rules = VenueRules(venue="TEST", reads_history=True, absence_needs_history=True, audit_period=10_000 * SECOND)
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    rig.wait(100)
    rig.lose_link()
    rig.log_in(view("v1", 1))
    login = rig.wall + rig.time
    rig.wait(100)
    rig.ask(commands.OpenOrders())
    rig.wait(1)
    rig.hear(took(rig.numbers, orders=()))
    read: list[requests.ListOrderHistory] = []
    for _ in range(100):
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                rig.hear(refused(request.request_id, Outcome.NOT_FOUND))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOrderHistory):
                read.append(request)
        rig.wait(5)
    assert {request.start for request in read} == {login - 60 * SECOND}


OVER_HTTP = VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder, requests.ListFills}))


def test_questions_of_our_own_over_http_end_with_the_connection_and_are_asked_anew() -> None:
    rig = Rig(rules=OVER_HTTP)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.sent()
    rig.wait_for_sends()
    number = rig.sends[0].request.request_id
    assert asked_for(rig) == [1]
    rig.lose_link()
    assert rig.last.forgotten == [number]
    rig.log_in()
    assert asked_for(rig) == [1]
    rig.hear(refused(number, Outcome.NOT_FOUND))
    assert rig.last.warnings == [
        f"A refusal of request {number} came from the venue, and no pending request matches it: no"
    ]


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_what_history_tells_of_an_order_in_doubt_is_no_overfill(how: str) -> None:
    """Somebody may have changed it since: the connection is gone, and nobody has shown its terms."""
    rig = Rig(rules=OVER_HTTP)
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 6, 6, 1))
    rig.ask(commands.ReadFills(start=0, end=WALL))
    if how == "lost":
        rig.lose_link()
    else:
        rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    read = facts.FillsListed(request_id=RequestId(rig.numbers), trades=(trade("v1", "t2", 6),))
    assert rig.hear(read) == ["Filled"]
    assert rig.newest(events.Filled).overfill == 0
    assert rig.last.warnings == []


def test_a_question_about_terms_is_asked_again_though_the_login_lists_the_order() -> None:
    """It was replaced, and nobody named its successor; the list shows no quantity."""
    rig = Rig(rules=OVER_HTTP)
    rig.live("a1", "v1")
    rig.hear(replaced("v1", None, 1))
    assert asked_for(rig) == [1]
    rig.lose_link()
    rig.log_in(view("v1", 1, quantity=None))
    assert asked_for(rig) == [1]


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_more_than_the_whole_of_an_order_that_nobody_has_shown_since_is_no_overfill(how: str) -> None:
    rig = Rig(rules=OVER_HTTP)
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 10, 10, 1, final=True))
    assert rig.status("a1") is OrderStatus.FILLED
    rig.ask(commands.ReadFills(start=0, end=WALL))
    if how == "lost":
        rig.lose_link()
    else:
        rig.apply(LinkFailed(1, "for good", unauthorized=False, reply_to=None))
    read = facts.FillsListed(request_id=RequestId(rig.numbers), trades=(trade("v1", "t2", 2),))
    assert rig.hear(read) == ["Filled"]
    assert rig.newest(events.Filled).overfill == 0


def test_a_cancel_whose_time_is_over_is_asked_about_again_though_only_fills_are_in_question() -> None:
    """The total is ahead of the fills, so a question is open, but none that the order's status would answer."""
    rig = Rig(rules=OVER_HTTP)
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t1", 4, 6, 1)) == ["MissingFills", "Filled"]
    rig.ask(commands.Cancel(ClientOrderId("a1")), Admission.CANCEL)
    rig.wait(10)
    assert asked_for(rig) == [1]
    rig.lose_link()
    rig.log_in(view("v1", 1, cumulative=6))
    query = number_of_query(rig)
    assert asked_for(rig) == [1]
    assert "CancelRejected" in rig.hear(took(query, order=view("v1", 1, cumulative=6)))


def number_of_query(rig: Rig) -> int:
    """Of the question for a single order that was sent in the last call."""
    (send,) = rig.last.sends
    assert isinstance(send, Send)
    return send.request.request_id


@pytest.mark.parametrize("by_venue", [True, False])
def test_a_connection_that_the_venue_ended_proves_what_it_left_unread(by_venue: bool) -> None:
    """Five seconds after it ended there, "no such order" says that a placement never arrived."""
    rig = Rig(rules=VenueRules(venue="TEST", ended_proves_after=5 * SECOND))
    rig.place("a1")
    rig.apply(LinkDown(1, "cut", True, by_venue=by_venue))
    rig.wait(6)
    rig.log_in()
    assert asked_for(rig) == [1]
    assert ("Denied" in rig.hear(refused(number_of_query(rig), Outcome.NOT_FOUND))) is by_venue


def test_an_order_that_was_called_denied_is_asked_for_once_more_at_the_next_login() -> None:
    """That it never arrived is our own conclusion."""
    rig = Rig(rules=VenueRules(venue="TEST", ended_proves_after=5 * SECOND))
    rig.place("a1")
    rig.apply(LinkDown(1, "cut", True, by_venue=True))
    rig.wait(6)
    rig.log_in()
    rig.hear(refused(number_of_query(rig), Outcome.NOT_FOUND))
    assert rig.status("a1") is OrderStatus.DENIED
    rig.sent()
    rig.lose_link()
    rig.log_in()
    assert asked_for(rig) == [1]
