"""How a connection to Kraken Futures logs in: a table of stages (spec B.3 to B.5, E.18).

No answer names the request that it is for. So there is one request at a time: the challenge, then the fills, then the
open orders. Fills come first, so that what was filled while we were away is heard before the list of what is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from attrs import define, field

from ..facts import LoginRefused, Notice, Say
from .converter import encode_message
from .signing import Credentials
from .wire import Frame

__all__ = ["Handshake", "Stage"]

HandshakeFact = Say | LoginRefused | Notice


class Stage(Enum):
    """What the connection waits for. READY: for nothing; REFUSED: it will not be logged in."""

    GREETING = auto()
    CHALLENGE = auto()
    FILLS = auto()
    OPEN_ORDERS = auto()
    READY = auto()
    REFUSED = auto()


FILLS: Final = "fills"
OPEN_ORDERS: Final = "open_orders"
HEARTBEAT: Final = "heartbeat"
PRIVATE: Final = (FILLS, OPEN_ORDERS)

UNAUTHORIZED: Final = "Failed to subscribe to authenticated feed"
FAILURES: Final = frozenset({"subscribed_failed", "alert", "error"})
WAITING: Final = frozenset({Stage.CHALLENGE, Stage.FILLS, Stage.OPEN_ORDERS})
RUNNING: Final = frozenset({(Stage.OPEN_ORDERS, FILLS), (Stage.READY, FILLS), (Stage.READY, OPEN_ORDERS)})
"""Which feeds run at which stage, so that the venue may end them."""


@define(eq=False)
class Handshake:
    """Where one connection stands."""

    _credentials: Credentials = field(repr=False)
    heartbeat: bool = True
    """Ask for the venue's heartbeat as well, once logged in."""
    stage: Stage = field(default=Stage.GREETING, init=False)
    _again: set[str] = field(factory=set, init=False)
    """Feeds that the venue ended and that were asked for again. Without them the connection must not go on: it would
    look healthy and bring nothing."""
    _challenge: str = field(default="", init=False, repr=False)
    _signed: str = field(default="", init=False, repr=False)

    def hear(self, frame: Frame) -> tuple[HandshakeFact, ...]:
        """What follows from a frame that has `event`."""
        event, feed = frame.event or "", (frame.feed or "").lower()
        key = (self.stage, event, feed if event.endswith(("subscribed", "_failed")) else "")
        step = STEPS.get(key)
        if step is not None:
            self.stage, say = step
            return say(self, frame)
        if event in FAILURES:
            return self._failed(event, feed, frame)
        if event == "subscribed":
            self._again.discard(feed)
        if event == "unsubscribed" and (self.stage, feed) in RUNNING and feed not in self._again:
            self._again.add(feed)
            return (Notice(text=f"The venue ended the feed {feed}; it is subscribed again."), self._subscribe(feed))
        return ()

    def hide(self, text: str) -> str:
        """`text` without what proves who we are."""
        for secret in (self._credentials.api_key, self._signed):
            if secret:
                text = text.replace(secret, "***")
        return text

    def _failed(self, event: str, feed: str, frame: Frame) -> tuple[HandshakeFact, ...]:
        text = self.hide(frame.message or "")
        said = f"{event} {feed}".strip() + (f": {text}" if text else "")
        lost = self.stage is Stage.READY and (self._again or (event == "subscribed_failed" and feed in PRIVATE))
        if feed == HEARTBEAT or not (self.stage in WAITING or lost):
            return (Notice(text=f"The venue says: {said}."),)
        self.stage = Stage.REFUSED
        if lost or self._again:  # the credentials were good once; a new connection has a challenge of its own
            reason = f"Kraken Futures ended a feed and did not resume it ({said})."
            return (LoginRefused(reason=reason, unauthorized=False),)
        unauthorized = event == "subscribed_failed" or text == UNAUTHORIZED
        return (LoginRefused(reason=f"Kraken Futures did not log us in ({said}).", unauthorized=unauthorized),)

    # What to say at each step

    def _ask_challenge(self, frame: Frame) -> tuple[HandshakeFact, ...]:
        return (Say(text=encode_message(Frame(event="challenge", api_key=self._credentials.api_key))),)

    def _challenged(self, frame: Frame) -> tuple[HandshakeFact, ...]:
        if not frame.message:
            self.stage = Stage.REFUSED
            return (LoginRefused(reason="Kraken Futures sent a challenge without a message.", unauthorized=False),)
        self._challenge = frame.message
        self._signed = self._credentials.sign_challenge(frame.message)
        return (self._subscribe(FILLS),)

    def _subscribe_open_orders(self, frame: Frame) -> tuple[HandshakeFact, ...]:
        return (self._subscribe(OPEN_ORDERS),)

    def _subscribe_heartbeat(self, frame: Frame) -> tuple[HandshakeFact, ...]:
        if not self.heartbeat:
            return ()
        return (Say(text=encode_message(Frame(event="subscribe", feed=HEARTBEAT))),)

    def _subscribe(self, feed: str) -> Say:
        frame = Frame(
            event="subscribe",
            feed=feed,
            api_key=self._credentials.api_key,
            original_challenge=self._challenge,
            signed_challenge=self._signed,
        )
        return Say(text=encode_message(frame))


Step = Callable[[Handshake, Frame], tuple[HandshakeFact, ...]]

STEPS: Final[Mapping[tuple[Stage, str, str], tuple[Stage, Step]]] = {
    (Stage.GREETING, "info", ""): (Stage.CHALLENGE, Handshake._ask_challenge),
    (Stage.CHALLENGE, "challenge", ""): (Stage.FILLS, Handshake._challenged),
    (Stage.FILLS, "subscribed", FILLS): (Stage.OPEN_ORDERS, Handshake._subscribe_open_orders),
    (Stage.OPEN_ORDERS, "subscribed", OPEN_ORDERS): (Stage.READY, Handshake._subscribe_heartbeat),
}
"""(stage, event, feed) → the next stage, and what to say on the way there."""
