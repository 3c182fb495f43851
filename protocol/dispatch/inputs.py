"""What dispatch is reported: commands that passed the command handler, facts from the venue, news of the link.

The collector of reference cycles sees them, unlike facts: a command may hold whatever its caller gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from ..commands import Command
from ..facts import Fact
from ..orders import NewOrder
from ..reasons import Why
from ..values import ClientOrderId, Instrument, RequestId

__all__ = [
    "Admission",
    "Asked",
    "Heard",
    "Input",
    "LinkDown",
    "LinkFailed",
    "LinkSilent",
    "LinkUp",
    "NotWritten",
    "Rerouted",
    "Submission",
]


class Admission(Enum):
    """Which kind of credit a request holds until it is written: cancels never compete with placements."""

    ORDER = "order"
    CANCEL = "cancel"

    __hash__ = object.__hash__  # a key at every order, and the hash of an Enum is that of its name, computed in Python


class Submission(Struct, frozen=True, kw_only=True):
    """An order that passed every check: its final name, and its instrument for currency and symbol."""

    order: NewOrder
    client_order_id: ClientOrderId
    instrument: Instrument


class Asked(Struct, frozen=True, kw_only=True):
    """A command of the user's."""

    command: Command
    request_id: RequestId
    # An address that dispatch hands back with its answer and never looks at, so that dispatch knows no channel.
    reply_to: object
    # The credit that the command holds, given back when its request is written, or never will be.
    admission: Admission | None = None
    submission: Submission | None = None
    # Of the order that the command places, changes or registers: dispatch has no cache of instruments.
    instrument: Instrument | None = None
    # Of a batch, each with a request number of its own.
    legs: tuple[Asked, ...] = ()


class Heard(Struct, frozen=True):
    """Facts, in the venue's order. connection: the one that carried them, 0 for an answer over HTTP."""

    connection: int
    facts: Sequence[Fact]


class LinkUp(Struct, frozen=True):
    """A connection is up and not logged in yet. connection: its number, from 1."""

    connection: int
    url: str


class LinkDown(Struct, frozen=True):
    """A connection ended. Requests not answered on it may or may not have been executed."""

    connection: int
    reason: str
    will_retry: bool
    # The venue ended it (its Close, FIN or RST was seen), so it reads no more of what was written.
    by_venue: bool = False


class LinkFailed(Struct, frozen=True):
    """No connection will follow. unauthorized: because the venue refused our credentials."""

    connection: int
    reason: str
    unauthorized: bool
    reply_to: object


class LinkSilent(Struct, frozen=True):
    """No message came on this connection for a while: ask for something, so that it shows whether it lives."""

    connection: int


class NotWritten(Struct, frozen=True):
    """These requests were never begun on any socket: certainly not sent."""

    request_ids: Sequence[RequestId]
    reason: str
    why: Why = Why.NOT_CONNECTED


class Rerouted(Struct, frozen=True):
    """The socket did not take these for too long, so they go over HTTP. begun: it may take them all the same, and then
    the venue gets them twice."""

    request_ids: Sequence[RequestId]
    begun: bool


Input = Asked | Heard | LinkUp | LinkDown | LinkFailed | LinkSilent | NotWritten | Rerouted
