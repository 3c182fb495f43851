"""The inputs of a simulated venue as lines of text, and a venue brought back to where they led it.

A line is one JSON object. No token, key or secret is written: a line says who sent it, and replaying asks the exchange
for a token of that user. Logins are not written, because nothing that lasts follows from them; what a program did to
the exchange in its own memory (`Acted`) cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from attrs import evolve

from ..values import Instant
from .exchange import (
    Acted,
    Exchange,
    ExchangeInput,
    Gone,
    HearsPings,
    HttpRequest,
    Pinged,
    Received,
    Requested,
    SessionNumber,
    Ticked,
    Upgraded,
)

__all__ = ["encode_input", "replay"]

SECRET_HEADERS: Final = frozenset({"authorization", "cookie"})
"""Of every venue; each adds its own."""


def encode_input(exchange: Exchange, item: ExchangeInput, now: Instant) -> str | None:
    """The line for one input, None if it is not worth one. Ask before the exchange gets the input."""
    row: dict[str, Any] = {"time": now.wall_ns}
    match item:
        case Upgraded():
            row |= {"kind": "upgraded", "session": item.session, **_request_row(exchange, item.request, now)}
        case Received():
            text = item.message if isinstance(item.message, str) else None
            row |= {"kind": "received", "session": item.session, "text": text}
        case Pinged():
            row |= {"kind": "pinged", "session": item.session}
        case Gone():
            row |= {"kind": "gone", "session": item.session}
        case Requested():
            row |= {"kind": "requested", **_request_row(exchange, item.request, now)}
        case Ticked():
            row |= {"kind": "ticked"}
        case Acted():
            return None
    if row["kind"] in ("upgraded", "requested") and row["user"] is None:
        return None  # a login, a public question or a refusal: nothing lasts of it
    return json.dumps(row, separators=(",", ":"))


def _request_row(exchange: Exchange, request: HttpRequest, now: Instant) -> dict[str, Any]:
    secret = SECRET_HEADERS | exchange.secret_headers
    return {
        "user": exchange.user_of(request, now),
        "method": request.method,
        "path": request.path,
        "query": [list(pair) for pair in request.query],
        "headers": [list(pair) for pair in request.headers if pair[0] not in secret],
        "body": request.body.decode("utf-8", "replace"),
    }


def replay(exchange: Exchange, lines: Iterable[str], now: Instant) -> int:
    """Feeds logged inputs to a fresh exchange; what it would send goes nowhere. Gives how many there were.

    Each input keeps its time; `now` ties the wall clock of the log to the monotonic clock of this run. The last line
    may be cut off, as a crash leaves it. Raises ValueError for any other line that is not one of ours.
    """
    count, broken = 0, None
    for line in lines:
        if broken is not None:
            raise ValueError(f"Line {broken} of the input log cannot be read.")
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            time = int(row["time"])
            kind = row["kind"]
        except (ValueError, TypeError, KeyError):
            broken = count + 1
            continue
        _feed(exchange, kind, row, Instant(now.monotonic_ns + time - now.wall_ns, time))
        count += 1
    exchange.restarted(now)
    return count


def _feed(exchange: Exchange, kind: str, row: dict[str, Any], at: Instant) -> None:
    match kind:
        case "upgraded":
            exchange.upgrade(SessionNumber(row["session"]), _request(exchange, row, at), at)
        case "received":
            exchange.receive(SessionNumber(row["session"]), row["text"] if row["text"] is not None else b"", at)
        case "pinged" if isinstance(exchange, HearsPings):
            exchange.pinged(SessionNumber(row["session"]), at)
        case "gone":
            exchange.gone(SessionNumber(row["session"]), at)
        case "requested":
            exchange.request(_request(exchange, row, at), at)
        case "ticked":
            exchange.tick(at)
        case _:
            raise ValueError(f"The input log holds an input of the unknown kind {kind!r}.")


def _request(exchange: Exchange, row: dict[str, Any], at: Instant) -> HttpRequest:
    headers = tuple((key, value) for key, value in row["headers"])
    request = HttpRequest(
        method=row["method"],
        path=row["path"],
        query=tuple((key, value) for key, value in row["query"]),
        headers=headers,
        body=row["body"].encode(),
    )
    token = exchange.token_for(row["user"], at)
    return evolve(request, headers=(*headers, ("authorization", f"Bearer {token}")))
