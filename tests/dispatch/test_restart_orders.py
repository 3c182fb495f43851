"""Orders after a restart: who they are, what is not known of them, and what is never done twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import LinkUp
from protocol.dispatch.inquiries import Question
from protocol.dispatch.known import NothingKnown
from protocol.dispatch.records import Bound, CancelAsked, Intent, Postponed, ReplaceAsked
from protocol.errors import DuplicateOrder
from protocol.kraken_spot.options import KrakenSpotOptions
from protocol.order_json import has_further_terms, order_from_json
from protocol.orders import NewOrder, OrderIdentity
from protocol.reasons import Why
from protocol.structs import evolve
from protocol.values import (
    ClientOrderId,
    Money,
    OffsetUnit,
    OrderStatus,
    Side,
    TimeInForce,
    TradeId,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueRules
from tests.guarding import A1, asked, open_questions, order_of, told
from tests.order_life import GOLD, WALL, acknowledged, canceled, refused, took, traded, view
from tests.restarting import Run, first_run

DEADLINES = VenueRules(
    venue="TEST", process_within=5 * SECOND, lists_lag=3 * SECOND, tells_time=True, query_delays=(SECOND,) * 9
)


@pytest.fixture(params=[False, True], ids=["records", "snapshot"])
def by_snapshot(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def be_silent(run: Run) -> None:
    """The venue does not know a1, whenever it is asked, until it is known that it never arrived."""
    for _ in range(3000):
        if run.status("a1").is_terminal:
            return
        run.wait(0.1)
        for query in asked(run, requests.QueryOrder):
            run.hear(refused(query.request_id, facts.Outcome.NOT_FOUND))
    raise AssertionError("it is not known what became of the order")


def repriced() -> commands.Replace:
    return commands.Replace(client_order_id=A1, instrument=GOLD.id, price=Decimal(99))


def with_one_live(**options: Any) -> Run:
    run = first_run(**options)
    run.live("a1", "v1")
    return run


def test_a_live_order_has_its_handle_again(by_snapshot: bool) -> None:
    run = with_one_live().next_run(by_snapshot=by_snapshot)
    run.log_in(view("v1", 1))

    ((identity, request_id),) = run.ask(commands.LiveOrders(), None)
    assert identity.client_order_id == "a1"
    assert request_id == 0  # no number of this run's
    assert run.status("a1") is OrderStatus.ACCEPTED
    assert "StatusUnknown" not in [type(each).__name__ for each in run.records]


def test_a_placement_without_an_outcome_is_unknown_once_and_never_sent_again(by_snapshot: bool) -> None:
    run = first_run()
    run.place("a1")
    run = run.next_run(by_snapshot=by_snapshot)
    assert run.log_in().count("StatusUnknown") == 1
    assert run.status("a1") is OrderStatus.UNKNOWN
    run.wait(300)
    assert not asked(run, requests.PlaceOrder)
    assert asked(run, requests.QueryOrder)

    run = run.next_run(by_snapshot=by_snapshot)
    assert "StatusUnknown" not in run.log_in()  # it was told before


def test_a_placement_that_arrived_after_all_is_accepted(by_snapshot: bool) -> None:
    run = first_run()
    run.place("a1")
    run = run.next_run(by_snapshot=by_snapshot)
    assert run.log_in(view("v1", 1)) == ["Connected", "StatusUnknown", "Authenticated", "Accepted", "Reconciled"]
    assert run.status("a1") is OrderStatus.ACCEPTED
    assert run.hear(traded("v1", "t1", 10, 10, 1, final=True)) == ["Filled"]


def changed_meanwhile(time: int) -> facts.OrderView:
    """By the name of a1, with other terms than were placed."""
    return view("v1", 1, quantity=Decimal(300), price=Decimal(99), cumulative=Decimal(2), time=time)


@pytest.mark.parametrize("before", [1, SECOND // 2], ids=["an instant", "half a second"])
def test_an_order_of_another_session_that_had_the_name_just_before_is_not_ours(before: int, by_snapshot: bool) -> None:
    run = first_run()
    placed_at = run.place("a1").identity.local_time
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(changed_meanwhile(placed_at - before))
    assert run.status("a1") is OrderStatus.UNKNOWN
    assert len(told(run, events.OrderStatusReport)) == 1


def test_an_order_that_the_venue_does_not_date_must_have_the_terms_that_were_placed(by_snapshot: bool) -> None:
    run = first_run()
    run.place("a1")
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(changed_meanwhile(0))
    assert run.status("a1") is OrderStatus.UNKNOWN
    assert len(told(run, events.OrderStatusReport)) == 1


def test_a_placement_is_found_although_a_change_of_it_went_with_the_power(by_snapshot: bool) -> None:
    """No record tells of the change. Only an order that came before could have the name."""
    run = first_run()
    placed_at = run.place("a1").identity.local_time
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in(changed_meanwhile(placed_at))
    assert run.status("a1") is OrderStatus.ACCEPTED
    assert not told(run, events.OrderStatusReport)
    assert run.hear(traded("v1", "t1", 2, 2, 298)) == ["Filled"]


def test_a_placement_that_never_arrived_is_denied_only_when_the_venue_takes_it_no_more(by_snapshot: bool) -> None:
    run = first_run(rules=DEADLINES)
    run.place("a1")
    (intent,) = [record for record in run.journal if isinstance(record, Intent)]
    run = run.next_run(by_snapshot=by_snapshot)
    run.wall -= 29 * SECOND  # a second after the last run
    run.log_in()
    be_silent(run)
    assert run.status("a1") is OrderStatus.DENIED
    assert intent.process_before is not None
    denied_at = run.wall + run.time
    assert denied_at >= intent.process_before + DEADLINES.lists_lag
    assert denied_at < intent.process_before + DEADLINES.lists_lag + 3 * SECOND


def test_an_order_that_the_venue_had_taken_is_asked_for_and_not_called_unknown(by_snapshot: bool) -> None:
    run = first_run()
    run.place("a1")
    run.hear(took(run.numbers, "v1"))
    assert isinstance(run.journal[-1], Bound)
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert not told(run, events.StatusUnknown)
    assert open_questions(run) == {Question.OUTCOME}


def test_the_intent_holds_the_order_as_it_was_wanted() -> None:
    run = first_run()
    run.place("a1", price="100.10", tag="mine")
    (intent,) = [record for record in run.journal if isinstance(record, Intent)]
    order = order_from_json(bytes(intent.order))
    assert (order.tag, str(order.price), order.quantity) == ("mine", "100.10", Decimal(10))
    assert [type(each) for each in run.last.records] == [events.Submitted, Intent]


def test_an_order_whose_registration_says_it_all_needs_no_other_record() -> None:
    run = first_run()
    run.place("a1", price="100.10", time_in_force=TimeInForce.IOC, post_only=False, strategy="mean-reversion")
    (told,) = run.last.records
    assert isinstance(told, events.Submitted)
    assert (told.price, told.quantity, told.time_in_force) == (Decimal("100.10"), Decimal(10), TimeInForce.IOC)
    assert (told.identity.strategy, told.identity.client_order_id) == ("mean-reversion", "a1")


FURTHER_TERMS: dict[str, Any] = {
    "reduce_only": True,
    "tag": "mine",
    "trigger": TriggerType.MARK,
    "trailing_offset": Decimal(1),
    "trailing_unit": OffsetUnit.PRICE,
    "limit_offset": Decimal(1),
    "limit_offset_unit": OffsetUnit.PRICE,
    "expire_time": 1,
    "process_before": 1,
    "display_quantity": Decimal(1),
    "margin": True,
    "options": KrakenSpotOptions(),
}


@pytest.mark.parametrize("name", [each.name for each in attrs.fields(NewOrder)])
def test_every_term_that_no_event_tells_is_known_as_one(name: str) -> None:
    order = NewOrder.limit("GOLD.TEST", Side.BUY, quantity=1, price=2)
    assert not has_further_terms(order)
    if name in FURTHER_TERMS:
        assert has_further_terms(attrs.evolve(order, **{name: FURTHER_TERMS[name]}))
    else:
        assert name in {*OrderIdentity.__struct_fields__, *events.Submitted.__struct_fields__}


def test_the_deadline_of_an_order_that_waited_for_the_time_is_that_of_its_sending() -> None:
    run = first_run(rules=DEADLINES)
    (ask,) = asked(run, requests.AskTime)
    now = run.wall + run.time
    run.hear(facts.VenueTime(request_id=ask.request_id, received=now, sent=now, resolution=1), took(ask.request_id))
    run.wall += 3600 * SECOND  # the clock is set
    run.place("a1")
    assert not asked(run, requests.PlaceOrder)
    (ask,) = asked(run, requests.AskTime)
    run.wait(0.5)
    now = run.wall + run.time
    run.hear(facts.VenueTime(request_id=ask.request_id, received=now, sent=now, resolution=1), took(ask.request_id))
    (place,) = asked(run, requests.PlaceOrder)
    (postponed,) = [record for record in run.journal if isinstance(record, Postponed)]
    assert postponed.process_before == place.process_before

    run = run.next_run()
    run.log_in()
    placed = run.state._context.placement_of(order_of(run))
    assert placed is not None
    assert placed.process_before == place.process_before


def test_what_a_change_or_a_cancel_came_to_is_in_question(by_snapshot: bool) -> None:
    run = with_one_live()
    run.live("a2", "v2")
    run.live("a3", "v3")
    run.ask(repriced())
    assert isinstance(run.journal[-1], ReplaceAsked)
    run.ask(commands.Cancel(ClientOrderId("a2")))
    assert isinstance(run.journal[-1], CancelAsked)
    run = run.next_run(by_snapshot=by_snapshot)
    run.apply(LinkUp(1, "ws://test"))
    assert open_questions(run, "a1") == {Question.TERMS}
    assert open_questions(run, "a2") == {Question.TERMS}
    assert open_questions(run, "a3") == set()
    run.log_in(view("v1", 1, price=Decimal(99)), view("v2", 2), view("v3", 3))
    assert order_of(run, "a1").price == 99


def test_a_change_that_was_made_or_refused_is_in_question_no_more() -> None:
    run = with_one_live()
    run.ask(repriced())
    run.hear(took(run.numbers, "v1b"))
    run.hear(
        facts.OrderReplaced(
            time=WALL,
            order=view("v1", 1, status=None),
            new_venue_order_id=view("v1b").venue_order_id,
            replacement=view("v1b", 1, price=Decimal(99)),
        )
    )
    assert told(run, events.Updated)
    run = run.next_run()
    run.apply()
    assert not run.state._account.changing


def test_an_order_that_ended_while_we_were_away_is_asked_for(by_snapshot: bool) -> None:
    run = with_one_live().next_run(by_snapshot=by_snapshot)
    run.log_in()
    (query,) = asked(run, requests.QueryOrder)
    shown = view("v1", 1, status=OrderStatus.CANCELED)
    assert run.hear(took(query.request_id, order=shown))[0] == "Canceled"


def test_an_end_is_not_told_again(by_snapshot: bool) -> None:
    run = with_one_live()
    run.hear(canceled("v1", 1))
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert run.hear(canceled("v1", 1)) == []
    assert run.hear(traded("v1", "t1", 1, 1, 1)) == ["Filled"]  # a fill after a cancel is a fill


def test_a_name_is_never_used_again(by_snapshot: bool) -> None:
    run = with_one_live()
    run.hear(canceled("v1", 1))
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    assert isinstance(run.place("a1"), DuplicateOrder)


class Journal(NothingKnown):
    """What it knows beyond memory."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def is_used(self, client_order_id: str) -> bool:
        self.asked.append(client_order_id)
        return client_order_id == "a9"

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        self.asked.append(trade_id)
        return True if trade_id == "t9" else None


