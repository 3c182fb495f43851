"""One private REST call of a simulated Kraken Spot, with everything that it is answered from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from attrs import frozen

from ...values import Instant
from .access import Access
from .accounts import Account
from .engine import Engine
from .orders import VenueOrder
from .refusals import invalid
from .rest_reader import read_form
from .settings import KrakenSpotUser, Pair
from .strictness import Strictness

__all__ = ["Call", "Handler"]

T = TypeVar("T")

FORM_SPELLING: Final = "close["


@frozen(kw_only=True)
class Call:
    """name: of the call; pairs: its parameters; list_nothing: open orders come without rows, whatever there is."""

    name: str
    pairs: Mapping[str, object]
    engine: Engine
    access: Access
    user: KrakenSpotUser
    account: Account
    now: Instant
    strictness: Strictness
    list_nothing: bool

    def form(self, cls: type[T]) -> T:
        """The parameters as one of the classes of `forms`. Raises Refused."""
        settings = self.engine.settings
        form, unknown = read_form(self.pairs, cls, numeric_booleans=settings.numeric_booleans)
        for key in unknown:
            if FORM_SPELLING in key and settings.json_close_keys == "refused":
                self.strictness.note(f"{self.name}: {key!r} belongs into a form; in JSON the close is nested.")
                raise invalid("close")
            self.strictness.undocumented(self.name, key)
        return form

    @property
    def then(self) -> int:
        """The moment that lists and histories show: ns since 1970."""
        return self.now.wall_ns - self.engine.settings.rest_lag

    def pair_of(self, order: VenueOrder) -> Pair:
        return self.engine.markets[order.terms.symbol].pair

    def pair(self, name: str | None) -> Pair:
        """By any of its names. Raises Refused."""
        return self.engine.pair_named(name)


Handler = Callable[[Call], object]
