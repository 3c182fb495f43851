"""Questions about orders of other sessions that a list left out: which are asked when, and what settles them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch import external_orders
from protocol.dispatch.inputs import NotWritten
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId, StrategyId
from protocol.venue import SECOND

from .. import watch_only
from ..order_life import WALL, Rig, acknowledged, canceled, refused, replaced, took, traded, view
from ..watch_only import asked, watching

GONE = external_orders.GONE
HOUR = 3600


def ids(questions: list[requests.QueryOrder]) -> list[str | None]:
    return [question.venue_order_id for question in questions]


def come_back(rig: Rig, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The link is lost and comes back, and the venue lists these orders; what is told of that is left out."""
    queries = watch_only.come_back(rig, *orders)
    rig.records.clear()
    return queries


def list_orders(rig: Rig, *orders: facts.OrderView) -> list[requests.QueryOrder]:
    """The user asks for the open orders, and is answered at once. Gives what is asked for then."""
    rig.sends.clear()
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=orders))
    return asked(rig)


def told(rig: Rig) -> list[tuple[str | None, OrderStatus | None, Decimal | None, str]]:
    """What was reported since the last look: id, status, count and reason."""
    found = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    rig.records.clear()
    return [(each.venue_order_id, each.status, each.cumulative, each.reason) for each in found]


def not_found(rig: Rig, *questions: requests.QueryOrder) -> None:
    for question in questions:
        rig.hear(refused(question.request_id, Outcome.NOT_FOUND))


# Lists


def test_a_list_that_shows_an_order_whose_end_was_told_does_not_open_it_again() -> None:
    rig = watching(view("X1"))
    rig.hear(canceled("X1"))
    assert list_orders(rig, view("X1")) == []
    rig.wait(1)
    assert list_orders(rig) == []


def test_a_list_that_names_no_instrument_opens_no_order() -> None:
    rig = watching()
    assert list_orders(rig, evolve(view("X1"), symbol="")) == []
    rig.wait(1)
    assert list_orders(rig) == []


def test_a_list_counts_what_has_filled_of_an_order_that_the_login_showed() -> None:
    """It follows behind, so an order that it shows and nobody knew may have ended before the login."""
    rig = watching(view("X1", time=WALL), lists_lag=60 * SECOND)
    rig.wait(10)
    before = view("X2", time=WALL)
    assert list_orders(rig, view("X1", time=WALL, cumulative=Decimal(4)), before) == []
    (question,) = come_back(rig)
    not_found(rig, question)
    assert told(rig) == [("X1", None, Decimal(4), GONE)], "and nothing of the other one"


@pytest.mark.parametrize(
    ("began", "waited", "is_new"),
    [(0, 10, True), (50, 10, False), (99, 59, False), (50, 60, True), (100, 10, True), (105, 10, True)],
    ids=["unsaid", "before", "just before", "a list as young as the login", "at the login", "after it"],
)
def test_a_list_behind_a_login_opens_no_order_that_began_before_it(began: int, waited: int, is_new: bool) -> None:
    """The login is at 100 s. began: when the order did; waited: how long after the login the list is asked for."""
    rig = watching(lists_lag=60 * SECOND)
    rig.wait(waited)
    time = WALL + began * SECOND if began else 0
    assert list_orders(rig, view("X1", time=time)) == []
    rig.wait(60)
    assert ids(list_orders(rig)) == (["X1"] if is_new else [])


def test_a_list_that_shows_the_end_of_an_open_order_tells_it_and_no_other_end() -> None:
    rig = watching(view("X1"))
    rig.wait(1)
    ended = [view(oid, status=OrderStatus.FILLED, cumulative=Decimal(10)) for oid in ("X1", "X2")]
    assert list_orders(rig, *ended) == []
    assert told(rig) == [("X1", OrderStatus.FILLED, Decimal(10), "")]


def test_a_list_that_is_older_than_the_last_word_proves_nothing() -> None:
    rig = watching(view("X1"))
    rig.ask(commands.OpenOrders())
    number = rig.numbers
    rig.wait(1)
    rig.hear(acknowledged("X1"))
    rig.wait(1)
    rig.hear(took(number, orders=()))
    assert asked(rig) == []
    rig.ask(commands.OpenOrders())
    number = rig.numbers
    rig.wait(1)
    rig.hear(acknowledged("X1", cumulative=Decimal(3)))
    ended = view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.records.clear()
    rig.hear(took(number, orders=(ended,)))
    assert told(rig) == []


