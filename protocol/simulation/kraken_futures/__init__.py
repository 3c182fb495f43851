"""A simulated Kraken Futures."""

from .exchange import KrakenFuturesExchange
from .settings import KrakenFuturesExchangeSettings, KrakenFuturesUser

__all__ = ["KrakenFuturesExchange", "KrakenFuturesExchangeSettings", "KrakenFuturesUser"]
