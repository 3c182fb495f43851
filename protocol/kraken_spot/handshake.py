"""How a connection to Kraken Spot logs in: a table of stages (spec A.4, A.5, E.17).

There is no login message: the first subscription proves who we are, by its token. A token that is refused is replaced
on the same connection. The stream is subscribed anew when messages of it were lost, and then lists what is open again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from attrs import define, field

from ..errors import AuthenticationError, Throttled, WireError
from ..facts import Fact, LimitTold, LoginRefused, Notice, Say, TokenRefused
from ..values import RequestId
from ..venue import HttpAnswer
from .converter import encode_message, read_body
from .enumerations import is_credential_error, is_token_error
from .instruments import VENUE
from .rest_answers import errors_of
from .settings import KrakenSpotSettings
from .wire import Call, Frame, Result, Subscribe, TokenAnswer, Unsubscribe

__all__ = ["CHANNEL", "Handshake", "Stage", "read_token"]

CHANNEL: Final = "executions"
MOST_TOKENS: Final = 3
"""Tokens that may be refused in a row, before it counts as our credentials that are refused."""
FIRST_NUMBER: Final = 2**31
"""Numbers of the handshake's own requests begin where those of orders end."""


class Stage(Enum):
    """What the connection waits for. GREETING: for its first message; SUBSCRIBED: for nothing; TOKEN: for another
    token; REFUSED: it will not be logged in."""

    GREETING = auto()
    SUBSCRIBING = auto()
    SUBSCRIBED = auto()
    UNSUBSCRIBING = auto()
    TOKEN = auto()
    REFUSED = auto()


class Heard(Enum):
    """What moves it on."""

    GREETED = auto()
    SUBSCRIBED = auto()
    NOT_SUBSCRIBED = auto()
    UNSUBSCRIBED = auto()
    LOST_MESSAGES = auto()
    NEW_TOKEN = auto()


@define(eq=False)
class Handshake:
    """Where one connection stands."""

    _token: str = field(repr=False)
    with_trades: bool = False
    """List the newest fills as well."""
    stage: Stage = field(default=Stage.GREETING, init=False)
    streams: int = field(default=0, init=False)
    """How often the stream was subscribed."""
    _number: int = field(default=FIRST_NUMBER - 1, init=False)
    _refused_tokens: int = field(default=0, init=False)
    _token_asked: bool = field(default=False, init=False)

    def hear(self, frame: Frame) -> list[Fact]:
        """What follows from the first frame, whatever it is."""
        return self._move(Heard.GREETED, frame)

    def answered(self, frame: Frame) -> list[Fact]:
        """What follows from the answer to a subscription. It is known by its number alone (spec A.5)."""
        if frame.req_id is not None and frame.req_id != self._number:
            return [Notice(text=f"The venue answered a {frame.method} request that was not made.")]
        done = frame.succeeded
        if frame.method == "unsubscribe":
            return self._move(Heard.UNSUBSCRIBED, frame)  # refused or not, the next step is to subscribe
        return self._move(Heard.SUBSCRIBED if done else Heard.NOT_SUBSCRIBED, frame)

    def lost(self) -> list[Fact]:
        """What follows from a gap in the stream; nothing, while it is subscribed anew."""
        return self._move(Heard.LOST_MESSAGES, Frame())

    def take_token(self, token: str) -> list[Fact]:
        """Goes on with another token."""
        self._token = token
        self._token_asked = False
        return self._move(Heard.NEW_TOKEN, Frame())

    def token_refused(self, reason: str) -> list[Fact]:
        """A request was refused for its token. The subscription stands; another token is asked for once."""
        if self._token_asked:
            return []
        self._token_asked = True
        return [TokenRefused(text=f"Kraken refused the session token: {self.hide(reason)}")]

    def hide(self, text: str) -> str:
        """`text` without the token."""
        return text.replace(self._token, "***") if self._token else text

    def _move(self, heard: Heard, frame: Frame) -> list[Fact]:
        step = STEPS.get((self.stage, heard))
        if step is None:
            return []
        self.stage, act = step
        return act(self, frame)

    # What to do at each step

    def _subscribe(self, frame: Frame) -> list[Fact]:
        self.streams += 1
        params = Subscribe(
            channel=CHANNEL,
            token=self._token,
            snap_orders=True,
            snap_trades=self.with_trades,
            order_status=True,
        )
        return [self._say("subscribe", params)]

    def _unsubscribe(self, frame: Frame) -> list[Fact]:
        self.with_trades = True  # what was lost may be fills
        return [self._say("unsubscribe", Unsubscribe(channel=CHANNEL, token=self._token), relists=True)]

    def _say(self, method: str, params: Subscribe | Unsubscribe, *, relists: bool = False) -> Say:
        self._number += 1
        text = encode_message(Call(method=method, params=params, req_id=self._number))
        return Say(text=text, relists=relists, number=RequestId(self._number))

    def _accepted(self, frame: Frame) -> list[Fact]:
        self._refused_tokens = 0
        result = frame.result if isinstance(frame.result, Result) else Result()
        warnings = result.warnings or ()
        facts: list[Fact] = [Notice(text=f"The venue warns about the subscription: {text}") for text in warnings]
        return [*facts, LimitTold(most=result.maxratecount)] if result.maxratecount else facts

    def _failed(self, frame: Frame) -> list[Fact]:
        reason = self.hide(frame.error or "no reason given")
        if is_token_error(reason) and self._refused_tokens < MOST_TOKENS - 1:
            self._refused_tokens += 1
            self.stage = Stage.TOKEN
            self._token_asked = False
            return self.token_refused(reason)
        self.stage = Stage.REFUSED
        unauthorized = is_token_error(reason) or is_credential_error(reason)
        return [LoginRefused(reason=f"Kraken did not let us subscribe ({reason}).", unauthorized=unauthorized)]


