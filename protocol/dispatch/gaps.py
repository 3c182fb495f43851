"""How much of an order's executed quantity the venue counts and we have not heard fills for."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..tracking import Window
from ..values import ZERO, ClientOrderId

__all__ = ["Gaps"]

GAP_WINDOW: Final = 10_000


class Gaps:
    """Owns the highest total that the venue named on the present connection, for orders with fills missing.

    Totals are of the whole client order, fills under earlier venue order ids included.
    """

    def __init__(self) -> None:
        self._totals: Window[ClientOrderId, Decimal] = Window(GAP_WINDOW)

    def __len__(self) -> int:
        return len(self._totals)

    def note(
        self, client_order_id: ClientOrderId, known: Decimal, reported: Decimal, executing: Decimal = ZERO
    ) -> bool:
        """True if more is missing than was reported before.

        known: what we have heard fills for; reported: the venue's total, without `executing`, the fill that comes with
        this news. A total lower than an earlier one is merely older news.
        """
        highest = self._totals.get(client_order_id)
        if highest is None and reported <= known:
            return False
        total = reported + executing
        if highest is None or total > highest:
            self._totals.put(client_order_id, total)
        return highest is None or reported > highest

    def total(self, client_order_id: ClientOrderId, known: Decimal) -> Decimal:
        """How much has executed as far as anybody said."""
        return max(known, self._totals.get(client_order_id) or ZERO)

    def heard(self, client_order_id: ClientOrderId, known: Decimal) -> None:
        """A fill has come; known: all that we have heard fills for now."""
        highest = self._totals.get(client_order_id)
        if highest is not None and known >= highest:
            self._totals.pop(client_order_id)

    def forget(self) -> None:
        """The connection is gone: what is still missing is reported again after the next login."""
        self._totals = Window(GAP_WINDOW)
