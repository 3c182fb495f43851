"""Who may call a simulated Kraken Futures: signatures, nonces and the budget of calls (spec B.3, B.10, B.14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from attrs import define, field

from ...kraken_futures import venue_side
from ...kraken_futures.signing import Credentials
from ...limits import Bucket
from ...values import Instant
from ..exchange import HttpRequest
from .settings import KrakenFuturesExchangeSettings, KrakenFuturesUser

__all__ = ["ANYBODY", "Access", "Denied", "post_data_of"]

ANYBODY: Final = "anybody"
"""Stands in the input log for who opens a WebSocket: nothing is proven before the challenge."""
BUDGETS: Final[Mapping[str, tuple[int, int]]] = {"derivatives": (50, 500), "history": (1, 600)}
"""Tokens per second and at most. Those of the history are counted in sixths."""

LONGEST_NONCE: Final = 20
"""Digits."""


class Denied(Exception):
    """A call is refused as a whole; args[0] is the venue's error code."""


def post_data_of(request: HttpRequest) -> str:
    """What of a request is signed: its body, else its query, as they were transmitted. Raises UnicodeDecodeError."""
    if request.body:
        return request.body.decode()
    return request.raw_query or urlencode(request.query, quote_via=quote)


@define
class _Nonces:
    """Nonces of one key. seen: those that may still come twice."""

    highest: int = 0
    seen: set[int] = field(factory=set)

    def use(self, nonce: int, window: int) -> None:
        if nonce <= self.highest - window:
            raise Denied("nonceBelowThreshold")
        if nonce in self.seen:
            raise Denied("nonceDuplicate")
        self.seen.add(nonce)
        if nonce > self.highest:
            self.highest = nonce
            self.seen = {seen for seen in self.seen if seen > nonce - window}


@define
class Access:
    """The keys of all users, and how each was used."""

    settings: KrakenFuturesExchangeSettings
    _users: dict[str, KrakenFuturesUser] = field(factory=dict, init=False)
    _credentials: dict[str, Credentials] = field(factory=dict, init=False, repr=False)
    _nonces: dict[str, _Nonces] = field(factory=dict, init=False)
    _buckets: dict[tuple[str, str], Bucket] = field(factory=dict, init=False)
    _tokens: dict[str, str] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for user in self.settings.users:
            self._users[user.api_key] = user
            self._credentials[user.api_key] = Credentials(user.api_key, user.api_secret)

    # REST

    def signer_of(self, request: HttpRequest) -> KrakenFuturesUser | None:
        """Who signed a request, or replays his own; None for an unknown sender. Uses up no nonce."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme == "Bearer" and token in self._tokens:
            return self._users.get(self._tokens[token])
        user = self._users.get(request.header("apikey") or "")
        if user is None:
            return None
        try:
            post_data = post_data_of(request)
        except UnicodeDecodeError:
            return None
        proven = venue_side.proves_call(
            self._credentials[user.api_key],
            path=request.path,
            post_data=post_data,
            nonce=request.header("nonce") or "",
            authent=request.header("authent") or "",
        )
        return user if proven else None

    def caller(self, request: HttpRequest) -> KrakenFuturesUser:
        """Who makes this call. Raises Denied."""
        user = self.signer_of(request)
        if user is None:
            raise Denied("authenticationError")
        nonce = request.header("nonce")
        if nonce:
            if not (nonce.isascii() and nonce.isdecimal() and len(nonce) <= LONGEST_NONCE):
                raise Denied("authenticationError")
            self._nonces.setdefault(user.api_key, _Nonces()).use(int(nonce), self.settings.nonce_window)
        if not user.active:
            raise Denied("accountInactive")
        return user

    def pay(self, user: KrakenFuturesUser, pool: str, cost: int, now: Instant) -> None:
        """Takes the cost of a call from the user's budget, if budgets count. Raises Denied."""
        if not self.settings.throttle:
            return
        rate, capacity = BUDGETS[pool]
        bucket = self._buckets.get((user.api_key, pool))
        if bucket is None:
            bucket = Bucket.full(rate=rate, capacity=capacity, now=now.monotonic_ns)
        paid = bucket.take(cost, now.monotonic_ns)
        self._buckets[user.api_key, pool] = paid or bucket
        if paid is None:
            raise Denied("apiLimitExceeded")

    # WebSocket

    def subscriber(self, api_key: str | None, challenge: str | None, signed: str | None) -> KrakenFuturesUser | None:
        """Whose key signed this challenge; None for an unknown key."""
        user = self._users.get(api_key or "")
        if user is None or challenge is None:
            return None
        proven = venue_side.proves_challenge(self._credentials[user.api_key], message=challenge, signed=signed or "")
        return user if proven else None

    # Replays

    def token_for(self, api_key: str) -> str:
        """What lets a request of this user pass without a signature. Raises KeyError for a user that does not
        exist."""
        if api_key != ANYBODY and api_key not in self._users:
            raise KeyError(api_key)
        token = f"replayed-{api_key}"
        self._tokens[token] = api_key
        return token

    def revoke_tokens(self) -> None:
        self._tokens.clear()
