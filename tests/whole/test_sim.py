"""The simulation of hostile stories is itself to be trusted: it is the same every time, and it sees what is wrong."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trio
from trio._core import _run

from actors import Money, OrderStatus, Side, events
from actors.net.connectors import MemoryConnector
from actors.net.memory_stream import MemoryListener
from protocol.orders import NEXT_STATUS, Happening
from protocol.reasons import Why
from protocol.structs import evolve
from protocol.values import TradeId

from ..sim import steps
from ..sim.compare import Finding, compare
from ..sim.determinism import seeded_scheduler
from ..sim.network import Network, Slowness
from ..sim.planted import bugs, fails_with, name_of, planted, story_of
from ..sim.play import Played, play
from ..sim.report import Totals, script, trace_of
from ..sim.stage import Trader
from ..sim.story import draw_story
from ..sim.venues import VENUES

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stories end in the middle of things, and the log says so at length."""
    monkeypatch.setattr(logging.getLogger("trio_orders"), "propagate", False)


def told(*script: steps.Step, venue: str = "ax") -> Played:
    """A story of these steps, under a clear sky."""
    story = evolve(draw_story(venue, 0, calm=True), script=(steps.Open(client=0), *script), settings=settings(venue))
    return play(story, compare, closes=False)


def settings(venue: str) -> dict[str, Any]:
    return {"users": VENUES[venue].users, "quotes": False, "strict": True}


def buy(order: int = 1, quantity: int = 100) -> steps.Submit:
    return steps.Submit(client=0, order=order, name=f"order-{order}", side=Side.BUY, quantity=quantity, price=-50)


CANCELED = (buy(), steps.Trade(order=1, percent=30), steps.Trade(order=1, percent=50), steps.Cancel(client=0, order=1))


# The same every time


def test_trio_still_has_the_randomness_of_its_scheduler_where_the_seed_goes() -> None:
    """If this fails, `tests.sim.determinism.seeded_scheduler` needs another way to make the scheduler follow a seed."""
    assert _run._ALLOW_DETERMINISTIC_SCHEDULING is not None
    before = _run._r.getstate()
    with seeded_scheduler(7):
        first = _run._r.random()
    with seeded_scheduler(7):
        assert _run._r.random() == first
    assert _run._r.getstate() == before


def test_the_seed_decides_which_task_goes_first() -> None:
    def order_of(seed: int) -> list[int]:
        went: list[int] = []

        async def go(number: int) -> None:
            await trio.lowlevel.checkpoint()
            went.append(number)

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                for number in range(20):
                    nursery.start_soon(go, number)

        with seeded_scheduler(seed):
            trio.run(main)
        return went

    assert order_of(1) == order_of(1)
    assert len({tuple(order_of(seed)) for seed in range(5)}) == 5


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    def trace(hash_seed: str, jobs: str) -> str:
        command = [sys.executable, "-m", "tests.sim", "--seeds", "24", "--hash", "--jobs", jobs]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        (line,) = [line for line in ran.stdout.splitlines() if line.startswith("trace ")]
        return line

    assert trace("1", jobs="1") == trace("2", jobs="2")


def test_another_seed_tells_another_story() -> None:
    first, second = (play(draw_story("ax", seed, calm=True), compare) for seed in (1, 2))
    assert trace_of(first) != trace_of(second)


# Nothing is found where nothing is wrong


@pytest.mark.parametrize("venue", VENUES)
def test_a_calm_story_has_no_faults(venue: str) -> None:
    for seed in range(20):
        played = play(draw_story(venue, seed, calm=True), compare)
        assert played.findings == [], f"seed {seed}"
        assert all(trader.heard for trader in played.traders)


@pytest.mark.parametrize("venue", VENUES)
def test_a_portion_of_hostile_stories_ends_without_a_fault(venue: str) -> None:
    totals = Totals()
    for seed in range(24):
        totals.add(play(draw_story(venue, seed), compare))
    assert dict(totals.found) == {}


def test_stories_are_about_orders_that_are_traded() -> None:
    fills = [execution.quantity for execution in told(*CANCELED).books.executions()]
    assert fills == [30, 35]  # 30 % of 100, 50 % of the 70 that are left


# What is wrong is seen, and called by its name


def doctored(change: Callable[[Trader], None]) -> list[Finding]:
    """What is found in the story of a canceled order whose events were changed afterwards."""
    played = told(*CANCELED)
    assert played.findings == []
    change(played.traders[0])
    return compare(played)


def index(trader: Trader, kind: type[events.Event]) -> int:
    return next(place for place, (_, event) in enumerate(trader.heard) if isinstance(event, kind))