def test_the_journal_is_asked_for_a_name_that_memory_has_let_go() -> None:
    journal = Journal()
    run = first_run(known=journal, finished_window=1)
    run.place("a1")
    assert journal.asked == []  # nothing has been forgotten yet
    for name in ("a2", "a3"):
        run.live(name, f"v{name[1]}")
        run.hear(canceled(f"v{name[1]}", int(name[1])))
    assert isinstance(run.place("a9"), DuplicateOrder)
    assert not isinstance(run.place("a8"), Exception)
    assert journal.asked[-2:] == ["a9", "a8"]


def test_an_order_that_was_denied_for_silence_is_looked_after_by_the_next_run(by_snapshot: bool) -> None:
    run = first_run(rules=DEADLINES)
    run.place("a1")
    be_silent(run)
    (denied,) = told(run, events.Denied)
    assert denied.why is Why.NEVER_ARRIVED
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    (query,) = asked(run, requests.QueryOrder)
    assert run.hear(took(query.request_id, order=view("v1", 1)))[:1] == ["Reopened"]


def test_the_account_that_an_earlier_run_was_logged_in_to_is_known(by_snapshot: bool) -> None:
    run = with_one_live()
    assert run.state.restored_user == "u"
    assert run.next_run(by_snapshot=by_snapshot).state.restored_user == "u"
    assert Run().state.restored_user is None
    nobody = [evolve(each, user="") if isinstance(each, events.Authenticated) else each for each in run.journal]
    assert Run(journal=nobody).state.restored_user is None


