"""One REST call at a simulated Kraken Futures, with everything that it is answered from."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from ...values import Instant
from ..faults import Fault, FaultKind
from .accounts import Account
from .settings import KrakenFuturesUser

__all__ = ["Call"]


@frozen
class Call:
    """path: of the call; text: the form or the query, as it was transmitted."""

    path: str
    text: str = field(repr=False)
    user: KrakenFuturesUser
    account: Account
    faults: Mapping[FaultKind, Fault]
    now: Instant
