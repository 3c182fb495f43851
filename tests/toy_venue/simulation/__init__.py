"""A simulated Toy Exchange."""

from .exchange import ToyExchange
from .settings import ToyExchangeSettings, ToyUser

__all__ = ["ToyExchange", "ToyExchangeSettings", "ToyUser"]
