"""What is traded at each venue."""

from __future__ import annotations

from attrs import frozen

__all__ = ["AX", "FUTURES", "SPOT", "Market"]


@frozen
class Market:
    """quantity: of an order, in units of the instrument; price: in its quote currency."""

    venue: str
    instrument: str
    quantity: str
    price: str

    @property
    def symbol(self) -> str:
        return self.instrument.rpartition(".")[0]


AX = Market("ax", "XAU-PERP.AX", "10", "2412.0")
SPOT = Market("kraken-spot", "BTC/USD.KRAKEN", "1", "60000")
FUTURES = Market("kraken-futures", "PF_XBTUSD.KRAKEN-FUTURES", "1", "60000")
