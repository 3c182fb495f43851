"""Requests, frames and answers of Kraken Futures, drawn by hypothesis."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from protocol.kraken_futures import venue_side, wire
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.quantity import QuantitySemantics
from protocol.kraken_futures.signing import Credentials
from protocol.requests import ListFills
from protocol.values import RequestId

KEYS = Credentials("key", "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA==")
MS = 1_000_000
D = Decimal

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def logged_in(semantics: QuantitySemantics = QuantitySemantics.AUTO) -> FuturesWire:
    connection = FuturesWire(KEYS, qty_semantics=semantics)
    for frame in (
        wire.Frame(event="info", version=1),
        wire.Frame(event="challenge", message="c"),
        wire.Frame(event="subscribed", feed="fills"),
        wire.Frame(event="subscribed", feed="open_orders"),
        wire.Frame(feed="open_orders_snapshot", account="a", orders=[]),
    ):
        connection.decode(venue_side.encode(frame))
    return connection


EVER = ListFills(request_id=RequestId(1), start=0, end=2**63, symbol=None)
