"""A story of trading that is cut off after every record in turn: the next run has lost nothing, and repeats nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events
from protocol.requests import PlaceOrder
from protocol.values import ClientOrderId
from protocol.venue import VenueRules
from tests.order_life import GOLD
from tests.restarting import Run, lines_of, restored
from tests.small_book import CHAINED, IN_PLACE, Book

OURS = (1, 2, 3, 4)
OTHERS = (91, 92)


class Killed(Exception):
    """The program has ended."""


class Mortal(Run):
    """A run that ends as soon as its journal has so many records; what its last step decided beyond them is lost.
    is_sent: whether the placements of that step had left, if all of its records were kept."""

    limit: int | None = None
    is_sent = True

    def apply(self, *inputs: Any) -> list[str]:
        names = super().apply(*inputs)
        if self.limit is not None and len(self.journal) >= self.limit:
            sent = self.is_sent and len(self.journal) == self.limit
            self.journal = self.journal[: self.limit]
            # A cancel and a change overtake the journal; a placement never does.
            self.sends = [send for send in self.sends if sent or not isinstance(send.request, PlaceOrder)]
            raise Killed
        return names


Step = Callable[[Book, Run], object]


def place(number: int) -> Step:
    def step(book: Book, run: Run) -> object:
        return None if book.of_name(number) else run.place(f"a{number}")

    return step


def command(wanted: commands.Command) -> Step:
    return lambda _, run: run.ask(wanted, None)


def executed(number: int, quantity: int) -> Step:
    return lambda book, _: book.execute(number, quantity)


def named(number: int) -> ClientOrderId:
    return ClientOrderId(f"a{number}")


def repriced(number: int, price: int) -> Step:
    return command(commands.Replace(client_order_id=named(number), instrument=GOLD.id, price=Decimal(price)))


def cut(book: Book, run: Run) -> None:
    """The link breaks, and comes again."""
    run.lose_link()
    book.meet(run)


STORY: tuple[Step, ...] = (
    place(1),
    executed(1, 3),
    lambda book, _: book.open_another(91),
    place(2),
    command(commands.Cancel(named(2))),
    executed(91, 2),
    repriced(1, 99),
    executed(1, 2),
    place(3),
    cut,
    executed(3, 4),
    lambda book, _: book.open_another(92),
    executed(92, 10),
    repriced(3, 98),
    command(commands.Cancel(named(3))),
    executed(1, 5),
    place(4),
    executed(91, 8),
)


def live(book: Book, run: Run, steps: list[Step]) -> None:
    """The run does what is left of the story. Raises Killed."""
    book.meet(run)
    settle(book, run, 3)
    while steps:
        step = steps.pop(0)
        step(book, run)
        book.serve()
        settle(book, run, 2)
    settle(book, run, 900)


def settle(book: Book, run: Run, seconds: int) -> None:
    for _ in range(min(seconds, 60)):
        run.wait(seconds / min(seconds, 60))
        book.serve()


def told_by_lives(rules: VenueRules, limits: Iterable[int], *, is_sent: bool, by_snapshot: bool) -> tuple[Book, Mortal]:
    """limits: how many records of each run but the last one were kept."""
    book, steps = Book(rules), list(STORY)
    run = Mortal(rules=rules)
    for limit in limits:
        run.limit, run.is_sent = len(run.journal) + limit, is_sent
        try:
            live(book, run, steps)
        except Killed:
            book.leave()
            for send in run.sends:
                book.take(send.request)
            following = Mortal(
                rules=rules, journal=() if by_snapshot else run.journal, last=run, snapshot=of(run, by_snapshot)
            )
            following.journal = run.journal
            run = following
            # The market goes on meanwhile.
            book.now = run.wall + run.time
            book.execute(1, 1)
            book.execute(3, 1)
            book.execute(91, 1)
        else:
            return book, run
    run.limit = None
    live(book, run, steps)
    return book, run


def of(run: Run, by_snapshot: bool) -> bytes | None:
    """A snapshot of what was kept, not of what the run that is gone knew."""
    return restored(run.journal, run.options["rules"]).snapshot() if by_snapshot else None


def check(book: Book, run: Run) -> None:
    ours = {entry.oid for entry in book.entries.values() if entry.cid in OURS}
    fills = Counter(each.trade_id for each in run.journal if isinstance(each, events.Filled))
    assert fills == Counter(each.trade_id for each in book.trades if each.venue_order_id in ours)
    reports = Counter(each.trade_id for each in run.journal if isinstance(each, events.FillReport))
    assert reports == Counter(each.trade_id for each in book.trades if each.venue_order_id not in ours)
    for number in OURS:
        order, entry = run.state.orders.by_client_order_id(named(number)), book.of_name(number)
        if order is not None and entry is None:
            assert order.status.value == "DENIED"
        elif order is not None and entry is not None and entry.is_open:
            assert not order.status.is_terminal
            assert order.price == entry.price
        elif order is not None and entry is not None:
            assert order.status is entry.status
        else:
            assert entry is None, "the venue has an order of ours that is not known here"
    once = (events.Submitted, events.Accepted, events.StatusUnknown, events.Canceled, events.Denied)
    told = Counter((type(each).__name__, each.client_order_id) for each in run.journal if isinstance(each, once))
    assert not [each for each, times in told.items() if times > 1]
    assert not run.state._context.flights.earlier or not run.state._context.held


RULES = pytest.mark.parametrize("rules", [IN_PLACE, CHAINED], ids=["in place", "chained"])


def length(rules: VenueRules) -> int:
    _, run = told_by_lives(rules, (), is_sent=True, by_snapshot=False)
    return len(run.journal)


@RULES
def test_the_story_that_is_not_cut_off_agrees_with_the_books(rules: VenueRules) -> None:
    check(*told_by_lives(rules, (), is_sent=True, by_snapshot=False))


@RULES
@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "not sent"])
def test_a_story_that_is_cut_off_after_any_record_agrees_with_the_books(rules: VenueRules, is_sent: bool) -> None:
    for limit in range(1, length(rules)):
        check(*told_by_lives(rules, (limit,), is_sent=is_sent, by_snapshot=False))


@RULES
def test_a_story_of_several_runs_agrees_with_the_books(rules: VenueRules) -> None:
    for seed in range(120):
        chance = random.Random(seed)
        limits = [chance.randint(1, 30) for _ in range(chance.randint(2, 5))]
        check(*told_by_lives(rules, limits, is_sent=chance.random() < 0.5, by_snapshot=chance.random() < 0.5))


@RULES
def test_a_state_made_of_the_records_is_the_one_that_made_them(rules: VenueRules) -> None:
    _, run = told_by_lives(rules, (), is_sent=True, by_snapshot=False)
    assert restored(run.journal, rules).snapshot() == run.state.snapshot()


@RULES
def test_a_snapshot_and_the_records_behind_it_make_the_same_state(rules: VenueRules) -> None:
    _, run = told_by_lives(rules, (), is_sent=True, by_snapshot=False)
    whole = run.state.snapshot()
    for at in range(len(run.journal) + 1):
        state = restored((), rules)
        state.restore_snapshot(restored(run.journal[:at], rules).snapshot())
        state.restore_lines(lines_of(run.journal[at:]))
        assert state.snapshot() == whole


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="snapshot of the journal cannot be read"):
        Run().state.restore_snapshot(b"[]")
    version = Run().state.snapshot().replace(b'"version":1', b'"version":2')
    with pytest.raises(ValueError, match="has the version 2"):
        Run().state.restore_snapshot(version)
