"""What slides out of memory before the journal has it: a disk may be slow, or full."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from attrs import define, field

from protocol import commands, events, facts
from protocol.dispatch.records import AlreadyCounted, Registered
from protocol.dispatch.tracking import FILLS_OF_ORDER
from protocol.errors import DuplicateOrder, NotSent
from protocol.reasons import Why
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, StrategyId, TradeId
from protocol.venue import SECOND
from protocol.window import Window
from tests.guarding import A1, NOBODYS, told
from tests.order_life import WALL, Rig, acknowledged, canceled, external, took, trade, traded, view
from tests.restarting import Run, first_run


@define
class Journal:
    """Has what is committed. run: whose records are committed."""

    run: Run | None = field(default=None)

    def is_used(self, client_order_id: str) -> bool:
        named = [record for record in self._records() if isinstance(record, events.Submitted | Registered)]
        return any(record.identity.client_order_id == client_order_id for record in named)

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        found = [record for record in self._of(trade_id) if not isinstance(record, AlreadyCounted)]
        return None if not found else any(record.commission is not None for record in found)

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        return any(isinstance(record, AlreadyCounted) for record in self._of(trade_id))

    def is_lost(self, client_order_id: str) -> bool:
        return False

    @property
    def has_lost(self) -> bool:
        return False

    def _of(self, trade_id: str) -> list[Any]:
        return [record for record in self._records() if getattr(record, "trade_id", None) == trade_id]

    def _records(self) -> list[Any]:
        assert self.run is not None
        waiting = sum(len(each.records) for each in self.run.uncommitted)
        return self.run.journal[: len(self.run.journal) - waiting]


def on_a_full_disk(**options: Any) -> Run:
    """Nothing that it decides from now on is committed."""
    journal = Journal()
    run = first_run(known=journal, **options)
    journal.run, run.commits = run, False
    return run


def is_remembered(run: Run) -> int:
    """How much is kept only until it is committed."""
    run.apply()
    return len(run.state._forgotten.waiting)


COMMITTED = pytest.mark.parametrize("is_committed", [False, True], ids=["waiting", "committed"])


@COMMITTED
def test_a_fill_of_another_session_is_told_once_though_it_waits_for_its_commit(is_committed: bool) -> None:
    run = on_a_full_disk(fill_window=1)
    for number in range(1, 6):
        run.hear(traded(f"x{number}", f"t{number}", 2, 2))
    if is_committed:
        run.commit()
    for number in range(1, 6):
        run.hear(traded(f"x{number}", f"t{number}", 2, 2))
    assert [report.trade_id for report in told(run, events.FillReport)] == ["t1", "t2", "t3", "t4", "t5"]


@COMMITTED
def test_the_fill_of_an_order_that_memory_has_let_go_is_told_once(is_committed: bool) -> None:
    run = on_a_full_disk(finished_window=1)
    run.live("a1", "v1")
    run.hear(traded("v1", "t1", 10, 10, 1, final=True))
    run.live("a2", "v2")
    run.hear(canceled("v2", 2))
    if is_committed:
        run.commit()
    assert run.hear(traded("v1", "t1", 10, 10, 1, final=True)) == []


@COMMITTED
@pytest.mark.parametrize("live", [False, True], ids=["history", "live"])
@pytest.mark.parametrize("counted_at_first", [4, 0], ids=["before the first count", "between two counts"])
def test_what_an_adopted_order_counts_already_is_not_told_when_memory_has_let_it_go(
    is_committed: bool, live: bool, counted_at_first: int
) -> None:
    """Whoever sums the adopted count and the fills told would have it twice."""
    run = on_a_full_disk(finished_window=1)
    run.wait(5)
    moment = WALL + (104 if counted_at_first else 102) * SECOND
    run.hear(evolve(acknowledged("x1", 1, cumulative=Decimal(counted_at_first)), time=moment))
    (report,) = told(run, events.OrderStatusReport)
    report = evolve(report, cumulative=Decimal(4))
    run.ask(commands.Adopt(report=report, client_order_id=A1, strategy=StrategyId("mm")), None)
    counted = evolve(trade("x1", "t1", 4), time=WALL + 103 * SECOND)
    run.hear(facts.FillsListed(request_id=NOBODYS, trades=(counted,)))
    run.hear(canceled("x1", 1))
    run.live("a2", "v2")
    run.hear(canceled("v2", 2))
    if is_committed:
        run.commit()
        run.apply()
    again = evolve(traded("x1", "t1", 4, 4, 1), trade=counted)
    run.hear(again if live else facts.FillsListed(request_id=NOBODYS, trades=(counted,)))
    assert told(run, events.FillReport) == []
    other = evolve(counted, trade_id=TradeId("t2"), time=WALL + 200 * SECOND)
    assert run.hear(facts.FillsListed(request_id=NOBODYS, trades=(other,))) == ["FillReport"], "it was never counted"


def test_the_later_fills_of_one_order_are_told_once() -> None:
    run = on_a_full_disk()
    run.state.orders.later_fills = Window(1)
    run.place("a1", quantity=100)
    run.hear(took(run.numbers, "v1"), acknowledged("v1", 1))
    many = [traded("v1", f"t{number}", 1, number, 1) for number in range(1, FILLS_OF_ORDER + 6)]
    run.hear(*many)
    assert len(told(run, events.Filled)) == len(many)
    assert run.hear(*many) == []


def test_a_name_is_used_though_its_order_waits_for_its_commit() -> None:
    run = on_a_full_disk(finished_window=1)
    for name in ("a1", "a2"):
        run.live(name, f"v{name[1]}")
        run.hear(canceled(f"v{name[1]}", int(name[1])))
    assert isinstance(run.place("a1"), DuplicateOrder)
    assert not isinstance(run.place("a3"), Exception)


def forgot(is_committed: bool) -> Run:
    """An order a1 that memory has let go: of 10, of which 4 filled as execution t1."""
    run = on_a_full_disk(finished_window=1)
    run.live("a1", "v1")
    run.hear(traded("v1", "t1", 4, 4, 1), canceled("v1", 1, total=4))
    run.live("a2", "v2")
    run.hear(canceled("v2", 2))
    if is_committed:
        run.commit()
    return run


def shown(run: Run) -> events.OrderStatusReport:
    return cast("events.OrderStatusReport", told(run, events.OrderStatusReport)[-1])


def adopt(run: Run, name: str | None = None) -> Any:
    """The order that was reported last."""
    client_order_id = None if name is None else ClientOrderId(name)
    return run.ask(commands.Adopt(report=shown(run), client_order_id=client_order_id, strategy=StrategyId("mm")), None)


@COMMITTED
def test_an_adopted_order_gets_no_name_that_an_order_had_which_memory_has_let_go(is_committed: bool) -> None:
    """Whoever keeps books by name would take both for one order."""
    run = forgot(is_committed)
    run.hear(acknowledged("x7", 7))
    refusal = adopt(run, "a1")
    assert isinstance(refusal, NotSent)
    assert (refusal.why, refusal.field) == (Why.DUPLICATE_ID, "client_order_id")
    assert str(refusal) == (
        "Order a1 was not adopted: the journal has an order with this client order id. Give it another name "
        "(client_order_id)."
    )
    assert adopt(run, "a3").client_order_id == "a3"


@COMMITTED
def test_an_order_of_ours_that_comes_back_when_memory_has_let_it_go_is_adopted_under_another_name(
    is_committed: bool,
) -> None:
    """Its name at the venue stays what it is, and so does what was told of it."""
    run = forgot(is_committed)
    run.log_in(evolve(view("v1", 1, cumulative=Decimal(4)), time=WALL))
    report = evolve(shown(run), client_order_id=A1)  # as venues report it that carry the name as a text
    refusal = run.ask(commands.Adopt(report=report), None)
    assert isinstance(refusal, NotSent)
    assert refusal.why is Why.DUPLICATE_ID
    again = adopt(run, "a1 again")
    assert (again.client_order_id, again.identity.wire_id, again.cumulative) == ("a1 again", 1, 4)
    run.records.clear()
    run.hear(traded("v1", "t1", 4, 4, 1), traded("v1", "t2", 6, 10, 1, final=True))
    assert [fill.trade_id for fill in told(run, events.Filled)] == ["t2"]
    assert run.status("a1 again") is OrderStatus.FILLED


@COMMITTED
def test_no_order_is_registered_under_a_name_that_memory_has_let_go(is_committed: bool) -> None:
    run = forgot(is_committed)
    assert external(run, "a1", "x7") is False
    assert run.last.warnings == [
        "Order a1 was not registered: the journal has an order with this client order id. Choose another name."
    ]
    assert external(run, "a3", "x7") is True


def test_whether_a_fee_is_known_is_remembered_with_its_fill() -> None:
    """Or the fee would be lost, or told again."""
    run = on_a_full_disk(finished_window=1)
    run.live("a1", "v1")
    without, with_fee = traded("v1", "t1", 4, 4, 1), traded("v1", "t2", 6, 10, 1, final=True)
    run.hear(without, evolve(with_fee, trade=trade("v1", "t2", 6, fee="0.5")))
    run.live("a2", "v2")
    run.hear(canceled("v2", 2))
    known = run.state._context.known
    assert [known.fee_known("v1", each) for each in ("t1", "t2", "t3")] == [False, True, None]


def test_what_is_committed_is_left_to_the_journal() -> None:
    run = on_a_full_disk(fill_window=1)
    for number in range(1, 6):
        run.hear(traded(f"x{number}", f"t{number}", 2, 2))
    assert is_remembered(run) == 4
    run.uncommitted[0].is_settled = True  # the first fill is committed; memory let it go with the second
    assert is_remembered(run) == 4
    run.uncommitted[1].is_settled = True
    assert is_remembered(run) == 3
    run.commit()
    assert is_remembered(run) == 0


def test_without_a_journal_nothing_waits_for_one() -> None:
    rig = Rig(fill_window=1)
    for number in range(1, 6):
        rig.hear(traded(f"x{number}", f"t{number}", 2, 2))
    assert len(rig.state._forgotten.waiting) == 0


def test_what_was_restored_is_in_the_journal() -> None:
    run = on_a_full_disk(fill_window=1)
    for number in range(1, 6):
        run.hear(traded(f"x{number}", f"t{number}", 2, 2))
    assert is_remembered(run.next_run()) == 0