def test_a_list_that_was_asked_for_in_the_moment_of_the_last_word_tells_no_end() -> None:
    rig = watching()
    rig.hear(acknowledged("X1"))
    rig.records.clear()
    assert list_orders(rig, view("X1", status=OrderStatus.FILLED, cumulative=Decimal(10))) == []
    assert told(rig) == []


@pytest.mark.parametrize("by_fill", [True, False], ids=["a fill", "news"])
def test_a_word_about_an_order_makes_it_younger_than_a_list_that_follows_behind(by_fill: bool) -> None:
    rig = watching(view("X1"), lists_lag=60 * SECOND)
    rig.wait(100)
    fill = traded("X1", "t1", 1, 1)
    fill = evolve(fill, order=evolve(fill.order, status=None))
    rig.hear(fill if by_fill else acknowledged("X1"))
    rig.wait(59)
    assert list_orders(rig) == []
    rig.wait(1)
    assert ids(list_orders(rig)) == ["X1"]


def test_a_list_that_shows_an_order_again_settles_what_was_asked() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.wait(1)
    assert list_orders(rig, view("X1")) == []
    not_found(rig, question)
    assert told(rig) == []
    rig.wait(1)
    assert ids(list_orders(rig)) == ["X1"], "it is missed anew"


def test_of_two_lists_of_one_moment_the_one_that_leaves_an_order_out_has_it_asked_for() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert list_orders(rig, view("X1")) == []
    not_found(rig, question)
    assert told(rig) == [("X1", None, Decimal(0), GONE)]


def test_what_is_asked_for_already_is_not_asked_for_again_by_another_list() -> None:
    rig = watching(view("X1"))
    assert ids(come_back(rig)) == ["X1"]
    rig.wait(1)
    assert list_orders(rig) == []


def test_an_order_under_the_same_id_with_other_terms_is_asked_for_as_before() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(replaced("X1", "X1"))
    not_found(rig, question)
    assert told(rig) == [("X1", OrderStatus.ACCEPTED, Decimal(0), "")], "what the answer says is older"
    rig.wait(1)
    assert ids(list_orders(rig)) == ["X1"]


def test_an_order_that_is_replaced_without_a_word_of_the_new_one_is_told_as_it_was() -> None:
    rig = watching(view("X1", cumulative=Decimal(4)))
    rig.hear(replaced("X1", None, filled=2))
    assert told(rig) == [("X1", None, Decimal(2), "")]
    not_found(rig, *come_back(rig))
    assert told(rig) == [("X1", None, Decimal(4), GONE)], "it had filled more before"


# Turns


def test_one_is_given_up_when_the_time_for_its_answer_is_over() -> None:
    rig = watching(view("X1"))
    rig.wait(20)
    assert ids(come_back(rig)) == ["X1"]
    assert rig.state.next_deadline == rig.time + 10 * SECOND


def test_one_over_http_is_not_asked_for_again_while_it_waits_for_its_turn() -> None:
    rig = watching(view("X1"), http_requests=frozenset({requests.QueryOrder}))
    assert ids(come_back(rig)) == ["X1"]
    rig.wait(129)
    assert asked(rig) == []
    rig.wait(11)
    assert ids(asked(rig)) == ["X1"]


def test_after_another_lost_link_they_are_asked_for_in_the_same_order() -> None:
    rig = watching(*(view(f"X{number}") for number in range(20)))
    first = [f"X{number}" for number in range(16)]
    assert ids(come_back(rig)) == first
    assert ids(come_back(rig)) == first


def test_a_placement_on_its_way_holds_back_no_question() -> None:
    rig = watching(view("X1"))
    rig.place("a1")
    rig.wait(1)
    assert ids(list_orders(rig)) == ["X1"]


def test_the_next_one_is_asked_for_as_soon_as_one_is_answered() -> None:
    shown = [view(f"X{number}") for number in range(18)]
    rig = watching(*shown)
    questions = come_back(rig)
    assert ids(questions) == [f"X{number}" for number in range(16)]
    rig.hear(took(questions[0].request_id, order=shown[0]))
    assert ids(asked(rig)) == ["X16"]
    not_found(rig, questions[1])
    assert ids(asked(rig)) == ["X17"]


def waiting_behind_ours() -> tuple[Rig, requests.QueryOrder]:
    """a1 of ours and X1 of another session were left out by a login: a1 is being asked for, and X1 waits."""
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(acknowledged("X1"))
    (ours,) = come_back(rig)
    assert ours.venue_order_id == "v1"
    return rig, ours


