"""The rest actor: calls that a venue takes over HTTP. Each answer returns to dispatch as facts.

Numbered calls leave in the order of their nonces: the next one is signed when the last one has been written. A call
that waits for its budget has not been sent, and one that waits too long never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import trio
from attrs import define, field, frozen

from protocol.call_queue import CallQueue, WaitingCall
from protocol.dispatch import Send
from protocol.errors import TradingError
from protocol.facts import Outcome, RequestRefused
from protocol.inputs import Admission, Heard, Input, NotWritten
from protocol.requests import CANCELS, WITHDRAWN, Request, ids_of, unwritable, withdraws
from protocol.venue import HttpAnswer, HttpCall, SignedCall, Venue

from .channels import Batch, answer, close_inbox, put, receive_until
from .clock import Clock, seconds
from .fetch import CLOSING, Fetch
from .http import HttpClient, HttpFailed
from .published import Published
from .token import TokenRequest, renew

__all__ = ["CallsOver", "RestDesk", "ToRest", "run_rest"]

UNAUTHORIZED: Final = 401
OVER_BUDGET: Final = (
    "The venue's budget for calls was used up for too long, so this was not sent. It is safe to send it again."
)


@frozen
class CallsOver:
    """Nobody waits for calls any more: the actor ends, and drops those under way."""


ToRest = Send | Fetch | CallsOver


@define
class RestDesk:
    """What the rest actor works with, and its own state: the nonce and the calls that wait.

    token: the current one; to_token: where a refused one is renewed; patience: ns that a call waits for its budget.
    """

    venue: Venue
    http: HttpClient
    token: Published[str | None]
    to_token: trio.MemorySendChannel[TokenRequest]
    credits: trio.MemorySendChannel[Admission]
    clock: Clock
    patience: int
    queue: CallQueue[tuple[Send | Fetch, HttpCall]] = field(init=False)
    _nonce: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.queue = CallQueue(self.venue.rules.budgets)

    def call_of(self, item: Send | Fetch) -> HttpCall:
        call = item.call if isinstance(item, Fetch) else self.venue.encode(item.request, self.token.value)
        assert isinstance(call, HttpCall)  # dispatch sends nothing else here
        return call

    def has_budget_for(self, call: HttpCall) -> bool:
        """True for a call that draws on a budget, and so may have to wait."""
        return call.pool in self.venue.rules.budgets

    def add(self, item: Send | Fetch, call: HttpCall) -> None:
        """Puts a call in front of its budget."""
        now = self.clock.now().monotonic_ns
        self.queue.add(
            WaitingCall(
                item=(item, call),
                pool=call.pool,
                cost=call.cost,
                urgent=call.urgent,
                give_up_at=now + self.patience,
            ),
            now,
        )

    def withdrawn_by(self, item: Send | Fetch) -> list[Send]:
        """Placements that still wait and that this cancel is about: it goes before them, and they must not follow."""
        if not isinstance(item, Send) or not isinstance(item.request, CANCELS):
            return []
        cancel = item.request

        def is_meant(waiting: tuple[Send | Fetch, HttpCall]) -> bool:
            return isinstance(waiting[0], Send) and withdraws(cancel, waiting[0].request)

        return [send for send, _ in self.queue.withdraw(is_meant) if isinstance(send, Send)]

    def next_nonce(self) -> int:
        """Grows from call to call, and with the wall clock, so that a program started again goes on from there."""
        self._nonce = max(self._nonce + 1, self.clock.now().wall_ns // self.venue.rules.nonce_unit)
        return self._nonce

    async def exchange(self, call: HttpCall, written: trio.Event) -> HttpAnswer:
        """Signs, sends, and tells when the call has been written. Raises HttpFailed."""
        if isinstance(call, SignedCall):
            return await self.http.call(call.sign(self.next_nonce()), None, on_written=written.set)
        token = self.token.value
        reply = await self.http.call(call, token, on_written=written.set)
        renewable = self.venue.rules.needs_token and call.authorized and call.method == "GET"
        if reply.status != UNAUTHORIZED or not renewable:
            return reply
        try:
            token = await renew(self.to_token, token)
        except (TradingError, OSError):
            return reply  # the refusal stands; the session finds out by itself
        return await self.http.call(call, token)

    def release_credit(self, send: Send) -> None:
        if send.admission is not None:
            self.credits.send_nowait(send.admission)


def _written() -> trio.Event:
    event = trio.Event()
    event.set()
    return event


def _forsake(items: Iterable[object], *, sent: bool) -> None:
    """Tells whoever waits for a call that it brings no answer any more."""
    for item in items:
        if isinstance(item, Fetch):
            answer(item.reply_to, HttpFailed(CLOSING, sent=sent))


@define
class _Calls:
    """The calls of one run of the actor. last: set once the newest numbered one has been written, or
    cannot be."""

    desk: RestDesk
    to_dispatch: trio.MemorySendChannel[Batch]
    last: trio.Event = field(factory=_written)

    async def tell(self, item: Input) -> None:
        await put(self.to_dispatch, Batch((item,), self.desk.clock.now()))

    async def refuse(self, item: Send | Fetch, reason: str) -> None:
        """This call certainly was not sent, and will not be."""
        if isinstance(item, Fetch):
            answer(item.reply_to, HttpFailed(reason, sent=False))
            return
        self.desk.release_credit(item)
        await self.tell(NotWritten(ids_of(item.request), reason))

    async def take(self, item: Send | Fetch, nursery: trio.Nursery) -> None:
        """Starts a call, or puts it in front of its budget. One that cannot be put into words is refused: it says
        nothing about the others."""
        desk = self.desk
        try:
            call = desk.call_of(item)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is about this request alone
            await self.refuse(item, unwritable(problem))
            return
        if not desk.has_budget_for(call):
            self.start(item, call, nursery)
            return
        for placement in desk.withdrawn_by(item):
            await self.refuse(placement, WITHDRAWN)
        desk.add(item, call)

    def start(self, item: Send | Fetch, call: HttpCall, nursery: trio.Nursery) -> None:
        """Starts a call; a numbered one behind those that were started before it."""
        before, written = self.last, trio.Event()
        if isinstance(call, SignedCall):
            self.last = written
        else:
            before = _written()
        nursery.start_soon(self._make, item, call, before, written)

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def _make(self, item: Send | Fetch, call: HttpCall, before: trio.Event, written: trio.Event) -> None:
        """One call from its signature to its answer. before: the one before it has been written."""
        failure = reply = None
        try:
            if not before.is_set():
                await before.wait()
            reply = await self.desk.exchange(call, written)
        except HttpFailed as failed:
            failure = failed
        except trio.Cancelled:
            _forsake([item], sent=True)
            raise
        written.set()  # also when it could not be
        if isinstance(item, Fetch):
            answer(item.reply_to, failure or reply)
        elif failure is not None and not failure.sent:
            await self.refuse(item, str(failure))
        else:
            self.desk.release_credit(item)
            await self.tell(Heard(0, self._facts(item.request, reply, failure)))

    def _facts(self, request: Request, reply: HttpAnswer | None, failure: HttpFailed | None) -> Sequence[Any]:
        """What the venue answered; a lost answer is an ambiguous refusal, of a batch and of each of its legs."""
        if reply is not None:
            return self.desk.venue.read_answer(request, reply)
        return [RequestRefused(request_id=i, outcome=Outcome.AMBIGUOUS, reason=str(failure)) for i in ids_of(request)]


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
async def run_rest(
    inbox: trio.MemoryReceiveChannel[ToRest], to_dispatch: trio.MemorySendChannel[Batch], desk: RestDesk
) -> None:
    """Receives from the outbox and from the token actor, sends to dispatch. Ends, and drops the calls under way, with
    `CallsOver`."""
    calls = _Calls(desk, to_dispatch)
    with inbox, to_dispatch, desk.to_token, desk.credits:
        try:
            async with trio.open_nursery() as nursery:
                await _take_calls(inbox, desk, calls, nursery)
                nursery.cancel_scope.cancel()
        finally:
            _forsake([item for item, _ in desk.queue.withdraw(lambda _: True)], sent=False)
            _forsake(close_inbox(inbox), sent=False)


async def _take_calls(
    inbox: trio.MemoryReceiveChannel[ToRest], desk: RestDesk, calls: _Calls, nursery: trio.Nursery
) -> None:
    """Until `CallsOver`."""
    while True:
        due = desk.queue.next_due(desk.clock.now().monotonic_ns)
        try:
            item = await receive_until(inbox, None if due is None else seconds(due))
        except trio.EndOfChannel:
            return
        if isinstance(item, CallsOver):
            return
        if item is not None:
            await calls.take(item, nursery)
        ready, given_up = desk.queue.take(desk.clock.now().monotonic_ns)
        for refused, _ in given_up:
            await calls.refuse(refused, OVER_BUDGET)
        for sent, paid in ready:
            calls.start(sent, paid, nursery)
