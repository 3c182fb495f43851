"""The brain of a simulated AX Exchange: sessions, requests, answers and events, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import ClassVar, Final

from attrs import define, evolve, field

from ...ax import venue_side, wire
from ...errors import WireError
from ...values import Instant, Side
from ..exchange import Close, HttpReply, HttpRequest, Output, SessionNumber, Tell
from ..faults import FaultKind, Occasion
from ..ledger import Ledger
from ..simulated_exchange import Faults, SimulatedExchange
from . import strictness
from .access import Access
from .engine import Engine, Notice
from .market_maker import MarketMaker
from .order_entry import OrderEntry
from .orders import OPEN, time_parts
from .refusals import Refusal
from .rest import RestInterface
from .sessions import Session
from .settings import AxExchangeSettings

__all__ = ["AxExchange"]

SECOND: Final = 1_000_000_000
LONGEST_HEARTBEAT_TIMEOUT: Final = 300
POLICY_VIOLATION: Final = 1008
UNAUTHORIZED: Final = 401
UNNUMBERED: Final = {"err": {"code": 400, "msg": "cannot read the request"}, "data": "cut short"}
BUSY: Final = (429, 503)


@define
class AxExchange(SimulatedExchange[AxExchangeSettings, Engine, Session]):
    """See `SimulatedExchange`."""

    malformed: ClassVar[str] = '{"rid":1,"res":{"oid":'
    unknown_event: ClassVar[str] = '{"t":"q","ts":1790000012,"tn":1,"note":"from the future"}'

    ledger: Ledger = field(factory=Ledger, init=False)
    violations: list[str] = field(factory=list, init=False)
    """What clients sent to a strict venue that is not documented, a sentence each."""
    access: Access = field(init=False)
    _market_maker: MarketMaker = field(init=False)
    _order_entry: OrderEntry = field(init=False)
    _rest: RestInterface = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(self.settings, self.ledger)
        self.access = Access(self.settings, self.draw)
        self._market_maker = MarketMaker(self.engine)
        self._order_entry = OrderEntry(self.settings, self.engine, self.access, self.faults)
        self._rest = RestInterface(self.engine, self.access)

    @property
    def websocket_path(self) -> str:
        return "/orders/ws"

    # Sessions

    def _upgrade_refusal(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply | None:
        if FaultKind.UPGRADE_PAGE in faults:
            return super()._upgrade_refusal(request, faults, now)
        if self._is_violation(strictness.in_upgrade(request)):
            return _error_reply(400, self.violations[-1])
        login = self.access.login_of(request, now)
        if login is None:
            return self._failure(UNAUTHORIZED)
        refusal = super()._upgrade_refusal(request, faults, now)
        if refusal is not None:
            return refusal
        account = dict(request.query).get("account_id", login.user.accounts[0])
        if account not in self.engine.accounts or account not in login.user.accounts:
            return _error_reply(403, "this account is not yours to read")
        return None

    def _open(self, session: SessionNumber, request: HttpRequest, faults: Faults, now: Instant) -> list[Output]:
        login = self.access.login_of(request, now)
        assert login is not None  # else it was refused
        query = dict(request.query)
        timeout = query.get("client_heartbeat_timeout")
        seconds = int(timeout) if timeout is not None and timeout.isdecimal() else None
        if timeout is not None and not 1 <= (seconds or 0) <= LONGEST_HEARTBEAT_TIMEOUT:
            return [Close(session, POLICY_VIOLATION, "client_heartbeat_timeout must be 1 to 300")]
        quiet = FaultKind.STOP_HEARTBEAT in faults
        self._sessions[session] = opened = Session(
            number=session,
            login=login,
            account=self.engine.accounts[query.get("account_id", login.user.accounts[0])],
            cancel_on_disconnect=query.get("cancel_on_disconnect") == "true",
            heartbeat_timeout=seconds,
            last_text=now.monotonic_ns,
            next_heartbeat=None if quiet else now.monotonic_ns + self.settings.heartbeat,
            next_check=None if seconds is None else now.monotonic_ns + seconds * SECOND,
        )
        return [self._greeting(opened), *self._end()]

    def _greeting(self, session: Session) -> Tell:
        legacy = self.settings.legacy
        orders = [order.on_wire(legacy=legacy) for order in self.engine.open_orders(session.account)]
        result = wire.Login(
            li=session.login.user.id,
            o=orders or None,
            cod=None if legacy else session.cancel_on_disconnect,
            chb=session.heartbeat_timeout,
        )
        return Tell(session.number, venue_side.encode({"rid": 0, "res": result}, nulls=() if orders else ("res.o",)))

    def _failure(self, status: int) -> HttpReply:
        """A refusal for no fault of the request; it may say when to come back (spec 7.1)."""
        if status == UNAUTHORIZED:
            return _error_reply(status, "the token is missing, unknown or expired")
        reply, pause = _error_reply(status, "not now"), self.settings.retry_after
        if pause is None or status not in BUSY:
            return reply
        return evolve(reply, headers=(("Retry-After", str(pause)),))

    def _ended(self, session: Session) -> None:
        if session.cancel_on_disconnect:
            self.engine.cancel_session(session.number)

    # Time

    def _dues(self, session: Session) -> Iterable[int]:
        return (due for due in (session.next_heartbeat, session.next_check) if due is not None)

    def _beat(self, session: Session, now: Instant) -> Iterable[Output]:
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

    # Events

    def _refresh_quotes(self) -> None:
        self._market_maker.refresh_quotes()

    def _end(self) -> list[Output]:
        return [output for notice in self.engine.take_notices() for output in self._publish(notice)]

    def _publish(self, notice: Notice) -> Iterable[Output]:
        for session in self._sessions.values():
            if session.account.id == notice.account:
                faults = self.faults.next(Occasion.EVENT, notice.event.t or "")
                yield from self._delivered(session, partial(_event_text, notice, faults), faults)

    # Requests over the socket

    def _received(self, client: Session, message: str, now: Instant) -> list[Output]:
        client.last_text = now.monotonic_ns
        try:
            request = venue_side.decode_request(message)
        except WireError as error:
            answer = _error(venue_side.request_number(message), Refusal(400, str(error)))
            return [Tell(client.number, answer), *self._end()]
        beyond = strictness.in_request(message, triggers=self.settings.supports_stop_limit)
        if self._is_violation(beyond):
            return [Tell(client.number, _error(request.rid, Refusal(400, self.violations[-1]))), *self._end()]
        if request.t == "h":
            return self._end()

        def answers(faults: Faults) -> list[list[str]]:
            answer = self._answer(client, request)
            if FaultKind.ERROR_WITHOUT_NUMBER in faults:
                answer = venue_side.encode(UNNUMBERED)
            return [[answer]]

        return self._executed(client.number, request.t, answers)

    def _answer(self, client: Session, request: wire.Outbound) -> str:
        result = self._order_entry.result(client, request, self._now)
        if isinstance(result, Refusal):
            return _error(request.rid, result)
        return venue_side.encode({"rid": request.rid, "res": result})

    def _is_violation(self, problem: str | None) -> bool:
        """Keeps what is not documented; True if the venue is strict about it."""
        if problem is None or not self.settings.strict:
            return False
        self.violations.append(problem)
        return True

    # REST

    def _call_refusal(self, request: HttpRequest, faults: Faults) -> HttpReply | None:
        if self._is_violation(strictness.in_call(request, legacy=self.settings.legacy)):
            return _error_reply(400, self.violations[-1])
        return super()._call_refusal(request, faults)

    def _reply(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply:
        return self._rest.reply(request, now, list_nothing=FaultKind.LIST_NOTHING in faults)

    def _dropped(self, request: HttpRequest, now: Instant) -> Sequence[SessionNumber]:
        user = self.user_of(request, now)
        return [session.number for session in self._sessions.values() if session.login.user.id == user]

    def _end_call(self) -> list[Output]:
        if self.settings.rest_events:
            return self._end()
        self.engine.take_notices()  # this venue's sockets do not hear of calls
        return []

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        login = self.access.login_of(request, now)
        return None if login is None else login.user.id

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user, now)

    def _forget_logins(self) -> None:
        self.access.revoke_tokens()
        self.engine.forget_sessions()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal | int, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        self._begin(now)
        self._market_maker.order(symbol, side, price, int(quantity), "GTC" if rest else "IOC")
        return self._end()

    def set_state(self, symbol: str, state: str, now: Instant) -> Sequence[Output]:
        """Sets an instrument's trading state (spec 6.8)."""
        self._begin(now)
        self.engine.markets[symbol].state = state
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
        self._market_maker.order(symbol, side, price, quantity, "IOC", account=account, prefix="L")
        return self._end()


def _event_text(notice: Notice, faults: Faults) -> str:
    if FaultKind.UNKNOWN_WORD not in faults or notice.event.o is None:
        return venue_side.encode(notice.event, nulls=notice.nulls)
    return venue_side.encode(evolve(notice.event, o=evolve(notice.event.o, o="PONDERING", tif="GFA")))


def _error(request_id: int | None, refusal: Refusal) -> str:
    return venue_side.encode({"rid": request_id, "err": wire.Error(code=refusal.code, msg=refusal.message)})


def _error_reply(status: int, text: str) -> HttpReply:
    return HttpReply(status=status, body=venue_side.encode({"error": text}).encode())
