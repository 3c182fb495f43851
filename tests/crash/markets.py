"""Where the programs of a campaign trade, without the simulations, which take long to load."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Final

from attrs import frozen

from actors import ApiKey

__all__ = ["KEY", "MARKETS", "SECRET", "Market", "credentials"]

KEY: Final = "CRASH_KEY"
SECRET: Final = "CRASH_SECRET"


@frozen
class Market:
    """unit: a quantity; orders are of up to 100."""

    instrument: str
    reference: Decimal
    step: Decimal
    unit: Decimal


MARKETS: Final = {
    "ax": Market("XAU-PERP.AX", Decimal("2411.0"), Decimal("0.1"), Decimal(1)),
    "kraken-futures": Market("PF_XBTUSD.KRAKEN-FUTURES", Decimal(65000), Decimal("0.5"), Decimal("0.01")),
    "kraken-spot": Market("BTC/USD.KRAKEN", Decimal("64000.0"), Decimal("0.1"), Decimal("0.01")),
}


def credentials() -> ApiKey:
    """As the venue printed them."""
    return ApiKey(os.environ[KEY], os.environ[SECRET])
