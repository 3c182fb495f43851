"""The rest actor: calls that a venue takes only over HTTP. Each answer returns to dispatch as facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import trio
from attrs import define

from protocol.dispatch import Send
from protocol.errors import TradingError
from protocol.facts import Fact, Outcome, RequestRefused
from protocol.inputs import Admission, Heard
from protocol.requests import Request
from protocol.venue import HttpAnswer, HttpCall, Venue

from .channels import Batch
from .clock import Clock
from .http import HttpClient, HttpFailed
from .published import Published
from .token import TokenRequest, renew

__all__ = ["RestDesk", "run_rest"]

MOST_AT_ONCE: Final = 8
UNAUTHORIZED: Final = 401


@define
class RestDesk:
    """What the rest actor works with. token: the current one; to_token: where a refused one is renewed."""

    venue: Venue
    http: HttpClient
    token: Published[str | None]
    to_token: trio.MemorySendChannel[TokenRequest]
    credits: trio.MemorySendChannel[Admission]
    clock: Clock

    async def facts(self, request: Request) -> Sequence[Fact]:
        """What the venue answered; a lost answer is an ambiguous refusal, a call that never left a definite one."""
        call = self.venue.encode(request)
        assert isinstance(call, HttpCall)  # dispatch sends nothing else here
        try:
            return self.venue.read_answer(request, await self._call(call))
        except HttpFailed as failure:
            outcome = Outcome.AMBIGUOUS if failure.sent else Outcome.DEFINITE
            return (RequestRefused(request_id=request.request_id, outcome=outcome, reason=str(failure)),)

    async def _call(self, call: HttpCall) -> HttpAnswer:
        token = self.token.value
        answer = await self.http.call(call, token)
        if answer.status != UNAUTHORIZED or call.method != "GET":
            return answer
        try:
            token = await renew(self.to_token, token)
        except (TradingError, OSError):
            return answer  # the refusal stands; the session finds out by itself
        return await self.http.call(call, token)


async def run_rest(
    inbox: trio.MemoryReceiveChannel[Send], to_dispatch: trio.MemorySendChannel[Batch], desk: RestDesk
) -> None:
    """Receives from the outbox, sends to dispatch; up to eight calls at once. Ends, and drops the calls under way,
    when the outbox has closed: by then nobody waits for them."""
    limiter = trio.CapacityLimiter(MOST_AT_ONCE)

    async def call(send: Send) -> None:
        async with limiter:
            facts = await desk.facts(send.request)
        if send.admission is not None:
            desk.credits.send_nowait(send.admission)
        await to_dispatch.send(Batch((Heard(0, facts),), desk.clock.now()))

    with inbox, to_dispatch, desk.to_token, desk.credits:
        async with trio.open_nursery() as nursery:
            async for send in inbox:
                nursery.start_soon(call, send)
            nursery.cancel_scope.cancel()
