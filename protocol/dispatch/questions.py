"""What is open about orders, and what each piece of evidence does to it: one table, question x evidence.

Time-outs, lost links, logins, gaps, audits and messages that say more or less than we know only *open* questions. What
the venue says, and what its lists leave out, is *evidence*, with its source and the instant `t` up to which it holds:
when it was asked, by the venue's clock, less the lag of the source. All of it goes through `Settling`, which looks up
here what follows. `table()` prints the table for the docs.

A question that cannot be answered within its patience is reported as an event, so that it is no longer waited for, and
asked on at a slower pace.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from attrs import frozen

from ..values import ClientOrderId
from .context import Context
from .inquiries import Inquiry, Opened, Question, Source
from .tracking import Order

__all__ = ["ASKED_BY_STATUS", "VERDICTS", "Evidence", "Questions", "Verdict", "table"]


@frozen(kw_only=True)
class Evidence:
    """at: when it was asked for, or heard, ns since 1970 by the venue's clock; lag: how far its source is behind."""

    source: Source
    at: int
    lag: int = 0

    @property
    def holds_until(self) -> int:
        """What happened later, it does not know."""
        return self.at - self.lag


class Verdict(Enum):
    """What a piece of evidence does to an open question."""

    PLACED = "answered once the order counts as placed, or as ended"
    TERMS = "answered if it tells the terms as of now"
    ALIVE = "answered: it lives, or how it ended"
    COUNTED = "answered once as much was heard as the venue counts"
    MISSING = "told as missing, and read on, slower"
    ASK = "the order's status is asked for"
    ABSENT = "with the other sources, and in time: no such order"


VERDICTS: Final[Mapping[tuple[Question, Source, bool], Verdict]] = {
    (Question.OUTCOME, Source.LIVE, True): Verdict.PLACED,
    (Question.OUTCOME, Source.SNAPSHOT, True): Verdict.PLACED,
    (Question.OUTCOME, Source.SNAPSHOT, False): Verdict.ASK,
    (Question.OUTCOME, Source.STATUS, True): Verdict.PLACED,
    (Question.OUTCOME, Source.STATUS, False): Verdict.ABSENT,
    (Question.OUTCOME, Source.LIST, True): Verdict.PLACED,
    (Question.OUTCOME, Source.LIST, False): Verdict.ABSENT,
    (Question.OUTCOME, Source.HISTORY, True): Verdict.PLACED,
    (Question.OUTCOME, Source.HISTORY, False): Verdict.ABSENT,
    # Terms: any view shows them. A list that leaves the order out says that it should be asked for.
    (Question.TERMS, Source.LIVE, True): Verdict.TERMS,
    (Question.TERMS, Source.SNAPSHOT, True): Verdict.TERMS,
    (Question.TERMS, Source.STATUS, True): Verdict.TERMS,
    (Question.TERMS, Source.LIST, True): Verdict.TERMS,
    (Question.TERMS, Source.LIST, False): Verdict.ASK,
    (Question.TERMS, Source.HISTORY, True): Verdict.TERMS,
    # Fills: any view counts them, but only a reading of history can say that they are missing for good.
    (Question.FILLS, Source.LIVE, True): Verdict.COUNTED,
    (Question.FILLS, Source.SNAPSHOT, True): Verdict.COUNTED,
    (Question.FILLS, Source.STATUS, True): Verdict.COUNTED,
    (Question.FILLS, Source.LIST, True): Verdict.COUNTED,
    (Question.FILLS, Source.HISTORY, True): Verdict.COUNTED,
    (Question.FILLS, Source.FILLS, True): Verdict.COUNTED,
    (Question.FILLS, Source.FILLS, False): Verdict.MISSING,
    # The end: to be left out of a list proves little, for lists lag and may be incomplete, so the order is asked for.
    (Question.END, Source.LIVE, True): Verdict.ALIVE,
    (Question.END, Source.SNAPSHOT, True): Verdict.ALIVE,
    (Question.END, Source.SNAPSHOT, False): Verdict.ASK,
    (Question.END, Source.STATUS, True): Verdict.ALIVE,
    (Question.END, Source.STATUS, False): Verdict.ABSENT,
    (Question.END, Source.LIST, True): Verdict.ALIVE,
    (Question.END, Source.LIST, False): Verdict.ASK,
    (Question.END, Source.HISTORY, True): Verdict.ALIVE,
    (Question.END, Source.HISTORY, False): Verdict.ABSENT,
}
"""By question, source, and whether the source shows the order. Absent: it says nothing about that question. A fill is
evidence of fills alone: terms and an end are never concluded from amounts."""

