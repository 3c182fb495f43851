"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from protocol.simulation.ax import AxExchange
from protocol.simulation.kraken_futures import KrakenFuturesExchange
from protocol.simulation.kraken_spot import KrakenSpotExchange

EXCHANGES: tuple[type[Any], ...] = (AxExchange, KrakenFuturesExchange, KrakenSpotExchange)


@pytest.fixture(autouse=True)
def nothing_undocumented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test in which a strict venue was sent what its documentation does not list: the real one might ignore it
    in silence. A test that means to do so clears the exchange's `violations` when it has looked at them."""
    violations: list[list[str]] = []

    def watch(cls: type[Any]) -> None:
        make = cls.__attrs_post_init__

        def made(exchange: Any) -> None:
            make(exchange)
            violations.append(getattr(exchange, "violations", []))

        monkeypatch.setattr(cls, "__attrs_post_init__", made)

    for cls in EXCHANGES:
        watch(cls)
    yield
    assert not any(violations), [sentence for of_one in violations for sentence in of_one]
