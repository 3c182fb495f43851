"""Promises beside fills and ends: when a client is reconciled, what it keeps, and what it says when it is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from actors import OrderState, events

from .books import Books
from .determinism import BEGINNING
from .stage import Trader, placed_of

__all__ = ["judge_closing", "judge_gaps", "judge_handles", "judge_reconciled", "judge_sizes"]

Heard = Sequence[tuple[float, events.Event]]
Finding = tuple[str, str, str]
"""Kind, reason and detail, as of `compare.Finding`."""

SECOND: Final = 1_000_000_000
RECONCILED_WITHIN: Final = 400.0
"""Seconds that a login may live without `Reconciled`: the longest patience of a question, and readings behind it."""
REMEMBERED: Final = frozenset(
    {
        "TrackedOrders.finished",
        "TrackedOrders.fills",
        "TrackedOrders.later_fills",
        "Order.fills",
        "Order.former_ids",
        "ExternalOrder.fills",
        "Timers._heap",
        "Trader.foreign",
        "TrackedOrders._by_venue_id",
        "TrackedOrders._by_wire_id",
    }
)
"""What grows with all orders and fills there ever were, up to limits of its own."""
ROOM: Final = 12
PER_ORDER: Final = 4
"""So many entries of a kind a client may keep in quiet times, and for each order that is open besides."""


def judge_reconciled(trader: Trader, now: float) -> Iterator[Finding]:
    """now: virtual second."""
    yield from _every_login(trader, now)
    for place, (at, event) in enumerate(trader.heard):
        if isinstance(event, events.Reconciled):
            yield from _completeness(trader, place, at, event)
            yield from _questions(trader, place, event)


def _every_login(trader: Trader, now: float) -> Iterator[Finding]:
    """The last one is judged by itself."""
    for heard in trader.lives()[:-1]:
        if heard:
            yield from _logins_of_a_life(heard, heard[-1][1].local_time, is_over=True)
    yield from _logins_of_a_life(trader.lives()[-1], BEGINNING + int(now * SECOND), is_over=False)


def _logins_of_a_life(heard: Heard, until: int, *, is_over: bool) -> Iterator[Finding]:
    """By the moments of the events themselves: what a life told last may be read in a later one. until: ns since
    1970."""
    told = {event.connection for _, event in heard if isinstance(event, events.Reconciled)}
    logins = [(event.local_time, event.connection) for _, event in heard if isinstance(event, events.Authenticated)]
    ends = [event.local_time for _, event in heard if isinstance(event, events.Disconnected)]
    for at, connection in logins if is_over else logins[:-1]:
        lived = (min((end for end in ends if end >= at), default=until) - at) / SECOND
        if lived > RECONCILED_WITHIN and connection not in told:
            yield "stuck", "a login without Reconciled", f"connection {connection} lived {lived:.0f} s"


def _began(trader: Trader) -> int:
    """When the client's first connection was up: what was before is not told, but to whoever asks for it."""
    kind: type[events.Event] = events.Connected
    if trader.memory is not None and trader.memory.has_lost:
        kind = events.Authenticated  # when it began before is lost with its first login
    return next((event.local_time for _, event in trader.heard if isinstance(event, kind)), trader.began)


def _completeness(trader: Trader, place: int, at: float, event: events.Reconciled) -> Iterator[Finding]:
    """Every fill of before has been told."""
    until = event.fills_complete_until
    if until is None:
        return
    for later_at, later in trader.heard[place + 1 :]:
        if isinstance(later, events.Filled | events.FillReport) and _began(trader) <= later.venue_time < until:
            detail = f"trade {later.trade_id} came at {later_at:.3f}, after Reconciled at {at:.3f} ruled it out"
            yield "other", "a fill from before fills_complete_until", detail
            return


def _questions(trader: Trader, place: int, event: events.Reconciled) -> Iterator[Finding]:
    """Who says that no question is open has no order that is Unknown since before this login, and no fills missing."""
    if event.open_questions or event.gaps:
        return
    logins = (number for number, (_, e) in enumerate(trader.heard[:place]) if isinstance(e, events.Authenticated))
    login = max(logins, default=0)
    last: dict[str, events.Event] = {}
    for _, earlier in trader.heard[:login]:
        if isinstance(earlier, events.OrderEvent):
            last[earlier.client_order_id] = earlier
    after = {e.client_order_id for _, e in trader.heard[login:place] if isinstance(e, events.OrderEvent)}
    for name, earlier in last.items():
        if isinstance(earlier, events.StatusUnknown) and name not in after:
            yield "other", "Reconciled without questions, and an order is Unknown", name


