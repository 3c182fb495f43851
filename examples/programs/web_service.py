"""A web service around a client: JSON in and out, and an HTTP status for each kind of error.

    python examples/programs/web_service.py        (needs the extra `programs`: quart-trio and hypercorn)

    POST   /orders        {"instrument", "side", "quantity", "price"?, "post_only"?, "client_order_id"?}
    GET    /orders        what is open
    GET    /orders/<id>   where an order stands
    DELETE /orders/<id>   cancels it: 202, since only the order itself shows what came of that
    DELETE /orders        cancels all orders of the account, and waits for the venue
    GET    /books         position and fees

It serves an embedded venue to a customer of its own, says what was asked and answered, and exits with 0 if its books
are the same as the venue's. At the real venue, give `open_client` this in place of `venue.config(...)`:

    KrakenSpotConfig(credentials=ApiKey(os.environ["KRAKEN_KEY"], os.environ["KRAKEN_SECRET"]), tier="pro")
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from functools import partial
from http.client import HTTPConnection
from math import ceil
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import trio
from books import Books, cancel_everything
from hypercorn.config import Config
from hypercorn.trio import serve  # pyright: ignore[reportUnknownVariableType] (its annotation is incomplete)
from quart import request
from quart_trio import QuartTrio

from trio_orders import (
    Client,
    ClientOrderId,
    DuplicateOrder,
    LinkError,
    NewOrder,
    NotSent,
    OnClose,
    OrderRejected,
    OrderState,
    OutcomeUnknown,
    RequestFailed,
    Side,
    TradingError,
    Why,
    open_client,
    open_simulated_venue,
)

Reply = tuple[dict[str, object], int]
GONE = (Why.CLOSING, Why.CLOSED, Why.SESSION_ENDED)

STATUS: dict[type[TradingError], int] = {
    DuplicateOrder: 409,  # the id was used before: ask for that order
    NotSent: 422,  # nothing was sent: change it; 429 or 503 if the same may be sent later
    OrderRejected: 422,  # the venue refused it, and does not have it
    RequestFailed: 502,  # the venue refused a question or a cancel: orders stand as they were
    OutcomeUnknown: 504,  # the order may be live: ask for it by its id, and do not send it again
    LinkError: 503,
    TradingError: 500,
}
"""The first class that fits answers what every caller asks: may the order exist, and may I try again?"""


def explained(error: TradingError) -> tuple[dict[str, object], int, dict[str, str]]:
    """The sentence for people; the class, the reason and the status for programs."""
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    body: dict[str, object] = {"error": str(error), "kind": type(error).__name__}
    headers: dict[str, str] = {}
    if isinstance(error, NotSent | OrderRejected | RequestFailed):
        body["why"] = error.why.value
    if isinstance(error, NotSent) and (error.why.may_pass or error.why in GONE):
        status = 429 if error.why in (Why.THROTTLED, Why.BUSY) else 503
        if error.retry_after is not None:
            headers["Retry-After"] = str(ceil(error.retry_after))
    return body, status, headers


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted. Numbers become exact decimals, be they text or JSON numbers."""

    instrument: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    post_only: bool = False
    client_order_id: str | None = None

    def order(self) -> NewOrder:
        """Raises ValueError for what can be no order anywhere."""
        name = ClientOrderId(self.client_order_id or str(uuid4()))
        if self.price is None:
            return NewOrder.market(self.instrument, self.side, quantity=self.quantity, client_order_id=name)
        return NewOrder.limit(
            self.instrument,
            self.side,
            quantity=self.quantity,
            price=self.price,
            post_only=self.post_only,
            client_order_id=name,
        )


def shown(state: OrderState) -> dict[str, object]:
    """Decimals become text."""
    return {
        "client_order_id": state.client_order_id,
        "status": state.status.value,
        "quantity": state.quantity,
        "filled": state.cumulative,
        "price": state.price,
        "reason": state.reason,
    }


