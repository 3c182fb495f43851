"""A simulated Kraken Spot."""

from .chosen_answers import proxy_page
from .exchange import KrakenSpotExchange
from .settings import DEFAULT_SECRET, Asset, KrakenSpotExchangeSettings, KrakenSpotUser, Pair

__all__ = [
    "Asset",
    "DEFAULT_SECRET",
    "KrakenSpotExchange",
    "KrakenSpotExchangeSettings",
    "KrakenSpotUser",
    "Pair",
    "proxy_page",
]