def test_while_an_order_of_ours_is_asked_for_others_stand_back_a_second_each_time() -> None:
    rig, ours = waiting_behind_ours()
    began = rig.time
    assert rig.state.next_deadline == began + SECOND
    rig.wait(0.5)
    assert list_orders(rig, view("v1", 1)) == []
    assert rig.state.next_deadline == began + SECOND, "one deadline however often they are looked for"
    rig.wait(0.5)
    assert rig.state.next_deadline == began + 2 * SECOND
    rig.hear(took(ours.request_id, order=view("v1", 1)))
    rig.wait(0.9)
    assert asked(rig) == []
    rig.wait(0.1)
    assert ids(asked(rig)) == ["X1"]


def test_where_no_order_of_another_session_waits_nothing_is_due_for_them() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.wait(20)
    assert len(come_back(rig)) == 1
    assert rig.state.next_deadline == rig.time + 10 * SECOND, "the time for the answer"


def test_one_that_is_heard_of_before_its_turn_is_not_asked_for() -> None:
    rig, ours = waiting_behind_ours()
    rig.wait(0.5)
    rig.hear(acknowledged("X1"), took(ours.request_id, order=view("v1", 1)))
    rig.wait(5)
    assert asked(rig) == []


def test_the_pause_of_one_that_is_settled_meanwhile_ends_in_nothing() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.hear(acknowledged("X1"))
    rig.wait(20)
    (question,) = come_back(rig, view("v1", 1))
    began = rig.time
    rig.hear(refused(question.request_id, Outcome.THROTTLED))
    rig.wait(0.5)
    rig.hear(acknowledged("X1"), replaced("v1", None, 1))
    assert ids(asked(rig)) == [None], "the order of ours, by its name"
    rig.wait(0.5)
    assert rig.state.next_deadline == began + 10 * SECOND, "nobody waits for the order of ours to be found"


def test_one_that_is_missed_twice_before_its_turn_is_asked_for_once() -> None:
    rig, ours = waiting_behind_ours()
    rig.wait(0.2)
    rig.hear(acknowledged("X1"))
    rig.wait(0.2)
    assert list_orders(rig, view("v1", 1)) == []
    rig.hear(took(ours.request_id, order=view("v1", 1)))
    rig.wait(2)
    assert ids(asked(rig)) == ["X1"]


def test_nothing_is_asked_for_while_there_is_no_connection() -> None:
    rig = watching(*(view(f"X{number}") for number in range(20)))
    assert len(come_back(rig)) == 16
    rig.lose_link()
    rig.wait(60)
    assert rig.sent() == []


def test_nothing_is_asked_for_while_the_client_closes() -> None:
    rig = watching(*(view(f"X{number}") for number in range(20)))
    questions = come_back(rig)
    rig.place("a1")
    rig.ask(commands.Disconnect(grace=30 * SECOND), None)
    not_found(rig, *questions)
    assert asked(rig) == []


# Answers


def test_a_question_that_was_not_written_is_asked_again() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    assert (question.venue_order_id, question.wire_id, question.cursor) == ("X1", None, None)
    rig.apply(NotWritten([question.request_id], "The socket was closed."))
    rig.wait(10)
    assert ids(asked(rig)) == ["X1"]


def test_an_answer_without_an_order_says_nothing() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(took(question.request_id))
    assert told(rig) == []
    rig.wait(0.9)
    assert asked(rig) == []
    rig.wait(0.1)
    assert ids(asked(rig)) == ["X1"]


def test_an_answer_that_shows_an_order_open_counts_what_has_filled_and_settles_the_question() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.wait(1)
    rig.hear(took(question.request_id, order=view("X1", cumulative=Decimal(4))))
    assert told(rig) == [], "nothing has just happened to it"
    rig.wait(60)
    assert asked(rig) == []
    (question,) = list_orders(rig)
    not_found(rig, question)
    assert told(rig) == [("X1", None, Decimal(4), GONE)]


def test_an_answer_counts_as_of_when_it_was_asked_for() -> None:
    """A fill from between the question and its answer may be among what the answer counts, or not."""
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.wait(5)
    rig.hear(took(question.request_id, order=view("X1", cumulative=Decimal(4))))
    now = rig.wall + rig.time
    for number, time in enumerate((now - 8 * SECOND, now, now + SECOND)):
        fill = traded("X1", f"t{number}", 1, 5)
        fill = evolve(fill, order=evolve(fill.order, status=None, cumulative=None), trade=evolve(fill.trade, time=time))
        rig.hear(fill)
    (question,) = come_back(rig)
    not_found(rig, question)
    assert told(rig) == [("X1", None, Decimal(5), GONE)]


