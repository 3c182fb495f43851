"""What the simulated venues have in common: their sessions, the order of their messages, and the faults in all of it.

Every input of the carrier runs through the same steps: the engine learns the time, the input has its effect, and what
the engine notes about orders goes out to the sessions that listen. A venue's own `exchange.py` fills in the steps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from attrs import define, field

from ..values import Instant, Side
from .exchange import Accept, Close, HttpReply, HttpRequest, Output, Refuse, SessionNumber, Tell
from .fault_effects import HeldBack, ending, noise, page
from .faults import Fault, FaultKind, FaultSchedule, Occasion
from .ledger import Ledger

__all__ = ["MARKET_MAKER", "Faults", "SimulatedExchange", "SimulatedSession"]

MARKET_MAKER: Final = "MARKET_MAKER"
"""The account of the simulation's own quotes. It also stands for every other trader; no client can log in to it."""
UNAUTHORIZED: Final = 401

Faults = Mapping[FaultKind, Fault]
"""The faults that hit one thing, by their kind."""


class ExchangeSettings(Protocol):
    @property
    def quotes(self) -> bool:
        """Whether the market maker quotes around the reference prices."""


class MatchingEngine(Protocol):
    """What every venue's engine offers; the rest is its own."""

    @property
    def accounts(self) -> Mapping[str, object]: ...

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to do next: ns, monotonic."""

    def at(self, now: Instant) -> None:
        """Everything that follows happens at this moment."""

    def tick(self) -> None: ...


@define(kw_only=True)
class SimulatedSession:
    """One socket."""

    number: SessionNumber
    held_until: int = 0
    """A delayed event holds back those behind it until then: ns, monotonic."""


SettingsT = TypeVar("SettingsT", bound=ExchangeSettings)
EngineT = TypeVar("EngineT", bound=MatchingEngine)
SessionT = TypeVar("SessionT", bound=SimulatedSession)


@define
class SimulatedExchange(ABC, Generic[SettingsT, EngineT, SessionT]):
    """See `protocol.simulation.exchange.Exchange`.

    Read `engine` and `ledger` freely; change things through the methods, which return what is to be sent.
    """

    malformed: ClassVar[str]
    """A message of this venue that is not JSON."""
    unknown_event: ClassVar[str]
    """An event of a kind that this venue does not have."""

    secret_headers: ClassVar[frozenset[str]] = frozenset({"authorization"})
    """See `Exchange.secret_headers`."""

    settings: SettingsT
    draw: Callable[[], float]
    """From 0 up to, not including, 1; the seed of everything."""
    faults: FaultSchedule = field(factory=FaultSchedule)
    engine: EngineT = field(init=False)
    ledger: Ledger = field(init=False)
    """Every execution, for comparison with what clients heard."""
    _sessions: dict[SessionNumber, SessionT] = field(factory=dict, init=False)
    _held: HeldBack = field(factory=HeldBack, init=False)
    _now: Instant = field(default=Instant(0, 0), init=False)

    @property
    def client_accounts(self) -> frozenset[str]:
        """Accounts that clients can log in to."""
        return frozenset(self.engine.accounts) - {MARKET_MAKER}

    # The steps around every input

    def _begin(self, now: Instant) -> Instant:
        """Gives the moment by the venue's clock."""
        now = self._now = self._venue_time(now)
        self.engine.at(now)
        if self.settings.quotes:
            self._refresh_quotes()
        return now

    def _venue_time(self, now: Instant) -> Instant:
        return now

    @abstractmethod
    def _refresh_quotes(self) -> None:
        """Lets the market maker replace the quotes that were traded away."""

    @abstractmethod
    def _end(self) -> list[Output]:
        """Events for every session that listens, made of the engine's notices."""

    def _sent(self, outputs: Sequence[Output]) -> Sequence[Output]:
        """Outputs that go out now, for venues that keep account of it."""
        return outputs

    # Sessions

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        now = self._begin(now)
        faults = self.faults.next(Occasion.UPGRADE, request.path)
        refusal = self._upgrade_refusal(request, faults, now)
        if refusal is not None:
            return Refuse(refusal), self._end()
        return Accept(), self._sent(self._open(session, request, faults, now))

    def _upgrade_refusal(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply | None:
        if FaultKind.UPGRADE_PAGE in faults:
            return page(faults[FaultKind.UPGRADE_PAGE].code)
        if FaultKind.REFUSE_TOKEN in faults:
            return self._failure(UNAUTHORIZED)
        if FaultKind.REFUSE_UPGRADE in faults:
            return self._failure(faults[FaultKind.REFUSE_UPGRADE].code)
        return None

    @abstractmethod
    def _open(self, session: SessionNumber, request: HttpRequest, faults: Faults, now: Instant) -> list[Output]:
        """Adds the session, and gives everything that it is sent at once."""

    @abstractmethod
    def _failure(self, status: int) -> HttpReply:
        """A refusal in the venue's own form, although nothing is wrong with the request."""

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]:
        self._begin(now)
        ended = self._sessions.pop(session, None)
        if ended is not None:
            self._ended(ended)
        return self._sent(self._end())

    def _ended(self, session: SessionT) -> None:
        """Does what the venue does when a session is gone."""

    def close_all(self, code: int | None) -> Sequence[Output]:
        """Ends every session; code None: without a close frame."""
        return [Close(number, code) for number in self._sessions]

    # Time

    @property
    def next_due(self) -> int | None:
        dues = [due for session in self._sessions.values() for due in self._dues(session)]
        dues += [due for due in (self._held.next_due, self.engine.next_due) if due is not None]
        return min(dues, default=None)

    @abstractmethod
    def _dues(self, session: SessionT) -> Iterable[int]:
        """When a session gets a heartbeat, or is closed: ns, monotonic."""

    def tick(self, now: Instant) -> Sequence[Output]:
        now = self._begin(now)
        outputs = self._held.take(now.monotonic_ns)
        self.engine.tick()
        for session in list(self._sessions.values()):  # a beat may remove its session
            outputs += self._beat(session, now)
        return (*outputs, *self._end())

    @abstractmethod
    def _beat(self, session: SessionT, now: Instant) -> Iterable[Output]:
        """A heartbeat that is due, or the end of a session that was silent for too long."""

    # Events

    def _delivered(
        self, session: SessionT, write: Callable[[], str], faults: Faults, delay: int = 0
    ) -> Iterable[Output]:
        """An event as its faults let it out: twice, late or not at all. write: gives the message, with a new
        number each time where the venue counts them; delay: ns, without any fault."""
        messages = [Tell(session.number, write()) for _ in range(2 if FaultKind.DUPLICATE_EVENT in faults else 1)]
        if FaultKind.DROP_EVENT in faults:
            return  # its number is used up, so that the client sees a gap
        if FaultKind.DELAY_EVENT in faults:
            delay = max(delay, faults[FaultKind.DELAY_EVENT].delay)
        session.held_until = max(session.held_until, self._now.monotonic_ns + delay)
        yield from self._held.unless_held(messages, session.held_until, self._now.monotonic_ns)

    # Requests over the socket

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]:
        """Binary frames are ignored."""
        now = self._begin(now)
        client = self._sessions.get(session)
        if client is None or isinstance(message, bytes):
            return self._sent(self._end())
        return self._sent(self._received(client, message, now))

    @abstractmethod
    def _received(self, client: SessionT, message: str, now: Instant) -> list[Output]:
        """Everything that goes out because of a client's message."""

    def _executed(
        self, session: SessionNumber, kind: str, answers: Callable[[Faults], Sequence[Sequence[str]]]
    ) -> list[Output]:
        """What goes out because of a request, with its faults. kind: the request's name on the wire; answers: executes
        it; the messages of one group have their faults in common."""
        faults = self.faults.next(Occasion.REQUEST, kind)
        if FaultKind.DROP_BEFORE in faults:
            return [*self._end(), Close(session, None)]
        groups = answers(faults)
        return [
            *noise(session, faults, malformed=self.malformed, unknown=self.unknown_event),
            *self._in_order(session, kind, groups, self._end()),
            *ending(session, faults),
        ]

    def _in_order(
        self, session: SessionNumber, kind: str, groups: Sequence[Sequence[str]], events: list[Output]
    ) -> list[Output]:
        answers: list[Output] = []
        events_first = self._tells_events_first
        for texts in groups:
            faults = self.faults.next(Occasion.ANSWER, kind)
            events_first = events_first or FaultKind.EVENTS_FIRST in faults
            copies: list[Output] = [Tell(session, text) for text in texts]
            if FaultKind.DUPLICATE_ANSWER in faults:
                copies *= 2
            if FaultKind.DROP_ANSWER in faults:
                continue
            if FaultKind.DELAY_ANSWER in faults:
                self._held.hold(copies, self._now.monotonic_ns + faults[FaultKind.DELAY_ANSWER].delay)
                continue
            answers += copies
        return [*events, *answers] if events_first else [*answers, *events]

    @property
    def _tells_events_first(self) -> bool:
        """Whether an answer comes behind the events that its request caused."""
        return False

    # REST

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        now = self._begin(now)
        faults = self.faults.next(Occasion.REST, request.path)
        refusal = self._call_refusal(request, faults)
        if refusal is not None:
            return refusal, self._sent(self._end())
        reply = self._reply(request, faults, now)
        dropped = self._dropped(request, now) if FaultKind.DROP_SESSIONS in faults else ()
        closed = [Close(number, None) for number in dropped]
        if FaultKind.REST_ERROR_EXECUTED in faults:
            reply = page(faults[FaultKind.REST_ERROR_EXECUTED].code)
        return reply, self._sent([*self._end_call(), *closed])

    def _call_refusal(self, request: HttpRequest, faults: Faults) -> HttpReply | None:
        if FaultKind.REST_PAGE in faults:
            return page(faults[FaultKind.REST_PAGE].code)
        if FaultKind.REST_ERROR in faults:
            return self._failure(faults[FaultKind.REST_ERROR].code)
        return None

    @abstractmethod
    def _reply(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply:
        """Executes a call."""

    @abstractmethod
    def _dropped(self, request: HttpRequest, now: Instant) -> Sequence[SessionNumber]:
        """The sessions that listen to the account of a call's sender, for a fault that cuts them."""

    def _end_call(self) -> list[Output]:
        """The events of a call. Some venues have sockets that do not hear of calls."""
        return self._end()

    # The input log

    @abstractmethod
    def user_of(self, request: HttpRequest, now: Instant) -> str | None: ...

    @abstractmethod
    def token_for(self, user: str, now: Instant) -> str: ...

    def restarted(self, now: Instant) -> None:
        self._begin(now)
        self._sessions.clear()
        self._held.clear()
        self._forget_logins()
        self._end()

    @abstractmethod
    def _forget_logins(self) -> None:
        """Makes every token of before worthless."""

    # What a program does to the venue

    @abstractmethod
    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        """Another trader's order; what does not trade is canceled, or stays in the book if `rest`."""
