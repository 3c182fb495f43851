"""A configuration that cannot be meant is refused with a ValueError, before any connection is made."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, fields

from actors import (
    ApiKey,
    AuthenticationError,
    AxConfig,
    ClientConfig,
    KrakenFuturesConfig,
    KrakenSpotConfig,
    Password,
    Token,
    open_client,
    open_gateway,
)
from tests.explained_fields import unexplained_fields

SECRET = "YSBzZWNyZXQgb2YgdGhlIHRlc3Rz"


def test_kraken_futures_has_one_host_and_no_other_for_play_money() -> None:
    venue = KrakenFuturesConfig(credentials=ApiKey("key", SECRET)).venue()
    assert venue.upgrade("").url == "wss://futures.kraken.com/ws/v1"
    assert venue.rest_url == "https://futures.kraken.com"
    assert "demo" not in {field.name for field in fields(KrakenFuturesConfig)}


class NoConnector:
    async def connect(self, host: str, port: int, *, tls: bool) -> Any:
        raise AssertionError("nothing may be sent")


WRONG: dict[str, ClientConfig] = {
    "no url": AxConfig(url="here", credentials=Token("t")),
    "unencrypted": AxConfig(url="ws://somewhere.example/ws", credentials=Token("t")),
    "no credentials at Kraken Futures": KrakenFuturesConfig(),
    "no credentials at Kraken Spot": KrakenSpotConfig(),
    "a password at Kraken": KrakenSpotConfig(credentials=Password("name", "word")),
    "a secret that is not base64": KrakenFuturesConfig(credentials=ApiKey("key", "no base64!")),
    "a tag too long": AxConfig(credentials=Token("t"), order_tag="elevenchars"),
    "a heartbeat time-out too long": AxConfig(credentials=Token("t"), client_heartbeat_timeout=301),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_configuration_that_cannot_be_meant_is_a_value_error(autojump_clock: object, kind: str) -> None:
    config = evolve(WRONG[kind], connector=NoConnector())
    with pytest.raises(ValueError):
        async with open_client(config):
            pass
    with pytest.raises(ValueError):
        async with open_gateway({"it": config}):
            pass


async def test_no_credentials_at_ax_is_a_failed_login(autojump_clock: object) -> None:
    config = AxConfig(load_instruments=False, connector=NoConnector())
    with pytest.raises(AuthenticationError, match="no credentials"):
        async with open_client(config):
            pass


@pytest.mark.parametrize("kind", [ClientConfig, AxConfig, KrakenFuturesConfig, KrakenSpotConfig])
def test_every_field_of_a_configuration_is_explained_where_it_is_defined(kind: type[ClientConfig]) -> None:
    assert unexplained_fields(kind) == []
