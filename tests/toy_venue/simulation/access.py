"""Who may do what at a simulated Toy Exchange: keys and tokens."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from protocol.simulation.exchange import HttpRequest

from .settings import ToyExchangeSettings, ToyUser

__all__ = ["Access"]


@define
class Access:
    settings: ToyExchangeSettings
    draw: Callable[[], float]
    _tokens: dict[str, ToyUser] = field(factory=dict, init=False)

    def new_token(self, key: object, secret: object) -> str | None:
        """None for a key or secret that is not right."""
        user = next((user for user in self.settings.users if (user.key, user.secret) == (key, secret)), None)
        if user is None:
            return None
        token = f"toy-{int(self.draw() * 10**12)}"
        self._tokens[token] = user
        return token

    def token_for(self, name: str) -> str:
        """A token of this user without credentials. Raises KeyError for a user that does not exist."""
        self._tokens[f"replayed-{name}"] = {user.name: user for user in self.settings.users}[name]
        return f"replayed-{name}"

    def user_of(self, request: HttpRequest) -> ToyUser | None:
        # A replayed run has none of the venue's own headers; it sends a token of `token_for` in this one.
        replayed = (request.header("authorization") or "").removeprefix("Bearer ")
        return self._tokens.get(request.header("toy-token") or replayed)

    def revoke_tokens(self) -> None:
        self._tokens.clear()
