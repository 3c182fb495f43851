"""A simulated AX Exchange."""

from .exchange import AxExchange
from .settings import AxExchangeSettings, AxUser, Scope

__all__ = ["AxExchange", "AxExchangeSettings", "AxUser", "Scope"]
