"""What a journal promises: nothing is sent or told that it does not have, and a new life knows all that it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from actors import events

from .books import Books
from .lives import Memory
from .stage import Trader, placed_of

__all__ = ["judge_lives"]

Finding = tuple[str, str, str]
"""Kind, reason and detail, as of `compare.Finding`."""


def judge_lives(trader: Trader, books: Books) -> Iterator[Finding]:
    memory = trader.memory
    if memory is None:
        return
    yield from memory.wrong
    yield from _not_intended(trader, books)
    yield from _used_twice(trader)
    yield from _under_an_old_switch(trader, memory, books)
    real = {(execution.venue_order_id, execution.trade_id) for execution in books.executions()}
    for event in memory.unsure:
        if isinstance(event, events.Filled) and (event.fill_venue_order_id, event.trade_id) not in real:
            yield "invented", "a fill that no life told again, and that never was", f"trade {event.trade_id}"


def _under_an_old_switch(trader: Trader, memory: Memory, books: Books) -> Iterator[Finding]:
    """Orders that came to the venue while the dead man's switch of an earlier life could cancel them. What comes when
    its own life is over, killed or closed in peace, says nothing: the next one may have a switch."""
    for order, sent in trader.sent.items():
        placed = placed_of(sent, books)
        if placed is None or not (sent.switchless and placed.under_switch) or order in trader.unanswered:
            continue
        if not any(sent.time <= end <= placed.time for end in (*memory.deaths, *memory.ends)):
            yield "other", "the switch of an earlier life is still set", sent.name


def _used_twice(trader: Trader) -> Iterator[Finding]:
    """A name is good for one order in the whole life of a journal."""
    names = Counter(sent.name for order, sent in trader.sent.items() if order not in trader.unanswered)
    for name, count in names.items():
        if count > 1:
            yield "other", "a name was good for two orders", name


def _not_intended(trader: Trader, books: Books) -> Iterator[Finding]:
    """Orders that came to the venue, and of which the journal has no intent."""
    assert trader.memory is not None
    if trader.memory.has_lost:
        return
    intended = {event.client_order_id for _, event in trader.heard if isinstance(event, events.Submitted)}
    for order in trader.unanswered:
        sent = trader.sent[order]
        if sent.name not in intended and placed_of(sent, books) is not None:
            yield "lost", "an order was sent before its commit", sent.name