ASKED_BY_STATUS: Final = frozenset({Question.OUTCOME, Question.TERMS, Question.END})
"""Questions for which an order's status is asked; fills are asked for by reading history."""


class Questions:
    """Owns which orders have open questions. count: how many questions are open; changed: the orders whose questions
    are others than when they were looked at last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.orders: dict[ClientOrderId, Order] = {}
        self.changed: dict[ClientOrderId, Order] = {}
        self.count = 0

    def inquiry_of(self, order: Order) -> Inquiry:
        if order.inquiry is None:
            order.inquiry = Inquiry()
            self.orders[order.identity.client_order_id] = order
        return order.inquiry

    def ask(self, order: Order, question: Question, since: int | None = None) -> Opened:
        """Opens a question, unless it is open. since: from when on history may answer it, ns since 1970 by the venue's
        clock, None: from the order's placement."""
        inquiry = self.inquiry_of(order)
        opened = inquiry.open.get(question)
        if opened is None:
            # Two clocks: `at` measures our patience, `by_venue` is what evidence must be younger than.
            now = self._context.now
            placed = self._context.placed_by_venue(order)
            opened = inquiry.open[question] = Opened(
                at=now.monotonic_ns,
                by_venue=self._context.by_venue(now.wall_ns),
                since=placed if since is None else max(placed, since),
            )
            self.count += 1
            self.note(order)
        return opened

    def is_open(self, order: Order, question: Question) -> bool:
        return order.inquiry is not None and question in order.inquiry.open

    def close(self, order: Order, question: Question) -> None:
        """The question is answered."""
        inquiry = order.inquiry
        if inquiry is None or inquiry.open.pop(question, None) is None:
            return
        self.count -= 1
        self.note(order)
        if question is Question.FILLS:
            inquiry.totals.clear()
        # Without an open question the inquiry goes: an order without one takes no detour on the hot path.
        if not inquiry.open:
            order.inquiry = None
            del self.orders[order.identity.client_order_id]

    def placed(self, order: Order, *, is_owed: bool) -> None:
        """The order was placed. Whether it lives is open still where a list has left it out, or where it is owed what a
        cancel or change has come to."""
        inquiry = order.inquiry
        assert inquiry is not None  # the caller has looked
        outcome = inquiry.open.get(Question.OUTCOME)
        if outcome is None:
            return
        if inquiry.left_out or is_owed:
            opened = self.ask(order, Question.END)
            opened.by_venue = min(opened.by_venue, outcome.by_venue)
        self.close(order, Question.OUTCOME)

    def tell(self, order: Order, question: Question) -> None:
        """An event has said that the question is open."""
        opened = None if order.inquiry is None else order.inquiry.open.get(question)
        if opened is not None and not opened.told:
            opened.told = True
            self.note(order)

    def note(self, order: Order) -> None:
        """What is open about the order is to be looked at again."""
        self.changed[order.identity.client_order_id] = order


def table() -> str:
    """The table of questions and evidence, as Markdown."""
    columns = [(source, shown) for source in Source for shown in (True, False)]
    used = [column for column in columns if any((question, *column) in VERDICTS for question in Question)]
    heads = [f"{source.name.lower()}{'' if shown else ' without it'}" for source, shown in used]
    lines = [f"| | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 1)}"]
    for question in Question:
        found = [VERDICTS.get((question, *column)) for column in used]
        cells = ["" if verdict is None else verdict.value for verdict in found]
        lines.append(f"| **{question.name}** | {' | '.join(cells)} |")
    return "\n".join(lines)
