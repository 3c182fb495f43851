"""Which WebSocket implementation a test goes over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from actors.websocket import Implementation

IMPLEMENTATIONS: Final[tuple[Implementation, ...]] = ("sans-io", "trio-websocket")
_chosen: list[Implementation] = ["sans-io"]


def chosen_websocket() -> Implementation:
    """The one that is used where a test does not say."""
    return _chosen[-1]


@pytest.fixture(params=IMPLEMENTATIONS)
def each_websocket(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs a test over each of them."""
    _chosen.append(request.param)
    yield
    _chosen.pop()
