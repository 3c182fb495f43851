"""The REST interface of a simulated Kraken Spot, on the same book and accounts as the socket (spec A.17).

Here is what all calls share: who may call, what it costs, and the envelope. The answers are made elsewhere: those to
public questions in `public`, to private ones in `queries` and `money`, to orders in `rest_order_entry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define

from ...values import Instant
from ..exchange import HttpReply, HttpRequest
from . import refusals, rest_parameters, venue_side
from .access import Access
from .accounts import Account
from .chosen_answers import ChosenAnswers
from .engine import Engine
from .money import MONEY
from .public import PUBLIC, PublicCall
from .queries import QUERIES
from .rates import rest_cost
from .refusals import Refused
from .rest_call import Call, Handler
from .rest_order_entry import ENTRY
from .rest_reader import pairs_of
from .settings import KrakenSpotUser
from .strictness import Strictness

__all__ = ["RestInterface"]

SECOND: Final = 1_000_000_000
PUBLIC_PATH: Final = "/0/public/"
PRIVATE_PATH: Final = "/0/private/"
STREAMS: Final = "GetWebSocketsToken"


def _token(call: Call) -> dict[str, Any]:
    call.form(rest_parameters.Nothing)
    token = call.access.new_token(call.user, call.now)
    return {"token": token, "expires": call.engine.settings.token_lifetime // SECOND}


HANDLERS: Final[Mapping[str, Handler]] = {STREAMS: _token, **QUERIES, **MONEY, **ENTRY}


@define
class RestInterface:
    """Answers HTTP calls. The engine notes what happens to orders."""

    engine: Engine
    access: Access
    strictness: Strictness
    errors: ChosenAnswers[str]

    def reply(self, request: HttpRequest, now: Instant, *, list_nothing: bool = False) -> HttpReply:
        """list_nothing: open orders come without rows, whatever there is."""
        try:
            result = self._result(request, now, list_nothing)
        except Refused as refused:
            return _json({"error": [refused.text]})
        return _json({"error": [], "result": result})

    def _result(self, request: HttpRequest, now: Instant, list_nothing: bool) -> object:
        name = request.path.rpartition("/")[2]
        if request.path == PUBLIC_PATH + name and name in PUBLIC:
            self._refuse_if_chosen(name)
            pairs = dict(request.query) if request.method == "GET" else pairs_of(request)
            return PUBLIC[name](PublicCall(name, pairs, self.engine, now, self.strictness))
        handler = HANDLERS.get(name)
        if request.path != PRIVATE_PATH + name or handler is None or request.method != "POST":
            raise Refused(refusals.UNKNOWN_METHOD)
        user = self.access.caller(request)
        self._refuse_if_chosen(name)
        permitted = user.may_stream if name == STREAMS else user.may_trade or name not in ENTRY
        if not permitted:
            raise Refused(refusals.PERMISSION)
        account, pairs = self.engine.accounts[user.account], pairs_of(request)
        self._charge(account, user, name, pairs, now)
        call = Call(
            name=name,
            pairs=pairs,
            engine=self.engine,
            access=self.access,
            user=user,
            account=account,
            now=now,
            strictness=self.strictness,
            list_nothing=list_nothing,
        )
        return handler(call)

    def _refuse_if_chosen(self, name: str) -> None:
        """Raises Refused."""
        text = self.errors.take(name)
        if text is not None:
            raise Refused(text)

    def _charge(
        self, account: Account, user: KrakenSpotUser, name: str, pairs: Mapping[str, object], now: Instant
    ) -> None:
        settings, counter = self.engine.settings, account.rates.rest(user.api_key, now.monotonic_ns)
        cost = rest_cost(name, by_client_id=bool(pairs.get("cl_ord_id")), history=settings.history_cost)
        if settings.rate_limit and not counter.has_room(cost, now.monotonic_ns):
            raise Refused(refusals.REST_RATE_LIMIT)
        counter.add(cost, now.monotonic_ns)


def _json(body: dict[str, Any]) -> HttpReply:
    return HttpReply(status=200, body=venue_side.encode(body).encode())
