"""Executions that may be of an order of ours which has no venue order id here: who is meant, and how long one waits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import events, facts
from protocol.dispatch import unclaimed_fills
from protocol.dispatch.identities import Identities
from protocol.dispatch.tracking import Order
from protocol.dispatch.unclaimed_fills import UnclaimedFills
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, Side, VenueOrderId
from protocol.venue import SECOND

from ..order_life import WALL, acknowledged, canceled, external, refused, replaced, took, traded, view
from ..unnamed_fills import executed, history, listed, lookups, new_rig, told, waiting

# What it waits for


def test_an_execution_is_told_as_the_fill_of_its_order_with_all_that_it_said() -> None:
    rig = waiting()
    happened = WALL + rig.time
    rig.wait(1)
    rig.hear(took(rig.numbers, "o1"))
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.client_order_id, fill.venue_order_id, fill.fill_venue_order_id) == ("a7", "o1", "o1")
    assert (fill.trade_id, fill.last_quantity, fill.last_price) == ("t1", Decimal(4), Decimal("100.0"))
    assert (fill.cumulative, fill.leaves, fill.overfill) == (Decimal(4), Decimal(6), Decimal(0))
    assert (fill.venue_time, fill.local_time) == (happened, happened + SECOND)
    assert (fill.status, fill.concluded) == (OrderStatus.PARTIALLY_FILLED, False)
    assert rig.wait(400) == []
    assert told(rig) == [("Filled", "t1")]


def test_an_execution_in_history_that_waits_is_no_last_one_and_was_not_heard_live() -> None:
    rig = new_rig()
    rig.place("a7")
    assert rig.hear(history(listed(rig, "o1", "t1", 10))) == []
    assert rig.hear(took(rig.numbers, "o1")) == ["Accepted", "Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.status, fill.concluded) == (OrderStatus.PARTIALLY_FILLED, False), "the venue is asked instead"
    rig.place("a8")
    assert rig.hear(history(listed(rig, "o2", "t2", 10, wire_id=8))) == ["Accepted", "Filled"]
    assert rig.status("a8") is OrderStatus.PARTIALLY_FILLED, "nor was one that waits for nothing"


def test_an_execution_that_was_heard_live_completes_its_order_by_arithmetic_unless_the_link_was_lost() -> None:
    rig = new_rig()
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1", 10))
    rig.hear(took(rig.numbers, "o1"))
    assert rig.status("a7") is OrderStatus.FILLED
    rig.place("a8")
    rig.hear(executed(rig, "o2", "t2", 10))
    rig.lose_link()
    rig.log_in()
    assert rig.hear(acknowledged("o2", 8)) == ["Accepted", "Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.concluded, fill.status) == (False, OrderStatus.PARTIALLY_FILLED), "it is old by the next login"


def test_the_same_execution_told_twice_waits_once_and_no_longer() -> None:
    rig = waiting()
    rig.wait(100)
    assert rig.hear(executed(rig, "o1", "t1", time=WALL + rig.time - 100 * SECOND)) == []
    rig.wait(199)
    assert told(rig) == []
    rig.wait(1)
    assert told(rig) == [("FillReport", "t1")]
    assert rig.hear(history(listed(rig, "o1", "t1"))) == []


def test_one_that_was_told_as_another_sessions_is_not_looked_up_again() -> None:
    rig = new_rig(reads_history=True)
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1"))
    rig.place("a7")
    rig.sends.clear()
    assert rig.hear(history(listed(rig, "o9", "t1"))) == []
    assert lookups(rig) == []
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE)) == ["Rejected"]
    assert told(rig) == [("FillReport", "t1")]


def test_an_execution_of_an_order_that_has_become_known_is_told_though_it_is_from_before_this_client_began() -> None:
    """Nobody else's would be."""
    rig = new_rig(reads_history=True)
    rig.place("a7")
    early = listed(rig, "o1", "t1", time=WALL + rig.time - SECOND)
    other = listed(rig, "o9", "t9", time=WALL + rig.time - SECOND)
    rig.hear(history(early, other))
    assert told(rig) == []
    assert rig.hear(took(rig.numbers, "o1")) == ["Accepted", "Filled"]
    rig.wait(400)
    assert told(rig) == [("Filled", "t1")]


def test_an_execution_that_waits_and_is_then_told_with_its_order_is_told_once() -> None:
    rig = waiting()
    assert rig.hear(traded("o1", "t1", 4, 4, 7)) == ["Accepted", "Filled"]
    rig.wait(400)
    assert told(rig) == [("Filled", "t1")]