def renumber(trader: Trader) -> None:
    trader.heard[:] = [(at, evolve(event, sequence=n)) for n, (at, event) in enumerate(trader.heard, 1)]


def replaced(kind: type[events.Event], **changes: Any) -> Callable[[Trader], None]:
    def change(trader: Trader) -> None:
        place = index(trader, kind)
        at, event = trader.heard[place]
        trader.heard[place] = (at, evolve(event, **changes))

    return change


def without(kind: type[events.Event]) -> Callable[[Trader], None]:
    def change(trader: Trader) -> None:
        del trader.heard[index(trader, kind)]
        renumber(trader)

    return change


def repeated(kind: type[events.Event]) -> Callable[[Trader], None]:
    def change(trader: Trader) -> None:
        trader.heard.insert(index(trader, kind) + 1, trader.heard[index(trader, kind)])
        renumber(trader)

    return change


def end_first(trader: Trader) -> None:
    """The end is told before the last fill."""
    end = trader.heard.pop(index(trader, events.Canceled))
    trader.heard.insert(index(trader, events.Filled), end)
    renumber(trader)


def now_stands(status: OrderStatus) -> Callable[[Trader], None]:
    def change(trader: Trader) -> None:
        state = trader.states["order-1"]
        assert state is not None
        trader.states["order-1"] = evolve(state, status=status)

    return change


def denied(trader: Trader) -> None:
    at, event = trader.heard[index(trader, events.Canceled)]
    assert isinstance(event, events.Canceled)
    denial = events.Denied(
        local_time=event.local_time,
        identity=event.identity,
        venue_order_id=None,
        venue_time=0,
        reason="so we thought",
        why=Why.NEVER_ARRIVED,
    )
    trader.heard.append((at, denial))
    renumber(trader)


def promises_too_much(trader: Trader) -> None:
    """Reconciled rules out the fills that come behind it."""
    replaced(events.Reconciled, fills_complete_until=trader.heard[-1][1].local_time)(trader)


def other_handle(trader: Trader) -> None:
    state = trader.states["order-1"]
    assert state is not None
    trader.handles = {"order-1": evolve(state, status=OrderStatus.EXPIRED)}


def keeps_too_much(trader: Trader) -> None:
    trader.sizes["Unclaimed.kept"] = 40


WRONG: dict[str, tuple[Callable[[Trader], None], str, str]] = {
    "a fill is missing": (without(events.Filled), "lost", "in silence"),
    "a fill comes twice": (repeated(events.Filled), "repeated", "told twice"),
    "a fill never was": (replaced(events.Filled, trade_id=TradeId("T-0")), "invented", "no such execution"),
    "a fill has another price": (
        replaced(events.Filled, last_price=Decimal(1)),
        "invented",
        "another price or quantity",
    ),
    "a fill costs another fee": (
        replaced(events.Filled, commission=Money(Decimal(5), "USD")),
        "other",
        "another fee",
    ),
    "a fill overfills": (
        replaced(events.Filled, overfill=Decimal(1)),
        "other",
        "an overfill that is none, never changed",
    ),
    "a fill completes too early": (
        replaced(events.Filled, status=OrderStatus.FILLED),
        "wrong end",
        "FILLED before it was",
    ),
    "the end comes before its fills": (end_first, "wrong end", "an end ahead of its fills"),
    "Accepted comes twice": (repeated(events.Accepted), "other", "Accepted twice"),
    "Reconciled never comes": (without(events.Reconciled), "stuck", "no Reconciled"),
    "it is open here": (now_stands(OrderStatus.PARTIALLY_FILLED), "stuck", "open here, ended there"),
    "it is filled here": (
        now_stands(OrderStatus.FILLED),
        "wrong end",
        "FILLED here, canceled there, never changed",
    ),
    "nobody knows": (now_stands(OrderStatus.UNKNOWN), "stuck", "UNKNOWN for good, it did arrive"),
    "it is denied": (denied, "wrong end", "denied, and it lived"),
    "Reconciled promises too much": (
        promises_too_much,
        "other",
        "a fill from before fills_complete_until",
    ),
    "its handle shows another state": (
        other_handle,
        "other",
        "a handle shows another state than the client",
    ),
    "it keeps too much": (keeps_too_much, "other", "Unclaimed.kept grows"),
    "the stream has a hole": (replaced(events.Canceled, sequence=99), "stream holes", "the stream has a hole"),
}


