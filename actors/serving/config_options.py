"""What `SimulatedVenue.config` takes, so that a type checker sees a slip of the pen."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Literal, TypedDict

from protocol.limits import Backoff
from protocol.values import AccountId, Instrument, TraderId

from ..config import Credentials, OnClose
from ..net.connectors import Connector

__all__ = ["ConfigOptions"]


class ConfigOptions(TypedDict, total=False):
    """The fields of `ClientConfig`, and of the configurations of the venues: each takes its own alone, and raises
    TypeError for another's. What they mean is said there."""

    # of every venue
    trader: TraderId
    account: AccountId
    credentials: Credentials | None
    instruments: tuple[Instrument, ...]
    load_instruments: bool
    heartbeat: float
    data_deadline: float
    login_timeout: float
    http_timeout: float
    first_connect: Backoff
    reconnect: Backoff
    close_timeout: float
    close_grace: float
    on_close: OnClose
    order_credits: int
    cancel_credits: int
    requests_per_second: int | None
    budget_patience: float
    cancel_all_after: int
    cancel_unknown: bool
    subscriber_batches: int
    fill_window: int
    finished_window: int
    max_message_size: int
    websocket: Literal["sans-io", "trio-websocket"]
    allow_plaintext: bool
    ssl_context: ssl.SSLContext | None
    proxy: str | None
    connector: Connector | None
    wall_clock: Callable[[], int]
    draw: Callable[[], float]
    url: str
    rest_url: str | None
    request_timeout: float
    # of AX
    account_id: str | None
    order_tag: str
    cancel_on_disconnect: bool
    client_heartbeat_timeout: int | None
    supports_stop_limit: bool
    strict: bool
    cancel_by_client_id: bool
    # of Kraken
    otp: str | None
    tier: Literal["starter", "intermediate", "pro"]
    qty_semantics: Literal["auto", "remaining", "total"]
    process_within: float | None
    audit_period: float
    fills_lag: float
    use_budget: bool
    rest_entry: bool