def test_numbers_of_earlier_requests_mean_nothing_to_this_run(by_snapshot: bool) -> None:
    run = first_run()
    run.place("a1")
    run = run.next_run(by_snapshot=by_snapshot)
    run.log_in()
    run.place("a2")  # under the number that a1 had
    assert run.hear(took(run.numbers, "v2"), acknowledged("v2", 2)) == ["Accepted"]
    assert run.status("a1") is OrderStatus.UNKNOWN
    assert order_of(run, "a1").venue_order_id is None


def test_a_late_fee_does_not_bring_an_order_back_that_a_snapshot_has_left_out() -> None:
    run = with_one_live()
    run.hear(traded("v1", "t1", 10, 10, 1, final=True))
    ended = run.state.snapshot()
    empty = Run().state.snapshot()
    assert ended != empty
    fee = events.FeeReported(
        identity=order_of(run).identity,
        venue_order_id=order_of(run).venue_order_id,
        venue_time=0,
        local_time=0,
        trade_id=TradeId("t1"),
        fill_venue_order_id=VenueOrderId("v1"),
        commission=Money(Decimal("0.1"), "USD"),
    )
    later = Run(snapshot=empty, journal=[fee])
    later.log_in()
    assert later.state.orders.live == {}
    assert later.hear(traded("v1", "t1", 10, 10, 1, final=True)) == []