@pytest.mark.parametrize(("change", "kind", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_called_by_its_name(change: Callable[[Trader], None], kind: str, reason: str) -> None:
    assert (kind, reason) in {(finding.kind, finding.reason) for finding in doctored(change)}


def test_an_order_that_is_open_at_the_venue_must_not_have_ended_here() -> None:
    played = told(buy(), steps.Trade(order=1, percent=30))
    now_stands(OrderStatus.FILLED)(played.traders[0])
    played.traders[0].handles = None
    assert [(found.kind, found.reason) for found in compare(played)] == [
        ("wrong end", "FILLED here, open there, never changed")
    ]


def test_other_terms_of_an_open_order_are_seen() -> None:
    played = told(buy(), steps.Trade(order=1, percent=30))
    state = played.traders[0].states["order-1"]
    assert state is not None
    played.traders[0].states["order-1"] = evolve(state, quantity=Decimal(200), price=Decimal(1))
    assert [found.reason for found in compare(played)] == ["another quantity left", "another price of an open order"]


# What is said at the very end

CLOSED = (buy(), steps.Trade(order=1, percent=30), steps.Close(client=0))


def test_a_client_that_is_closed_says_what_it_leaves() -> None:
    played = told(*CLOSED)
    (trader,) = played.traders
    assert compare(played) == []
    report = trader.heard[-1][1]
    assert isinstance(report, events.CloseReport)
    assert (report.still_open, len(trader.left_open or ())) == (("order-1",), 1)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"still_open": (), "still_open_count": 0}, {"a clean CloseReport, and orders are open"}),
        ({"canceled": ("order-1",)}, {"canceled says the CloseReport, and it is not"}),
    ],
    ids=["nothing is left", "all is canceled"],
)
def test_a_wrong_close_report_is_seen(changes: dict[str, Any], reasons: set[str]) -> None:
    played = told(*CLOSED)
    replaced(events.CloseReport, **changes)(played.traders[0])
    assert {finding.reason for finding in compare(played)} == reasons


def test_orders_that_are_left_open_in_quiet_times_are_named() -> None:
    played = told(*CLOSED)
    played.traders[0].was_well = True
    replaced(events.CloseReport, still_open=("order-2",))(played.traders[0])
    assert [finding.reason for finding in compare(played)] == ["other open orders in the CloseReport"]


def test_a_client_that_ends_without_a_word_is_seen() -> None:
    played = told(*CLOSED)
    del played.traders[0].heard[-1]
    assert [finding.reason for finding in compare(played)] == ["closed without a CloseReport"]


def test_an_order_that_is_open_is_among_those_of_the_client() -> None:
    played = told(buy(), steps.Trade(order=1, percent=30))
    played.traders[0].handles = {}
    assert [finding.reason for finding in compare(played)] == ["open there, and not among the client's orders"]


def test_a_denied_order_that_lives_is_no_fault_at_ax_if_the_user_was_told() -> None:
    played = told(*CANCELED)
    (trader,) = played.traders
    denied(trader)
    (_, last) = trader.heard[-1]
    assert isinstance(last, events.Denied)
    too_early = {(finding.kind, finding.reason) for finding in compare(played)}
    assert too_early == {("wrong end", "denied, and it lived")}
    last = evolve(last, local_time=last.local_time + 60 * 10**9)  # the least that proves anything at AX
    trader.heard[-1] = (0.0, last)
    reopened = events.Reopened(
        local_time=last.local_time,
        identity=last.identity,
        venue_order_id=None,
        venue_time=0,
        was=OrderStatus.DENIED,
        status=OrderStatus.ACCEPTED,
        leaves=None,
        reason="it lives",
    )
    trader.heard.append((0.0, reopened))
    renumber(trader)
    assert compare(played) == []


# The venue that is started anew


@pytest.mark.parametrize("venue", VENUES)
def test_orders_outlive_a_restart_of_the_venue(venue: str) -> None:
    anew = (steps.RestartVenue(), steps.Trade(order=1, percent=30), steps.Heal(after=2.0))
    played = told(buy(), *anew, steps.Trade(order=1, percent=50, after=10.0), venue=venue)
    assert {finding.kind for finding in played.findings} <= {"other"}
    assert len([event for _, event in played.traders[0].heard if isinstance(event, events.Authenticated)]) == 2


# Bugs that are planted are found


@pytest.mark.parametrize("bug", bugs(), ids=name_of)
def test_a_planted_bug_is_found(bug: ModuleType) -> None:
    if hasattr(bug, "TEST"):
        assert fails_with(bug)
        return

    def found() -> set[tuple[str, str]]:
        return {(finding.kind, finding.reason) for finding in play(story_of(bug), compare).findings}

    with planted(bug):
        assert bug.FOUND in found()
    assert bug.FOUND not in found()


