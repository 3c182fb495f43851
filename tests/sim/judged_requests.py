"""What a client asked for must be done or told: cancels, changes, the cancel of all orders, triggers and fees."""

from __future__ import annotations

from collections.abc import Iterator

from actors import events

from .books import Books
from .stage import Asked, Submission, Trader, placed_of

__all__ = ["judge_adopted", "judge_asked", "judge_fees", "judge_sweeps", "judge_triggers"]

Finding = tuple[str, str, str]
"""Kind, reason and detail, as of `compare.Finding`."""


def judge_asked(trader: Trader, books: Books) -> Iterator[Finding]:
    """The last cancel of an order that is open still was refused, and its last change was made or refused: nothing
    comes to nothing in silence."""
    # By name as well: each life numbers its requests from 1.
    refused = {
        (event.client_order_id, event.request_id)
        for _, event in trader.heard
        if isinstance(event, events.CancelRejected | events.ReplaceRejected)
    }
    last: dict[tuple[str, bool], Asked] = {(asked.name, asked.is_cancel): asked for asked in trader.asked}
    sent = {submission.name: submission for submission in trader.submissions}
    for asked in last.values():
        placed = placed_of(sent[asked.name], books) if asked.name in sent else None
        if placed is None or (asked.name, asked.number) in refused or books.view(placed).end is not None:
            continue
        view = books.view(placed)
        if asked.is_cancel:
            yield "wrong end", "a cancel came to nothing in silence", asked.name
        elif asked.price is not None and view.price != asked.price and not placed.changed_by_other:
            yield "other", "a change came to nothing in silence", f"{asked.name}: {asked.price}, there {view.price}"
    for misfit in trader.misfits:
        yield "other", "another quantity left than a change asked for", misfit


def judge_sweeps(trader: Trader, books: Books) -> Iterator[Finding]:
    """A cancel of all orders that is confirmed was made, and what it left open is told."""
    for sweep in trader.sweeps:
        refused = {
            event.client_order_id
            for _, event in trader.heard
            if isinstance(event, events.CancelRejected) and event.local_time >= sweep.since
        }
        if sweep.count is not None and sweep.count > sweep.canceled:
            yield "other", "the cancel of all orders counts too many", f"{sweep.count}, really {sweep.canceled}"
        for submission in trader.submissions:
            placed = placed_of(submission, books)
            if placed is None or submission.name in refused or not sweep.left.intersection(placed.ids):
                continue
            if books.view(placed).end is None:
                yield "wrong end", "all orders are canceled, and one is open in silence", submission.name


def judge_triggers(trader: Trader, books: Books, waiting: frozenset[str]) -> Iterator[Finding]:
    """A trigger that fired is told, once, unless the order had filled or ended before anybody could hear of it, or goes
    on as another one that was adopted. waiting: names of orders that wait for one."""
    filled = _filled_unheard(trader)
    told: list[str] = [event.client_order_id for _, event in trader.heard if isinstance(event, events.Triggered)]
    for sent in trader.submissions:
        placed = placed_of(sent, books) if sent.name in waiting else None
        if placed is None:
            continue
        state, view = trader.states.get(sent.name), books.view(placed)
        is_over = state is None or state.status.is_terminal or sent.name in filled
        if sent in trader.taken_over and state is not None and not is_over:
            is_over = state.cumulative > 0 or (len(placed.ids) > 1 and sent.venue_order_id == placed.ids[-1])
        if (len(placed.ids) > 1 or view.fired) and sent.name not in told and not is_over:
            yield "other", "a trigger that fired is not told", sent.name
        if told.count(sent.name) > 1:
            yield "other", "a trigger is told twice", sent.name


def _filled_unheard(trader: Trader) -> set[str]:
    """Names of orders whose first fill came while the client was not logged in, or in a time of which its journal has
    nothing: a trigger that was told then is lost with the rest, and the next life meets an order that has filled."""
    first: dict[str, int] = {}  # at the venue: history tells of an earlier one later
    for _, event in trader.heard:
        if isinstance(event, events.Filled):
            first[event.client_order_id] = min(event.venue_time, first.get(event.client_order_id, event.venue_time))
    logins = [event.local_time for _, event in trader.heard if isinstance(event, events.Authenticated)]
    ends = [event.local_time for _, event in trader.heard if isinstance(event, events.Disconnected)]
    spans = list(zip(ends, [login for login in logins if not ends or login > ends[0]], strict=False))
    if trader.memory is not None:
        ends += trader.memory.deaths + trader.memory.lost_since
        spans = [(end, min((login for login in logins if login > end), default=end)) for end in ends]
    return {name for name, filled_at in first.items() if any(a <= filled_at <= b for a, b in spans)}


def judge_fees(trader: Trader) -> Iterator[Finding]:
    """What a fill cost is told with it or later."""
    owed: dict[tuple[str, str], events.Filled] = {}
    for _, event in trader.heard:
        if isinstance(event, events.Filled) and event.commission is None:
            owed[event.fill_venue_order_id, event.trade_id] = event
        elif isinstance(event, events.FeeReported):
            owed.pop((event.fill_venue_order_id, event.trade_id), None)
    for event in owed.values():
        if trader.memory is not None and trader.states.get(event.client_order_id) is None:
            continue  # forgotten, where few ended orders are remembered
        yield "other", "a fee is never told", f"of trade {event.trade_id}, order {event.client_order_id}"


def judge_adopted(trader: Trader, books: Books) -> Iterator[Finding]:
    """An order that was taken over counts what it had filled before, and what it has filled since, once each."""
    for sent in trader.taken_over:
        state, placed = trader.states.get(sent.name), placed_of(sent, books)
        if state is None or placed is None or not _began_whole(sent, placed.ids):
            continue
        if state.cumulative != books.filled(placed):
            detail = f"{sent.name}: {state.cumulative} here, {books.filled(placed)} there"
            yield "other", "an adopted order counts another quantity as filled", detail


def _began_whole(sent: Submission, ids: list[str]) -> bool:
    """Whether it was taken over under its first venue order id: an id counts nothing of those before it."""
    return sent.venue_order_id == ids[0]