# Patience


def test_each_waits_for_five_minutes_of_its_own() -> None:
    rig = waiting()
    rig.wait(100)
    rig.hear(executed(rig, "o1", "t2"))
    rig.wait(199)
    assert told(rig) == []
    rig.wait(1)
    assert told(rig) == [("FillReport", "t1")]
    rig.wait(99)
    assert told(rig) == [("FillReport", "t1")]
    rig.wait(1)
    assert told(rig) == [("FillReport", "t1"), ("FillReport", "t2")]
    report = rig.events()[-1]
    assert isinstance(report, events.FillReport)
    assert (report.venue_order_id, report.client_order_id, report.last_quantity) == ("o1", None, Decimal(4))


def test_no_more_than_a_thousand_wait_the_oldest_are_told_and_a_warning_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unclaimed_fills.MOST_KEPT == 1000
    monkeypatch.setattr(unclaimed_fills, "MOST_KEPT", 2)
    rig = new_rig()
    for round_number in ("x", "y"):
        rig.place("a7" if round_number == "x" else "a8")
        rig.records.clear()
        ids = [f"{round_number}{number}" for number in range(4)]
        warnings: list[str] = []
        for tid in ids:
            rig.hear(executed(rig, f"o{tid}", tid))
            warnings += rig.last.warnings
        assert told(rig) == [("FillReport", tid) for tid in ids[:2]]
        assert warnings == [
            "More than 2 executions wait to be told, because they may be of an order whose placement the venue has not "
            "answered. The oldest are told as another session's."
        ]
        rig.hear(refused(rig.numbers, Outcome.DEFINITE))
        assert told(rig) == [("FillReport", tid) for tid in ids]