def make_service(client: Client, books: Books) -> QuartTrio:
    service = QuartTrio("orders")

    @service.post("/orders")
    async def place() -> Reply:
        """If the caller goes away the order stays: canceling a wait never cancels an order."""
        try:
            asked = msgspec.json.decode(await request.get_data(), type=Asked).order()
        except (msgspec.DecodeError, ValueError) as mistake:
            return {"error": str(mistake)}, 400
        order = await client.submit(asked)
        return shown(await order.accepted()), 201

    @service.get("/orders")
    async def show_all() -> Reply:
        return {"orders": [shown(await order.state()) for order in await client.orders()]}, 200

    @service.get("/orders/<name>")
    async def show(name: str) -> Reply:
        state = await client.order_state(ClientOrderId(name))
        return ({"error": f"Order {name} is not known here."}, 404) if state is None else (shown(state), 200)

    @service.delete("/orders/<name>")
    async def cancel(name: str) -> Reply:
        await client.cancel(ClientOrderId(name))
        return {"client_order_id": name}, 202

    @service.delete("/orders")
    async def cancel_all() -> Reply:
        return {"canceled": await client.cancel_all()}, 200

    @service.get("/books")
    async def show_books() -> Reply:
        return {"position": books.position, "fees": books.fees, "certain": books.certain}, 200

    @service.errorhandler(TradingError)
    async def explain(error: TradingError) -> tuple[dict[str, object], int, dict[str, str]]:
        return explained(error)

    return service


def customer(url: str) -> list[int]:
    """Uses the service as any program would, over HTTP; gives the statuses of the answers."""
    btc = {"instrument": "BTC/USD.KRAKEN", "side": "BUY", "quantity": "0.1", "price": "64000.0", "client_order_id": "1"}
    asked: list[tuple[str, str, dict[str, object] | None]] = [
        ("POST", "/orders", {**btc}),
        ("POST", "/orders", {**btc}),
        ("POST", "/orders", {**btc, "client_order_id": "2", "price": "64000.01"}),
        ("POST", "/orders", {**btc, "client_order_id": "3", "quantity": "much"}),
        ("POST", "/orders", {**btc, "client_order_id": "4", "price": 64010, "quantity": 0.04}),
        ("GET", "/orders/1", None),
        ("DELETE", "/orders/1", None),
        ("GET", "/orders/5", None),
        ("POST", "/orders", {**btc, "client_order_id": "5"}),
        ("DELETE", "/orders", None),
        ("GET", "/books", None),
    ]
    statuses: list[int] = []
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    for method, path, body in asked:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        statuses.append(answer.status)
        print(f"{method} {path}: {answer.status} {answer.read().decode().strip()}")
    connection.close()
    return statuses


async def main() -> bool:
    """True if every question was answered as it should be, and the books agree."""
    async with (
        open_simulated_venue("kraken-spot", seed=5, quotes=False) as venue,
        open_client(venue.config(tier="pro", on_close=OnClose.CANCEL_ALL)) as client,
        trio.open_nursery() as nursery,
    ):
        books, stop = Books(), trio.Event()
        nursery.start_soon(books.follow, client)
        config = Config.from_mapping(bind=["127.0.0.1:0"], errorlog=None)
        service = make_service(client, books)
        await venue.trade("BTC/USD", Side.SELL, price=64010, quantity=1, rest=True)
        async with trio.open_nursery() as serving:
            (url,) = await serving.start(partial(serve, service, config, shutdown_trigger=stop.wait))
            statuses = await trio.to_thread.run_sync(customer, url)
            stop.set()
        await cancel_everything(client)
        listed = await books.finish(client)
        await client.close()  # the stream ends, and `follow` with it
    return books.agree_with(venue, listed) and statuses == [201, 409, 422, 400, 201, 200, 202, 404, 201, 200, 200]


if __name__ == "__main__":
    sys.exit(0 if trio.run(main) else 1)
