"""The simulated Kraken Futures, talked to by hand-written JSON and forms: what its tests begin with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from protocol.simulation.exchange import Accept, Close, HttpRequest, Received, Refuse, Requested, Tell, Upgraded
from protocol.simulation.exchange import SessionNumber as Number
from protocol.simulation.fault_effects import page
from protocol.simulation.faults import Fault, FaultSchedule
from protocol.simulation.input_log import encode_input
from protocol.simulation.kraken_futures import (
    KrakenFuturesExchange,
    KrakenFuturesExchangeSettings,
    KrakenFuturesUser,
)
from protocol.values import Instant, Side

SECOND = 1_000_000_000
SECRET = "dHJpby1vcmRlcnMgc2ltdWxhdGVkIEtyYWtlbiBGdXR1cmVzIGRlbW8gc2VjcmV0LCBub3QgYSByZWFsIG9uZS4="
ACCOUNT = "f0f0f0f0-0000-4000-8000-000000000001"
OTHER_SECRET = "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA=="
OTHER_ACCOUNT = "f0f0f0f0-0000-4000-8000-000000000002"
OTHER = KrakenFuturesUser(api_key="other-key", api_secret=OTHER_SECRET, account=OTHER_ACCOUNT)
SECRETS = {"demo-key": SECRET, "other-key": OTHER_SECRET}
BASE = "/derivatives/api/v3"
STOP = "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&cliOrdId=sim-f-2"
"""A stop order, in the form of sendorder."""
START = 1_782_907_200 * SECOND
"""2026-07-01T12:00:00Z"""


def signed(secret: str, text: str) -> str:
    """HMAC-SHA512 of SHA-256, in base64 (spec B.3, B.10)."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b64encode(hmac.new(base64.b64decode(secret), digest, hashlib.sha512).digest()).decode()


def web_page(status: int) -> str:
    """The page with which a proxy in front of the venue answers."""
    return page(status).body.decode()


class Floor:
    """An exchange, its clock, sessions that talk JSON to it, and callers that sign."""

    def __init__(self, *faults: Fault, **settings: Any) -> None:
        ours: dict[str, Any] = {"quotes": False, "strict": True, "users": (KrakenFuturesUser(), OTHER)}
        options = KrakenFuturesExchangeSettings(**(ours | settings))
        self.exchange = KrakenFuturesExchange(options, random.Random(7).random, FaultSchedule(faults))
        self.now = Instant(10 * SECOND, START)
        self.sessions = 0
        self.nonce = 0
        self.heard: dict[int, list[Any]] = {}
        self.closed: dict[int, int | None] = {}
        self.log: list[str] | None = None
        self.headers: dict[str, str] = {}

    # Time

    def wait(self, seconds: str | int) -> None:
        until = self.now.monotonic_ns + int(Decimal(seconds) * SECOND)
        while (due := self.exchange.next_due) is not None and due <= until:
            self._advance(max(due, self.now.monotonic_ns))
            self.take(self.exchange.tick(self.now))
        self._advance(until)

    def _advance(self, to: int) -> None:
        self.now = Instant(to, self.now.wall_ns + to - self.now.monotonic_ns)

    # REST

    def call(self, method: str, path: str, text: str = "", key: str = "demo-key", **changes: str) -> tuple[int, Any]:
        """One signed call; changes: of its headers."""
        self.nonce += 1
        nonce = changes.get("nonce", str(self.nonce))
        endpoint = path.removeprefix("/derivatives")
        headers = {"apikey": key, "authent": signed(SECRETS[key], text + nonce + endpoint), "nonce": nonce}
        headers = {name: value for name, value in (headers | changes).items() if value}
        return self.unsigned(method, path, text, headers)

    def unsigned(self, method: str, path: str, text: str, headers: dict[str, str]) -> tuple[int, Any]:
        is_post = method == "POST"
        request = HttpRequest(
            method=method,
            path=path,
            headers=tuple(headers.items()),
            body=text.encode() if is_post else b"",
            raw_query="" if is_post else text,
        )
        self.note(Requested(request))
        reply, outputs = self.exchange.request(request, self.now)
        self.headers = dict(reply.headers)
        self.take(outputs)
        is_json = reply.content_type == "application/json"
        return reply.status, json.loads(reply.body, parse_float=Decimal) if is_json else reply.body.decode()

    def post(self, path: str, text: str = "", key: str = "demo-key") -> Any:
        status, answer = self.call("POST", f"{BASE}/{path}", text, key)
        assert status == 200, answer
        return answer

    def get(self, path: str, text: str = "", key: str = "demo-key") -> Any:
        status, answer = self.call("GET", path if path.startswith("/") else f"{BASE}/{path}", text, key)
        assert status == 200, answer
        return answer

    def send(self, text: str, key: str = "demo-key") -> Any:
        """The sendStatus of a placement."""
        return self.post("sendorder", text, key)["sendStatus"]

    def lmt(self, side: str, size: str, price: str, name: str = "", more: str = "", key: str = "demo-key") -> Any:
        named = f"&cliOrdId={name}" if name else ""
        return self.send(f"orderType=lmt&symbol=PF_XBTUSD&side={side}&size={size}&limitPrice={price}{named}{more}", key)

    # WebSocket

    def open(self) -> int:
        self.sessions += 1
        number = Number(self.sessions)
        request = HttpRequest(method="GET", path="/ws/v1")
        self.note(Upgraded(number, request))
        decision, outputs = self.exchange.upgrade(number, request, self.now)
        if isinstance(decision, Refuse):
            return -decision.reply.status
        assert isinstance(decision, Accept)
        self.take(outputs)
        return number

    def hear(self, session: int, text: str | bytes) -> list[Any]:
        """Sends a text; gives what this session hears at once."""
        before = len(self.heard.get(session, []))
        self.note(Received(Number(session), text))
        self.take(self.exchange.receive(Number(session), text, self.now))
        return self.heard.get(session, [])[before:]

    def proof(self, session: int, key: str = "demo-key") -> str:
        (challenge,) = self.hear(session, f'{{"event":"challenge","api_key":"{key}"}}')
        message = challenge["message"]
        answer = signed(SECRETS[key], message)
        return f'"api_key":"{key}","original_challenge":"{message}","signed_challenge":"{answer}"'

    def listen(self, *feeds: str, key: str = "demo-key") -> int:
        """A new session that is subscribed to these feeds."""
        session = self.open()
        proof = self.proof(session, key)
        for feed in feeds:
            self.hear(session, f'{{"event":"subscribe","feed":"{feed}",{proof}}}')
        self.heard[session] = []
        return session

    def take(self, outputs: Any) -> None:
        for output in outputs:
            if isinstance(output, Tell):
                message = output.message
                is_json = isinstance(message, str) and message.startswith("{")
                parsed = json.loads(message, parse_float=Decimal) if is_json else message
                self.heard.setdefault(output.session, []).append(parsed)
            else:
                assert isinstance(output, Close)
                self.closed[output.session] = output.code

    def news(self, session: int) -> list[str]:
        """What a session heard since it was asked last, in short."""
        told, self.heard[session] = self.heard.get(session, []), []
        return [short(message) for message in told]

    def note(self, item: Any) -> None:
        if self.log is not None and (line := encode_input(self.exchange, item, self.now)) is not None:
            self.log.append(line)

    # Others

    def trade(self, side: Side, price: str, quantity: str, *, rest: bool = False, symbol: str = "PF_XBTUSD") -> None:
        outputs = self.exchange.trade_against(symbol, side, Decimal(price), Decimal(quantity), self.now, rest=rest)
        self.take(outputs)

    def offer(self, price: str, quantity: str) -> None:
        self.trade(Side.SELL, price, quantity, rest=True)

    def bid(self, price: str, quantity: str) -> None:
        self.trade(Side.BUY, price, quantity, rest=True)

    def set_price(self, signal: str, price: str) -> None:
        self.take(self.exchange.set_price("PF_XBTUSD", signal, Decimal(price), self.now))


