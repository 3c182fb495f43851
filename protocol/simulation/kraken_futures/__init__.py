"""A simulated Kraken Futures."""

from .exchange import KrakenFuturesExchange
from .instrument_rows import InstrumentRow
from .rest import Failure
from .settings import KrakenFuturesExchangeSettings, KrakenFuturesUser

__all__ = ["Failure", "InstrumentRow", "KrakenFuturesExchange", "KrakenFuturesExchangeSettings", "KrakenFuturesUser"]
