"""Why a simulated Kraken Spot refuses, with the venue's own texts (spec A.16)."""

from __future__ import annotations

from typing import Final

__all__ = ["InvalidArgument", "Refused", "invalid"]

CANCEL_ONLY: Final = "EService:Market in cancel_only mode"
LIMIT_ONLY: Final = "EService:Market in limit_only mode"
POST_ONLY_MODE: Final = "EService:Market in post_only mode"
UNAVAILABLE: Final = "EService:Unavailable"
DEADLINE: Final = "EService:Deadline elapsed"
POST_ONLY: Final = "EOrder:Post only order"
FUNDS: Final = "EOrder:Insufficient funds"
MARGIN: Final = "EOrder:Insufficient margin"
ORDER_MINIMUM: Final = "EOrder:Order minimum not met"
COST_MINIMUM: Final = "EOrder:Cost minimum not met"
TICK_SIZE: Final = "EOrder:Tick size check failed"
INVALID_PRICE: Final = "EOrder:Invalid price"
LIMIT_PRICE: Final = "EOrder:Limit price check failed"
NO_POSITION: Final = "EOrder:Reduce only:No position exists"
UNKNOWN_ORDER: Final = "EOrder:Unknown order"
INVALID_ORDER: Final = "EOrder:Invalid order"
TOO_MANY_ORDERS: Final = "EOrder:Orders limit exceeded"
RATE_LIMIT: Final = "EOrder:Rate limit exceeded"
REST_RATE_LIMIT: Final = "EAPI:Rate limit exceeded"
INVALID_TOKEN: Final = "EAPI:Invalid token"
INVALID_SESSION: Final = "ESession:Invalid session"
INVALID_KEY: Final = "EAPI:Invalid key"
INVALID_SIGNATURE: Final = "EAPI:Invalid signature"
INVALID_NONCE: Final = "EAPI:Invalid nonce"
PERMISSION: Final = "EGeneral:Permission denied"
UNKNOWN_METHOD: Final = "EGeneral:Unknown method"
UNKNOWN_PAIR: Final = "EQuery:Unknown asset pair"
UNKNOWN_ASSET: Final = "EQuery:Unknown asset"
INTERNAL: Final = "EGeneral:Internal error"


class Refused(Exception):
    """A request is not executed; args[0] is the venue's text."""

    @property
    def text(self) -> str:
        return str(self.args[0])


class InvalidArgument(Refused):
    """An argument cannot be used; `argument` says which, as the socket calls it or as REST does."""

    def __init__(self, argument: str) -> None:
        super().__init__(f"EGeneral:Invalid arguments:{argument}")
        self.argument = argument


def invalid(field: str) -> Refused:
    """An argument that cannot be used."""
    return InvalidArgument(field)
