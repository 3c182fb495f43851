"""A simulated Kraken Spot."""

from .exchange import KrakenSpotExchange
from .settings import DEFAULT_SECRET, KrakenSpotExchangeSettings, KrakenSpotUser, Pair

__all__ = ["DEFAULT_SECRET", "KrakenSpotExchange", "KrakenSpotExchangeSettings", "KrakenSpotUser", "Pair"]
