"""Every test of this folder runs over every transport."""

from __future__ import annotations

from functools import partial

import pytest

from .rig import TRANSPORTS, Link, Transport, linked


@pytest.fixture(params=TRANSPORTS, scope="session")
def transport(request: pytest.FixtureRequest) -> Transport:
    chosen: Transport = request.param
    return chosen


@pytest.fixture(scope="session")
def link(transport: Transport) -> Link:
    """Opens a socket to a scripted peer."""
    return partial(linked, transport)
