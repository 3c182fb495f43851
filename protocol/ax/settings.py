"""Where AX is, who we are there, and how carefully to trade."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from ..settings import check_positive, check_url, without_slash
from .checks import is_tag

__all__ = ["DEFAULT_TAG", "AxSettings"]

DEFAULT_TAG: Final = "trioorders"
PRODUCTION: Final = "wss://gateway.architect.exchange/orders/ws"
HTTP_SCHEMES: Final = {"wss": "https", "ws": "http"}
SELF_TRADE_PREVENTION: Final = ("CancelIncoming", "CancelResting", "CancelBoth")


def _check_tag(_: object, attribute: Attribute[str], value: str) -> None:
    if not is_tag(value):
        raise ValueError(f"{attribute.name} must be 1 to 10 letters and digits, not {value!r}.")


def _check_timeout(_: object, attribute: Attribute[int | None], value: int | None) -> None:
    if value is not None and not 1 <= value <= 300:
        raise ValueError(f"{attribute.name} must be 1 to 300 seconds, not {value}.")


def _check_self_trade(_: object, attribute: Attribute[str | None], value: str | None) -> None:
    if value is not None and value not in SELF_TRADE_PREVENTION:
        raise ValueError(f"{attribute.name} must be one of {', '.join(SELF_TRADE_PREVENTION)}, not {value!r}.")


@frozen(kw_only=True)
class AxSettings:
    """Secrets never show in repr. Credentials are a token, or an API key with its secret, or a user name with its
    password. Raises ValueError for values that make no sense."""

    websocket_url: str = field(default=PRODUCTION, validator=check_url("ws", "wss"))
    """The orders socket, production by default."""
    rest_url: str = field(converter=without_slash)
    """Root of the REST interface, by default on the same host."""
    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    totp: str | None = field(default=None, repr=False)
    """One-time password, where two-factor login is on."""
    token: str | None = field(default=None, repr=False)
    token_seconds: int = field(default=3600, validator=check_positive)
    """Lifetime to ask for, in seconds."""
    account: str | None = None
    """The venue's account id; None: the user's default account."""
    order_tag: str = field(default=DEFAULT_TAG, validator=_check_tag)
    """1 to 10 letters and digits, on every order that has no tag of its own. With a journal, and unless it is chosen
    here, each life of the journal has one of its own, by which its orders are known again."""
    cancel_on_disconnect: bool = False
    """The venue cancels the orders of a connection when it ends."""
    client_heartbeat_timeout: int | None = field(default=None, validator=_check_timeout)
    """The venue ends a connection on which we were silent for this many seconds, 1 to 300; None: it does not."""
    supports_stop_limit: bool = False
    """Send stop-limit orders although the venue is known to ignore the trigger."""
    strict: bool = True
    """Refuse here what the venue would reject, ignore or misread."""
    self_trade_prevention: str | None = field(default=None, validator=_check_self_trade)
    """CancelIncoming, CancelResting or CancelBoth; None: the venue's default."""
    user_agent: str = "trio-orders"
    request_timeout: float = field(default=10.0, validator=check_positive)
    """Seconds to wait for an answer."""
    cancel_by_client_id: bool = True
    """Cancel an order whose venue id is not known yet by its client order id."""

    @rest_url.default
    def _same_host(self) -> str:
        parts = urlsplit(self.websocket_url)
        return f"{HTTP_SCHEMES.get(parts.scheme, 'https')}://{parts.netloc}"

    def __attrs_post_init__(self) -> None:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret must be given together.")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password must be given together.")
