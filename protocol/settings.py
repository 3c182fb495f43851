"""What the settings of every venue must be: checks for the fields of their classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute

__all__ = ["check_positive", "check_url", "without_slash"]


def check_url(*schemes: str) -> Callable[[object, Attribute[str], str], None]:
    """A validator: a full address with one of these schemes."""

    def check(_: object, attribute: Attribute[str], value: str) -> None:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.hostname:
            allowed = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"{attribute.name} must be a {allowed} address, not {value!r}.")

    return check


def check_positive(_: object, attribute: Attribute[Any], value: float) -> None:
    """A validator of seconds."""
    if not value > 0:
        raise ValueError(f"{attribute.name} must be more than 0 seconds, not {value}.")


def without_slash(url: str) -> str:
    """A converter: paths begin with a slash of their own."""
    return url.rstrip("/")
