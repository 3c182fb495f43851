"""The price that a market order needs at a venue which takes none without: what keeps it away, and what goes out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts
from protocol.dispatch import Send
from protocol.dispatch.inputs import Admission
from protocol.dispatch.records import Bound
from protocol.facts import Outcome
from protocol.requests import PlaceOrder, PreviewPrice
from protocol.values import NO_TIME, ClientOrderId, OrderType, RequestId, Side
from protocol.venue import SECOND

from .order_life import WALL, Desk, acknowledged, refused, rejected, took
from .test_placements_guards import FORGETFUL, forget

A1 = ClientOrderId("a1")


def priced(number: RequestId, filled: int = 10, price: str | None = "100.3") -> facts.PricePreviewed:
    """The whole order is for 10."""
    return facts.PricePreviewed(
        request_id=number,
        price=None if price is None else Decimal(price),
        filled=Decimal(filled),
        remaining=Decimal(10 - filled),
    )


def asking() -> tuple[Desk, PreviewPrice]:
    desk = Desk()
    desk.place("a1", market=True)
    (send,) = desk.sends
    assert isinstance(send.request, PreviewPrice)
    assert (send.connection, send.admission) == (0, None)
    assert (send.request.symbol, send.request.side, send.request.quantity) == ("GOLD", Side.BUY, 10)
    desk.sends.clear()
    desk.records.clear()
    return desk, send.request


def denial(desk: Desk) -> str:
    """Why the order was denied just now; its credit is free, and it did not go out."""
    (event,) = [event for event in desk.events() if isinstance(event, events.OrderEvent)]
    assert isinstance(event, events.Denied)
    assert (event.venue_order_id, event.venue_time, event.local_time) == (None, NO_TIME, WALL + desk.time)
    assert desk.last.released == [Admission.ORDER]
    assert not any(isinstance(request, PlaceOrder) for request in desk.sent())
    return event.reason


def test_a_market_order_goes_out_at_the_price_that_was_named() -> None:
    desk, preview = asking()
    desk.hear(priced(preview.request_id))
    (send,) = desk.last.sends
    assert isinstance(send, Send)
    assert isinstance(send.request, PlaceOrder)
    assert (send.request.price, send.request.type) == (Decimal("100.3"), OrderType.MARKET)
    assert (send.connection, send.admission) == (1, Admission.ORDER)
    (noted,) = desk.last.records
    assert isinstance(noted, Bound)
    assert (noted.price, noted.venue_order_id) == (Decimal("100.3"), None)
    assert (desk.last.warnings, desk.last.released) == ([], [])
    desk.hear(priced(preview.request_id))
    assert desk.last.sends == [], "once"


@pytest.mark.parametrize("filled", [1, 9])
def test_a_market_order_that_would_fill_in_part_goes_out_with_a_word(filled: int) -> None:
    desk, preview = asking()
    desk.hear(priced(preview.request_id, filled=filled))
    assert desk.last.warnings == [
        f"Only {filled} of order a1 would fill now; {10 - filled} would not. It is sent all the same."
    ]
    assert [type(request) for request in desk.sent()] == [PlaceOrder]


@pytest.mark.parametrize("ended", [rejected("v1", 1), acknowledged("v1", 1)], ids=["rejected", "accepted"])
def test_a_market_order_of_which_the_venue_tells_before_its_price_is_not_sent(ended: facts.Fact) -> None:
    """The venue knows one of that name already, from wherever it came."""
    desk, preview = asking()
    desk.hear(ended)
    assert desk.hear(priced(preview.request_id)) == []
    assert desk.last.released == [Admission.ORDER]
    assert desk.sent() == []
    desk.hear(took(preview.request_id))
    assert len(desk.last.warnings) == 1
    assert "came too late or twice" in desk.last.warnings[0]


def test_a_market_order_that_is_remembered_no_longer_when_its_price_comes_is_not_sent() -> None:
    desk = Desk(finished_window=FORGETFUL)
    desk.place("a1", market=True)
    (preview,) = desk.sent()
    forget(desk)
    assert desk.hear(priced(preview.request_id)) == []
    assert desk.last.released == [Admission.ORDER]
    assert desk.sent() == []


def test_a_price_that_comes_when_the_connection_is_gone_denies_the_order() -> None:
    desk, preview = asking()
    assert desk.lose_link() == ["Disconnected"]
    desk.hear(priced(preview.request_id))
    assert denial(desk) == "The connection ended before it was sent."


@pytest.mark.parametrize(("filled", "price"), [(0, "100.3"), (10, None)])
def test_a_price_behind_which_there_is_nothing_denies_the_order(filled: int, price: str | None) -> None:
    desk, preview = asking()
    desk.hear(priced(preview.request_id, filled, price))
    assert denial(desk) == "There is nothing to trade against, so it was not sent."


def test_a_price_that_the_venue_refuses_denies_the_order() -> None:
    desk, preview = asking()
    desk.hear(refused(preview.request_id, Outcome.DEFINITE, "closed"))
    assert denial(desk) == "The venue named no price for it: closed"
    desk.hear(priced(preview.request_id))
    assert desk.last.sends == []


def test_a_price_that_does_not_come_denies_the_order() -> None:
    desk, preview = asking()
    desk.hear(took(preview.request_id))
    assert desk.last.warnings == [
        f"The answer to request {preview.request_id} does not fit what was asked, and was ignored."
    ]
    desk.wait(9.9)
    assert desk.events() == []
    desk.wait(0.1)
    assert denial(desk) == "The venue named no price for it. The venue did not answer within 10 s."


def test_a_market_order_is_denied_when_its_price_is_awaited_as_the_client_closes() -> None:
    desk, _ = asking()
    desk.ask(commands.Disconnect(grace=SECOND), None)
    assert denial(desk) == "The client was closed before it was sent."


def test_a_cancel_withdraws_an_order_whose_price_is_awaited() -> None:
    desk, _ = asking()
    assert desk.ask(commands.Cancel(A1), None) == 2
    assert denial(desk) == "It was canceled before it was sent."
