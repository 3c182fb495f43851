"""The outbox of a program with a journal: commits what was decided, and only then lets it out.

Cancels, changes and questions need no record before they leave, so they are sent at once, ahead of a slow commit.
Placements, events and answers wait for theirs, and so does a dead man's switch that is armed: a restart must know of
it. A commit is made on the loop's own thread as long as it is quick. Where each one is a sync of the disk, where one
took long, and where it is of many rows, it is made on a worker thread, and what is decided meanwhile shares the next
one.

A full disk keeps nothing: placements are refused, and everything else waits in memory until there is room again. A
write that fails for good ends the journal and not the program: placements are refused from then on, and events go on
without it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

import trio
from attrs import define, field

from protocol.dispatch import EndLink, Send
from protocol.dispatch.decisions import Reply
from protocol.dispatch.inputs import NotWritten
from protocol.dispatch.records import NonceUsed, Record, SwitchSet, numbered
from protocol.errors import NotSent
from protocol.events import Event, JournalEvent, JournalFailed, JournalSlow, number
from protocol.journal import Row, StoreFailed, StoreFull, rows_of
from protocol.orders import OrderState
from protocol.reasons import Why
from protocol.requests import (
    Request,
    SetCancelAllAfter,
    Urgency,
    adds_risk,
    ids_of,
    urgency_of,
    why_withdrawn,
    withdraws,
)
from protocol.values import RequestId

from .emitter import Publication, SessionEnded, ToEmitter
from .journal.life import JournalLife
from .journal.tending import run_tending
from .outbox import Attach, Decided, Detach, Outlets, ToOutbox, close_replies, end_calls, release_sends, tell_rest
from .plumbing.channels import answer, close_inbox, put, queued
from .plumbing.clock import NANOSECONDS
from .plumbing.nurseries import open_unwrapped_nursery
from .plumbing.one_shot import OneShot
from .plumbing.published import Published
from .rest import Forget
from .sender import Withheld

__all__ = ["run_journaled_outbox"]

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every commit and gone with it: see `protocol.facts`

logger = logging.getLogger("trio_orders")

SLOW: Final = 20_000_000
"""ns from which on a commit is told as slow, and those that follow are made on a worker thread."""
MANY: Final = 128
"""Rows from which on a commit is made on a worker thread, however quick it is: it takes longer than the way there and
back, and other tasks run meanwhile."""
SLOW_WITH_MANY: Final = 100_000_000
"""ns from which on such a commit is slow. That thread and the loop's own wait for each other's interpreter."""
QUICK_ENOUGH: Final = 100
"""So many quick commits in a row, and they are made on the loop's own thread again."""
TRY_AGAIN: Final = 5.0
"""Seconds between attempts to write to a full disk."""
MOST_WAITING: Final = 100_000
"""Records that may wait for a full disk. With more of them the journal counts as failed."""
MOST_BESIDE: Final = 20_000
"""Records that may wait for a commit under way. With more of them nothing is taken in until it is over."""


@define(eq=False)
class Pending:
    """One decision that waits for its commit, and what is left to be released of it. placements: what must not leave
    before."""

    decided: Decided
    events: list[Event]
    replies: list[Reply]
    placements: list[Send] = field(factory=list)
    ends_link: bool = False


@define(eq=False)
class Own:
    """An event of the journal itself."""

    events: list[Event]


Waiting = Pending | Own | Detach


@frozen
class Outcome:
    """Of a commit. duration: ns."""

    rows: list[Row]
    problem: StoreFull | StoreFailed | None
    duration: int


@trio.lowlevel.enable_ki_protection  # an interrupt between two steps would lose an answer that a caller waits for
async def run_journaled_outbox(
    inbox: trio.MemoryReceiveChannel[ToOutbox], to_emitter: trio.MemorySendChannel[ToEmitter], life: JournalLife
) -> None:
    """As `run_outbox`, behind the commits of a journal. Ends when every dispatch has closed and all is committed, or
    cannot be. The one who opened the journal's store closes it behind that."""
    outbox = _JournaledOutbox(inbox, to_emitter, life)
    with to_emitter:
        try:
            async with open_unwrapped_nursery() as nursery:
                outbox.nursery = nursery
                nursery.start_soon(run_tending, life, outbox.fail_from_outside)
                with suppress(trio.EndOfChannel):
                    await outbox.work()
                await outbox.finish()
                nursery.cancel_scope.cancel()
        finally:
            close_replies([*outbox.left_over(), *close_inbox(inbox)])
            for outlets in outbox.sessions.values():
                outlets.close()


