"""The REST interface of a simulated Kraken Futures: who calls, what it costs, and who answers (spec B.10 to B.14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Final

from attrs import define, evolve, field, frozen

from ...kraken_futures import venue_side
from ...kraken_futures.converter import iso
from ...values import Instant
from ..exchange import HttpReply, HttpRequest
from ..fault_effects import page
from ..faults import Fault, FaultKind, FaultSchedule
from .access import Access, Denied, post_data_of
from .engine import Engine
from .history import LISTS
from .history_rows import HistoryAnswer
from .instrument_rows import InstrumentStatusAnswer
from .money import Money
from .order_entry import Broken, OrderEntry, ParserRefusal
from .parameters import Reader, Undocumented
from .queries import Queries
from .rest_call import Call
from .rest_rows import Answer, ParserError

__all__ = ["Failure", "RestInterface"]

BASE: Final = "/derivatives/api/v3"
HISTORY: Final = ("/api/history/v3", "/api/history/v2")
"""Both answer the same."""
NEXT_PAGE: Final = "Next-Continuation-Token"
SIXTHS: Final = 6
"""One token of the history's pool, as it is counted there."""
SUCCESS: Final = "success"
NOT_FOUND: Final = 404
BAD_REQUEST: Final = 400

Answered = Answer | HistoryAnswer | InstrumentStatusAnswer


class NoSuchPath(Exception):
    """There is nothing at this path."""


@frozen(kw_only=True)
class Failure:
    """How one of the next calls fails.

    call: the end of its path, such as `cancelorder` or `history/v3/orders`; "" for whichever comes first.
    error: the code that it is answered with; None: a page of the proxy in front of the venue, which is no JSON.
    status: of HTTP; retry_after: seconds that the answer asks to wait; executed: the call is executed all the same.
    """

    call: str = ""
    error: str | None = None
    status: int = 200
    retry_after: int | None = None
    executed: bool = False

    def meets(self, path: str) -> bool:
        return not self.call or path.endswith(f"/{self.call}")


@frozen
class _Route:
    """cost: tokens of a call, from its form or query; writes: it changes something."""

    handle: Callable[[Call], Answered]
    cost: Callable[[str], int]
    writes: bool = False
    pool: str = "derivatives"


def _flat(tokens: int) -> Callable[[str], int]:
    return lambda text: tokens


def _cost_of_fills(text: str) -> int:
    return 25 if "lastFillTime=" in text else 2