def test_an_answer_that_follows_behind_is_as_old_as_that() -> None:
    """The order ended in the minute that the answer is behind; the login after it leaves it out."""
    rig = watching(view("X1"), lists_lag=60 * SECOND, http_requests=frozenset({requests.QueryOrder}))
    (question,) = come_back(rig)
    began = rig.time
    while rig.time - began < 60 * SECOND:
        rig.hear(took(question.request_id, order=view("X1")))
        rig.wait_for_sends()
        (question,) = asked(rig)
    rig.hear(took(question.request_id, order=view("X1")))
    rig.wait(5)
    assert asked(rig) == []
    assert ids(come_back(rig)) == ["X1"]


def test_an_answer_that_shows_an_end_tells_it_with_the_time_that_it_names() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    ended = view("X1", status=OrderStatus.EXPIRED, time=5, ended=8, reason="too late")
    rig.hear(took(question.request_id, order=ended))
    (report,) = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    assert (report.status, report.venue_time, report.reason) == (OrderStatus.EXPIRED, 8, "too late")


def test_an_answer_to_a_question_about_an_order_that_became_ours_meanwhile_says_nothing_of_another_sessions() -> None:
    rig = watching(view("X1", 7))
    rig.lose_link()
    rig.records.clear()
    rig.log_in(view("X1", 7))
    (report,) = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    (question,) = come_back(rig)
    rig.ask(commands.Adopt(report=report, client_order_id=None, strategy=StrategyId("mm")), None)
    rig.records.clear()
    not_found(rig, question)
    assert told(rig) == []


def test_an_answer_to_a_question_about_an_order_that_goes_on_under_another_id_says_nothing() -> None:
    rig = watching(view("X1"))
    (question,) = come_back(rig)
    rig.hear(replaced("X1", "X2"))
    assert told(rig) == [("X2", OrderStatus.ACCEPTED, Decimal(0), "")]
    not_found(rig, question)
    assert told(rig) == []


REPLACED = {"status": None, "replaced": True, "reason": "REPLACED"}


@pytest.mark.parametrize(("name", "chains"), [(7, False), (None, True)], ids=["no such history", "no name"])
def test_an_order_that_was_replaced_meanwhile_is_gone_where_no_history_can_name_the_next_one(
    name: int | None, chains: bool
) -> None:
    rig = watching(view("X1", name), reads_history=True, chain_history=chains)
    (question,) = come_back(rig)
    rig.hear(took(question.request_id, order=view("X1", name, **REPLACED)))
    assert told(rig) == [("X1", None, Decimal(0), f"{GONE} REPLACED")]


def history(rig: Rig, *rows: facts.OrderView) -> bool:
    """Answers the readings that are under way; the history of orders has these rows. False: nobody asked for it."""
    was_asked = False
    while sent := rig.sent():
        for request in sent:
            if isinstance(request, requests.ListOrderHistory):
                was_asked = True
                rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=rows))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
    return was_asked


def replaced_meanwhile(*names: int, shown: tuple[facts.OrderView, ...] = (), **rules: Any) -> Rig:
    """Orders of these names were replaced while the link was down, and history is to tell by which. Readings of the
    login itself, which shows these orders, are over."""
    rig = watching(*(view(f"X{name}", name) for name in names), reads_history=True, chain_history=True, **rules)
    rig.lose_link()
    rig.wait(1)
    rig.sends.clear()
    rig.log_in(*shown)
    questions = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    history(rig)
    rig.records.clear()
    for question, name in zip(questions, names, strict=True):
        rig.hear(took(question.request_id, order=view(f"X{name}", name, **REPLACED)))
    return rig


def followed(*names: int) -> Rig:
    """The same, when the history of orders is asked for."""
    rig = replaced_meanwhile(*names)
    assert told(rig) == []
    rig.wait(20)
    return rig


def test_history_is_read_soon_for_what_replaced_an_order_and_tells_it_once() -> None:
    rig = followed(7)
    unread = view("X2", 7, status=None)
    other = view("Y1", 8, status=OrderStatus.FILLED)
    assert history(rig, view("X7", 7, **REPLACED), unread, other)
    assert told(rig) == [("X7", None, Decimal(0), f"{GONE} REPLACED")], "the venue used a word that says nothing"
    last = view("X2", 7, status=OrderStatus.FILLED, cumulative=Decimal(10))
    rows = view("X7", 7, **REPLACED), last, other
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=rows))
    assert told(rig) == [("X2", OrderStatus.FILLED, Decimal(10), "")]
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=(view("X3", 7, status=OrderStatus.FILLED),)))
    assert told(rig) == [], "another order of that name"
    assert come_back(rig) == [], "under its old id it is missed no more"


