"""A simulated Kraken Spot without a network, and a client of it that writes its JSON and its forms by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from protocol.simulation.exchange import Accept, Close, HttpReply, HttpRequest, Refuse, SessionNumber, Tell
from protocol.simulation.faults import Fault, FaultSchedule
from protocol.simulation.kraken_spot import DEFAULT_SECRET, KrakenSpotExchange, KrakenSpotExchangeSettings
from protocol.values import Instant, Side

SECOND = 1_000_000_000
START = 1_782_907_200
"""Seconds since 1970 at which every floor begins: 2026-07-01T12:00:00Z."""


class Floor:
    """An exchange, its clock, a token, and sessions that talk JSON to it."""

    def __init__(self, *faults: Fault, **options: Any) -> None:
        chosen = KrakenSpotExchangeSettings(**({"quotes": False, "strict": True} | options))
        self.exchange = KrakenSpotExchange(chosen, random.Random(7).random, FaultSchedule(faults))
        self.now = Instant(10 * SECOND, START * SECOND)
        self.numbers = 0
        self.nonce = 1_000
        self.request_number = 0
        self.heard: dict[int, list[Any]] = {}
        self.closed: dict[int, int | None] = {}

    # Time

    def wait(self, seconds: float) -> None:
        until = self.now.monotonic_ns + int(seconds * SECOND)
        while (due := self.exchange.next_due) is not None and due <= until:
            self._advance(max(0, due - self.now.monotonic_ns))
            self.take(self.exchange.tick(self.now))
            after = self.exchange.next_due
            assert after is None or after > self.now.monotonic_ns, "it would tick for ever"
        self._advance(until - self.now.monotonic_ns)

    def _advance(self, step: int) -> None:
        self.now = Instant(self.now.monotonic_ns + step, self.now.wall_ns + step)

    # Hearing

    def take(self, outputs: Any) -> None:
        for output in outputs:
            if isinstance(output, Tell):
                self.heard.setdefault(output.session, []).append(parsed(output.message))
            else:
                assert isinstance(output, Close)
                self.closed[output.session] = output.code

    def reports(self, session: int) -> list[Any]:
        return [
            report
            for frame in self.heard[session]
            if isinstance(frame, dict) and frame.get("channel") == "executions"
            for report in frame["data"]
        ]

    # REST

    def signed(
        self,
        name: str,
        body: str,
        content_type: str,
        *,
        nonce: int,
        key: str = "demo-key",
        secret: str = DEFAULT_SECRET,
    ) -> HttpRequest:
        path = f"/0/private/{name}"
        inner = hashlib.sha256((str(nonce) + body).encode()).digest()
        digest = hmac.new(base64.b64decode(secret), path.encode() + inner, hashlib.sha512).digest()
        return HttpRequest(
            method="POST",
            path=path,
            headers=(
                ("api-key", key),
                ("api-sign", base64.b64encode(digest).decode()),
                ("content-type", content_type),
            ),
            body=body.encode(),
        )

    def reply(self, request: HttpRequest) -> HttpReply:
        reply, outputs = self.exchange.request(request, self.now)
        self.take(outputs)
        return reply

    def send(self, request: HttpRequest) -> Any:
        reply = self.reply(request)
        assert reply.status == 200
        return parsed(reply.body)

    def rest_text(self, name: str, body: str, content_type: str = "application/x-www-form-urlencoded") -> Any:
        """A body as it is typed; NONCE in it becomes a good one."""
        self.nonce += 1
        body = body.replace("NONCE", str(self.nonce))
        return self.send(self.signed(name, body, content_type, nonce=self.nonce))

    def rest(self, name: str, *, who: tuple[str, str] = ("demo-key", DEFAULT_SECRET), **form: Any) -> Any:
        self.nonce += 1
        body = urlencode({"nonce": self.nonce, **form})
        content_type = "application/x-www-form-urlencoded; charset=utf-8"
        return self.send(self.signed(name, body, content_type, nonce=self.nonce, key=who[0], secret=who[1]))

    def rest_json(self, name: str, **form: Any) -> Any:
        self.nonce += 1
        body = json.dumps({"nonce": str(self.nonce), **form})
        return self.send(self.signed(name, body, "application/json", nonce=self.nonce))

    def public(self, name: str, **query: str) -> Any:
        request = HttpRequest(method="GET", path=f"/0/public/{name}", query=tuple(query.items()))
        return self.send(request)

    def token(self, **who: Any) -> str:
        return str(self.rest("GetWebSocketsToken", **who)["result"]["token"])

    # The socket

    def open(self) -> int:
        self.numbers += 1
        request = HttpRequest(method="GET", path="/v2")
        decision, outputs = self.exchange.upgrade(SessionNumber(self.numbers), request, self.now)
        if isinstance(decision, Refuse):
            return -decision.reply.status
        assert isinstance(decision, Accept)
        self.take(outputs)
        return self.numbers

    def send_text(self, session: int, text: str | bytes) -> list[Any]:
        """Gives what this session hears of it at once."""
        before = len(self.heard.get(session, []))
        self.take(self.exchange.receive(SessionNumber(session), text, self.now))
        return self.heard.get(session, [])[before:]

    def say(self, session: int, method: str, **params: Any) -> list[Any]:
        self.request_number += 1
        return self.send_text(session, json.dumps({"method": method, "params": params, "req_id": self.request_number}))

    def trade(self, side: Side, price: str, quantity: str, *, rest: bool = False, symbol: str = "BTC/USD") -> None:
        self.take(self.exchange.trade_against(symbol, side, Decimal(price), Decimal(quantity), self.now, rest=rest))


class Rig:
    """A session that has subscribed, with its token."""

    def __init__(self, *faults: Fault, subscribe: dict[str, Any] | None = None, **options: Any) -> None:
        self.floor = Floor(*faults, **options)
        self.token = self.floor.token()
        self.session = self.floor.open()
        self.floor.say(self.session, "subscribe", channel="executions", token=self.token, **(subscribe or {}))

    def say(self, method: str, **params: Any) -> list[Any]:
        return self.floor.say(self.session, method, token=self.token, **params)

    def add(self, **terms: Any) -> list[Any]:
        """By default a resting bid."""
        known = {
            "symbol": "BTC/USD",
            "side": "buy",
            "order_type": "limit",
            "order_qty": 0.02,
            "limit_price": 64000.5,
        }
        merged = {key: value for key, value in (known | terms).items() if value is not None}
        return self.say("add_order", **merged)

    def added(self, **terms: Any) -> str:
        """The order id."""
        answer = self.add(**terms)[0]
        assert answer["success"], answer
        return str(answer["result"]["order_id"])

    def refused(self, method: str = "add_order", **terms: Any) -> str:
        """The error of a request that is answered by nothing else."""
        (answer,) = self.add(**terms) if method == "add_order" else self.say(method, **terms)
        assert answer["success"] is False
        assert "result" not in answer
        return str(answer["error"])

    @property
    def kinds(self) -> list[str]:
        return [report["exec_type"] for report in self.floor.reports(self.session)]

    @property
    def last(self) -> Any:
        return self.floor.reports(self.session)[-1]


def parsed(message: str | bytes) -> Any:
    try:
        return json.loads(message, parse_float=Decimal)
    except ValueError:
        return message


def kinds(frames: list[Any]) -> list[str]:
    """Methods of answers, exec types of reports."""
    return [frame.get("method") or "+".join(report["exec_type"] for report in frame["data"]) for frame in frames]
