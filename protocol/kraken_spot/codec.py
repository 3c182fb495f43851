"""One connection to Kraken Spot as the client reads it: frames to facts (spec A.4 to A.12, C.1).

`SpotWire` holds what a connection must remember, so each connection gets a new one. Most frames take the fast way:
msgspec builds the wire class. What it refuses is read again the tolerant way, element by element; what is unreadable
then becomes `Unreadable`, beside the facts of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field

from ..facts import (
    Alive,
    Fact,
    FillsListed,
    LoggedIn,
    MessagesLost,
    Notice,
    OrderAcknowledged,
    OrderReplaced,
    OrderView,
    RequestAnswered,
    RequestRefused,
    SlowDown,
    SystemChanged,
    Trade,
    Unreadable,
)
from ..values import RequestId, SystemMode
from ..venue import Opening
from ..wire.strict import NOT_STRICT, fast_decoder
from ..wire.tolerant import BEGINNING
from .converter import read_body
from .enumerations import SYSTEM_MODES, is_flood, is_throttle, is_token_error
from .executions import Executions, has_fill
from .handshake import CHANNEL, Handshake, Stage
from .memory import OrderMemory
from .sequence import NEXT, SequenceCounter, Verdict
from .socket_answers import METHODS, answer_time, read_response
from .wire import Frame, LegResult, Report, Result, StatusFrame

__all__ = ["UNASKED", "SpotWire"]

UNASKED: Final = RequestId(0)
"""The number of no request: the venue lists these fills by itself."""
PATIENCE: Final = 2
"""Heartbeats after the subscription that may come without a snapshot; then there is none (spec A.6)."""

UNREAD: Final = frozenset(
    {
        "display_qty_remain",
        "effective_time",
        "expire_time",
        "margin",
        "trade_id",
        "cost",
        "fee_usd_equiv",
        "fee_ccy_pref",
        "amended",
        "triggered_price",
        "contingent",
        "liquidated",
        "margin_borrow",
        "no_mpp",
        "position_status",
        "sender_sub_id",
        "ext_ord_id",
        "ext_exec_id",
        "user",
        "ratecount",
        "rate_count",
    }
)
"""Fields of a report that no fact is made of."""
_FRAME: Final = fast_decoder(Frame, but=frozenset({Result, LegResult}), unread=UNREAD)


@define(eq=False)
class SpotWire:
    """Reads one connection; see the module's docstring. Never raises. The first connection lists open orders alone, a
    later one the newest fills as well."""

    _opening: Opening = field(repr=False)
    mode: SystemMode | None = field(default=None, init=False)
    """What the venue said last that it takes."""
    _memory: OrderMemory = field(init=False, factory=OrderMemory, repr=False)
    _sequence: SequenceCounter = field(init=False, factory=SequenceCounter)
    _handshake: Handshake = field(init=False)
    _executions: Executions = field(init=False, repr=False)
    _stream: int = field(init=False, default=0)
    _listed: tuple[OrderView, ...] | None = field(init=False, default=None, repr=False)
    _logged_in: bool = field(init=False, default=False)
    _beats: int = field(init=False, default=0)

    @_handshake.default
    def _make_handshake(self) -> Handshake:
        return Handshake(self._opening.token, with_trades=self._opening.again)

    @_executions.default
    def _make_executions(self) -> Executions:
        return Executions(self._memory)

    @property
    def stage(self) -> Stage:
        """How far the login has come."""
        return self._handshake.stage

    def take_token(self, token: str) -> tuple[Fact, ...]:
        """Goes on with another token, after `TokenRefused`: what to say on the connection."""
        return tuple(self._handshake.take_token(token))

    def decode(self, message: str | bytes) -> tuple[Fact, ...]:
        """What one complete message says. Never raises: what cannot be read comes back as `Unreadable`."""
        if not isinstance(message, str):
            beginning = bytes(message[:BEGINNING]).decode("utf-8", "replace")
            return (self._unreadable("The venue sent a binary message, which Kraken never does.", beginning),)
        try:
            frame = _FRAME.decode(message)
        except NOT_STRICT:
            return self._decode_tolerantly(message)
        return tuple(self._read(frame, message))

    def _decode_tolerantly(self, message: str) -> tuple[Fact, ...]:
        try:
            frame, skipped = read_body(message, Frame)
        except ValueError:
            return (self._unreadable("The venue sent text that is not a JSON object.", message),)
        facts = self._read(frame, message)
        for element in skipped:
            facts.append(self._unreadable("An element of a list cannot be read; it was left out.", str(element)))
        return tuple(facts)

    def _unreadable(self, why: str, text: str) -> Unreadable:
        return Unreadable(why=why, text=self._handshake.hide(text)[:BEGINNING])

    # Classification (spec C.1). The method counts first: a refused subscription may name a channel as well.

    def _read(self, frame: Frame, message: str) -> list[Fact]:
        same_stream = self._logged_in and self._handshake.streams == self._stream
        if same_stream and frame.method is None and frame.data is not None and frame.channel == CHANNEL:
            return self._stream_message(frame, message)  # what nearly all of them are
        greeted = self._handshake.hear(frame) if self.stage is Stage.GREETING else []
        if self._handshake.streams != self._stream:
            self._begin_stream()
        slower = [self._complaint(frame.error or "")] if frame.method and is_flood(frame.error) else []
        return [*greeted, *self._by_kind(frame, message), *slower]

    def _by_kind(self, frame: Frame, message: str) -> list[Fact]:
        method = frame.method
        if method == "pong":
            return self._pong(frame)
        if method in ("subscribe", "unsubscribe"):
            return self._subscription(frame)
        if method in METHODS:
            return self._response(frame, message)
        if method == "ping" and frame.success is False:
            return [Notice(text=f"The venue refused a ping: {frame.error or 'it gave no reason'}")]
        read = CHANNELS.get(frame.channel or "")
        if read is not None and (frame.channel != CHANNEL or frame.data is not None):
            return read(self, frame, message)
        problem = frame.Error or frame.error
        if problem and not method:
            return [self._complaint(problem)]
        return [self._unreadable("The venue sent a message of an unknown kind.", message)]

    def _pong(self, frame: Frame) -> list[Fact]:
        """Only a ping that asks for the time has a number."""
        echo = Alive(is_echo=True)
        if frame.req_id is None:
            return [echo]
        return [*answer_time(frame), RequestAnswered(request_id=RequestId(frame.req_id)), echo]

    def _complaint(self, problem: str) -> Fact:
        """An error of the connection, not of a request."""
        text = f"The venue says: {self._handshake.hide(problem)}"
        return SlowDown(text=text) if is_throttle(problem) else Notice(text=text)

    def _response(self, frame: Frame, message: str) -> list[Fact]:
        facts = read_response(frame, self._handshake.hide(message))
        for refusal in facts[:2]:  # the venue's time may come first
            if isinstance(refusal, RequestRefused) and is_token_error(refusal.reason):
                facts += self._handshake.token_refused(refusal.reason)
        return facts

    # The life of the connection

    def _subscription(self, frame: Frame) -> list[Fact]:
        facts = self._handshake.answered(frame)
        return [*answer_time(frame), *facts, *self._login()] or [Alive()]

    def _heartbeat(self, frame: Frame, message: str) -> list[Fact]:
        if self._logged_in or self.stage is not Stage.SUBSCRIBED:
            return [Alive()]
        self._beats += 1
        return self._without_snapshot() if self._beats >= PATIENCE else [Alive()]

    def _without_snapshot(self) -> list[Fact]:
        """The stream runs and lists nothing: then nothing is known to be open (spec A.6)."""
        self._listed = self._listed or ()
        return [Notice(text="The venue did not list the open orders; every order is asked for."), *self._login()]

    def _status(self, frame: Frame, message: str) -> list[Fact]:
        try:
            shown, _ = read_body(message, StatusFrame)
        except ValueError:
            shown = StatusFrame()
        modes = [row.system for row in shown.data or () if row.system]
        if not modes:
            return [Alive()]
        mode = SYSTEM_MODES.get(modes[-1])
        if mode is not None and mode is self.mode:
            return [Alive()]
        self.mode = mode
        return [SystemChanged(text=f"The venue is {modes[-1]}.", mode=mode)]

    # The stream

    def _stream_message(self, frame: Frame, message: str) -> list[Fact]:
        snapshot, expected = frame.type == "snapshot", self._sequence.last + 1
        verdict = self._sequence.hear(frame.sequence, snapshot=snapshot)
        if verdict is not NEXT:
            return self._out_of_order(frame, expected, verdict)
        reports = frame.data or []
        return self._snapshot(reports) if snapshot else self._update(reports)

    def _out_of_order(self, frame: Frame, expected: int, verdict: Verdict) -> list[Fact]:
        if verdict is Verdict.REPEATED:
            return [Alive()]
        return [*self._lost(expected, frame.sequence or 0), *self._update(frame.data or [])]

    def _begin_stream(self) -> None:
        self._stream = self._handshake.streams
        self._sequence.reset()
        self._logged_in = False
        self._listed = None
        self._beats = 0

    def _lost(self, expected: int, received: int) -> list[Fact]:
        text = f"Messages {expected} to {received - 1} of the venue never came."
        return [MessagesLost(text=text, expected=expected, received=received), *self._handshake.lost()]

    def _snapshot(self, reports: list[Report]) -> list[Fact]:
        """The fills come first, so that what was filled while we were away is heard before the list of what is open."""
        known = {report.order_id for report in reports if self._executions.knows(report)}
        trades = [(report, self._executions.trade(report)) for report in reports if has_fill(report)]
        views = [(report, self._executions.listed(report)) for report in reports if not has_fill(report)]
        lost = [str(report) for report, found in (*trades, *views) if found is None]
        facts = [
            *self._history([trade for _, trade in trades if trade is not None]),
            *self._open([view for _, view in views if view is not None], known),
            *(self._unreadable("The venue listed something without usable details.", text) for text in lost),
        ]
        return facts or [Alive()]

    def _history(self, trades: list[Trade]) -> list[Fact]:
        """The venue gives fills newest first."""
        trades.reverse()
        trades.sort(key=lambda trade: trade.time)
        return [FillsListed(request_id=UNASKED, trades=tuple(trades))] if trades else []

    def _open(self, views: list[OrderView], known: set[str | None]) -> list[Fact]:
        """What is open. In a list that comes when the login is long complete, terms may have changed meanwhile."""
        if not self._logged_in:
            self._listed = (*(self._listed or ()), *views)
            return self._login()
        return [
            OrderReplaced(time=view.time, order=view, new_venue_order_id=None, replacement=None)
            if view.venue_order_id in known
            else OrderAcknowledged(time=view.time, order=view)
            for view in views
        ]

    def _update(self, reports: list[Report]) -> list[Fact]:
        facts: list[Fact] = []
        if not self._logged_in and self.stage is Stage.SUBSCRIBED:
            facts += self._without_snapshot()
        for report in reports:
            read = self._executions.facts(report)
            facts += read or [self._unreadable("The venue sent a report that names no order.", str(report))]
        return facts or [Alive()]

    def _login(self) -> list[Fact]:
        """The login is complete with the subscription and the list of open orders, whichever comes last."""
        if self._logged_in or self._listed is None or self.stage is not Stage.SUBSCRIBED:
            return []
        self._logged_in = True
        orders, self._listed = self._listed, None
        return [LoggedIn(user="", orders=orders, cancel_on_disconnect=False, heartbeat_timeout=None)]


ChannelReader = Callable[[SpotWire, Frame, str], list[Fact]]

CHANNELS: Final[Mapping[str, ChannelReader]] = {
    "heartbeat": SpotWire._heartbeat,
    "status": SpotWire._status,
    CHANNEL: SpotWire._stream_message,
}
