"""The rest actor: calls that a venue takes over HTTP. Each answer returns to dispatch as facts.

A call is begun when its connection is at hand: then it gets its number and its signature, and only from then on may it
exist at the venue. So nothing waits behind a connect that hangs, numbers leave in their order without a chain, and what
has not begun can be taken back: by a cancel, and by its own time. That time ends before the time for its answer does,
so that dispatch hears for certain that it was not sent, and never has to call it unknown.

A question of our own is not given up so soon. It lets what the user asks for go first, and waits for the venue's
budget, for a place, and for the end of a silence, up to `OWN_PATIENCE`; the time for a connection and an answer begins
behind that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import trio
from attrs import define, field, frozen

from protocol.call_queue import CallQueue, WaitingCall
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission, Heard, Input, NotWritten
from protocol.errors import TradingError
from protocol.facts import Outcome, RequestRefused
from protocol.reasons import RejectReason, Why
from protocol.requests import (
    OWN_PATIENCE,
    Request,
    Urgency,
    adds_risk,
    ids_of,
    may_wait,
    unwritable,
    urgency_of,
    why_withdrawn,
    withdraws,
)
from protocol.values import RequestId
from protocol.venue import HttpAnswer, HttpCall, SignedCall, Venue

from .fetch import CLOSING, Fetch
from .net.http_seam import ORDINARY_CONNECTIONS, HttpClient, HttpFailed
from .plumbing.channels import Batch, answer, close_inbox, put
from .plumbing.clock import NANOSECONDS, Clock, seconds
from .plumbing.published import Published
from .token import TokenRequest, renew

__all__ = ["CallsOver", "Detour", "Forget", "RestContext", "ToRest", "run_rest"]

UNAUTHORIZED: Final = 401
NOT_NOW: Final = (429, 503)
MOST_TRIES: Final = 3
"""Of a call that the venue refuses for its number alone."""
OVER_BUDGET: Final = (
    "The venue's budget for calls was used up for too long, so this was not sent. It is safe to send it again."
)
NO_PLACE: Final = (
    "Too many calls before it wait for the venue's answer, and it had no turn within {:g} s, so this was not sent. "
    "It is safe to send it again."
)
NO_CONNECTION: Final = (
    "There was no connection for it within {:g} s, so this was not sent. It is safe to send it again."
)
LEFT_ALONE: Final = (
    "The venue asked to be left alone for another {:.0f} s, so this was not sent. Send it again after that."
)


@frozen
class CallsOver:
    """No caller waits any more: the actor ends, and drops those under way."""


@frozen
class Forget:
    """These questions are of no use any more: what has not begun of them need not begin."""

    request_ids: Sequence[RequestId]


@frozen
class Detour:
    """A request that the socket does not take goes over HTTP. call: the same request as one."""

    send: Send
    call: HttpCall


ToRest = Send | Detour | Fetch | Forget | CallsOver


class _TakenBack(Exception):
    """Raised in place of beginning a call."""


class _PutOff(Exception):
    """Raised for a question of our own that the venue does not want now: it waits in the queue again."""


@define(eq=False)
class _Outgoing:
    """One call, from being asked for to its end. asked_at: when it was, ns, monotonic; until: Trio's time by which it
    must have begun; waiting: canceled to take back what has not begun; begun: it may have reached the venue; why: it
    was taken back; forgotten: its answer is no longer waited for; request: None for a call of another actor; may_wait:
    it is a question of our own."""

    item: Send | Fetch
    call: HttpCall
    asked_at: int
    until: float
    waiting: trio.CancelScope = field(factory=trio.CancelScope)
    begun: bool = False
    why: str = ""
    forgotten: bool = False
    request: Request | None = field(init=False)
    urgency: Urgency = field(init=False)
    may_wait: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.request = None if isinstance(self.item, Fetch) else self.item.request
        if self.request is not None:
            self.urgency, self.may_wait = urgency_of(self.request), may_wait(self.request)
        else:
            self.urgency, self.may_wait = Urgency.LESS_RISK if self.call.urgent else Urgency.ORDINARY, False

    @property
    def may_be_repeated(self) -> bool:
        """Once it certainly was not executed."""
        return self.request is None or not adds_risk(self.request)

    def begin(self) -> None:
        """Raises _TakenBack."""
        if self.waiting.cancel_called:
            raise _TakenBack
        self.begun = True
        self.waiting.deadline = math.inf

    def begin_anew(self) -> None:
        """It certainly was not executed, so it may be taken back again."""
        self.begun = False
        self.waiting.deadline = self.until

    def take_back(self, why: str) -> None:
        self.why = why
        self.waiting.cancel()

    def forget(self) -> None:
        """Takes it back, for good and without a word."""
        self.forgotten = True
        if not self.begun:
            self.waiting.cancel()


@define
class RestContext:
    """What the rest actor works with, and its own state: the calls that wait.

    token: the current one; nonce: the number of the last signed call, which this actor publishes; to_token: where a
    refused one is renewed; patience: ns that a call waits for its budget; http_timeout: ns within which a call must
    have begun, unless the time for its answer is shorter. started: calls that wait for a connection; under_way: they,
    and those that wait for their answer.
    """

    venue: Venue
    http: HttpClient
    token: Published[str | None]
    nonce: Published[int]
    to_token: trio.MemorySendChannel[TokenRequest]
    credits: trio.MemorySendChannel[Admission]
    clock: Clock
    patience: int
    http_timeout: int
    queue: CallQueue[_Outgoing] = field(init=False)
    started: set[_Outgoing] = field(factory=set, init=False)
    under_way: set[_Outgoing] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self.queue = CallQueue(self.venue.rules.budgets, ORDINARY_CONNECTIONS)

    def limit(self, item: Send | Fetch) -> int:
        """ns within which a call must have begun. For a call of another actor no time for an answer runs."""
        if isinstance(item, Fetch):
            return self.http_timeout
        return min(self.http_timeout, self.venue.rules.begin_within)

    def _call_for(self, request: Request) -> HttpCall:
        encoded = self.venue.encode(request, self.token.value)
        # A frame: there is no socket to take it, and it cannot wait for one.
        call = self.venue.encode_over_http(request) if isinstance(encoded, str) else encoded
        assert call is not None  # dispatch sends nothing else here
        return call

    def outgoing(self, item: Send | Detour | Fetch) -> _Outgoing:
        """Raises whatever the venue's encoder does for a request that it has no words for."""
        call = item.call if isinstance(item, Fetch | Detour) else self._call_for(item.request)
        plain = item.send if isinstance(item, Detour) else item
        now = self.clock.now().monotonic_ns
        return _Outgoing(plain, call, now, trio.current_time() + self.limit(plain) / NANOSECONDS)

    def turn_within(self, out: _Outgoing) -> int:
        """ns within which a call must have had its turn."""
        limit = self.limit(out.item)
        return max(limit, OWN_PATIENCE - limit) if out.may_wait else limit

    def add(self, out: _Outgoing) -> None:
        """Puts a call in front of its budget, and of whatever else it must wait for."""
        call, patient_until, give_up_at = out.call, out.asked_at + self.patience, out.asked_at + self.turn_within(out)
        waiting = WaitingCall(
            item=out,
            pool=call.pool,
            cost=call.cost,
            urgency=out.urgency,
            patient_until=give_up_at if out.may_wait else patient_until,
            give_up_at=give_up_at,
            steps_back_at=patient_until if out.may_wait else None,
        )
        self.queue.add(waiting, self.clock.now().monotonic_ns)

    def start(self, out: _Outgoing) -> None:
        """It has its turn."""
        self.under_way.add(out)
        self.started.add(out)
        if out.may_wait:
            out.until = trio.current_time() + self.limit(out.item) / NANOSECONDS

    def end(self, out: _Outgoing) -> None:
        self.started.discard(out)
        self.under_way.discard(out)
        self.queue.ended(out.urgency)

    def put_off(self, out: _Outgoing) -> None:
        """Back into the queue with a question that the venue did not want."""
        out.begun, out.waiting = False, trio.CancelScope()
        self.add(out)

    def forget(self, request_ids: Sequence[RequestId]) -> None:
        """Takes these back without a word, as far as they have not begun."""

        def is_meant(out: _Outgoing) -> bool:
            return out.request is not None and out.request.request_id in request_ids

        for out in self.queue.withdraw(is_meant):
            if isinstance(out.item, Send):
                self.release_credit(out.item)
        for out in filter(is_meant, self.under_way):
            out.forget()

    def withdraw_by(self, out: _Outgoing) -> list[Send]:
        """Takes back what has not begun and is meant by this cancel: it goes before them, and they must not follow.
        Gives those that were not started; the others' own tasks report them."""
        cancel = out.request
        if cancel is None or out.urgency is not Urgency.LESS_RISK:
            return []

        def is_meant(waiting: _Outgoing) -> bool:
            return waiting.request is not None and withdraws(cancel, waiting.request)

        for started in self.started:
            if is_meant(started) and started.request is not None:
                started.take_back(why_withdrawn(started.request))
        return [waiting.item for waiting in self.queue.withdraw(is_meant) if isinstance(waiting.item, Send)]

    def next_nonce(self) -> int:
        """Grows from call to call, and with the wall clock, so that a program started again goes on from there. Where
        that clock was set back meanwhile, it goes on from what the journal has kept."""
        nonce = max(self.nonce.value + 1, self.clock.now().wall_ns // self.venue.rules.nonce_unit)
        self.nonce.publish(nonce)
        return nonce

    async def exchange(self, out: _Outgoing) -> HttpAnswer:
        """Makes the call. Again, if the venue refused its number or the token, and so certainly did not execute it.
        Raises HttpFailed; _TakenBack, when it has not begun; _PutOff."""
        tries = 0
        while True:
            tries += 1
            token = self.token.value
            reply = await self.http.call(out.call, token, finish=lambda: self._finish(out))
            now = self.clock.now()
            self.queue.note(reply, now.monotonic_ns, now.wall_ns)
            if self.venue.is_over_budget(reply):
                self.queue.use_up(out.call.pool, now.monotonic_ns)
            if self._is_put_off(out, reply):
                raise _PutOff
            if tries >= MOST_TRIES or not await self._may_succeed_now(out, reply, token, tries):
                return reply
            out.begin_anew()
            self.started.add(out)

    def _finish(self, out: _Outgoing) -> HttpCall:
        """The call as it goes out, now that its connection is there."""
        silence = self.silence(out)
        if silence and out.may_wait and not out.waiting.cancel_called:
            raise _PutOff
        if silence:
            out.take_back(silence)
        out.begin()
        self.started.discard(out)
        if not isinstance(out.call, SignedCall):
            return out.call
        try:
            return out.call.sign(self.next_nonce())
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            out.begin_anew()
            out.take_back(unwritable(problem))
            raise _TakenBack from None

    def silence(self, out: _Outgoing) -> str:
        """A sentence while the venue wants no such calls, else nothing."""
        left = self.queue.silence(out.urgency, self.clock.now().monotonic_ns)
        return LEFT_ALONE.format(math.ceil(left / NANOSECONDS)) if left else ""

    def _is_put_off(self, out: _Outgoing, reply: HttpAnswer) -> bool:
        """True for a question of our own that the venue will answer when it has rested."""
        if not out.may_wait or out.forgotten:
            return False
        return self.venue.is_over_budget(reply) or (reply.status in NOT_NOW and bool(self.silence(out)))

    async def _may_succeed_now(self, out: _Outgoing, reply: HttpAnswer, token: str | None, tries: int) -> bool:
        """True when the same call, refused for what has changed by now, should be made again."""
        if not out.may_be_repeated:
            return False
        if isinstance(out.call, SignedCall):
            return trio.current_time() < out.until and self.venue.is_number_refused(reply)
        renewable = self.venue.rules.needs_token and out.call.authorized
        if reply.status != UNAUTHORIZED or not renewable or tries > 1:
            return False
        try:
            return await renew(self.to_token, token) != token
        except (TradingError, OSError):
            return False  # the refusal stands; the session finds out by itself

    def why_given_up(self, out: _Outgoing) -> tuple[str, Why]:
        """Why a call that waited here was not sent."""
        turn_within = self.turn_within(out)
        in_time = self.clock.now().monotonic_ns < out.asked_at + turn_within
        if in_time or (out.call.pool in self.venue.rules.budgets and not self.queue.is_full):
            return OVER_BUDGET, Why.THROTTLED
        return NO_PLACE.format(turn_within / NANOSECONDS), Why.BUSY

    def release_credit(self, send: Send) -> None:
        if send.admission is not None:
            self.credits.send_nowait(send.admission)


def _forsake(items: Iterable[object], *, sent: bool) -> None:
    """Tells the one who waits for a call that it brings no answer any more."""
    for item in items:
        if isinstance(item, Fetch):
            answer(item.reply_to, HttpFailed(CLOSING, sent=sent))


@define
class _Calls:
    """The calls of one run of the actor. waiting: the actor's wait for its inbox, whose deadline is when the queue must
    be looked at again."""

    context: RestContext
    to_dispatch: trio.MemorySendChannel[Batch]
    nursery: trio.Nursery
    waiting: trio.CancelScope = field(factory=trio.CancelScope)

    async def tell(self, item: Input) -> None:
        await put(self.to_dispatch, Batch((item,), self.context.clock.now()))

    @trio.lowlevel.enable_ki_protection
    async def refuse(self, item: Send | Fetch, reason: str, why: Why) -> None:
        """This call certainly was not sent, and will not be."""
        if isinstance(item, Fetch):
            answer(item.reply_to, HttpFailed(reason, sent=False))
            return
        self.context.release_credit(item)
        await self.tell(NotWritten(ids_of(item.request), reason, why))

    async def take(self, item: Send | Detour | Fetch) -> None:
        """Puts a call in front of its budget. One that cannot be put into words is refused: it says nothing about the
        others."""
        try:
            out = self.context.outgoing(item)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            await self.refuse(item.send if isinstance(item, Detour) else item, unwritable(problem), Why.INVALID)
            return
        for send in self.context.withdraw_by(out):
            await self.refuse(send, why_withdrawn(send.request), Why.WITHDRAWN)
        self.context.add(out)

    def go_on(self) -> None:
        """Starts the calls that may go out now."""
        queue, now = self.context.queue, self.context.clock.now().monotonic_ns
        ready, given_up = queue.take(now)
        for out in ready:
            self.context.start(out)
            self.nursery.start_soon(self._make, out)
        for out in given_up:
            self.nursery.start_soon(self.refuse, out.item, *self.context.why_given_up(out))
        for out in queue.withdraw_outlasted():
            self.nursery.start_soon(self.refuse, out.item, self.context.silence(out), Why.THROTTLED)
        due = queue.next_due(now)
        self.waiting.deadline = math.inf if due is None else seconds(due)

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _make(self, out: _Outgoing) -> None:
        """One call from its start to its end."""
        try:
            reply = await self._exchange(out)
        except trio.Cancelled:
            _forsake([out.item], sent=out.begun)
            raise
        finally:
            self.context.end(out)
        if isinstance(out.item, Fetch):
            answer(out.item.reply_to, reply)
        elif out.forgotten and (reply is None or isinstance(reply, HttpFailed)):
            self.context.release_credit(out.item)
        elif reply is None:
            self.context.put_off(out)
        elif isinstance(reply, HttpFailed) and not reply.sent:
            await self.refuse(out.item, str(reply), Why.THROTTLED if out.why else Why.NOT_CONNECTED)
        else:
            self.context.release_credit(out.item)
            await self.tell(Heard(0, self._facts(out.item.request, reply)))
        if self.context.queue:
            self.go_on()

    async def _exchange(self, out: _Outgoing) -> HttpAnswer | HttpFailed | None:
        """None: it is put off."""
        with out.waiting:
            out.waiting.deadline = min(out.waiting.deadline, out.until)
            try:
                return await self.context.exchange(out)
            except HttpFailed as failed:
                return failed
            except _PutOff:
                return None
            except _TakenBack:
                pass
        return HttpFailed(out.why or NO_CONNECTION.format(self.context.limit(out.item) / NANOSECONDS), sent=False)

    def _facts(self, request: Request, reply: HttpAnswer | HttpFailed) -> Sequence[Any]:
        """What the venue answered; a lost answer is an ambiguous refusal, of a batch and of each of its legs."""
        if isinstance(reply, HttpAnswer):
            return self.context.venue.read_answer(request, reply)
        ambiguous, why, lost = Outcome.AMBIGUOUS, RejectReason.NO_ANSWER, str(reply)
        return [RequestRefused(request_id=i, outcome=ambiguous, reason=lost, why=why) for i in ids_of(request)]


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_rest(
    inbox: trio.MemoryReceiveChannel[ToRest], to_dispatch: trio.MemorySendChannel[Batch], context: RestContext
) -> None:
    """Receives from the outbox, the sender and the token actor, sends to dispatch. Ends, and drops the calls under way,
    with `CallsOver`."""
    with inbox, to_dispatch, context.to_token, context.credits:
        try:
            async with trio.open_nursery() as nursery:
                await _take_calls(inbox, _Calls(context, to_dispatch, nursery))
                nursery.cancel_scope.cancel()
        finally:
            _forsake([out.item for out in context.queue.withdraw(lambda _: True)], sent=False)
            _forsake(close_inbox(inbox), sent=False)


async def _take_calls(inbox: trio.MemoryReceiveChannel[ToRest], calls: _Calls) -> None:
    """Until `CallsOver`."""
    while True:
        item: ToRest | None = None
        with calls.waiting:
            try:
                item = await inbox.receive()
            except trio.EndOfChannel:
                return
        deadline, calls.waiting = calls.waiting.deadline, trio.CancelScope()
        calls.waiting.deadline = deadline
        if isinstance(item, CallsOver):
            return
        if isinstance(item, Forget):
            calls.context.forget(item.request_ids)
        elif item is not None:
            await calls.take(item)
        calls.go_on()