def test_the_oldest_is_told_as_ours_if_its_order_has_just_become_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one message: first the execution that names it, then the one for which there is no room."""
    monkeypatch.setattr(unclaimed_fills, "MOST_KEPT", 1)
    rig = waiting()
    rig.place("a8")
    named, nameless = listed(rig, "o1", "t2", wire_id=7), listed(rig, "o9", "t9")
    rig.hear(history(named, nameless))
    assert told(rig) == [("Filled", "t2"), ("Filled", "t1")]


def test_messages_that_touch_no_order_that_may_be_meant_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = new_rig()
    looks: list[int] = []
    rig.live("a1", "v1")
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1"))
    settle = UnclaimedFills.settle

    def look(unclaimed: UnclaimedFills) -> None:
        looks.append(1)
        settle(unclaimed)

    monkeypatch.setattr(UnclaimedFills, "settle", look)
    number = rig.numbers
    rig.place("a8")
    rig.hear(executed(rig, "o8", "t8"))
    looks.clear()
    rig.hear(executed(rig, "o1", "t2"), executed(rig, "o1", "t1"))
    rig.wait(5)
    assert looks == []
    rig.hear(took(number, "o1"))
    assert told(rig) == [("Filled", "t1"), ("Filled", "t2")]
    rig.hear(executed(rig, "o8", "t8"))
    looks.clear()
    rig.hear(executed(rig, "o8", "t8"), executed(rig, "o8", "t9"))
    assert looks == [], "what was told then is looked at no more"


def test_only_executions_whose_order_has_changed_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = waiting()
    rig.place("a8")
    second = rig.numbers
    asked: list[tuple[str, str]] = []
    is_foreign = Identities.is_foreign

    def ask(identities: Identities, order: Order, oid: VenueOrderId) -> bool:
        asked.append((str(order.identity.client_order_id), oid))
        return is_foreign(identities, order, oid)

    monkeypatch.setattr(Identities, "is_foreign", ask)
    rig.hear(took(second, "o8"))
    assert ("a7", "o1") not in asked, "it was sent before a8, which is none of its suspects"


def test_one_that_is_settled_waits_for_no_other_order() -> None:
    """The order that it names is known by now, though another one may still be meant by its terms."""
    rig = new_rig()
    rig.place("a6")
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1"))
    assert rig.hear(took(rig.numbers, "o1")) == ["Accepted", "Filled"]
    assert told(rig) == [("Filled", "t1")]


def test_it_waits_while_one_of_several_may_be_meant() -> None:
    rig = new_rig()
    rig.place("a6")
    first = rig.numbers
    rig.place("a7")
    rig.hear(executed(rig, "o9", "t1"))
    assert rig.hear(took(rig.numbers, "o2")) == []
    assert rig.hear(took(first, "o1")) == ["FillReport"]


# Who is meant


@pytest.mark.parametrize(("early", "kept"), [(60 * SECOND, True), (60 * SECOND + 1, False)])
def test_the_clocks_may_be_a_minute_apart(early: int, kept: bool) -> None:
    rig = new_rig()
    rig.wait(100)
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1", time=WALL + rig.time - early))
    assert told(rig) == ([] if kept else [("FillReport", "t1")])


def test_what_is_known_as_another_sessions_order_is_told_at_once() -> None:
    rig = new_rig()
    rig.hear(acknowledged("o9", 9))
    rig.wait(1)
    rig.place("a7")
    rig.hear(executed(rig, "o9", "t1"))
    assert told(rig) == [("FillReport", "t1")]


def test_an_execution_may_be_of_an_order_whose_side_nobody_has_told() -> None:
    rig = new_rig(stops_go_on=True)
    external(rig, "x1", "o1")
    rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", side=None)))
    rig.records.clear()
    assert rig.hear(executed(rig, "o2", "t1", side=Side.SELL)) == []


def test_an_execution_that_names_an_order_which_cannot_have_another_id_is_not_its_own() -> None:
    rig = new_rig(changes_in_place=True)
    rig.live("a7", "o1")
    fact = executed(rig, "o2", "t1")
    rig.hear(evolve(fact, order=evolve(fact.order, wire_id=7)))
    assert told(rig) == [("FillReport", "t1")]


def test_an_execution_waits_for_the_order_that_it_names_alone() -> None:
    rig = new_rig()
    rig.place("a7")
    rig.hear(executed(rig, "o2", "t1", wire_id=8))
    assert told(rig) == [("FillReport", "t1")]


def test_where_a_stop_keeps_its_id_its_firing_says_that_it_is_not_meant() -> None:
    rig = waiting()
    assert rig.hear(facts.OrderTriggered(time=WALL, order=view("o5", 7))) == ["Accepted", "Triggered", "FillReport"]


def test_where_stops_go_on_one_that_has_not_fired_keeps_its_id() -> None:
    rig = waiting(stops_go_on=True)
    assert rig.hear(took(rig.numbers, "o5")) == ["FillReport"]


def test_an_order_that_is_complete_goes_on_under_no_other_id() -> None:
    """The venue had refused it, and filled it all the same, and again."""
    rig = new_rig(stops_go_on=True)
    rig.place("a7")
    rig.hear(refused(rig.numbers, Outcome.DEFINITE))
    assert rig.hear(traded("o1", "t1", 10, 10, 7, final=True)) == ["Accepted", "Filled"]
    assert rig.status("a7") is OrderStatus.FILLED
    assert rig.hear(history(listed(rig, "o2", "t2", wire_id=7))) == ["Filled"]


def test_where_a_stop_goes_on_under_another_id_its_firing_leaves_that_open() -> None:
    rig = waiting(stops_go_on=True)
    assert rig.hear(facts.OrderTriggered(time=WALL, order=view("o5", 7))) == ["Accepted", "Triggered"]
    assert rig.hear(replaced("o5", "o1", 7)) == ["Updated", "Filled"]


def unclear(oid: str, cid: int) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view(oid, cid))


def test_several_orders_may_be_those_of_which_nobody_knows_whether_they_go_on() -> None:
    rig = new_rig(stops_go_on=True)
    rig.live("a7", "o1")
    rig.live("a8", "o2")
    rig.hear(unclear("o1", 7), unclear("o2", 8))
    assert rig.hear(executed(rig, "o3", "t1")) == []
    assert rig.hear(canceled("o2", 8)) == ["Canceled"]
    assert rig.hear(replaced("o1", "o3", 7)) == ["Updated", "Filled"]


def test_an_order_that_has_gone_on_is_no_longer_one_of_those() -> None:
    rig = new_rig(stops_go_on=True)
    rig.live("a7", "o1")
    rig.hear(unclear("o1", 7))
    rig.hear(replaced("o1", "o2", 7))
    rig.records.clear()
    rig.hear(executed(rig, "o9", "t1"))
    assert told(rig) == [("FillReport", "t1")]


def test_a_fill_that_names_our_order_by_its_client_id_renames_it_only_where_stops_go_on() -> None:
    for goes_on in (True, False):
        rig = new_rig(stops_go_on=goes_on)
        rig.live("a7", "o1")
        rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
        names = rig.hear(history(listed(rig, "o2", "t1", wire_id=7)))
        assert names == (["Updated", "Filled"] if goes_on else ["Filled"])
