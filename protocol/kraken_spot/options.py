"""Terms of an order that Kraken Spot alone has: `NewOrder(..., options=KrakenSpotOptions(...))` (spec A.12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import Attribute, field, frozen

from ..orders import VenueOptions
from ..values import OrderType, exact

__all__ = ["NO_OPTIONS", "ConditionalClose", "KrakenSpotOptions"]

FEE_PREFERENCES: Final = ("base", "quote")
STP_TYPES: Final = ("cancel_newest", "cancel_oldest", "cancel_both")
PRICE_TYPES: Final = ("static", "pct", "quote")
MOST_USERREF: Final = 2**31 - 1


def _one_of(*allowed: str) -> Any:
    def check(_: object, attribute: Attribute[str | None], value: str | None) -> None:
        if value is not None and value not in allowed:
            raise ValueError(f"{attribute.name} must be one of {', '.join(allowed)}, not {value!r}.")

    return check


def _optional_exact(value: object) -> Decimal | None:
    return None if value is None else exact(value)


def _check_userref(_: object, attribute: Attribute[int | None], value: int | None) -> None:
    if value is not None and not 0 < value <= MOST_USERREF:
        raise ValueError(f"{attribute.name} must be from 1 to {MOST_USERREF}, not {value}.")


@frozen(kw_only=True)
class ConditionalClose:
    """The order that the venue places on the other side as this one fills. It is an order of its own, with an id of its
    own and no client order id (spec E.20). Prices: as their types say, quote currency per unit by default."""

    type: OrderType
    price: Decimal | None = field(default=None, converter=_optional_exact)
    price_type: str | None = field(default=None, validator=_one_of(*PRICE_TYPES))
    trigger_price: Decimal | None = field(default=None, converter=_optional_exact)
    trigger_price_type: str | None = field(default=None, validator=_one_of(*PRICE_TYPES))

    @property
    def limit_type(self) -> str | None:
        """How its price counts, where that is not said as well: the limit of a trailing stop is a distance."""
        usual = "quote" if self.type is OrderType.TRAILING_STOP_LIMIT else None
        return self.price_type or usual


@frozen(kw_only=True)
class KrakenSpotOptions(VenueOptions):
    """Terms of an order that only Kraken Spot has. What is None is left out."""

    fee_preference: str | None = field(default=None, validator=_one_of(*FEE_PREFERENCES))
    """Pay fees in the base or quote currency."""
    stp_type: str | None = field(default=None, validator=_one_of(*STP_TYPES))
    """Which order goes when two of ours would trade with each other (the venue's default is the newest)."""
    sender_sub_id: str | None = None
    """Who counts as "ours" in that."""
    effective_time: int | None = None
    """ns since 1970 when the order begins."""
    limit_price_type: str | None = field(default=None, validator=_one_of(*PRICE_TYPES))
    """How a trailing-stop-limit counts its limit; "static" takes the order's price, the others its `limit_offset`."""
    order_userref: int | None = field(default=None, validator=_check_userref)
    """The venue does not take it together with a client order id. Such an order travels without one, so reports before
    its answer are taken for an external order's, and if its answer is lost, nothing can find it."""
    conditional: ConditionalClose | None = None
    unnamed: bool = False
    """Accept an order that travels without its client order id: one with `order_userref`, or one with a `conditional`
    close. The latter travels with it unless this is set, in case the venue refuses the two together (spec A.12)."""

    @property
    def is_unnamed(self) -> bool:
        """True for an order that travels without its client order id."""
        return self.order_userref is not None or (self.unnamed and self.conditional is not None)


NO_OPTIONS: Final = KrakenSpotOptions()
"""Of an order that names none."""
