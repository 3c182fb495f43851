"""The brain of a simulated AX Exchange: sessions, requests, answers and events, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from attrs import define, evolve, field

from ...ax import venue_side, wire
from ...errors import WireError
from ...values import Instant, Side
from ..exchange import Accept, Close, HttpReply, HttpRequest, Output, Refuse, SessionNumber, Tell
from ..fault_effects import HeldBack, farewell, noise, page
from ..faults import Fault, FaultKind, FaultSchedule, Occasion
from ..ledger import Ledger
from . import strictness
from .access import Access, Login
from .engine import Engine, Notice, Placing, Reference, Refusal, Replacing
from .orders import OPEN, Account, VenueOrder, time_parts
from .rest import RestDesk
from .settings import HOUSE, AxExchangeSettings, Scope

__all__ = ["AxExchange"]

SECOND: Final = 1_000_000_000
LONGEST_HEARTBEAT_TIMEOUT: Final = 300
POLICY_VIOLATION: Final = 1008
BUSY: Final = (429, 503)
READ_REQUESTS: Final = frozenset({"o", "s", "ef", "h"})
MALFORMED: Final = '{"rid":1,"res":{"oid":'
UNKNOWN_EVENT: Final = '{"t":"q","ts":1790000012,"tn":1,"note":"from the future"}'


@define
class _Session:
    """One socket. last_text: ns, monotonic, of the client's last text message; held_until: a delayed event holds back
    those behind it."""

    number: SessionNumber
    login: Login
    account: Account
    cancel_on_disconnect: bool
    heartbeat_timeout: int | None
    last_text: int
    next_heartbeat: int | None
    next_check: int | None
    held_until: int = 0


@define
class AxExchange:
    """See `protocol.simulation.exchange.Exchange`. draw: from 0 up to, not including, 1; the seed of everything.

    Read `ledger` and `engine` freely; change things through the methods, which return what is to be sent. violations:
    what clients sent to a strict venue that is not documented.
    """

    settings: AxExchangeSettings
    draw: Callable[[], float]
    faults: FaultSchedule = field(factory=FaultSchedule)
    ledger: Ledger = field(factory=Ledger, init=False)
    violations: list[str] = field(factory=list, init=False)
    engine: Engine = field(init=False)
    access: Access = field(init=False)
    _rest: RestDesk = field(init=False)
    _sessions: dict[SessionNumber, _Session] = field(factory=dict, init=False)
    _held: HeldBack = field(factory=HeldBack, init=False)
    _now: Instant = field(default=Instant(0, 0), init=False)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(self.settings, self.ledger)
        self.access = Access(self.settings, self.draw)
        self._rest = RestDesk(self.engine, self.access)

    @property
    def websocket_path(self) -> str:
        return "/orders/ws"

    @property
    def client_accounts(self) -> frozenset[str]:
        """Accounts that somebody can log in to."""
        return frozenset(self.engine.accounts) - {HOUSE}

    # Sessions

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        self._begin(now)
        faults = self.faults.next(Occasion.UPGRADE)
        if FaultKind.UPGRADE_PAGE in faults:
            return Refuse(page(faults[FaultKind.UPGRADE_PAGE].code)), self._end()
        if self._is_violation(strictness.in_upgrade(request)):
            return Refuse(_error_reply(400, self.violations[-1])), self._end()
        login = self.access.login_of(request, now)
        if login is None or FaultKind.REFUSE_TOKEN in faults:
            return Refuse(_error_reply(401, "the token is missing, unknown or expired")), self._end()
        if FaultKind.REFUSE_UPGRADE in faults:
            return Refuse(self._failure(faults[FaultKind.REFUSE_UPGRADE].code)), self._end()
        query = dict(request.query)
        account = self.engine.accounts.get(query.get("account_id", login.user.accounts[0]))
        if account is None or account.id not in login.user.accounts:
            return Refuse(_error_reply(403, "this account is not yours to read")), self._end()
        timeout = query.get("client_heartbeat_timeout")
        seconds = int(timeout) if timeout is not None and timeout.isdecimal() else None
        if timeout is not None and not 1 <= (seconds or 0) <= LONGEST_HEARTBEAT_TIMEOUT:
            return Accept(), (Close(session, POLICY_VIOLATION, "client_heartbeat_timeout must be 1 to 300"),)
        quiet = FaultKind.STOP_HEARTBEAT in faults
        beat = None if quiet else now.monotonic_ns + self.settings.heartbeat
        check = None if seconds is None else now.monotonic_ns + seconds * SECOND
        self._sessions[session] = opened = _Session(
            number=session,
            login=login,
            account=account,
            cancel_on_disconnect=query.get("cancel_on_disconnect") == "true",
            heartbeat_timeout=seconds,
            last_text=now.monotonic_ns,
            next_heartbeat=beat,
            next_check=check,
        )
        return Accept(), (self._greeting(opened), *self._end())

    def _greeting(self, session: _Session) -> Tell:
        legacy = self.settings.legacy
        orders = [order.on_wire(legacy=legacy) for order in self.engine.open_orders(session.account)]
        result = wire.Login(
            li=session.login.user.id,
            o=orders or None,
            cod=None if legacy else session.cancel_on_disconnect,
            chb=session.heartbeat_timeout,
        )
        return Tell(session.number, venue_side.encode({"rid": 0, "res": result}, nulls=() if orders else ("res.o",)))

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]:
        self._begin(now)
        ended = self._sessions.pop(session, None)
        if ended is not None and ended.cancel_on_disconnect:
            self.engine.cancel_session(session)
        return self._end()

    # Time

    @property
    def next_due(self) -> int | None:
        dues = [due for s in self._sessions.values() for due in (s.next_heartbeat, s.next_check) if due is not None]
        dues += [due for due in (self._held.next_due, self.engine.next_due) if due is not None]
        return min(dues, default=None)

    def tick(self, now: Instant) -> Sequence[Output]:
        self._begin(now)
        outputs = self._held.take(now.monotonic_ns)
        self.engine.tick()
        for session in list(self._sessions.values()):
            outputs += self._beat(session, now)
        return (*outputs, *self._end())

    def _beat(self, session: _Session, now: Instant) -> Iterable[Output]:
        if session.next_heartbeat is not None and session.next_heartbeat <= now.monotonic_ns:
            session.next_heartbeat = now.monotonic_ns + self.settings.heartbeat
            ts, tn = time_parts(now.wall_ns)
            yield Tell(session.number, venue_side.encode(wire.Inbound(t="h", ts=ts, tn=tn)))
        if session.next_check is not None and session.next_check <= now.monotonic_ns:
            assert session.heartbeat_timeout is not None
            period = session.heartbeat_timeout * SECOND
            session.next_check = now.monotonic_ns + period
            if now.monotonic_ns - session.last_text > period:
                session.next_check = session.next_heartbeat = None
                yield Close(session.number, None)

    def _begin(self, now: Instant) -> None:
        self._now = now
        self.engine.at(now)
        if self.settings.quotes:
            self.engine.refresh_quotes()

    def _end(self) -> list[Output]:
        """What the engine's notices make every session hear."""
        return [output for notice in self.engine.take_notices() for output in self._publish(notice)]

    def _publish(self, notice: Notice) -> Iterable[Output]:
        text = None
        for session in self._sessions.values():
            if session.account.id != notice.account:
                continue
            faults = self.faults.next(Occasion.EVENT, notice.event.t or "")
            if text is None:
                text = venue_side.encode(notice.event, nulls=notice.nulls)
            yield from self._with_event_faults(session, notice, text, faults)

    def _with_event_faults(
        self, session: _Session, notice: Notice, text: str, faults: Mapping[FaultKind, Fault]
    ) -> Iterable[Output]:
        if FaultKind.DROP_EVENT in faults:
            return
        if FaultKind.UNKNOWN_WORD in faults and notice.event.o is not None:
            text = venue_side.encode(evolve(notice.event, o=evolve(notice.event.o, o="PONDERING", tif="GFA")))
        messages = [Tell(session.number, text)] * (2 if FaultKind.DUPLICATE_EVENT in faults else 1)
        if FaultKind.DELAY_EVENT in faults:
            due = self._now.monotonic_ns + faults[FaultKind.DELAY_EVENT].delay
            session.held_until = max(session.held_until, due)
        yield from self._held.unless_held(messages, session.held_until, self._now.monotonic_ns)

    # Requests over the socket

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]:
        self._begin(now)
        client = self._sessions.get(session)
        if client is None or isinstance(message, bytes):
            return self._end()  # binary frames are ignored (spec 2)
        client.last_text = now.monotonic_ns
        try:
            request = venue_side.decode_request(message)
        except WireError as error:
            answer = _error(venue_side.request_number(message), Refusal(400, str(error)))
            return (Tell(session, answer), *self._end())
        beyond = strictness.in_request(message, triggers=self.settings.supports_stop_limit)
        if self._is_violation(beyond):
            return (Tell(session, _error(request.rid, Refusal(400, self.violations[-1]))), *self._end())
        if request.t == "h":
            return self._end()
        faults = self.faults.next(Occasion.REQUEST, request.t)
        if FaultKind.DROP_BEFORE in faults:
            return (*self._end(), Close(session, None))
        answer = self._answer(client, request)
        if FaultKind.ERROR_WITHOUT_NUMBER in faults:
            answer = venue_side.encode({"err": {"code": 400, "msg": "cannot read the request"}, "data": "cut short"})
        outputs = self._in_order(session, answer, self._end(), request.t)
        return (
            *noise(session, faults, malformed=MALFORMED, unknown=UNKNOWN_EVENT),
            *outputs,
            *farewell(session, faults),
        )

    def _is_violation(self, problem: str | None) -> bool:
        """Keeps what is not documented; True if the venue is strict about it."""
        if problem is None or not self.settings.strict:
            return False
        self.violations.append(problem)
        return True

    def _in_order(self, session: SessionNumber, answer: str, events: list[Output], kind: str) -> list[Output]:
        faults = self.faults.next(Occasion.ANSWER, kind)
        answers: list[Output] = [Tell(session, answer)]
        if FaultKind.DUPLICATE_ANSWER in faults:
            answers *= 2
        if FaultKind.DROP_ANSWER in faults:
            answers = []
        if FaultKind.DELAY_ANSWER in faults:
            self._held.hold(answers, self._now.monotonic_ns + faults[FaultKind.DELAY_ANSWER].delay)
            answers = []
        return [*events, *answers] if FaultKind.EVENTS_FIRST in faults else [*answers, *events]

    def _answer(self, client: _Session, request: wire.Outbound) -> str:
        result = self._result(client, request)
        if isinstance(result, Refusal):
            return _error(request.rid, result)
        return venue_side.encode({"rid": request.rid, "res": result})

    def _result(self, client: _Session, request: wire.Outbound) -> object:
        if request.t not in READ_REQUESTS and client.login.user.scope == Scope.READ_ONLY:
            return Refusal(403, "this key may only read")
        if not self.access.within_rate(client.login.user, self._now):
            return Refusal(429, "too many requests, slow down")
        account = self._account(client, request.aid or request.account_id)
        if isinstance(account, Refusal):
            return account
        handle = {
            "p": self._place,
            "x": self._cancel,
            "r": self._replace,
            "o": self._open_orders,
            "s": self._status,
            "X": self._cancel_all,
            "ef": self._funding,
        }[request.t]
        return handle(client, account, request)

    def _account(self, client: _Session, name: str | None) -> Account | Refusal:
        if name is None:
            return client.account
        if name not in client.login.user.accounts:
            return Refusal(403, f"account {name} is not yours")
        return self.engine.accounts[name]

    def _place(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        faults = self.faults.next(Occasion.PLACE, request.t)
        if FaultKind.PLACE_ERROR in faults:
            return Refusal(faults[FaultKind.PLACE_ERROR].code, "the gateway has a problem")
        placing = Placing(request=request, user=client.login.user.id, account=account, session=client.number)
        result = self.engine.place(placing)
        if FaultKind.PLACE_ERROR_EXECUTED in faults:
            return Refusal(faults[FaultKind.PLACE_ERROR_EXECUTED].code, "the engine did not answer in time")
        return result if isinstance(result, Refusal) else wire.OrderId(oid=result)

    def _cancel(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        faults = self.faults.next(Occasion.CANCEL, request.t)
        reference = Reference(request.oid, request.cid)
        if FaultKind.CANCEL_ERROR in faults:
            return Refusal(faults[FaultKind.CANCEL_ERROR].code, "the cancel was not executed")
        if FaultKind.CANCEL_DECLINED in faults:
            return wire.CancelReceived(cxl_rx=False)
        if FaultKind.CANCEL_REFUSED_LATER in faults:
            found = self.engine.find(account, reference)
            self.engine.tell_cancel_refused(account, reference, found if isinstance(found, VenueOrder) else None)
            return wire.CancelReceived(cxl_rx=True)
        result = self.engine.cancel(account, reference)
        if isinstance(result, Refusal):
            return result
        if result is None:
            return self._cancel_of_unknown(account, reference)
        return wire.CancelReceived(cxl_rx=True)

    def _cancel_of_unknown(self, account: Account, reference: Reference) -> object:
        manner = self.settings.cancel_of_unknown
        if manner == "404":
            return Refusal(404, "no such open order")
        if manner == "declined":
            return wire.CancelReceived(cxl_rx=False)
        found = self.engine.find(account, reference)
        self.engine.tell_cancel_refused(account, reference, found if isinstance(found, VenueOrder) else None)
        return wire.CancelReceived(cxl_rx=True)

    def _replace(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        terms = Replacing(price=request.p, quantity=request.q, tif=request.tif, post_only=request.po)
        result = self.engine.replace(account, Reference(request.oid, request.cid), terms)
        return result if isinstance(result, Refusal) else wire.OrderId(oid=result)

    def _open_orders(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        legacy = self.settings.legacy
        orders = [order.on_wire(legacy=legacy) for order in self.engine.open_orders(account)]
        return orders if legacy else wire.OpenOrders(orders=orders)

    def _status(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        order = self.engine.asked_for(account, Reference(request.oid, request.cid))
        if isinstance(order, Refusal):
            return order
        return Refusal(404, "no such order") if order is None else wire.StatusEnvelope(status=order.status())

    def _cancel_all(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        self.engine.cancel_all(account, request.symbol)
        return {}

    def _funding(self, client: _Session, account: Account, request: wire.Outbound) -> object:
        if request.symbol not in self.engine.symbols:
            return Refusal(404, f"no funding for {request.symbol}")
        return wire.FundingResponse(
            symbol=request.symbol,
            status="unavailable",
            reason="the simulation pays no funding",
            timestamp=venue_side.rfc3339(self._now.wall_ns),
        )

    # REST

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        self._begin(now)
        faults = self.faults.next(Occasion.REST, request.path)
        if self._is_violation(strictness.in_call(request, legacy=self.settings.legacy)):
            return _error_reply(400, self.violations[-1]), self._end()
        if FaultKind.REST_PAGE in faults:
            return page(faults[FaultKind.REST_PAGE].code), self._end()
        if FaultKind.REST_ERROR in faults:
            return self._failure(faults[FaultKind.REST_ERROR].code), self._end()
        reply = self._rest.reply(request, now, list_nothing=FaultKind.LIST_NOTHING in faults)
        events = self._end() if self.settings.rest_events else self._unheard()
        if FaultKind.REST_ERROR_EXECUTED in faults:
            reply = page(faults[FaultKind.REST_ERROR_EXECUTED].code)
        if FaultKind.DROP_SESSIONS in faults:
            user = self.user_of(request, now)
            events += [Close(s.number, None) for s in self._sessions.values() if s.login.user.id == user]
        return reply, events

    def _unheard(self) -> list[Output]:
        """What is done over REST, at a venue that does not tell its sockets of it."""
        self.engine.take_notices()
        return []

    def _failure(self, status: int) -> HttpReply:
        """A refusal for no fault of the request; it may say when to come back (spec 7.1)."""
        reply, pause = _error_reply(status, "not now"), self.settings.retry_after
        if pause is None or status not in BUSY:
            return reply
        return evolve(reply, headers=(("Retry-After", str(pause)),))

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        login = self.access.login_of(request, now)
        return None if login is None else login.user.id

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user, now)

    def restarted(self, now: Instant) -> None:
        self._begin(now)
        self._sessions.clear()
        self._held.clear()
        self.access.revoke_tokens()
        self.engine.forget_sessions()
        self._end()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal | int, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        """Another trader's order; what does not trade is canceled, or stays in the book if `rest`."""
        self._begin(now)
        self.engine.house_order(symbol, side, price, int(quantity), "GTC" if rest else "IOC")
        return self._end()

    def set_state(self, symbol: str, state: str, now: Instant) -> Sequence[Output]:
        """Sets an instrument's trading state (spec 6.8)."""
        self._begin(now)
        self.engine.symbols[symbol].state = state
        return self._end()

    def end_orders(self, state: str, now: Instant, symbol: str | None = None) -> Sequence[Output]:
        """Ends the open orders of clients on schedule: EXPIRED or DONE_FOR_DAY."""
        self._begin(now)
        for name in sorted(self.client_accounts):
            for order in list(self.engine.accounts[name].open_orders.values()):
                if order.state in OPEN and symbol in (None, order.symbol):
                    self.engine.end(order, state)
        return self._end()

    def liquidate(
        self, account: str, symbol: str, side: Side, price: Decimal, quantity: int, now: Instant
    ) -> Sequence[Output]:
        """The venue's own order on a client's account: an id that begins with L, and no cid."""
        self._begin(now)
        self.engine.house_order(symbol, side, price, quantity, "IOC", account=account, prefix="L")
        return self._end()

    def close_all(self, code: int | None) -> Sequence[Output]:
        """Ends every session; code None: without a close frame."""
        return [Close(number, code) for number in self._sessions]


def _error(request_id: int | None, refusal: Refusal) -> str:
    return venue_side.encode({"rid": request_id, "err": wire.Error(code=refusal.code, msg=refusal.message)})


def _error_reply(status: int, text: str) -> HttpReply:
    return HttpReply(status=status, body=venue_side.encode({"error": text}).encode())
