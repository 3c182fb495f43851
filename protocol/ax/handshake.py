"""How a client logs in at AX: a call gives a token, which goes into the upgrade to a WebSocket (spec AX 1 and 2)."""

from __future__ import annotations

from urllib.parse import urlencode

from ..errors import AuthenticationError, WireError
from ..facts import LoggedIn
from ..venue import HttpAnswer, HttpCall, Upgrade
from .converter import encode_message, read_body
from .instruments import VENUE
from .rest_answers import error_text
from .settings import AxSettings
from .wire import AuthenticateRequest, AuthenticateResponse

__all__ = ["login_call", "login_problem", "read_token", "upgrade"]


def login_call(settings: AxSettings) -> HttpCall | None:
    """The call that fetches a token; None: we were given one. Raises AuthenticationError without credentials."""
    if settings.token is not None:
        return None
    if settings.api_key is None and settings.username is None:
        raise AuthenticationError(
            "There are no credentials for AX: give a token, an API key or a user name.", venue=VENUE
        )
    credentials = AuthenticateRequest(
        expiration_seconds=settings.token_seconds,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        username=settings.username if settings.api_key is None else None,
        password=settings.password if settings.api_key is None else None,
        totp=settings.totp if settings.api_key is None else None,
    )
    body = encode_message(credentials).encode()
    return HttpCall(method="POST", path="/api/authenticate", body=body, authorized=False, urgent=True)


def read_token(settings: AxSettings, answer: HttpAnswer) -> str:
    """The token in the answer. Raises AuthenticationError, or WireError where another try may succeed."""
    if answer.status in (401, 403) and not answer.is_page:
        raise AuthenticationError(_refusal(settings, "AX refused the credentials", answer), venue=VENUE)
    if answer.status != 200 or answer.is_page:
        raise WireError(_refusal(settings, "AX was not able to log us in", answer))
    try:
        token = read_body(answer.body, AuthenticateResponse).token
    except ValueError:
        token = ""
    if not (token and token.isascii() and token.isprintable()):
        raise WireError("AX answered the login without a usable token.")  # and we do not show what it sent instead
    return token


def _refusal(settings: AxSettings, what: str, answer: HttpAnswer) -> str:
    """The venue's own text without any secret, in case it repeats what we sent."""
    text = error_text(answer)
    for secret in (settings.api_key, settings.api_secret, settings.username, settings.password, settings.totp):
        if secret:
            text = text.replace(secret, "***")
    return f"{what} (HTTP status {answer.status})" + (f": {text}" if text else ".")


def upgrade(settings: AxSettings, token: str) -> Upgrade:
    """The request for a WebSocket."""
    options = {
        "cancel_on_disconnect": "true" if settings.cancel_on_disconnect else None,
        "client_heartbeat_timeout": settings.client_heartbeat_timeout,
        "account_id": settings.account,
    }
    query = urlencode({key: value for key, value in options.items() if value is not None})
    url = settings.websocket_url
    if query:
        url += ("&" if "?" in url else "?") + query
    return Upgrade(url=url, headers=(("Authorization", f"Bearer {token}"), ("User-Agent", settings.user_agent)))


def login_problem(settings: AxSettings, login: LoggedIn) -> str | None:
    """The venue ignores options that it does not know, so a safety net that was asked for must be confirmed."""
    if settings.cancel_on_disconnect and not login.cancel_on_disconnect:
        return "AX did not confirm cancel-on-disconnect: orders would stay open if the connection is lost."
    asked, got = settings.client_heartbeat_timeout, login.heartbeat_timeout
    if asked is not None and asked != got:
        stated = "none" if got is None else f"{got} s"
        return f"AX did not confirm the heartbeat timeout: {asked} s asked for, {stated} in force."
    return None
