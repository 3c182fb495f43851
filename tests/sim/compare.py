"""Judges what the clients of a story heard by the venue's own books."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import starmap
from typing import Final

from attrs import frozen

from actors import LiquiditySide, OrderState, OrderStatus, events
from protocol.dispatch.external_orders import GONE
from protocol.simulation.faults import FaultKind
from protocol.simulation.ledger import Execution

from . import steps
from .books import Placed, View
from .determinism import BEGINNING
from .judged_apart import judge_closing, judge_gaps, judge_handles, judge_reconciled, judge_sizes
from .judged_lives import judge_lives
from .judged_requests import judge_adopted, judge_asked, judge_fees, judge_sweeps, judge_triggers
from .play import Played
from .stage import Submission, Trader, placed_of

__all__ = ["KINDS", "Finding", "compare"]

KINDS: Final = ("lost", "repeated", "invented", "wrong end", "stuck", "stream holes", "other")
SECOND: Final = 1_000_000_000
MARGIN: Final = 2 * SECOND
"""Around the moments at which a client begins or ends, nobody can say whether it heard of something."""
PATIENCE: Final = 310 * SECOND
"""So long an execution may wait on a living connection for somebody to tell whose it is."""
LONG: Final = 100
"""Ended orders that a client remembers, from which on it forgets none in a story."""
PERIOD: Final = 60 * SECOND
"""So often history is read while nothing goes wrong."""
LONGEST_PAUSE: Final = 60.0
"""Seconds between a failed reading of history and the next, at most."""
PROVES_AFTER: Final = 60.0
"""Seconds until an order that AX does not know may be called denied."""
ENDS: Final = {
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.DENIED: "denied",
}
SAME_END: Final = {
    "canceled": {"canceled", "expired"},
    "expired": {"canceled", "expired"},
    "rejected": {"rejected", "denied", "canceled"},
}
"""What a client may call the end of an order: venues tell the rest of an immediate order as one or the other."""
ENDING: Final = (events.Canceled, events.Expired, events.Completed)

Fills = list[tuple[float, events.Filled | events.FillReport]]


@frozen
class Finding:
    """kind: one of `KINDS`; reason: short, the same for the same fault; detail: what it was here."""

    kind: str
    reason: str
    detail: str


def compare(played: Played) -> list[Finding]:
    """All that is wrong."""
    findings = [Finding("other", "the venue does not document what was sent", text) for text in played.violations]
    for trader in played.traders:
        judge = _Judge(played, trader)
        findings += (
            Finding(finding.kind, finding.reason, f"{trader.name}: {finding.detail}") for finding in judge.all()
        )
    return findings


class _Judge:
    """Of one client in one life."""

    def __init__(self, played: Played, trader: Trader) -> None:
        self.played, self.trader, self.books = played, trader, played.books
        self.venue = played.story.venue
        self.told: Fills = [
            (at, event) for at, event in trader.heard if isinstance(event, (events.Filled, events.FillReport))
        ]
        self.fills_of: dict[str, list[events.Filled]] = {}
        for _, event in self.told:
            if isinstance(event, events.Filled):
                self.fills_of.setdefault(event.client_order_id, []).append(event)
        self.placed: dict[str, Placed] = {}
        for sent in trader.submissions:
            found = placed_of(sent, self.books)
            if found is not None:
                self.placed[sent.name] = found
        kept = {sent.name for sent in trader.submissions}
        lost = (sent for sent in trader.sent.values() if sent.name not in kept)
        # Orders of which the power took the intent: they may be known as ours again, under another name.
        self.lost = {id(placed_of(sent, self.books)) for sent in lost}
        self.began = next((e.local_time for _, e in trader.heard if isinstance(e, events.Authenticated)), None)

    def all(self) -> Iterator[Finding]:
        yield from self._sequence()
        yield from starmap(Finding, judge_lives(self.trader, self.books))
        yield from self._fills()
        yield from self._events()
        yield from starmap(Finding, judge_reconciled(self.trader, self._now()))
        yield from starmap(Finding, judge_closing(self.trader, self.books))
        yield from starmap(Finding, judge_gaps(self.trader, counts_at_once=self.venue == "ax"))
        if self.trader.ended is None:
            yield from starmap(Finding, judge_sizes(self.trader, self.books))
            yield from starmap(Finding, judge_handles(self.trader, self.books))
            yield from starmap(Finding, judge_asked(self.trader, self.books))
            yield from starmap(Finding, judge_sweeps(self.trader, self.books))
            yield from starmap(Finding, judge_triggers(self.trader, self.books, self._stops()))
            yield from starmap(Finding, judge_fees(self.trader))
            yield from starmap(Finding, judge_adopted(self.trader, self.books))
            yield from self._reconciled()
            for sent in self.trader.submissions:
                yield from self._order(sent)
            yield from self._open_list()
            yield from self._ends_of_others()

    def _stops(self) -> frozenset[str]:
        script = self.played.story.script
        return frozenset(step.name for step in script if isinstance(step, steps.Submit) and step.trigger is not None)

    def _now(self) -> float:
        """The virtual second of what happened last."""
        return self.played.log[-1][0] if self.played.log else 0.0

    def _sequence(self) -> Iterator[Finding]:
        numbers = [event.sequence for _, event in self.trader.heard]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Finding("stream holes", "the stream has a hole", f"{numbers[:5]} … {numbers[-5:]}")

    # Fills

    def _fills(self) -> Iterator[Finding]:
        real = {(execution.venue_order_id, execution.trade_id): execution for execution in self.books.executions()}
        heard: dict[tuple[str, str], events.Filled | events.FillReport] = {}
        unmatched: Fills = []
        for at, event in self.told:
            key = _key(event)
            if key not in real:
                unmatched.append((at, event))
            elif key in heard:
                yield self._repeated(at, event)
            else:
                heard[key] = event
                yield from self._details(at, event, real[key])
        missing = [execution for key, execution in real.items() if key not in heard]
        for at, event in unmatched:
            parts = self._put_together(event, missing)
            if parts:
                missing = [execution for execution in missing if execution not in parts]
            else:
                yield Finding("invented", "no such execution", f"{_short(event)} at {at:.3f}")
        for execution in missing:
            yield from self._missing(execution)

    def _put_together(self, event: events.Filled | events.FillReport, missing: list[Execution]) -> list[Execution]:
        """The parts of what one order took in one go: the histories of Spot tell them as one trade."""
        parts = [e for e in missing if e.venue_order_id == _key(event)[0] and e.liquidity is LiquiditySide.TAKER]
        whole = sum((execution.quantity for execution in parts), Decimal(0))
        return parts if self.venue == "kraken-spot" and whole == event.last_quantity else []

    def _repeated(self, at: float, event: events.Filled | events.FillReport) -> Finding:
        return Finding("repeated", "told twice", f"{_short(event)} at {at:.3f}")

    def _details(self, at: float, event: events.Filled | events.FillReport, real: Execution) -> Iterator[Finding]:
        what = f"{_short(event)} at {at:.3f}"
        owner = self.books.by_id.get(real.venue_order_id)
        if event.last_price != real.price or event.last_quantity != real.quantity:
            yield Finding("invented", "another price or quantity", f"{what}; really {real.quantity} at {real.price}")
        if event.side is not real.side:
            yield Finding("invented", "another side", f"{what}: {event.side}")
        if event.commission is not None and event.commission.amount != real.fee:
            yield Finding("other", "another fee", f"{what}: {event.commission.amount}, really {real.fee}")
        if isinstance(event, events.Filled):
            if owner is not self.placed.get(event.client_order_id) and id(owner) not in self.lost:
                yield Finding("invented", "the fill of another order of this name", what)
            if event.overfill:
                reason = f"an overfill that is none{self._history(owner)}"
                yield Finding("other", reason, f"{what}, overfill {event.overfill}")
        elif self._may_be_forgotten(owner):
            pass
        elif owner is not None and owner in self.placed.values() and self._was_ours(owner, real):
            yield Finding("lost", "told as another session's", what)
        if self.began is not None and real.time < self.trader.began - MARGIN and owner not in self.placed.values():
            yield Finding("other", "a fill from before the client began", what)
        yield from self._too_late(at, event, real)

    def _history(self, placed: Placed | None) -> str:
        """Who changed an order."""
        if placed is None:
            return ""
        names = [name for name, of in self.placed.items() if of is placed]
        changed = {self.trader.sent[order].name for order in self.trader.changed if order in self.trader.sent}
        by = ["others"] if placed.changed_by_other else []
        by += ["us"] if changed.intersection(names) else []
        return f", changed by {' and '.join(by)}" if by else ", never changed"

    def _was_ours(self, owner: Placed, real: Execution) -> bool:
        """An order that was taken over is ours from then on."""
        sent = [sent for sent in self.trader.submissions if self.placed.get(sent.name) is owner]
        return real.time > min(s.time for s in sent) + (MARGIN if sent[0].venue_order_id else 0)

    def _too_late(self, at: float, event: events.Filled | events.FillReport, real: Execution) -> Iterator[Finding]:
        """On a living connection it waited for ever."""
        told = BEGINNING + int(at * SECOND)
        if told - real.time <= PATIENCE or real.time <= self.trader.began:
            return
        if self._was_unreadable(real.time, told):
            return
        links = (events.Connected, events.Reconnected, events.Disconnected)
        ends = [e.local_time for _, e in self.trader.heard if isinstance(e, links)]
        if self.trader.memory is not None:
            ends += self.trader.memory.deaths  # what a life told last may be read in a later one
        if not any(real.time <= end <= told for end in ends):
            late = (told - real.time) / SECOND
            yield Finding("stuck", "told after its patience", f"{_short(event)} came {late:.0f} s late")

    def _was_unreadable(self, since: int, until: int) -> bool:
        """True if a message of that time may have been lost for good, and history, which is read every period, could
        not be read meanwhile: a page that was asked for in the silence is given up in its time, and asked for again
        after a pause."""
        if FaultKind.DROP_EVENT not in self.played.story.faults:
            return False
        silent = [at for at, _, what in self.played.log if what == "SilenceRest"]
        healed = [at for at, who, what in self.played.log if who == "network" and what == "Heal"]
        given_up = int((self.played.story.options["http_timeout"] + LONGEST_PAUSE) * SECOND)
        return any(
            BEGINNING + int(begun * SECOND) <= since + PERIOD and BEGINNING + int(ended * SECOND) + given_up >= until
            for begun in silent
            for ended in healed
            if begun < ended
        )

    def _missing(self, execution: Execution) -> Iterator[Finding]:
        owner = self.books.by_id.get(execution.venue_order_id)
        what = f"{execution.quantity} at {execution.price} of {execution.venue_order_id} ({execution.trade_id})"
        if self.trader.ended is not None or self.began is None:
            return
        names = [name for name, placed in self.placed.items() if placed is owner]
        taken = [sent for sent in self.trader.taken_over if sent.name in names]
        if names and not (taken and execution.time < taken[0].time + MARGIN):
            if self._denied(names[0]):
                yield Finding("lost", "of an order that was denied", what)
            elif self._gap_of(names[0]):
                yield Finding("lost", "after a Gap told of it", what)
            elif owner is not None and len(owner.ids) > 1:
                yield Finding("lost", "in silence, of an order that was replaced", what)
            else:
                yield Finding("lost", "in silence", what)
        elif taken and execution.time < taken[0].time:
            return  # what had filled when it was taken over counts as heard
        elif execution.time > self.began + MARGIN:
            yield Finding("lost", "of another session", what)

    def _denied(self, name: str) -> bool:
        return any(isinstance(e, events.Denied) and e.client_order_id == name for _, e in self.trader.heard)

    def _gap_of(self, name: str) -> bool:
        return any(isinstance(e, events.MissingFills) and e.client_order_id == name for _, e in self.trader.heard)

    # What was told on the way

    def _events(self) -> Iterator[Finding]:
        accepted: set[str] = set()
        for place, (at, event) in enumerate(self.trader.heard):
            if isinstance(event, events.Accepted):
                if event.client_order_id in accepted:
                    yield Finding("other", "Accepted twice", event.client_order_id)
                accepted.add(event.client_order_id)
            elif isinstance(event, events.Denied):
                yield from self._denial(place, event)
            elif isinstance(event, events.Reconciled):
                yield from self._too_early(place, event)
                yield from self._ahead_of_ends(place, event)
            elif isinstance(event, (events.Canceled, events.Expired)):
                yield from self._ahead(place, at, event)
            if _is_complete(event):
                yield from self._not_complete(place, at, event)

    def _reopened(self, place: int, name: str) -> bool:
        """True when a conclusion of ours was taken back later, and the user was told."""
        return any(isinstance(e, events.Reopened) and e.client_order_id == name for _, e in self.trader.heard[place:])

    def _denial(self, place: int, event: events.Denied) -> Iterator[Finding]:
        """An order that was denied and lived must have been told of again, at AX, which takes no deadline, and must not
        have been denied within a minute; elsewhere the venue's own clock proves that it never came."""
        placed = self.placed.get(event.client_order_id)
        sent = next((s for s in self.trader.submissions if s.name == event.client_order_id), None)
        if placed is None or sent is None or self.books.view(placed).end == "rejected":
            return
        age = (event.local_time - sent.time) / SECOND
        if self.venue == "ax" and age >= PROVES_AFTER and self._reopened(place, event.client_order_id):
            return
        came = (placed.time - sent.time) / SECOND
        detail = f"{sent.name} denied {age:.1f} s after it was sent; it arrived after {came:.1f} s"
        yield Finding("wrong end", "denied, and it lived", detail)

    def _too_early(self, place: int, event: events.Reconciled) -> Iterator[Finding]:
        """What the same answer tells comes before it."""
        login = max(
            (e.local_time for _, e in self.trader.heard[:place] if isinstance(e, events.Authenticated)), default=0
        )
        before = [e for _, e in self.trader.heard[:place]]
        in_doubt = {e.client_order_id for e in before if isinstance(e, events.StatusUnknown)}
        if event.open_questions:
            in_doubt |= {e.client_order_id for e in before if isinstance(e, events.Submitted)}
            in_doubt -= {e.client_order_id for e in before if isinstance(e, events.Accepted)}
        for at, later in self.trader.heard[place + 1 :]:
            if later.local_time != event.local_time:
                return
            if isinstance(later, events.OrderEvent) and later.client_order_id in in_doubt:
                continue  # that nobody knows of it was told, or is told by this very event
            old_fill = isinstance(later, events.Filled) and later.venue_time < login
            old_end = isinstance(later, ENDING) and self._had_ended(later.client_order_id, login)
            if old_fill or old_end or isinstance(later, events.MissingFills):
                detail = f"{type(later).__name__} at {at:.3f}"
                yield Finding("wrong end", "Reconciled in the middle of an answer", detail)
                return

    def _ahead_of_ends(self, place: int, event: events.Reconciled) -> Iterator[Finding]:
        """An order that had ended before the login is settled, or told as being in question."""
        logins = [n for n, (_, e) in enumerate(self.trader.heard[:place]) if isinstance(e, events.Authenticated)]
        login = self.trader.heard[logins[-1]][1].local_time if logins else 0
        told = {
            e.identity.client_order_id
            for _, e in self.trader.heard[:place]
            if isinstance(e, events.StatusUnknown | events.MissingFills) and e.identity is not None
        }
        settled: set[str] = {*told, *(sent.name for sent in self.trader.taken_over if sent.time > event.local_time)}
        for at, later in self.trader.heard[place + 1 :]:
            if isinstance(later, events.Disconnected):
                return
            name = later.client_order_id if isinstance(later, ENDING) else None
            if name is not None and name not in settled and self._had_ended(name, login):
                detail = f"{name} {type(later).__name__} at {at:.3f}"
                yield Finding("wrong end", "Reconciled ahead of an end of before the login", detail)

    def _had_ended(self, name: str, before: int) -> bool:
        """By the venue's books: an event need not say when an order ended."""
        placed = self.placed.get(name)
        return placed is not None and placed.ended is not None and placed.ended < before

    def _ahead(self, place: int, at: float, event: events.Canceled | events.Expired) -> Iterator[Finding]:
        """An end that did not wait for a fill that was told later."""
        before = {_key(e) for _, e in self.trader.heard[:place] if isinstance(e, events.Filled)}
        later = [
            e
            for _, e in self.trader.heard[place:]
            if isinstance(e, events.Filled) and e.client_order_id == event.client_order_id and _key(e) not in before
        ]
        gap = any(
            isinstance(e, events.MissingFills) and e.client_order_id == event.client_order_id
            for _, e in self.trader.heard[: place + 2]
        )
        if later and not gap:
            detail = f"{event.client_order_id} {type(event).__name__} with {event.cumulative} at {at:.3f}"
            yield Finding("wrong end", "an end ahead of its fills", detail)

    def _not_complete(self, place: int, at: float, event: events.Event) -> Iterator[Finding]:
        """What was concluded too early, and not taken back with a word to the user."""
        assert isinstance(event, (events.Filled, events.Completed))
        if self._reopened(place, event.client_order_id):
            return
        for later in self.fills_of.get(event.client_order_id, ()):
            if later.venue_time > event.local_time:
                detail = f"{event.client_order_id} at {at:.3f}; {later.last_quantity} executed later"
                yield Finding("wrong end", "FILLED before it was", detail)
                return

    # The end

    def _reconciled(self) -> Iterator[Finding]:
        heard = self.trader.lives()[-1]
        logins = [e.connection for _, e in heard if isinstance(e, events.Authenticated)]
        told = [e.connection for _, e in heard if isinstance(e, events.Reconciled)]
        if not logins:
            yield Finding("stuck", "never logged in", "")
        elif logins[-1] not in told:
            yield Finding("stuck", "no Reconciled", f"logins {logins}, Reconciled {told}")

    def _order(self, sent: Submission) -> Iterator[Finding]:
        state = self.trader.states.get(sent.name)
        placed = self.placed.get(sent.name)
        if state is None:
            if not self._may_be_forgotten(placed):
                yield Finding("other", "an order is forgotten", sent.name)
        elif state.status is OrderStatus.SUBMITTED and sent.venue_order_id is not None:
            yield Finding("other", "taken over, and never looked at", sent.name)
        elif state.status is OrderStatus.UNKNOWN or state.status is OrderStatus.SUBMITTED:
            where = "never arrived" if placed is None else "did arrive"
            yield Finding("stuck", f"{state.status.name} for good, it {where}", sent.name)
        elif placed is None:
            if ENDS.get(state.status, "filled") == "filled":
                yield Finding("wrong end", "it never arrived", f"{sent.name} is {state.status.name}")
        else:
            yield from self._standing(sent, state, placed, self.books.view(placed))

    def _may_be_forgotten(self, placed: Placed | None) -> bool:
        """Whether an order has ended, and its client remembers few of those."""
        is_short = self.played.story.options.get("finished_window", LONG) < LONG
        return is_short and (placed is None or self.books.view(placed).end is not None)

    def _standing(self, sent: Submission, state: OrderState, placed: Placed, view: View) -> Iterator[Finding]:
        here, what = ENDS.get(state.status), f"{sent.name} is {state.status.name} here, {view.end or 'open'} there"
        if view.end is None and here is not None:
            yield Finding("wrong end", f"{state.status.name} here, open there{self._history(placed)}", what)
        elif view.end is not None and here is None:
            yield Finding("stuck", "open here, ended there", what)
        elif view.end is not None and here not in SAME_END.get(view.end, {view.end}):
            yield Finding("wrong end", f"{state.status.name} here, {view.end} there{self._history(placed)}", what)
        elif view.end is None:
            yield from self._terms(sent, state, placed, view)

    def _terms(self, sent: Submission, state: OrderState, placed: Placed, view: View) -> Iterator[Finding]:
        left = view.quantity - view.filled
        if state.venue_order_id != view.order_id:
            what = f"{sent.name}: {state.venue_order_id}, there {view.order_id}"
            yield Finding("other", "another venue order id", what)
        if state.leaves is not None and sent.venue_order_id is None and state.leaves != left:
            what = f"{sent.name}: {state.leaves} left here ({state.cumulative} filled), {left} there"
            yield Finding("other", "another quantity left", what)
        if state.price is not None and view.price is not None and state.price != view.price:
            yield Finding("other", "another price of an open order", f"{sent.name}: {state.price}, there {view.price}")

    def _open_list(self) -> Iterator[Finding]:
        """The list that the venue gives to the client is the one in its books."""
        views = map(self.books.view, self.books.orders)
        there, here = {view.order_id for view in views if view.end is None}, self.trader.open_there
        if here is not None and here != there:
            yield Finding("other", "another list of open orders", f"{sorted(here)}, there {sorted(there)}")

    def _ends_of_others(self) -> Iterator[Finding]:
        """The end of an order of another session is told once, to whoever watched it; how it ended may be
        known no more."""
        ours = {id(placed) for placed in self.placed.values()}
        for placed in self.books.orders:
            view = self.books.view(placed)
            if id(placed) in ours or self.began is None or placed.time < self.began + MARGIN:
                continue
            if view.end is None or view.end in ("rejected", "moved"):
                continue
            shown = [
                e
                for _, e in self.trader.heard
                if isinstance(e, events.OrderStatusReport) and str(e.venue_order_id) in placed.ids
            ]
            told = [e for e in shown if e.status is not None and e.status.is_terminal]
            gone = [e for e in shown if e.status is None and e.reason.startswith(GONE)]
            what = f"{view.order_id} {view.end}"
            if shown and not told and not gone:
                yield Finding("other", "the end of another session's order is not told", what)
            elif len(told) > 1 or len(gone) > 1:
                yield Finding("other", "the end of another session's order is told twice", what)


def _is_complete(event: events.Event) -> bool:
    return isinstance(event, events.Completed) or (
        isinstance(event, events.Filled) and event.status is OrderStatus.FILLED
    )


def _key(event: events.Filled | events.FillReport) -> tuple[str, str]:
    order_id = event.fill_venue_order_id if isinstance(event, events.Filled) else event.venue_order_id
    return str(order_id), str(event.trade_id)


def _short(event: events.Filled | events.FillReport) -> str:
    name = event.client_order_id or "no name"
    return f"{type(event).__name__} {event.last_quantity} at {event.last_price} of {name} ({event.trade_id})"