Step = Callable[[Handshake, Frame], list[Fact]]

STEPS: Final[Mapping[tuple[Stage, Heard], tuple[Stage, Step]]] = {
    (Stage.GREETING, Heard.GREETED): (Stage.SUBSCRIBING, Handshake._subscribe),
    (Stage.SUBSCRIBING, Heard.SUBSCRIBED): (Stage.SUBSCRIBED, Handshake._accepted),
    (Stage.SUBSCRIBING, Heard.NOT_SUBSCRIBED): (Stage.REFUSED, Handshake._failed),
    (Stage.TOKEN, Heard.NEW_TOKEN): (Stage.SUBSCRIBING, Handshake._subscribe),
    (Stage.SUBSCRIBED, Heard.LOST_MESSAGES): (Stage.UNSUBSCRIBING, Handshake._unsubscribe),
    (Stage.UNSUBSCRIBING, Heard.UNSUBSCRIBED): (Stage.SUBSCRIBING, Handshake._subscribe),
    # The venue ended the stream by itself.
    (Stage.SUBSCRIBED, Heard.UNSUBSCRIBED): (Stage.SUBSCRIBING, Handshake._subscribe),
}
"""(stage, what was heard) → the next stage, and what to do on the way there."""


# The token, which a signed call gives (spec A.3)

THROTTLED: Final = ("Rate limit exceeded", "Too many requests", "EService: Throttled", "EService:Throttled")
"""Answers to the token call that mean: wait and ask again (spec A.3, A.16)."""


def read_token(settings: KrakenSpotSettings, answer: HttpAnswer) -> str:
    """The session token in the answer to `token_call`. Raises AuthenticationError, Throttled, or WireError where
    another try may succeed."""
    try:
        body, _ = read_body(answer.body, TokenAnswer)
    except ValueError:
        raise WireError(f"Kraken's answer to the login cannot be read (HTTP status {answer.status}).") from None
    stated = "; ".join(errors_of(body)[0])
    errors = _hide(settings, stated)
    if any(text in stated for text in THROTTLED):
        raise Throttled(f"Kraken takes no more logins for now: {errors}.")
    if is_credential_error(stated) or (not stated and answer.status in (401, 403)):
        refused = f"Kraken refused the credentials: {errors or f'HTTP status {answer.status}'}."
        raise AuthenticationError(refused, venue=VENUE)
    if errors or answer.status != 200:
        said = errors or "no reason given"
        raise WireError(f"Kraken was not able to log us in (HTTP status {answer.status}): {said}.")
    token = None if body.result is None else body.result.token
    if not token:
        raise WireError("Kraken answered the login without a token.")  # and we do not show what it sent instead
    return token


def _hide(settings: KrakenSpotSettings, text: str) -> str:
    for secret in (settings.api_key, settings.api_secret, settings.otp):
        if secret:
            text = text.replace(secret, "***")
    return text