def test_a_planted_bug_says_when_what_it_replaces_is_no_more() -> None:
    bug = ModuleType("gone")
    bug.PLACE = "protocol.dispatch.tracking:TrackedOrders.is_no_more"  # type: ignore[attr-defined]
    with pytest.raises(LookupError, match=r"gone replaces protocol\.dispatch\.tracking:TrackedOrders\.is_no_more"):
        with planted(bug):
            pass


def test_a_planted_bug_may_replace_a_row_of_a_table() -> None:
    row = (OrderStatus.SUBMITTED, Happening.ACCEPTED)
    bug = ModuleType("row")
    vars(bug).update(PLACE="protocol.orders:NEXT_STATUS", ROW=row, bug=lambda right: OrderStatus.FILLED)
    with planted(bug):
        assert NEXT_STATUS[row] is OrderStatus.FILLED
    assert NEXT_STATUS[row] is OrderStatus.ACCEPTED


# What is counted and told


def test_portions_add_up() -> None:
    first, second, whole = Totals(), Totals(), Totals()
    for seed, part in enumerate((first, second)):
        played = play(draw_story("ax", seed, calm=True), compare)
        part.add(played)
        whole.add(played)
    first.add_up(second)
    assert list(first.lines()) == list(whole.lines())
    assert first.trace == whole.trace


def test_the_last_line_counts_what_is_wrong() -> None:
    totals = Totals()
    totals.add(told(*CANCELED))
    assert list(totals.lines())[-1] == (
        "seeds 1, orders 1, fills 2, lost 0, repeated 0, invented 0, wrong end 0, stuck 0, stream holes 0"
    )


def test_a_story_that_fails_itself_is_counted_and_ends_no_run() -> None:
    totals = Totals()
    totals.add(told(*CANCELED))
    totals.add_failed(draw_story("ax", 7, calm=True), RuntimeError("the stage fell down"))
    lines = list(totals.lines())
    assert lines[0] == "ax: other: the story itself failed: RuntimeError: 1 seeds, such as 7"
    assert lines[-1].startswith("seeds 2, ")
    assert lines[-1].endswith(", other 1")
    assert not totals.is_clean


def test_a_tame_run_fails() -> None:
    totals, played = Totals(), told(*CANCELED)
    for _ in range(49):
        totals.add(played)
    assert totals.is_clean
    totals.add(played)
    assert totals.too_tame()[0] == "ax: outages 0 in 50 seeds, fewer than 1 in 50"
    assert not totals.is_clean


def test_a_story_reads_like_a_script() -> None:
    lines = list(script(told(*CANCELED)))
    assert "     1.000  A        submits order-1 BUY 100 at 2406.0 GTC" in lines
    assert "     1.500  venue    somebody trades 30 at 2406 with order 1" in lines
    assert any(line.startswith("     1.500  A        Filled ") for line in lines)


def test_a_client_that_takes_over_goes_on_with_what_is_open() -> None:
    played = told(
        buy(),
        steps.Abort(client=0),
        steps.Open(client=0),
        steps.Trade(order=1, percent=30, after=5.0),
        venue="kraken-spot",
    )
    first, second = played.traders
    assert first.ended is not None
    assert [sent.name for sent in second.taken_over] == ["order-1"]
    assert [event.last_quantity for _, event in second.heard if isinstance(event, events.Filled)] == [Decimal("0.30")]


# The network


async def test_what_is_on_its_way_when_the_network_is_cut_comes_late(autojump_clock: object) -> None:
    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        network = Network(MemoryConnector(listener), nursery, random.Random(0))
        ours = await network.connect("venue", 80, tls=False)
        theirs = await listener.accept()
        network.is_mute = True
        await ours.send_all(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
        network.cut(late=20.0)
        with pytest.raises(trio.BrokenResourceError):
            await ours.receive_some()
        with pytest.raises(ConnectionRefusedError):
            await network.connect("venue", 80, tls=False)
        assert (await theirs.receive_some()).startswith(b"GET /ws")
        assert trio.current_time() == pytest.approx(20.0)
        assert await theirs.receive_some() == b""


async def test_answers_over_rest_come_late_and_are_counted(autojump_clock: object) -> None:
    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        slow = Slowness(chance=1.0, most=60.0)
        network = Network(MemoryConnector(listener), nursery, random.Random(1), slowness=slow)
        network.slow = 40.0
        ours = await network.connect("venue", 80, tls=False)
        theirs = await listener.accept()
        await ours.send_all(b"GET /api/fills HTTP/1.1\r\n\r\n")
        await theirs.receive_some()
        await theirs.send_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        await ours.receive_some()
        assert trio.current_time() > 30
        assert network.happened == {"late answers": 1, "pages refused": 1}
