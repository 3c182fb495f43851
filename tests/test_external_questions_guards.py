"""Questions about orders of other sessions that a list left out: which are asked when, and what settles them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch import external_orders
from protocol.dispatch.inputs import NotWritten
from protocol.facts import Outcome
from protocol.values import OrderStatus, RequestId, StrategyId
from protocol.venue import SECOND

from . import watch_only
from .order_life import WALL, Desk, acknowledged, canceled, refused, replaced, took, traded, view
from .watch_only import asked, watching

GONE = external_orders.GONE


def ids(questions: list[requests.QueryOrder]) -> list[str | None]:
    return [question.venue_order_id for question in questions]


def come_back(desk: Desk, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The link is lost and comes back, and the venue lists these orders; what is told of that is left out."""
    queries = watch_only.come_back(desk, *orders)
    desk.records.clear()
    return queries


def list_orders(desk: Desk, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The user asks for the open orders, and is answered at once. Gives what is asked for then."""
    desk.sends.clear()
    desk.ask(commands.OpenOrders())
    desk.hear(took(desk.numbers, orders=orders))
    return asked(desk)


def told(desk: Desk) -> list[tuple[str | None, OrderStatus | None, Decimal | None, str]]:
    """What was reported since the last look: id, status, count and reason."""
    found = [event for event in desk.events() if isinstance(event, events.OrderStatusReport)]
    desk.records.clear()
    return [(each.venue_order_id, each.status, each.cumulative, each.reason) for each in found]


def not_found(desk: Desk, *questions: requests.QueryOrder) -> None:
    for question in questions:
        desk.hear(refused(question.request_id, Outcome.NOT_FOUND))


# Lists


def test_a_list_that_shows_an_order_whose_end_was_told_does_not_open_it_again() -> None:
    desk = watching(view("X1"))
    desk.hear(canceled("X1"))
    assert list_orders(desk, view("X1")) == []
    desk.wait(1)
    assert list_orders(desk) == []


def test_a_list_that_names_no_instrument_opens_no_order() -> None:
    desk = watching()
    assert list_orders(desk, evolve(view("X1"), symbol="")) == []
    desk.wait(1)
    assert list_orders(desk) == []


def test_a_list_counts_what_has_filled_of_an_order_that_the_login_showed() -> None:
    """It follows behind, so an order that it shows and nobody knew may have ended before the login."""
    desk = watching(view("X1", time=WALL), lists_lag=60 * SECOND)
    desk.wait(10)
    before = view("X2", time=WALL)
    assert list_orders(desk, view("X1", time=WALL, cumulative=Decimal(4)), before) == []
    (question,) = come_back(desk)
    not_found(desk, question)
    assert told(desk) == [("X1", None, Decimal(4), GONE)], "and nothing of the other one"


@pytest.mark.parametrize(
    ("began", "waited", "is_new"),
    [(0, 10, True), (50, 10, False), (99, 59, False), (50, 60, True), (100, 10, True), (105, 10, True)],
    ids=["unsaid", "before", "just before", "a list as young as the login", "at the login", "after it"],
)
def test_a_list_behind_a_login_opens_no_order_that_began_before_it(began: int, waited: int, is_new: bool) -> None:
    """The login is at 100 s. began: when the order did; waited: how long after the login the list is asked for."""
    desk = watching(lists_lag=60 * SECOND)
    desk.wait(waited)
    time = WALL + began * SECOND if began else 0
    assert list_orders(desk, view("X1", time=time)) == []
    desk.wait(60)
    assert ids(list_orders(desk)) == (["X1"] if is_new else [])


def test_a_list_that_shows_the_end_of_an_open_order_tells_it_and_no_other_end() -> None:
    desk = watching(view("X1"))
    desk.wait(1)
    ended = [view(oid, status=OrderStatus.FILLED, cumulative=Decimal(10)) for oid in ("X1", "X2")]
    assert list_orders(desk, *ended) == []
    assert told(desk) == [("X1", OrderStatus.FILLED, Decimal(10), "")]


def test_a_list_that_is_older_than_the_last_word_proves_nothing() -> None:
    desk = watching(view("X1"))
    desk.ask(commands.OpenOrders())
    number = desk.numbers
    desk.wait(1)
    desk.hear(acknowledged("X1"))
    desk.wait(1)
    desk.hear(took(number, orders=()))
    assert asked(desk) == []
    desk.ask(commands.OpenOrders())
    number = desk.numbers
    desk.wait(1)
    desk.hear(acknowledged("X1", cumulative=Decimal(3)))
    ended = view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))
    desk.records.clear()
    desk.hear(took(number, orders=(ended,)))
    assert told(desk) == []


def test_a_list_that_was_asked_for_in_the_moment_of_the_last_word_tells_no_end() -> None:
    desk = watching()
    desk.hear(acknowledged("X1"))
    desk.records.clear()
    assert list_orders(desk, view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))) == []
    assert told(desk) == []


@pytest.mark.parametrize("by_fill", [True, False], ids=["a fill", "news"])
def test_a_word_about_an_order_makes_it_younger_than_a_list_that_follows_behind(by_fill: bool) -> None:
    desk = watching(view("X1"), lists_lag=60 * SECOND)
    desk.wait(100)
    fill = traded("X1", "t1", 1, 1)
    fill = evolve(fill, order=evolve(fill.order, status=None))
    desk.hear(fill if by_fill else acknowledged("X1"))
    desk.wait(59)
    assert list_orders(desk) == []
    desk.wait(1)
    assert ids(list_orders(desk)) == ["X1"]


def test_a_list_that_shows_an_order_again_settles_what_was_asked() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.wait(1)
    assert list_orders(desk, view("X1")) == []
    not_found(desk, question)
    assert told(desk) == []
    desk.wait(1)
    assert ids(list_orders(desk)) == ["X1"], "it is missed anew"


def test_of_two_lists_of_one_moment_the_one_that_leaves_an_order_out_has_it_asked_for() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    assert list_orders(desk, view("X1")) == []
    not_found(desk, question)
    assert told(desk) == [("X1", None, Decimal(0), GONE)]


def test_what_is_asked_for_already_is_not_asked_for_again_by_another_list() -> None:
    desk = watching(view("X1"))
    assert ids(come_back(desk)) == ["X1"]
    desk.wait(1)
    assert list_orders(desk) == []


def test_an_order_under_the_same_id_with_other_terms_is_asked_for_as_before() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.hear(replaced("X1", "X1"))
    not_found(desk, question)
    assert told(desk) == [("X1", OrderStatus.ACCEPTED, Decimal(0), "")], "what the answer says is older"
    desk.wait(1)
    assert ids(list_orders(desk)) == ["X1"]


def test_an_order_that_is_replaced_without_a_word_of_the_new_one_is_told_as_it_was() -> None:
    desk = watching(view("X1", cumulative=Decimal(4)))
    desk.hear(replaced("X1", None, filled=2))
    assert told(desk) == [("X1", None, Decimal(2), "")]
    not_found(desk, *come_back(desk))
    assert told(desk) == [("X1", None, Decimal(4), GONE)], "it had filled more before"


# Turns


def test_one_is_given_up_when_the_time_for_its_answer_is_over() -> None:
    desk = watching(view("X1"))
    desk.wait(20)
    assert ids(come_back(desk)) == ["X1"]
    assert desk.state.next_deadline == desk.time + 10 * SECOND


def test_one_over_http_is_not_asked_for_again_while_it_waits_for_its_turn() -> None:
    desk = watching(view("X1"), http_requests=frozenset({requests.QueryOrder}))
    assert ids(come_back(desk)) == ["X1"]
    desk.wait(129)
    assert asked(desk) == []
    desk.wait(11)
    assert ids(asked(desk)) == ["X1"]


def test_after_another_lost_link_they_are_asked_for_in_the_same_order() -> None:
    desk = watching(*(view(f"X{number}") for number in range(20)))
    first = [f"X{number}" for number in range(16)]
    assert ids(come_back(desk)) == first
    assert ids(come_back(desk)) == first


def test_a_placement_on_its_way_holds_back_no_question() -> None:
    desk = watching(view("X1"))
    desk.place("a1")
    desk.wait(1)
    assert ids(list_orders(desk)) == ["X1"]


def test_the_next_one_is_asked_for_as_soon_as_one_is_answered() -> None:
    shown = [view(f"X{number}") for number in range(18)]
    desk = watching(*shown)
    questions = come_back(desk)
    assert ids(questions) == [f"X{number}" for number in range(16)]
    desk.hear(took(questions[0].request_id, order=shown[0]))
    assert ids(asked(desk)) == ["X16"]
    not_found(desk, questions[1])
    assert ids(asked(desk)) == ["X17"]


def waiting_behind_ours() -> tuple[Desk, requests.QueryOrder]:
    """a1 of ours and X1 of another session were left out by a login: a1 is being asked for, and X1 waits."""
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(acknowledged("X1"))
    (ours,) = come_back(desk)
    assert ours.venue_order_id == "v1"
    return desk, ours


def test_while_an_order_of_ours_is_asked_for_others_stand_back_a_second_each_time() -> None:
    desk, ours = waiting_behind_ours()
    began = desk.time
    assert desk.state.next_deadline == began + SECOND
    desk.wait(0.5)
    assert list_orders(desk, view("v1", 1)) == []
    assert desk.state.next_deadline == began + SECOND, "one deadline however often they are looked for"
    desk.wait(0.5)
    assert desk.state.next_deadline == began + 2 * SECOND
    desk.hear(took(ours.request_id, order=view("v1", 1)))
    desk.wait(0.9)
    assert asked(desk) == []
    desk.wait(0.1)
    assert ids(asked(desk)) == ["X1"]


def test_where_no_order_of_another_session_waits_nothing_is_due_for_them() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.wait(20)
    assert len(come_back(desk)) == 1
    assert desk.state.next_deadline == desk.time + 10 * SECOND, "the time for the answer"


def test_one_that_is_heard_of_before_its_turn_is_not_asked_for() -> None:
    desk, ours = waiting_behind_ours()
    desk.wait(0.5)
    desk.hear(acknowledged("X1"), took(ours.request_id, order=view("v1", 1)))
    desk.wait(5)
    assert asked(desk) == []


def test_the_pause_of_one_that_is_settled_meanwhile_ends_in_nothing() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.hear(acknowledged("X1"))
    desk.wait(20)
    (question,) = come_back(desk, view("v1", 1))
    began = desk.time
    desk.hear(refused(question.request_id, Outcome.THROTTLED))
    desk.wait(0.5)
    desk.hear(acknowledged("X1"), replaced("v1", None, 1))
    assert ids(asked(desk)) == [None], "the order of ours, by its name"
    desk.wait(0.5)
    assert desk.state.next_deadline == began + 10 * SECOND, "nobody waits for the order of ours to be found"


def test_one_that_is_missed_twice_before_its_turn_is_asked_for_once() -> None:
    desk, ours = waiting_behind_ours()
    desk.wait(0.2)
    desk.hear(acknowledged("X1"))
    desk.wait(0.2)
    assert list_orders(desk, view("v1", 1)) == []
    desk.hear(took(ours.request_id, order=view("v1", 1)))
    desk.wait(2)
    assert ids(asked(desk)) == ["X1"]


def test_nothing_is_asked_for_while_there_is_no_connection() -> None:
    desk = watching(*(view(f"X{number}") for number in range(20)))
    assert len(come_back(desk)) == 16
    desk.lose_link()
    desk.wait(60)
    assert desk.sent() == []


def test_nothing_is_asked_for_while_the_client_closes() -> None:
    desk = watching(*(view(f"X{number}") for number in range(20)))
    questions = come_back(desk)
    desk.place("a1")
    desk.ask(commands.Disconnect(grace=30 * SECOND), None)
    not_found(desk, *questions)
    assert asked(desk) == []


# Answers


def test_a_question_that_was_not_written_is_asked_again() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    assert (question.venue_order_id, question.wire_id, question.cursor) == ("X1", None, None)
    desk.apply(NotWritten([question.request_id], "The socket was closed."))
    desk.wait(10)
    assert ids(asked(desk)) == ["X1"]


def test_an_answer_without_an_order_says_nothing() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.hear(took(question.request_id))
    assert told(desk) == []
    desk.wait(0.9)
    assert asked(desk) == []
    desk.wait(0.1)
    assert ids(asked(desk)) == ["X1"]


def test_an_answer_that_shows_an_order_open_counts_what_has_filled_and_settles_the_question() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.wait(1)
    desk.hear(took(question.request_id, order=view("X1", cumulative=Decimal(4))))
    assert told(desk) == [], "nothing has just happened to it"
    desk.wait(60)
    assert asked(desk) == []
    (question,) = list_orders(desk)
    not_found(desk, question)
    assert told(desk) == [("X1", None, Decimal(4), GONE)]


def test_an_answer_counts_as_of_when_it_was_asked_for() -> None:
    """A fill from between the question and its answer may be among what the answer counts, or not."""
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.wait(5)
    desk.hear(took(question.request_id, order=view("X1", cumulative=Decimal(4))))
    now = desk.wall + desk.time
    for number, time in enumerate((now - 8 * SECOND, now, now + SECOND)):
        fill = traded("X1", f"t{number}", 1, 5)
        fill = evolve(fill, order=evolve(fill.order, status=None, cumulative=None), trade=evolve(fill.trade, time=time))
        desk.hear(fill)
    (question,) = come_back(desk)
    not_found(desk, question)
    assert told(desk) == [("X1", None, Decimal(5), GONE)]


def test_an_answer_that_follows_behind_is_as_old_as_that() -> None:
    """The order ended in the minute that the answer is behind; the login after it leaves it out."""
    desk = watching(view("X1"), lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}))
    (question,) = come_back(desk)
    began = desk.time
    while desk.time - began < 60 * SECOND:
        desk.hear(took(question.request_id, order=view("X1")))
        desk.wait_for_sends()
        (question,) = asked(desk)
    desk.hear(took(question.request_id, order=view("X1")))
    desk.wait(5)
    assert asked(desk) == []
    assert ids(come_back(desk)) == ["X1"]


def test_an_answer_that_shows_an_end_tells_it_with_the_time_that_it_names() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    ended = view("X1", status=OrderStatus.EXPIRED, time=5, ended=8, reason="too late")
    desk.hear(took(question.request_id, order=ended))
    (report,) = [event for event in desk.events() if isinstance(event, events.OrderStatusReport)]
    assert (report.status, report.venue_time, report.reason) == (OrderStatus.EXPIRED, 8, "too late")


def test_an_answer_to_a_question_about_an_order_that_became_ours_meanwhile_says_nothing_of_another_sessions() -> None:
    desk = watching(view("X1", 7))
    desk.lose_link()
    desk.records.clear()
    desk.log_in(view("X1", 7))
    (report,) = [event for event in desk.events() if isinstance(event, events.OrderStatusReport)]
    (question,) = come_back(desk)
    desk.ask(commands.Adopt(report=report, client_order_id=None, strategy=StrategyId("mm")), None)
    desk.records.clear()
    not_found(desk, question)
    assert told(desk) == []


def test_an_answer_to_a_question_about_an_order_that_goes_on_under_another_id_says_nothing() -> None:
    desk = watching(view("X1"))
    (question,) = come_back(desk)
    desk.hear(replaced("X1", "X2"))
    assert told(desk) == [("X2", OrderStatus.ACCEPTED, Decimal(0), "")]
    not_found(desk, question)
    assert told(desk) == []


REPLACED = {"status": None, "replaced": True, "reason": "REPLACED"}


@pytest.mark.parametrize(("name", "chains"), [(7, False), (None, True)], ids=["no such history", "no name"])
def test_an_order_that_was_replaced_meanwhile_is_gone_where_no_history_can_name_the_next_one(
    name: int | None, chains: bool
) -> None:
    desk = watching(view("X1", name), reads_history=True, chain_history=chains)
    (question,) = come_back(desk)
    desk.hear(took(question.request_id, order=view("X1", name, **REPLACED)))
    assert told(desk) == [("X1", None, Decimal(0), f"{GONE} REPLACED")]


def history(desk: Desk, *rows: facts.OrderView) -> bool:
    """Answers the readings that are under way; the history of orders has these rows. False: nobody asked for it."""
    was_asked = False
    while sent := desk.sent():
        for request in sent:
            if isinstance(request, requests.ListOrderHistory):
                was_asked = True
                desk.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=rows))
            elif isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
    return was_asked


def followed(*names: int) -> Desk:
    """Orders of these names were replaced while the link was down, and history is to tell by which. Readings of the
    login itself are over."""
    desk = watching(*(view(f"X{name}", name) for name in names), reads_history=True, chain_history=True)
    desk.lose_link()
    desk.wait(1)
    desk.sends.clear()
    desk.log_in()
    questions = [send.request for send in desk.sends if isinstance(send.request, requests.QueryOrder)]
    history(desk)
    desk.records.clear()
    for question, name in zip(questions, names, strict=True):
        desk.hear(took(question.request_id, order=view(f"X{name}", name, **REPLACED)))
    assert told(desk) == []
    desk.wait(20)
    return desk


def test_history_is_read_soon_for_what_replaced_an_order_and_tells_it_once() -> None:
    desk = followed(7)
    unread = view("X2", 7, status=None)
    other = view("Y1", 8, status=OrderStatus.FILLED)
    assert history(desk, view("X7", 7, **REPLACED), unread, other)
    assert told(desk) == [], "the venue used a word that says nothing"
    last = view("X2", 7, status=OrderStatus.FILLED, cumulative=Decimal(10))
    rows = view("X7", 7, **REPLACED), last, other
    desk.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=rows))
    assert told(desk) == [("X2", OrderStatus.FILLED, Decimal(10), "")]
    desk.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=(view("X3", 7, status=OrderStatus.FILLED),)))
    assert told(desk) == [], "another order of that name"
    assert come_back(desk) == [], "under its old id it is missed no more"


def test_no_more_than_so_many_orders_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_orders, "MOST_FOLLOWED", 1)
    desk = followed(7, 8)
    rows = [view(f"Z{name}", name, status=OrderStatus.FILLED, cumulative=Decimal(10)) for name in (7, 8)]
    history(desk, *rows)
    assert told(desk) == [("Z7", OrderStatus.FILLED, Decimal(10), "")]
