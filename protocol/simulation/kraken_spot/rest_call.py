"""One private REST call of a simulated Kraken Spot, with everything that it is answered from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from attrs import frozen

from ...values import Instant
from .access import Access
from .accounts import Account
from .engine import Engine
from .form_reader import read_form
from .orders import VenueOrder
from .refusals import Refused
from .settings import KrakenSpotUser, Pair
from .strictness import Strictness

__all__ = ["Call", "Handler"]

T = TypeVar("T")

FORM_SPELLING = "close["


@frozen(kw_only=True)
class Call:
    """name: of the call; pairs: its parameters; as_json: they came as JSON; list_nothing: open orders come without
    rows, whatever there is."""

    name: str
    pairs: Mapping[str, object]
    as_json: bool
    engine: Engine
    access: Access
    user: KrakenSpotUser
    account: Account
    now: Instant
    strictness: Strictness
    list_nothing: bool

    def form(self, cls: type[T]) -> T:
        """The parameters as one of the classes of `forms`. Raises Refused."""
        form, unknown = read_form(self.pairs, cls)
        misspelt = [key for key in unknown if FORM_SPELLING in key]
        if misspelt and self.engine.settings.json_close_keys == "refused":
            raise Refused("EGeneral:Invalid arguments:close")
        for key in unknown:
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
