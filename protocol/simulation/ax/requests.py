"""What clients of a simulated AX Exchange ask for, with what the engine needs to know about the sender."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from ...ax import wire
from .accounts import Account

__all__ = ["Placing", "Reference", "Replacing"]


@frozen(kw_only=True)
class Placing:
    """A placement as the wire carries it, with who sends it. session: the socket, None over REST."""

    request: wire.Outbound | wire.Placement
    user: str
    account: Account
    session: int | None


@frozen
class Reference:
    """Which order a request is about: exactly one of the two (spec 3.2)."""

    oid: str | None
    cid: int | None


@frozen(kw_only=True)
class Replacing:
    """New terms; None is inherited."""

    price: Decimal | None
    quantity: int | None
    tif: str | None
    post_only: bool | None
