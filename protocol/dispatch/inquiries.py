"""What is open about one order: questions, and how far the asking has come. Nothing here decides."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto
from typing import Final

from msgspec import Struct, field

from ..values import OrderStatus, RequestId, VenueOrderId

__all__ = ["NO_TRAIL", "Ending", "Inquiry", "Opened", "Question", "Source", "Stage"]


class Question(Enum):
    """OUTCOME: was it placed at all? TERMS: its quantity, price, trigger, and which venue order id it has now; FILLS:
    the venue counts more than we heard; END: it is missing where it should be
    listed, or it is not known what a cancel or change of it has come to."""

    OUTCOME = auto()
    TERMS = auto()
    FILLS = auto()
    END = auto()

    __hash__ = object.__hash__


class Source(Enum):
    """Where a piece of evidence comes from. LIVE: a message of the stream; SNAPSHOT: the list of a login; STATUS: the
    answer about one order; LIST: the open orders; HISTORY: what became of orders; FILLS: executions in the history."""

    LIVE = auto()
    SNAPSHOT = auto()
    STATUS = auto()
    LIST = auto()
    HISTORY = auto()
    FILLS = auto()

    __hash__ = object.__hash__


class Stage(Enum):
    """Where the status query of an order stands. IDLE: none is due; LATER: after a pause; WAITING: for its turn;
    UNDER_WAY: sent."""

    IDLE = auto()
    LATER = auto()
    WAITING = auto()
    UNDER_WAY = auto()


class Ending(Struct, frozen=True, kw_only=True, gc=False):
    """How an order leaves once its fills are heard. status: CANCELED, EXPIRED or FILLED; time: ns since 1970."""

    status: OrderStatus
    reason: str
    time: int


class Opened(Struct, kw_only=True, gc=False):
    """One open question."""

    # When it was opened: ns, monotonic, for our patience, and ns since 1970 by the venue's clock, for evidence.
    at: int
    by_venue: int
    # From when on the venue's history may answer it, by the venue's clock.
    since: int
    # An event has said that it is open, so `Reconciled` waits for it no longer.
    told: bool = False


NO_TRAIL: Final = ""
"""No other id to ask by than the order's own."""


class Inquiry(Struct, eq=False, gc=False):
    """What is open about one order, and what has been learned towards an answer. An outage may open one of each order,
    so it holds nothing that leads back to its order (see `tracking.Order`)."""

    open: dict[Question, Opened] = field(default_factory=dict)
    # How much has executed under each venue order id, as far as the venue said, of ids with fills missing.
    totals: dict[VenueOrderId, Decimal] = field(default_factory=dict)
    # The id whose total follows from what a fill left of the order's quantity: wrong if that has changed.
    reckoned: VenueOrderId | None = None
    # The highest total of the whole order that a `MissingFills` has reported.
    gap_told: Decimal = Decimal(0)
    # How the order ends once its fills are heard.
    ending: Ending | None = None
    # When each source was asked that did not know the order, by the venue's clock.
    silent: dict[Source, int] = field(default_factory=dict)
    # Until when the last list holds that left it out, likewise.
    left_out: int = 0
    # Questions on their way for the fills of this order alone. None: not asked since the totals last grew.
    alone: set[RequestId] | None = None
    # Of the status query.
    stage: Stage = Stage.IDLE
    attempts: int = 0
    # The id to ask by next. NO_TRAIL: the order's own, None: its wire id.
    trail: VenueOrderId | str | None = NO_TRAIL
    # How the order stood when a login began to ask for it.
    standing: tuple[OrderStatus, VenueOrderId | None] | None = None
