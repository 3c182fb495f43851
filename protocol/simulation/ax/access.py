"""Who may do what at a simulated AX Exchange: credentials, tokens, rates (spec 1, 7.1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from ...ax import wire
from ...limits import Bucket
from ...values import Instant
from ..exchange import HttpRequest
from .settings import AxExchangeSettings, AxUser

__all__ = ["Access", "Login"]

SECOND: Final = 1_000_000_000


@frozen
class Login:
    """A user with a valid token."""

    user: AxUser


@define
class Access:
    """Tokens issued so far, and how fast each user asks."""

    settings: AxExchangeSettings
    draw: Callable[[], float]
    _tokens: dict[str, tuple[AxUser, int]] = field(factory=dict, init=False, repr=False)
    _buckets: dict[str, Bucket] = field(factory=dict, init=False)

    def authenticate(self, request: wire.AuthenticateRequest, now: Instant) -> str | None:
        """A new token for the right credentials, else None."""
        user = next((user for user in self.settings.users if _is(user, request)), None)
        if user is None:
            return None
        token = f"token-{int(self.draw() * 2**64):016x}{int(self.draw() * 2**64):016x}"
        lifetime = min(request.expiration_seconds * SECOND, self.settings.token_lifetime)
        self._forget_expired(now)
        self._tokens[token] = (user, now.monotonic_ns + lifetime)
        return token

    def _forget_expired(self, now: Instant) -> None:
        for token, (_, until) in list(self._tokens.items()):
            if until <= now.monotonic_ns:
                del self._tokens[token]

    def login_of(self, request: HttpRequest, now: Instant) -> Login | None:
        """Whose token a request carries; None if it is missing, unknown or expired."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        user, until = self._tokens.get(token, (None, 0))
        if scheme != "Bearer" or user is None or until <= now.monotonic_ns:
            return None
        return Login(user)

    def token_for(self, user_id: str, now: Instant) -> str:
        """A token of this user without credentials. Raises KeyError for a user that does not exist."""
        user = next((user for user in self.settings.users if user.id == user_id), None)
        if user is None:
            raise KeyError(user_id)
        token = f"replayed-{user_id}"
        self._tokens[token] = (user, now.monotonic_ns + self.settings.token_lifetime)
        return token

    def revoke_tokens(self) -> None:
        """Every token is worth nothing from now on."""
        self._tokens.clear()

    def within_rate(self, user: AxUser, now: Instant) -> bool:
        rate = self.settings.rate_limit
        if rate is None:
            return True
        bucket = self._buckets.get(user.id)
        if bucket is None:
            bucket = Bucket.full(rate=rate, capacity=self.settings.rate_burst, now=now.monotonic_ns)
        paid = bucket.take(1, now.monotonic_ns)
        self._buckets[user.id] = paid or bucket
        return paid is not None


def _is(user: AxUser, request: wire.AuthenticateRequest) -> bool:
    if request.api_key is not None:
        return _same(request.api_key, user.api_key) and _same(request.api_secret, user.api_secret)
    return (
        _same(request.username, user.username)
        and _same(request.password, user.password)
        and (user.totp is None or _same(request.totp, user.totp))
    )


def _same(given: str | None, expected: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
