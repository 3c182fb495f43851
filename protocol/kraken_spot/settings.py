"""Where Kraken Spot is and who we are there."""

from __future__ import annotations

from typing import Any, Final

from attrs import Attribute, field, frozen

from ..settings import check_positive, check_url, without_slash
from ..wire.times import SECOND
from .checks import SHORTEST_REST_DEADLINE
from .limits import Tier
from .signing import Credentials

__all__ = ["KrakenSpotSettings"]

SOCKET: Final = "wss://ws-auth.kraken.com/v2"
BETA_SOCKET: Final = "wss://beta-ws-auth.kraken.com/v2"
REST: Final = "https://api.kraken.com"


def _check_deadline(_: object, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and not 1 <= value <= 60:
        raise ValueError(f"{attribute.name} must be 1 to 60 seconds, not {value}.")


@frozen(kw_only=True)
class KrakenSpotSettings:
    """Secrets never show in repr. Times in seconds. Raises ValueError for values that make no sense."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    """Base64 text, as the venue shows it."""
    otp: str | None = field(default=None, repr=False)
    """What a key with two-factor authentication needs as well."""
    beta: bool = False
    """Use the venue's beta socket; there is no play money in it."""
    websocket_url: str = field(validator=check_url("wss", "ws"))
    """Follows from `beta` unless given."""
    rest_url: str = field(default=REST, converter=without_slash, validator=check_url("https", "http"))
    tier: Tier = field(default=Tier.STARTER, converter=Tier)
    """How far the account is verified, which decides how many calls it may make."""
    request_timeout: float = field(default=5.0, validator=check_positive)
    process_within: float | None = field(default=None, validator=_check_deadline)
    """The venue refuses what reaches it later than this, 1 to 60, with `rest_entry` 2.5 to 60; None: after its own 5
    s."""
    ping_period: float = field(default=20.0, validator=check_positive)
    """The venue closes a connection that is quiet for a minute."""
    audit_period: float = field(default=60.0, validator=check_positive)
    """How often, while orders are open, the fills are read again and what is open is compared with the venue's list."""
    use_budget: bool = True
    """Keep within the venue's call budget."""
    rest_entry: bool = False
    """Place, replace and cancel over REST; the socket then only brings what happened."""
    fills_lag: float = field(default=1.0, validator=check_positive)
    """How long fills may come behind a total before one is missed."""
    user_agent: str = "trio-orders"

    @websocket_url.default
    def _own_socket(self) -> str:
        return BETA_SOCKET if self.beta else SOCKET

    def __attrs_post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("There are no credentials for Kraken: give an API key with its secret.")
        least = SHORTEST_REST_DEADLINE / SECOND
        if self.rest_entry and self.process_within is not None and self.process_within < least:
            raise ValueError(f"With rest_entry, process_within must be {least:g} to 60 s, not {self.process_within}.")
        Credentials(self.api_key, self.api_secret)