@define(eq=False)
class _JournaledOutbox:
    """nonces: of each session, the number of its last signed call, and the last one in a row; waiting: decided, and
    not in a commit yet; rows: of those; refused: how many of them have been told that the disk is full; committing: in
    the commit under way, or being released behind it; unnoted: sessions whose switch the failed journal does not tell
    of, and that is not set therefore; outcome: of the commit on the worker thread, once it is over; wake: around the
    waits for what comes next, and is_woken: it is canceled."""

    inbox: trio.MemoryReceiveChannel[ToOutbox]
    to_emitter: trio.MemorySendChannel[ToEmitter]
    life: JournalLife
    nursery: trio.Nursery = field(init=False)
    sessions: dict[int, Outlets] = field(factory=dict, init=False)
    position: int = field(init=False)
    sequence: int = field(init=False)
    nonces: dict[int, tuple[Published[int], int]] = field(factory=dict, init=False)
    waiting: list[Waiting] = field(factory=list, init=False)
    rows: list[Row] = field(factory=list, init=False)
    refused: int = field(default=0, init=False)
    committing: deque[Waiting] = field(factory=deque, init=False)
    unnoted: set[int] = field(factory=set, init=False)
    is_under_way: bool = field(default=False, init=False)
    outcome: Outcome | None = field(default=None, init=False)
    failure: str = field(default="", init=False)
    found_outside: str = field(default="", init=False)
    full_until: float | None = field(default=None, init=False)
    quick_in_a_row: int = field(default=QUICK_ENOUGH, init=False)
    is_ending: bool = field(default=False, init=False)
    wake: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    is_waiting: bool = field(default=False, init=False)
    is_woken: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.position, self.sequence = self.life.store.last_position, self.life.store.last_sequence

    async def work(self) -> None:
        """Until the inbox ends."""
        while True:
            item: ToOutbox | None = None
            with trio.CancelScope() as self.wake:
                item = await self._work_until_woken()
            await self._handle(item)

    async def _work_until_woken(self) -> ToOutbox | None:
        """Many waits in one scope: to make one for each would cost more than the wait. Gives what came while it was
        woken, which must not be handled in the scope any more."""
        self.is_woken = False
        while not self._has_news():
            item = await self._next()
            if self.is_woken:
                return item
            await self._handle(item)
        return None

    def _has_news(self) -> bool:
        """Something else than the inbox has: a commit is over, or the journal was found to have failed."""
        return self.outcome is not None or (self.found_outside != "" and not self.is_under_way)

    async def _next(self) -> ToOutbox | None:
        """What comes next; None: it is time to try again to write to a full disk."""
        self.is_waiting = True
        try:
            if self.is_under_way and len(self.rows) > MOST_BESIDE:
                await trio.sleep_forever()
            if self.full_until is None or self.is_under_way:  # a commit that is under way wakes us by its end
                return await self.inbox.receive()
            with trio.move_on_at(self.full_until):
                return await self.inbox.receive()
            return None
        finally:
            self.is_waiting = False

    def _wake(self) -> None:
        """Out of a wait, and out of nothing else: whoever is not waiting looks for news before the next wait."""
        if self.is_waiting:
            self.is_woken = True
            self.wake.cancel()

    async def _handle(self, item: ToOutbox | None) -> None:
        if item is not None:
            await self.take(item)
            for another in queued(self.inbox):
                await self.take(another)
        await self.go_on()

    async def finish(self) -> None:
        """Nothing more comes: the rest is committed, or given up."""
        self.is_ending = True
        while self.waiting or self.is_under_way:
            if self.is_under_way and self.outcome is None:
                with trio.CancelScope() as self.wake:
                    self.is_waiting = True
                    await trio.sleep_forever()
                self.is_waiting = False
            await self.go_on()

    def left_over(self) -> list[ToOutbox]:
        """What was not released to its end."""
        return [each.decided for each in (*self.committing, *self.waiting) if isinstance(each, Pending)]

    # Taking in

    async def take(self, item: ToOutbox) -> None:
        """Numbers what was decided, and sends what need not wait for a record of it."""
        if isinstance(item, Attach):
            self.sessions[item.session] = item.outlets
            self.nonces[item.session] = (item.nonce, item.nonce.value)
        elif isinstance(item, Detach):
            self.waiting.append(item)
        else:
            # Before the first await: whatever ends us then, its callers are found here.
            pending = Pending(item, self._number(item), list(item.decisions.replies))
            self.waiting.append(pending)
            await self._send_ahead(pending)

    def _number(self, item: Decided) -> list[Event]:
        records = item.decisions.records
        published = numbered(records, self.sequence)
        self.sequence += len(published)
        session = self.life.numbers[item.session]
        self._add_rows(session, records)
        nonce, kept = self.nonces[item.session]
        if nonce.value > kept:
            self.nonces[item.session] = (nonce, nonce.value)
            self._add_rows(session, (NonceUsed(nonce=nonce.value),))
        return published

    def _add_rows(self, session: int, records: Sequence[Record]) -> None:
        if self.failure or not records:
            return
        now = self.life.clock.now().wall_ns
        self.rows += rows_of(records, self.position, self.life.number, session, now)
        self.position += len(records)

    async def _send_ahead(self, pending: Pending) -> None:
        """Cancels, questions and changes leave now. A placement that a cancel is about must not follow it."""
        decisions, outlets = pending.decided.decisions, self.sessions[pending.decided.session]
        if decisions.forgotten:
            await tell_rest(outlets, Forget(tuple(decisions.forgotten)))
        for admission in decisions.released:
            outlets.credits.send_nowait(admission)
        ahead: list[Send | EndLink] = []
        for send in decisions.sends:
            if isinstance(send, EndLink):
                pending.ends_link = True
            elif adds_risk(send.request) or self._arms_switch(send.request, pending.decided.session):
                pending.placements.append(send)
            else:
                ahead.append(send)
                if urgency_of(send.request) is Urgency.LESS_RISK:
                    await self._withdraw(send.request, pending.decided.session)
        if ahead:
            await release_sends(ahead, outlets)

    def _arms_switch(self, request: Request, session: int) -> bool:
        """True for a setting of the dead man's switch that the journal does not tell of yet: its record may have come
        with an earlier decision. To set it again changes nothing that is on record."""
        if not isinstance(request, SetCancelAllAfter) or not request.seconds:
            return False
        return session in self.unnoted or session in _noting((*self.committing, *self.waiting))

    async def _withdraw(self, cancel: Request, session: int) -> None:
        """Placements that wait for their commit, and that this is about, are not sent."""
        for each in (*self.committing, *self.waiting):
            if isinstance(each, Pending) and each.placements and each.decided.session == session:
                found = [placed for placed in each.placements if withdraws(cancel, placed.request)]
                each.placements = [placed for placed in each.placements if placed not in found]
                for placed in found:
                    await self._withhold(session, placed, why_withdrawn(placed.request), Why.WITHDRAWN)

    async def _withhold(self, session: int, placed: Send, reason: str, why: Why) -> None:
        """Dispatch hears that it was certainly not sent."""
        outlets = self.sessions[session]
        if placed.admission is not None:
            outlets.credits.send_nowait(placed.admission)
        with suppress(trio.BrokenResourceError):
            await put(outlets.sender, Withheld(NotWritten(ids_of(placed.request), reason, why)))

    # Committing

    async def go_on(self) -> None:
        """Sees to the commit that is over, and begins the next one if there is something to commit."""
        if self.found_outside and not self.is_under_way:
            why, self.found_outside = self.found_outside, ""
            if not self.failure:
                await self._fail(why)
        if self.outcome is not None:
            outcome, self.outcome, self.is_under_way = self.outcome, None, False
            await self._committed(outcome)
        while self.waiting and not self.is_under_way:
            if self.failure:
                self._take_waiting()
                self.unnoted |= _noting(self.committing)
                placing = [each for each in self.committing if isinstance(each, Pending) and each.placements]
                await self._refuse_placements(self.failure, placing)
                await self._release()
            elif self.full_until is not None and not self.is_ending and trio.current_time() < self.full_until:
                await self._refuse_placements(self.life.health.value, self.waiting[self.refused :])
                self.refused = len(self.waiting)
                return
            elif self.rows and self._is_for_a_thread():
                self.is_under_way = True
                self.nursery.start_soon(self._commit_beside, self._take_waiting())
            else:
                await self._committed(self._commit_here(self._take_waiting()))

    def _is_for_a_thread(self) -> bool:
        return self.life.is_beside or self.quick_in_a_row < QUICK_ENOUGH or len(self.rows) >= MANY

    def _take_waiting(self) -> list[Row]:
        self.committing, self.waiting, self.refused = deque(self.waiting), [], 0
        rows, self.rows = self.rows, []
        return rows

    def _commit_here(self, rows: list[Row]) -> Outcome:
        began, problem = trio.current_time(), None
        if rows:
            try:
                self.life.store.commit(rows)
            except (StoreFull, StoreFailed) as failed:
                problem = failed
        return Outcome(rows, problem, int((trio.current_time() - began) * NANOSECONDS))

    @trio.lowlevel.enable_ki_protection  # a task of its own: an interrupt here would end the outbox
    async def _commit_beside(self, rows: list[Row]) -> None:
        """On a worker thread. Nothing cuts it short: what is being written may be on the disk."""
        began, problem = trio.current_time(), None
        try:
            await self.life.run_beside(self.life.store.commit, rows)
        except (StoreFull, StoreFailed) as failed:
            problem = failed
        self.outcome = Outcome(rows, problem, int((trio.current_time() - began) * NANOSECONDS))
        self._wake()

    async def _committed(self, outcome: Outcome) -> None:
        if isinstance(outcome.problem, StoreFailed):
            await self._fail(str(outcome.problem))
        elif outcome.problem is not None:
            await self._put_off(outcome.rows, str(outcome.problem))
            return
        elif outcome.rows:
            self._has_room()
            self._judge(outcome)
        await self._release()

    def _has_room(self) -> None:
        if self.full_until is not None:
            self.full_until = None
            self.life.health.publish("")
            logger.warning("The journal %s has room again, and holds everything that waited for it.", self.life.path)

    def _judge(self, outcome: Outcome) -> None:
        """Whether the next commits are made on the loop's own thread. With a sync in each, none is."""
        if outcome.duration <= (SLOW if len(outcome.rows) < MANY else SLOW_WITH_MANY):
            self.quick_in_a_row += 1
        elif not self.life.is_beside:
            if self.quick_in_a_row >= QUICK_ENOUGH:
                self._tell_own(JournalSlow(local_time=self._now(), path=self.life.path, duration=outcome.duration))
            self.quick_in_a_row = 0

    def _tell_own(self, event: JournalEvent) -> None:
        self.sequence += 1
        number(event, self.sequence)
        self._add_rows(0, (event,))
        self.waiting.append(Own([event]))

    def _now(self) -> int:
        return self.life.clock.now().wall_ns

    # When it cannot be written

    async def _put_off(self, rows: list[Row], why: str) -> None:
        """There is no room: it is tried again, with what is decided meanwhile."""
        self.waiting, self.refused = [*self.committing, *self.waiting], 0
        self.rows = [*rows, *self.rows]
        self.committing = deque()
        if self.full_until is None:
            self.life.health.publish(why)
            logger.error("%s", why)
        self.full_until = trio.current_time() + TRY_AGAIN
        if self.is_ending or len(self.rows) > MOST_WAITING:
            await self._fail(f"{why} {len(self.rows):,} records that wait for room are given up.")
        else:
            await self._refuse_placements(why, self.waiting)
            self.refused = len(self.waiting)

    def fail_from_outside(self, why: str) -> None:
        """Something is wrong with the file that no commit has shown."""
        self.found_outside = why
        self._wake()

    async def _fail(self, why: str) -> None:
        """Nothing more is written. What could not be committed is told behind the news of that, numbered anew: nobody
        has seen it yet."""
        self.failure, self.rows, self.full_until = why, [], None
        self.life.health.publish(why)
        logger.error("%s", why)
        failed = JournalFailed(local_time=self._now(), path=self.life.path, reason=why)
        self.committing = deque((Own([failed]), *self.committing, *self.waiting))
        self.waiting, self.refused = [], 0
        self.unnoted |= _noting(self.committing)
        self.sequence = self.life.store.last_sequence
        for each in self.committing:
            for event in () if isinstance(each, Detach) else each.events:
                self.sequence += 1
                number(event, self.sequence)
        await self._refuse_placements(why, list(self.committing))
        await self._release()

    async def _refuse_placements(self, why: str, decided: Iterable[Waiting]) -> None:
        """What waits for a record that cannot be made. Its callers are answered now, for that may take long."""
        for each in decided:
            if not isinstance(each, Pending):
                continue
            withheld = {request_id for placed in each.placements for request_id in ids_of(placed.request)}
            placements, each.placements = each.placements, []
            for placed in placements:
                await self._withhold(each.decided.session, placed, why, Why.JOURNAL)
            await self._end_link(each)
            replies, each.replies = each.replies, []
            for reply in replies:
                answer(cast("OneShot[Any]", reply.reply_to), _refused(reply.value, withheld, why))

    # Releasing

    async def _release(self) -> None:
        """What is committed, or never will be: placements, then events, then answers. With its answer, a caller finds
        the events that belong to it."""
        while self.committing:
            each = self.committing[0]
            if isinstance(each, Detach):
                outlets = self.sessions.pop(each.session)
                await end_calls(outlets)
                outlets.close()
                await put(self.to_emitter, SessionEnded(each.session))
            elif isinstance(each, Own):
                await put(self.to_emitter, Publication(None, tuple(each.events)))
            else:
                await self._release_decided(each)
            self.committing.popleft()

    async def _release_decided(self, each: Pending) -> None:
        session = each.decided.session
        each.decided.decisions.is_settled = True
        placements, each.placements = each.placements, []
        if placements:
            await release_sends(placements, self.sessions[session])
        await self._end_link(each)
        if each.events:
            await put(self.to_emitter, Publication(session, tuple(each.events)))
        if each.replies:
            if placements:
                await trio.lowlevel.checkpoint()  # to the wire first, as in `outbox`
            for reply in each.replies:
                answer(cast("OneShot[Any]", reply.reply_to), reply.value)

    async def _end_link(self, each: Pending) -> None:
        if each.ends_link:
            each.ends_link = False
            await release_sends([EndLink()], self.sessions[each.decided.session])


def _noting(decided: Iterable[Waiting]) -> set[int]:
    """The sessions that have decided here to set their dead man's switch."""
    return {each.decided.session for each in decided if isinstance(each, Pending) and _notes_switch(each)}


def _notes_switch(pending: Pending) -> bool:
    return any(isinstance(record, SwitchSet) and record.seconds for record in pending.decided.decisions.records)


def _refused(value: object, withheld: Collection[RequestId], why: str) -> object:
    """The answer to a caller whose placement was not sent; every other one stands."""
    if isinstance(value, OrderState) and value.request_id in withheld:
        name = value.identity.client_order_id
        return NotSent(f"Order {name} was not sent: {why}", why=Why.JOURNAL, client_order_id=name)
    if isinstance(value, tuple) and value and all(_number_of(leg) in withheld for leg in value):
        return NotSent(f"The batch was not sent: {why}", why=Why.JOURNAL)
    return value


def _number_of(leg: OrderState | RequestId) -> RequestId | None:
    """Of the request of a leg, as the answer to a batch has it."""
    return leg.request_id if isinstance(leg, OrderState) else leg