def back_after_an_hour() -> tuple[Rig, requests.ListOrderHistory, requests.QueryOrder]:
    """With a reading of history, and the question about an order that is missing."""
    rig = watching(view("X7", 7), reads_history=True, chain_history=True, lists_lag=5 * SECOND)
    rig.lose_link()
    rig.wait(HOUR)
    rig.sends.clear()
    rig.log_in()
    sent = rig.sent()
    (orders,) = [request for request in sent if isinstance(request, requests.ListOrderHistory)]
    (question,) = [request for request in sent if isinstance(request, requests.QueryOrder)]
    return rig, orders, question


def go_on(rig: Rig, seconds: int) -> list[requests.Request]:
    """What is asked for in this time. Readings of history show nothing."""
    all_sent = []
    for _ in range(seconds):
        rig.wait(1)
        all_sent += (sent := rig.sent())
        for request in sent:
            if isinstance(request, requests.ListOrderHistory):
                rig.hear(facts.OrderHistoryListed(request_id=request.request_id, orders=()))
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
    return all_sent


def starts(sent: list[requests.Request]) -> list[int]:
    """From when on the history of orders was asked for."""
    return [request.start for request in sent if isinstance(request, requests.ListOrderHistory)]


def test_what_an_order_was_replaced_by_is_read_again_where_the_reading_is_past_its_orders() -> None:
    rig, orders, question = back_after_an_hour()
    lost_at = rig.wall + rig.time - HOUR * SECOND
    rig.hear(facts.OrderHistoryListed(request_id=orders.request_id, orders=()))
    rig.hear(took(question.request_id, order=view("X7", 7, **REPLACED)))
    history(rig)
    assert [start <= lost_at for start in starts(go_on(rig, 20))] == [True, True], "once more behind the lag"


def test_it_is_read_from_the_time_of_the_last_word_about_the_order_however_late_the_answer_comes() -> None:
    rig, orders, question = back_after_an_hour()
    lost_at = rig.wall + rig.time - HOUR * SECOND
    rig.hear(facts.OrderHistoryListed(request_id=orders.request_id, orders=()))
    history(rig)
    rig.hear(refused(question.request_id, Outcome.AMBIGUOUS))
    later = [sent for sent in go_on(rig, 600) if isinstance(sent, requests.QueryOrder)]
    rig.hear(took(later[-1].request_id, order=view("X7", 7, **REPLACED)))
    assert [start <= lost_at for start in starts(go_on(rig, 20))] == [True, True]
    assert starts(go_on(rig, 100)) == [], "it was read to its end"