def judge_gaps(trader: Trader, *, counts_at_once: bool) -> Iterator[Finding]:
    """Fills that the venue has counted and not told are told as missing, once. counts_at_once: each of its messages
    counts all fills of before it, so that an earlier one that comes behind it was known to be missing."""
    told: dict[str, events.MissingFills] = {}
    live: dict[tuple[str, str], events.Filled] = {}
    for at, event in trader.heard:
        if isinstance(event, events.MissingFills) and event.identity is not None:
            last = told.get(event.identity.client_order_id)
            if last is not None and event.reported <= last.reported:
                yield "other", "a gap is told twice", f"{event.identity.client_order_id}: {event.reported} at {at:.3f}"
            told[event.identity.client_order_id] = event
        elif isinstance(event, events.Updated):
            told.pop(event.client_order_id, None)  # how much it counts may have been reckoned anew
        elif isinstance(event, events.Filled) and counts_at_once:
            younger = live.get((event.client_order_id, event.fill_venue_order_id))
            if event.commission is None:  # no message tells a fee there
                live[event.client_order_id, event.fill_venue_order_id] = event
            if younger is not None and younger.venue_time > event.venue_time and not _was_missed(trader, event):
                yield "other", "missing fills are not told as such", f"trade {event.trade_id}, told at {at:.3f}"


def _was_missed(trader: Trader, late: events.Filled) -> bool:
    """Whether something told, between the moment of this fill and the news of it, that it is missing."""
    gaps = [
        event for _, event in trader.heard if isinstance(event, events.MissingFills) and event.sequence < late.sequence
    ]
    return any(gap.client_order_id == late.client_order_id and gap.local_time >= late.venue_time for gap in gaps)


def judge_sizes(trader: Trader, books: Books) -> Iterator[Finding]:
    """In quiet times what is kept is what open orders need."""
    open_there = sum(books.view(placed).end is None for placed in books.orders)
    allowed = ROOM + PER_ORDER * open_there
    for name, count in sorted(trader.sizes.items()):
        if count > allowed and name not in REMEMBERED:
            yield "other", f"{name} grows", f"{count} entries more than at first, with {open_there} orders open"


def judge_handles(trader: Trader, books: Books) -> Iterator[Finding]:
    """The orders that the client counts as live are those of ours that are open at the venue."""
    if trader.handles is None:
        return
    for sent in trader.submissions:
        placed = placed_of(sent, books)
        there = placed is not None and books.view(placed).end is None
        if there and sent.name not in trader.handles:
            yield "wrong end", "open there, and not among the client's orders", sent.name
        elif sent.name in trader.handles and placed is not None and not there:
            yield "stuck", "among the client's orders, and ended there", sent.name
    for name, shown in trader.handles.items():
        if _differs(shown, trader.states.get(name)):
            yield "other", "a handle shows another state than the client", f"{name}: {shown}"


def _differs(shown: OrderState, state: OrderState | None) -> bool:
    return state is not None and (shown.status, shown.cumulative) != (state.status, state.cumulative)


def judge_closing(trader: Trader, books: Books) -> Iterator[Finding]:
    """What a client says at the very end of what it leaves at the venue."""
    if trader.left_open is None:
        return
    report = trader.heard[-1][1] if trader.heard else None
    if not isinstance(report, events.CloseReport):
        yield "other", "closed without a CloseReport", f"the last event is {type(report).__name__}"
        return
    if report.is_clean and trader.left_open:
        yield "wrong end", "a clean CloseReport, and orders are open", ", ".join(sorted(trader.left_open))
    for sent in trader.submissions:
        placed = placed_of(sent, books)
        is_open = placed is not None and not trader.left_open.isdisjoint(placed.ids)
        if (
            is_open
            and not trader.was_well
            and not report.is_clean
            and sent.name not in {*report.still_open, *report.unknown}
        ):
            yield "wrong end", "an open order that the CloseReport does not name", sent.name
        if sent.name in report.canceled and (placed is None or books.view(placed).end not in ("canceled", "expired")):
            yield "wrong end", "canceled says the CloseReport, and it is not", sent.name
    if trader.was_well:
        yield from _quiet_closing(trader, books, report)


def _quiet_closing(trader: Trader, books: Books, report: events.CloseReport) -> Iterator[Finding]:
    """Where nothing goes wrong the report is exact."""
    assert trader.left_open is not None
    placed = {sent.name: placed_of(sent, books) for sent in trader.submissions}
    named = {name for name, order in placed.items() if order is not None and trader.left_open.intersection(order.ids)}
    told = set(report.still_open)
    if trader.memory is not None and trader.memory.has_lost:
        told &= set(placed)  # others may be known as ours under another name
    if told != named:
        yield "other", "other open orders in the CloseReport", f"{sorted(report.still_open)}, there {sorted(named)}"
    if report.cancel_confirmed is False:
        yield "other", "in quiet times nobody confirmed the cancel of all orders", ""
    if report.unknown_count:
        yield "other", "unknown orders in the CloseReport of quiet times", ", ".join(report.unknown)
