"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
import pytest

from protocol.simulation.ax import AxExchange, AxExchangeSettings
from protocol.simulation.kraken_futures import KrakenFuturesExchange, KrakenFuturesExchangeSettings
from protocol.simulation.kraken_spot import KrakenSpotExchange, KrakenSpotExchangeSettings

VENUES: Final = (
    (AxExchange, AxExchangeSettings),
    (KrakenFuturesExchange, KrakenFuturesExchangeSettings),
    (KrakenSpotExchange, KrakenSpotExchangeSettings),
)


@pytest.fixture(autouse=True)
def venues_are_strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every simulated venue that a test makes is strict, unless it says `strict=False`: what the real venue's
    documentation does not list is refused there, and fails the test. A test that asks for something undocumented on
    purpose looks at `exchange.violations` and clears it."""
    kept: list[list[str]] = []
    for exchange_class, settings_class in VENUES:
        _remember(monkeypatch, exchange_class, kept)
        if "strict" in attrs.fields_dict(settings_class):
            _make_strict(monkeypatch, settings_class)
    yield
    violations = [sentence for sentences in kept for sentence in sentences]
    if violations:
        pytest.fail("A venue was asked for what its documentation does not list:\n" + "\n".join(violations))


def _remember(monkeypatch: pytest.MonkeyPatch, cls: type[Any], kept: list[list[str]]) -> None:
    """Of each exchange its violations alone: a test may make thousands."""
    original = cls.__init__

    def remembered(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if hasattr(self, "violations"):
            kept.append(self.violations)

    monkeypatch.setattr(cls, "__init__", remembered)


def _make_strict(monkeypatch: pytest.MonkeyPatch, cls: type[Any]) -> None:
    original = cls.__init__

    def strict(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **({"strict": True} | kwargs))

    monkeypatch.setattr(cls, "__init__", strict)
