"""What a story consists of: what clients do, what others do at the venue, and what the network does."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from protocol.values import OrderType, Side, TimeInForce

__all__ = [
    "Abort",
    "Adopt",
    "Batch",
    "Burst",
    "Cancel",
    "CancelAll",
    "CancelMany",
    "Change",
    "Close",
    "Cut",
    "Deaf",
    "DropSockets",
    "FailSync",
    "FillDisk",
    "Heal",
    "Kill",
    "LoseWords",
    "MovePrice",
    "Mute",
    "Open",
    "OtherCancels",
    "OtherChanges",
    "OtherPlaces",
    "PowerLoss",
    "RefusePages",
    "Rest",
    "RestartVenue",
    "SilenceRest",
    "SlowDisk",
    "SlowRest",
    "Step",
    "Submit",
    "Trade",
    "Wait",
]


@frozen(kw_only=True)
class Step:
    """What comes next in a story. after: seconds since the step before. Orders are named by their number in the story,
    quantities counted in the market's unit, prices in its step, from the reference price."""

    after: float = 0.5


@frozen(kw_only=True)
class Open(Step):
    """A client is opened; in place of another one that was aborted, it takes over what is open at the venue. With a
    journal it goes on where its last life ended, and one that waits to be killed is killed first, unless `if_dead`."""

    client: int
    if_dead: bool = False


@frozen(kw_only=True)
class Abort(Step):
    """A client ends without a word."""

    client: int


@frozen(kw_only=True)
class Close(Step):
    """A client is closed in peace: it does with its open orders what its configuration says, and tells what is left."""

    client: int


@frozen(kw_only=True)
class Kill(Step):
    """A client's process is killed: at once, or when it has come to its so many-th commit, piece of data sent, or event
    read from now on; at the latest when the client is opened the next time. kept: of that commit, which share of its
    bytes is in the file; 1: all, and nothing is released of it."""

    client: int
    point: Literal["now", "commit", "send", "event"] = "now"
    count: int = 1
    kept: float = 0.0


@frozen(kw_only=True)
class PowerLoss(Step):
    """A client's machine loses its power. kept: which share of what was not synced is on the disk all the same."""

    client: int
    kept: float = 0.0


@frozen(kw_only=True)
class FillDisk(Step):
    """There is no room on a client's disk for so many seconds."""

    client: int
    seconds: float


@frozen(kw_only=True)
class FailSync(Step):
    """The next commit of a client fails. kept: whether it is in the file all the same."""

    client: int
    kept: bool


@frozen(kw_only=True)
class SlowDisk(Step):
    """Every commit of a client takes so long, until the client is opened the next time."""

    client: int
    seconds: float


@frozen(kw_only=True)
class Submit(Step):
    """A client places an order. trigger: where it fires, None for an order that does not wait."""

    client: int
    order: int
    name: str
    side: Side
    quantity: int
    price: int | None
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger: int | None = None


@frozen(kw_only=True)
class Batch(Step):
    client: int
    orders: tuple[Submit, ...]


@frozen(kw_only=True)
class Change(Step):
    """A client changes its order. quantity: the new one, as `replace` takes it; leaves: in its place, what may fill."""

    client: int
    order: int
    quantity: int | None
    price: int | None
    leaves: int | None = None


@frozen(kw_only=True)
class Cancel(Step):
    client: int
    order: int


@frozen(kw_only=True)
class CancelMany(Step):
    client: int
    orders: tuple[int, ...]


@frozen(kw_only=True)
class CancelAll(Step):
    """A client cancels all orders of the account. trouble: "refused", "lost" (it is done, and the answer never comes),
    "idle" (it is answered as if it were done, and is not), "" for none."""

    client: int
    trouble: str = ""


@frozen(kw_only=True)
class Adopt(Step):
    """A client takes over an order of another session."""

    client: int
    order: int


@frozen(kw_only=True)
class LoseWords(Step):
    """So many of the next messages about orders never come."""

    count: int


@frozen(kw_only=True)
class Trade(Step):
    """Somebody trades with an order at its price: percent of what is left of it, and at least one unit."""

    order: int
    percent: int


@frozen(kw_only=True)
class Burst(Step):
    """Somebody trades one unit so many times within so many seconds."""

    order: int
    count: int
    seconds: float


@frozen(kw_only=True)
class Rest(Step):
    """Somebody leaves an order in the book."""

    side: Side
    quantity: int
    price: int


@frozen(kw_only=True)
class OtherPlaces(Step):
    """Another session of the account places an order. name: of a client's order, too; None: it has none."""

    order: int
    name: str | None
    side: Side
    quantity: int
    price: int


@frozen(kw_only=True)
class OtherChanges(Step):
    """Another session changes an order. percent: of what may still fill, None: it stays; price: so many steps more."""

    order: int
    percent: int | None
    price: int | None


@frozen(kw_only=True)
class OtherCancels(Step):
    order: int


@frozen(kw_only=True)
class MovePrice(Step):
    """The market's price, by which triggers fire."""

    price: int


@frozen(kw_only=True)
class Deaf(Step):
    """What the venue says arrives no more, until the network is cut."""


@frozen(kw_only=True)
class Mute(Step):
    """What clients say stays on its way, until the network is cut, and what the venue says does not arrive."""


@frozen(kw_only=True)
class Cut(Step):
    """The network fails. late: what is on its way comes to the venue so many seconds later; None: never."""

    late: float | None = None


@frozen(kw_only=True)
class Heal(Step):
    """The network, and REST, work again."""


@frozen(kw_only=True)
class SilenceRest(Step):
    """REST is not answered any more, until the network heals."""


@frozen(kw_only=True)
class SlowRest(Step):
    """Every call takes so many seconds more, until the network heals."""

    seconds: float


@frozen(kw_only=True)
class DropSockets(Step):
    """The venue cuts every socket; calls that are on their way go on."""


@frozen(kw_only=True)
class RestartVenue(Step):
    """The venue is started anew: every session and token of before is gone, orders and accounts stay."""


@frozen(kw_only=True)
class RefusePages(Step):
    """So many of the next readings of history are refused."""

    count: int


@frozen(kw_only=True)
class Wait(Step):
    """Time passes."""