def test_an_order_that_cannot_be_followed_beside_so_many_others_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches must not take it for open."""
    monkeypatch.setattr(external_orders, "MOST_FOLLOWED", 1)
    rig = replaced_meanwhile(7, 8)
    assert told(rig) == [("X8", None, Decimal(0), f"{GONE} REPLACED")]
    rig.wait(20)
    rows = [view(f"Z{name}", name, status=OrderStatus.FILLED, cumulative=Decimal(10)) for name in (7, 8)]
    history(rig, *rows)
    assert told(rig) == [("Z7", OrderStatus.FILLED, Decimal(10), "")]
    assert come_back(rig) == []


def test_an_order_is_gone_when_history_that_can_have_it_does_not_name_what_replaced_it() -> None:
    rig = replaced_meanwhile(7, lists_lag=5 * SECOND)
    go_on(rig, 4)
    assert told(rig) == [], "history may follow behind"
    go_on(rig, 10)
    assert told(rig) == [("X7", None, Decimal(0), f"{GONE} REPLACED")]
    go_on(rig, 200)
    assert told(rig) == []
    last = view("X2", 7, status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=(last,)))
    assert told(rig) == [("X2", OrderStatus.FILLED, Decimal(10), "")], "it followed behind by more than the venue says"


def test_orders_that_are_gone_make_room_for_others_that_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_orders, "MOST_FOLLOWED", 1)
    rig = replaced_meanwhile(7)
    go_on(rig, 10)
    assert told(rig) == [("X7", None, Decimal(0), f"{GONE} REPLACED")]
    rig.hear(acknowledged("X8", 8))
    (question,) = come_back(rig)
    rig.hear(took(question.request_id, order=view("X8", 8, **REPLACED)))
    assert told(rig) == []
    last = view("Z8", 8, status=OrderStatus.FILLED, cumulative=Decimal(10))
    rig.hear(facts.OrderHistoryListed(request_id=RequestId(0), orders=(last,)))
    assert told(rig) == [("Z8", OrderStatus.FILLED, Decimal(10), "")]


@pytest.mark.parametrize("has_ended", [False, True], ids=["open", "ended"])
def test_an_order_is_not_gone_where_the_venue_has_shown_by_itself_what_replaced_it(has_ended: bool) -> None:
    rig = replaced_meanwhile(7, shown=(view("X2", 7),))
    if has_ended:
        rig.hear(canceled("X2", 7))
    rig.records.clear()
    go_on(rig, 20)
    assert told(rig) == []
    queries = come_back(rig, *(() if has_ended else (view("X2", 7),)))
    assert queries == [], "under its old id it is missed no more"


def test_an_order_is_not_gone_that_goes_on_as_one_of_ours() -> None:
    rig = replaced_meanwhile(7, shown=(view("X2", 7),))
    rig.hear(acknowledged("X2", 7))
    (report,) = [event for event in rig.events() if isinstance(event, events.OrderStatusReport)]
    rig.ask(commands.Adopt(report=report, client_order_id=None, strategy=StrategyId("mm")), None)
    rig.records.clear()
    go_on(rig, 20)
    assert told(rig) == []


def test_an_order_is_gone_though_one_of_ours_was_placed_under_its_name() -> None:
    rig = replaced_meanwhile(7)
    rig.live("a7", "v7")
    go_on(rig, 10)
    assert ("X7", None, Decimal(0), f"{GONE} REPLACED") in told(rig)


def asked_behind_an_outage(rig: Rig, seconds: float) -> requests.QueryOrder:
    """What is asked about the one order that the login leaves out. The readings of the login are over."""
    rig.lose_link()
    rig.wait(seconds)
    rig.sends.clear()
    rig.log_in()
    (question,) = [send.request for send in rig.sends if isinstance(send.request, requests.QueryOrder)]
    history(rig)
    return question


def test_history_is_read_from_before_a_long_outage_for_what_replaced_an_order() -> None:
    """The login has read all fills since, so the next reading would begin a minute ago."""
    rig = watching(view("X7", 7), reads_history=True, chain_history=True)
    shown_at = WALL + rig.time
    question = asked_behind_an_outage(rig, 1000)
    rig.hear(took(question.request_id, order=view("X7", 7, **REPLACED)))
    rig.wait(1)
    readings = [request for request in rig.sent() if isinstance(request, requests.ListOrderHistory)]
    assert [reading.start <= shown_at for reading in readings] == [True]


def test_history_is_read_from_before_a_list_that_followed_behind() -> None:
    """It showed the order under its old id, at a time when it may have had another one."""
    rig = watching(view("X7", 7), reads_history=True, chain_history=True, lists_lag=60 * SECOND)
    shown_at = WALL + rig.time
    go_on(rig, 300)
    rig.ask(commands.OpenOrders())
    rig.hear(took(rig.numbers, orders=(view("X7", 7),)))
    go_on(rig, 300)  # all that is older has been read by then
    question = asked_behind_an_outage(rig, 10)
    rig.hear(took(question.request_id, order=view("X7", 7, **REPLACED)))
    readings = [request for request in go_on(rig, 100) if isinstance(request, requests.ListOrderHistory)]
    assert min(reading.start for reading in readings) <= shown_at


def test_history_of_orders_is_read_though_a_reading_of_fills_begins_at_the_very_moment_at_which_it_is_wanted() -> None:
    rig = watching(view("X7", 7), reads_history=True, chain_history=True)
    question = asked_behind_an_outage(rig, 55)
    rig.wait(4)
    rig.sends.clear()
    rig.time += SECOND  # a minute after the first login
    rig.hear(took(question.request_id, order=view("X7", 7, **REPLACED)))
    assert requests.ListFills in [type(send.request) for send in rig.sends]
    assert not history(rig), "it had begun with the fills"
    rig.wait(1)
    assert history(rig, view("X2", 7, status=OrderStatus.FILLED, cumulative=Decimal(10)))
    assert [(event[0], event[1]) for event in told(rig)][-1] == ("X2", OrderStatus.FILLED)
