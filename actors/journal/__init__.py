"""The journal: everything that was decided, on disk before it is released."""

from .settings import Durability, Journal

__all__ = ["Durability", "Journal"]