def short(message: Any) -> str:
    """`fill 0.4@65000`, `placed 1/0`, `-cancelled_by_user`: enough to see what came in which order."""
    if "fills" in message:
        return "fill " + ",".join(f"{fill['qty']}@{fill['price']}" for fill in message["fills"])
    if "reason" not in message:
        return str(message.get("feed") or message.get("event"))
    order = message.get("order")
    sign = "-" if message["is_cancel"] else "+"
    return f"{sign}{message['reason']}" + (f" {order['qty']}/{order['filled']}" if order else "")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("lmt", "post", "ioc", "fok", "mkt", "stp", "take_profit", "cancel", "edit", "other", "price")),
        st.sampled_from(("buy", "sell")),
        st.integers(1, 30),
        st.integers(-5, 5),
        st.sampled_from(("demo-key", "other-key")),
        st.booleans(),
    ),
    max_size=30,
)


def take_step(floor: Floor, number: int, step: tuple[str, str, int, int, str, bool]) -> None:
    what, side, size, offset, key, flag = step
    price, quantity = Decimal(65000) + offset, Decimal(size) / 10
    if what == "other":
        floor.trade(Side.BUY if side == "buy" else Side.SELL, str(price), str(quantity), rest=flag)
    elif what == "price":
        floor.set_price("last" if side == "buy" else "mark", str(price))
    elif what == "cancel":
        floor.post("cancelorder", f"cliOrdId=c{max(1, number - size % 5)}", key)
    elif what == "edit":
        floor.post("editorder", f"cliOrdId=c{max(1, number - size % 5)}&size={quantity}&limitPrice={price}", key)
    else:
        trigger = f"&stopPrice={price}" if what in ("stp", "take_profit") else ""
        limit = f"&limitPrice={price + 1}" if what not in ("mkt", "stp") else ""
        reduce_only = f"&reduceOnly={str(flag).lower()}"
        floor.send(
            f"orderType={what}&symbol=PF_XBTUSD&side={side}&size={quantity}{limit}{trigger}{reduce_only}"
            f"&cliOrdId=c{number}",
            key,
        )
