"""Who may call a simulated Kraken Spot: signatures, nonces and session tokens (spec A.2, A.3)."""

from __future__ import annotations

import re
from typing import Final

from attrs import define, field

from ...kraken_spot.signing import Credentials
from ...values import Instant
from ..exchange import HttpRequest, SessionNumber
from . import refusals, venue_side
from .identifiers import Ids
from .refusals import Refused
from .rest_parameters import Private
from .rest_reader import pairs_of, read_form, text_of
from .settings import KrakenSpotExchangeSettings, KrakenSpotUser

__all__ = ["ANYBODY", "Access"]

ANYBODY: Final = "anybody"
"""Stands in the input log for who opens a WebSocket: nothing is proven before the first private request."""
NONCE: Final = re.compile("[0-9]{1,20}")
LARGEST_NONCE: Final = 2**64 - 1


@define
class Access:
    """The keys of all users, how they were used, and the tokens that were given for them."""

    settings: KrakenSpotExchangeSettings
    ids: Ids
    _credentials: dict[str, Credentials] = field(factory=dict, init=False, repr=False)
    _nonces: dict[str, int] = field(factory=dict, init=False)
    _tokens: dict[str, tuple[KrakenSpotUser, int]] = field(factory=dict, init=False, repr=False)
    _kept: dict[SessionNumber, str] = field(factory=dict, init=False, repr=False)
    _replaying: dict[str, KrakenSpotUser] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for user in self.settings.users:
            self._credentials[user.api_key] = Credentials(user.api_key, user.api_secret)

    # REST

    def caller(self, request: HttpRequest) -> KrakenSpotUser:
        """Who makes this call; its nonce is used up. Raises Refused."""
        replayed = self._replayed(request)
        if replayed is not None:
            return replayed
        user, nonce = self._proven(request)
        if nonce <= self._nonces.get(user.api_key, -1):
            raise Refused(refusals.INVALID_NONCE)
        self._nonces[user.api_key] = nonce
        return user

    def signer_of(self, request: HttpRequest) -> KrakenSpotUser | None:
        """Who signed a request, or replays his own; None for an unknown sender. Uses up no nonce."""
        try:
            return self._replayed(request) or self._proven(request)[0]
        except Refused:
            return None

    def _proven(self, request: HttpRequest) -> tuple[KrakenSpotUser, int]:
        key = request.header("api-key") or ""
        user = next((user for user in self.settings.users if user.api_key == key), None)
        if user is None:
            raise Refused(refusals.INVALID_KEY)
        text = text_of(request)
        try:
            form, _ = read_form({"nonce": pairs_of(request).get("nonce")}, Private)
        except Refused:
            form = Private()
        nonce = form.nonce or ""
        number = int(nonce) if NONCE.fullmatch(nonce) else LARGEST_NONCE + 1
        if number > LARGEST_NONCE:
            raise Refused(refusals.INVALID_NONCE)
        path = f"{request.path}?{request.raw_query}" if request.raw_query else request.path
        api_sign = request.header("api-sign") or ""
        proven = venue_side.proves_call(
            self._credentials[key], path=path, nonce=nonce, post_data=text, api_sign=api_sign
        )
        if not proven:
            raise Refused(refusals.INVALID_SIGNATURE)
        return user, number

    # Tokens

    def new_token(self, user: KrakenSpotUser, now: Instant) -> str:
        """Worth something until it should have been used, and after that on the session that subscribed with it."""
        kept = set(self._kept.values())
        for token, (_, until) in list(self._tokens.items()):
            if until <= now.monotonic_ns and token not in kept:
                del self._tokens[token]
        token = self.ids.token()
        self._tokens[token] = (user, now.monotonic_ns + self.settings.token_lifetime)
        return token

    def user_of_token(self, token: str | None, session: SessionNumber, now: Instant) -> KrakenSpotUser | None:
        """Whose token this is, if it is still worth something on this session."""
        user, until = self._tokens.get(token or "", (None, 0))
        good = until > now.monotonic_ns or self._kept.get(session) == token
        return user if good else None

    def keep(self, token: str, session: SessionNumber) -> None:
        """A session has subscribed with this token, which lasts as long as the subscription from now on."""
        self._kept[session] = token

    def gone(self, session: SessionNumber) -> None:
        """A session, or its subscription, has ended."""
        self._kept.pop(session, None)

    def revoke(self, token: str | None = None) -> None:
        """A token, or every one, is worth nothing from now on."""
        if token is None:
            self._tokens.clear()
        else:
            self._tokens.pop(token, None)

    # Replays

    def name_of(self, user: KrakenSpotUser) -> str:
        """A name for the input log, which keeps no keys."""
        return f"user-{self.settings.users.index(user)}"

    def token_for(self, name: str) -> str:
        """What lets a request of this user pass without a signature. Raises KeyError for a user that does not
        exist."""
        users = {self.name_of(user): user for user in self.settings.users}
        token = f"replayed-{name}"
        if name != ANYBODY:
            self._replaying[token] = users[name]
        return token

    def _replayed(self, request: HttpRequest) -> KrakenSpotUser | None:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        return self._replaying.get(token) if scheme == "Bearer" else None

    def stop_replaying(self) -> None:
        """From now on only signatures count."""
        self._replaying.clear()
