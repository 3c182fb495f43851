"""What a journal knows of fills and names that memory has forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ..values import ClientOrderId, TradeId, VenueOrderId
from .decisions import Decisions

__all__ = ["NOTHING_KNOWN", "FillKey", "Forgotten", "Known", "NothingKnown"]

FillKey = tuple[VenueOrderId, TradeId]
"""Which fill it is, on one venue and account: the venue order id as the fill names it, and the trade id."""


class Known(Protocol):
    """Asked only for what has slid out of memory, because each question costs a look into an index. As
    `protocol.journal.Known` has it."""

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        """Of a fill that was published: whether its fee is known. None: it was never published."""
        ...

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        """Of an execution that was never published as a fill: whether the count of an adopted order has it already."""
        ...

    def is_used(self, client_order_id: str) -> bool:
        """Whether an order of the session ever had this name."""
        ...

    def is_lost(self, client_order_id: str) -> bool:
        """Whether nothing more than this name is known of that order, because a damage took its records."""
        ...

    @property
    def has_lost(self) -> bool:
        """Whether there are such names."""
        ...


class NothingKnown:
    """As where there is no journal."""

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        return None

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        return False

    def is_used(self, client_order_id: str) -> bool:
        return False

    def is_lost(self, client_order_id: str) -> bool:
        return False

    @property
    def has_lost(self) -> bool:
        return False


NOTHING_KNOWN: Final[Known] = NothingKnown()
"""Where there is no journal."""


class Forgotten:
    """What has slid out of memory. The journal knows it once it is committed, and that may take long: a disk may be
    slow, or full. Until then it is remembered here.

    decided: what the present call of `apply` has decided so far. waiting: for a commit, by fill or by name: of a fill,
    whether its fee is known, None for one that an adopted order counts already; and what was decided when memory let it
    go, which has its records, or follows them.
    """

    def __init__(self, journal: Known, decided: Callable[[], Decisions]) -> None:
        self._journal = journal
        self._decided = decided
        self.waiting: OrderedDict[FillKey | ClientOrderId, tuple[bool | None, Decisions]] = OrderedDict()

    def add_fill(self, key: FillKey, *, fee_known: bool) -> None:
        self.waiting[key] = (fee_known, self._decided())

    def add_counted(self, key: FillKey) -> None:
        """An execution that an adopted order counts already. Memory does not keep it at all."""
        self.waiting[key] = (None, self._decided())

    def add_order(self, client_order_id: ClientOrderId, fills: Mapping[FillKey, bool] | None) -> None:
        """With those of its fills that slid out with it; None: there are none."""
        self.waiting[client_order_id] = (False, self._decided())
        if fills is not None:
            for key, fee_known in fills.items():
                self.add_fill(key, fee_known=fee_known)

    def settle(self) -> None:
        """Lets go of what the journal has by now. Commits are made in order."""
        while self.waiting and next(iter(self.waiting.values()))[1].is_settled:
            self.waiting.popitem(last=False)

    def fee_known(self, venue_order_id: str, trade_id: str) -> bool | None:
        found = self.waiting.get((VenueOrderId(venue_order_id), TradeId(trade_id)))
        fee_known = None if found is None else found[0]
        return self._journal.fee_known(venue_order_id, trade_id) if fee_known is None else fee_known

    def is_counted(self, venue_order_id: str, trade_id: str) -> bool:
        found = self.waiting.get((VenueOrderId(venue_order_id), TradeId(trade_id)))
        return (found is not None and found[0] is None) or self._journal.is_counted(venue_order_id, trade_id)

    def is_used(self, client_order_id: str) -> bool:
        return client_order_id in self.waiting or self._journal.is_used(client_order_id)

    def is_lost(self, client_order_id: str) -> bool:
        return client_order_id not in self.waiting and self._journal.is_lost(client_order_id)

    @property
    def has_lost(self) -> bool:
        return self._journal.has_lost