@define
class RestInterface:
    """Answers HTTP calls. The engine notes what happens to orders.

    failures: how the next calls fail, each used up by the first call that it meets.
    """

    engine: Engine
    access: Access
    faults: FaultSchedule
    reader: Reader
    money: Money
    failures: list[Failure] = field(factory=list, init=False)
    order_entry: OrderEntry = field(init=False)
    _queries: Queries = field(init=False)
    _routes: dict[tuple[str, str], _Route] = field(init=False)

    def __attrs_post_init__(self) -> None:
        entry = self.order_entry = OrderEntry(self.engine, self.access, self.faults, self.reader)
        queries = self._queries = Queries(self.engine, self.reader, self.money)
        status = _Route(queries.status, _flat(1))
        self._routes = {
            ("POST", f"{BASE}/sendorder"): _Route(entry.send, _flat(10), writes=True),
            ("POST", f"{BASE}/editorder"): _Route(entry.edit, _flat(10), writes=True),
            ("POST", f"{BASE}/cancelorder"): _Route(entry.cancel, _flat(10), writes=True),
            ("POST", f"{BASE}/cancelallorders"): _Route(entry.cancel_all, _flat(25), writes=True),
            ("POST", f"{BASE}/cancelallordersafter"): _Route(entry.cancel_all_after, _flat(25), writes=True),
            ("POST", f"{BASE}/batchorder"): _Route(entry.batch, _flat(0), writes=True),
            ("POST", f"{BASE}/orders/status"): status,
            ("GET", f"{BASE}/openorders"): _Route(queries.open_orders, _flat(2)),
            ("GET", f"{BASE}/openpositions"): _Route(queries.open_positions, _flat(2)),
            ("GET", f"{BASE}/accounts"): _Route(queries.accounts, _flat(2)),
            ("GET", f"{BASE}/fills"): _Route(queries.fills, _cost_of_fills),
        }
        if self.engine.settings.status_by_get:
            self._routes["GET", f"{BASE}/orders/status"] = status
        for base, name in product(HISTORY, LISTS):
            ask = partial(queries.history, name=name)
            self._routes["GET", f"{base}/{name}"] = _Route(ask, _flat(SIXTHS), pool="history")

    # Answering

    def reply(self, request: HttpRequest, faults: Mapping[FaultKind, Fault], now: Instant) -> HttpReply:
        failure = next((failure for failure in self.failures if failure.meets(request.path)), None)
        if failure is None:
            return self._reply(request, faults, now, None)
        self.failures.remove(failure)
        if failure.executed:
            self._reply(request, faults, now, None)
        elif failure.error is not None:
            return self._reply(request, faults, now, failure)
        return self._failed(failure, now)

    def _reply(
        self, request: HttpRequest, faults: Mapping[FaultKind, Fault], now: Instant, failure: Failure | None
    ) -> HttpReply:
        try:
            return self._success(self._answer(request, faults, now, failure), now)
        except Denied as refused:
            if failure is not None and refused.args[0] == failure.error:
                return self._failed(failure, now)
            return self._refusal(200, str(refused), now)
        except Broken as broken:
            status, code = broken.args
            return self._refusal(status, code, now)
        except ParserRefusal as refused:
            return self._parser_refusal(BAD_REQUEST, "BAD_REQUEST", refused, now)
        except Undocumented as undocumented:
            return self._parser_refusal(BAD_REQUEST, "BAD_REQUEST", ParserRefusal(0, str(undocumented)), now)
        except UnicodeDecodeError:
            return self._parser_refusal(BAD_REQUEST, "BAD_REQUEST", ParserRefusal(1, "unreadable request"), now)
        except NoSuchPath:
            return self._parser_refusal(NOT_FOUND, "NOT_FOUND", ParserRefusal(1, "no such path"), now)

    def _answer(
        self, request: HttpRequest, faults: Mapping[FaultKind, Fault], now: Instant, failure: Failure | None
    ) -> Answered:
        public = self._public(request)
        if public is not None:
            return public(post_data_of(request))
        route = self._routes.get((request.method, request.path))
        if route is None:
            self._note_stray(request)
            raise NoSuchPath
        text = post_data_of(request)
        user = self.access.caller(request)
        if failure is not None:
            raise Denied(failure.error)
        if route.writes and user.read_only:
            raise Denied("authenticationError")
        self.access.pay(user, route.pool, route.cost(text), now)
        return route.handle(Call(request.path, text, user, self.engine.accounts[user.account], faults, now))

    def _public(self, request: HttpRequest) -> Callable[[str], Answered] | None:
        """What needs no key and costs nothing."""
        if request.method != "GET":
            return None
        match request.path.removeprefix(f"{BASE}/").split("/"):
            case ["instruments"]:
                return self._queries.instruments
            case ["instruments", "status"]:
                return self._queries.instruments_status
            case ["instruments", symbol, "status"]:
                return partial(self._queries.instrument_status, symbol)
        return None

    def _note_stray(self, request: HttpRequest) -> None:
        """What is not there is refused by every venue; a strict one notes it."""
        self.reader.undocumented(f"{request.method} {request.path} is no call of this venue.")

    # Bodies

    def _json(
        self, status: int, answer: Answered, now: Instant, headers: tuple[tuple[str, str], ...] = ()
    ) -> HttpReply:
        if self.engine.settings.server_time:
            answer = evolve(answer, serverTime=iso(now.wall_ns))
        return HttpReply(status=status, body=venue_side.encode(answer).encode(), headers=headers)

    def _success(self, answer: Answered, now: Instant) -> HttpReply:
        if isinstance(answer, HistoryAnswer):
            token = answer.continuationToken
            return self._json(200, answer, now, () if token is None else ((NEXT_PAGE, token),))
        return self._json(200, evolve(answer, result=SUCCESS), now)

    def _refusal(self, status: int, code: str, now: Instant, headers: tuple[tuple[str, str], ...] = ()) -> HttpReply:
        errors = [code] if self.engine.settings.errors_array else None
        return self._json(status, Answer(result="error", error=code, errors=errors), now, headers)

    def _failed(self, failure: Failure, now: Instant) -> HttpReply:
        headers = () if failure.retry_after is None else (("Retry-After", str(failure.retry_after)),)
        if failure.error is None:
            return page(failure.status, headers)
        return self._refusal(failure.status, failure.error, now, headers)

    def _parser_refusal(self, status: int, word: str, refusal: ParserRefusal, now: Instant) -> HttpReply:
        code, message = refusal.args
        error = ParserError(code=code, message=message)
        return self._json(status, Answer(status=word, result="error", errors=[error]), now)
