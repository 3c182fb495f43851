"""The brain of a simulated Toy Exchange: sessions, requests, answers and events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import ClassVar

import attrs
from attrs import define, field

from protocol.simulation.exchange import HttpReply, HttpRequest, Output, SessionNumber, Tell
from protocol.simulation.faults import FaultKind, Occasion
from protocol.simulation.ledger import Ledger
from protocol.simulation.simulated_exchange import Faults, SimulatedExchange
from protocol.values import Instant, Side
from protocol.wire.tolerant import UNUSABLE, exact_json, read

from ..toy.wire import Message, Request, encode_message
from .access import Access
from .engine import Engine
from .market_maker import MarketMaker
from .order_entry import OrderEntry
from .rest import RestInterface
from .sessions import Session
from .settings import ToyExchangeSettings

__all__ = ["ToyExchange"]

DOCUMENTED = frozenset(at.name for at in attrs.fields(Request))


@define
class ToyExchange(SimulatedExchange[ToyExchangeSettings, Engine, Session]):
    """See `SimulatedExchange`."""

    secret_headers: ClassVar[frozenset[str]] = frozenset({"toy-token"})
    malformed: ClassVar[str] = "{"
    unknown_event: ClassVar[str] = '{"event":"party"}'

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
        self._order_entry = OrderEntry(self.engine, self.faults)
        self._rest = RestInterface(self.settings, self.access)

    @property
    def websocket_path(self) -> str:
        return "/socket"

    # Sessions and time

    def _upgrade_refusal(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply | None:
        refusal = super()._upgrade_refusal(request, faults, now)
        if refusal is None and self.access.user_of(request) is None:
            return self._failure(401)
        return refusal

    def _open(self, session: SessionNumber, request: HttpRequest, faults: Faults, now: Instant) -> list[Output]:
        user = self.access.user_of(request)
        assert user is not None  # else it was refused
        account = self.engine.accounts[user.name]
        beat = None if FaultKind.STOP_HEARTBEAT in faults else now.monotonic_ns + self.settings.heartbeat
        self._sessions[session] = Session(number=session, account=account, next_heartbeat=beat)
        orders = [order.on_wire() for order in account.open_orders]
        return [_tell(session, Message(event="login", user=user.name, orders=orders)), *self._end()]

    def _failure(self, status: int) -> HttpReply:
        return HttpReply(status=status, body=b"{}")

    def _dues(self, session: Session) -> Iterable[int]:
        return () if session.next_heartbeat is None else (session.next_heartbeat,)

    def _beat(self, session: Session, now: Instant) -> Iterable[Output]:
        if session.next_heartbeat is not None and session.next_heartbeat <= now.monotonic_ns:
            session.next_heartbeat = now.monotonic_ns + self.settings.heartbeat
            yield _tell(session.number, Message(event="beat"))

    # Events

    def _refresh_quotes(self) -> None:
        self._market_maker.refresh_quotes()

    def _end(self) -> list[Output]:
        outputs: list[Output] = []
        for notice in self.engine.take_notices():
            for session in self._sessions.values():
                if session.account.name == notice.account:
                    faults = self.faults.next(Occasion.EVENT, notice.message.event or "")
                    outputs += self._delivered(session, partial(encode_message, notice.message), faults)
        return outputs

    # Requests

    def _received(self, client: Session, message: str, now: Instant) -> list[Output]:
        try:
            tree = exact_json(message)
            request = read(tree, Request)
        except UNUSABLE:
            return [_tell(client.number, Message(error="invalid", reason="unreadable")), *self._end()]
        unknown = sorted(tree.keys() - DOCUMENTED) if isinstance(tree, dict) else []
        if unknown and self.settings.strict:
            self.violations.append(f"{request.do}: there is no {', '.join(unknown)}.")

        def answers(faults: Faults) -> list[list[str]]:
            return [[encode_message(self._order_entry.answer(client.account, request))]]

        return self._executed(client.number, request.do, answers)

    def _reply(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply:
        return self._rest.reply(request)

    def _dropped(self, request: HttpRequest, now: Instant) -> Sequence[SessionNumber]:
        user = self.user_of(request, now)
        return [session.number for session in self._sessions.values() if session.account.name == user]

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        user = self.access.user_of(request)
        return None if user is None else user.name

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user)

    def _forget_logins(self) -> None:
        self.access.revoke_tokens()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        self._begin(now)
        self._market_maker.order(symbol, side, price, quantity, "gtc" if rest else "ioc")
        return self._end()


def _tell(session: SessionNumber, message: Message) -> Tell:
    return Tell(session, encode_message(message))
