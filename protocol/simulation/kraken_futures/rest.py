"""The REST interface of a simulated Kraken Futures: who calls, what it costs, and who answers (spec B.10 to B.14)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Final

from attrs import define, evolve, field, frozen

from ...errors import WireError
from ...kraken_futures import voice, wire
from ...values import Instant
from ..exchange import HttpReply, HttpRequest
from ..faults import Fault, FaultKind, FaultSchedule
from .access import Access, Denied, post_data_of
from .call import Call
from .engine import Engine
from .entry import Broken, Entry, ParserRefusal
from .history import LISTS
from .history_rows import HistoryAnswer
from .queries import Queries

__all__ = ["RestDesk"]

BASE: Final = "/derivatives/api/v3"
HISTORY: Final = ("/api/history/v3", "/api/history/v2")
"""Both answer the same."""
NEXT_PAGE: Final = "Next-Continuation-Token"
SIXTHS: Final = 6
"""One token of the history's pool, as it is counted there."""
SUCCESS: Final = "success"
NOT_FOUND: Final = 404
BAD_REQUEST: Final = 400


class NoSuchPath(Exception):
    """There is nothing at this path."""


@frozen
class _Route:
    """cost: tokens of a call, from its form or query; writes: it changes something."""

    handle: Callable[[Call], wire.RestAnswer | HistoryAnswer]
    cost: Callable[[str], int]
    writes: bool = False
    pool: str = "derivatives"


def _flat(tokens: int) -> Callable[[str], int]:
    return lambda text: tokens


def _cost_of_fills(text: str) -> int:
    return 25 if "lastFillTime=" in text else 2


@define
class RestDesk:
    """Answers HTTP calls. What it does to orders, the engine tells as notices.

    refusals: error codes with which the next calls are refused, unexecuted.
    """

    engine: Engine
    access: Access
    faults: FaultSchedule
    refusals: deque[str] = field(factory=deque, init=False)
    entry: Entry = field(init=False)
    _queries: Queries = field(init=False)
    _routes: dict[tuple[str, str], _Route] = field(init=False)

    def __attrs_post_init__(self) -> None:
        entry, queries = Entry(self.engine, self.access, self.faults), Queries(self.engine)
        self.entry, self._queries = entry, queries
        self._routes = {
            ("POST", f"{BASE}/sendorder"): _Route(entry.send, _flat(10), writes=True),
            ("POST", f"{BASE}/editorder"): _Route(entry.edit, _flat(10), writes=True),
            ("POST", f"{BASE}/cancelorder"): _Route(entry.cancel, _flat(10), writes=True),
            ("POST", f"{BASE}/cancelallorders"): _Route(entry.cancel_all, _flat(25), writes=True),
            ("POST", f"{BASE}/cancelallordersafter"): _Route(entry.cancel_all_after, _flat(25), writes=True),
            ("POST", f"{BASE}/batchorder"): _Route(entry.batch, _flat(0), writes=True),
            ("POST", f"{BASE}/orders/status"): _Route(queries.status, _flat(1)),
            ("GET", f"{BASE}/openorders"): _Route(queries.open_orders, _flat(2)),
            ("GET", f"{BASE}/fills"): _Route(queries.fills, _cost_of_fills),
        }
        for base, name in product(HISTORY, LISTS):
            ask = partial(queries.history, name=name)
            self._routes["GET", f"{base}/{name}"] = _Route(ask, _flat(SIXTHS), pool="history")

    def reply(self, request: HttpRequest, faults: Mapping[FaultKind, Fault], now: Instant) -> HttpReply:
        try:
            answer = self._answer(request, faults, now)
            if isinstance(answer, HistoryAnswer):
                token = answer.continuationToken
                return _json(200, answer, now, () if token is None else ((NEXT_PAGE, token),))
            return _json(200, evolve(answer, result=SUCCESS), now)
        except (Denied, WireError) as refused:
            return _json(200, wire.RestAnswer(result="error", error=str(refused)), now)
        except Broken as broken:
            status, code = broken.args
            return _json(status, wire.RestAnswer(result="error", error=code), now)
        except ParserRefusal as refused:
            return _parser_refusal(BAD_REQUEST, "BAD_REQUEST", refused, now)
        except UnicodeDecodeError:
            return _parser_refusal(BAD_REQUEST, "BAD_REQUEST", ParserRefusal(1, "unreadable request"), now)
        except NoSuchPath:
            return _parser_refusal(NOT_FOUND, "NOT_FOUND", ParserRefusal(1, "no such path"), now)

    def _answer(
        self, request: HttpRequest, faults: Mapping[FaultKind, Fault], now: Instant
    ) -> wire.RestAnswer | HistoryAnswer:
        if (request.method, request.path) == ("GET", f"{BASE}/instruments"):
            return self._queries.instruments()
        route = self._routes.get((request.method, request.path))
        if route is None:
            raise NoSuchPath
        text = post_data_of(request)
        user = self.access.caller(request)
        if self.refusals:
            raise Denied(self.refusals.popleft())
        if route.writes and user.read_only:
            raise Denied("authenticationError")
        self.access.pay(user, route.pool, route.cost(text), now)
        return route.handle(Call(text, user, self.engine.accounts[user.account], faults, now))


def _json(
    status: int, answer: wire.RestAnswer | HistoryAnswer, now: Instant, headers: tuple[tuple[str, str], ...] = ()
) -> HttpReply:
    answer = evolve(answer, serverTime=voice.iso(now.wall_ns))
    return HttpReply(status=status, body=voice.encode(answer).encode(), headers=headers)


def _parser_refusal(status: int, word: str, refusal: ParserRefusal, now: Instant) -> HttpReply:
    code, message = refusal.args
    error = wire.ParserError(code=code, message=message)
    return _json(status, wire.RestAnswer(status=word, result="error", errors=[error]), now)
