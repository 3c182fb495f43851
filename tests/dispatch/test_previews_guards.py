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

from ..order_life import WALL, Rig, acknowledged, refused, rejected, took
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


def asking() -> tuple[Rig, PreviewPrice]:
    rig = Rig()
    rig.place("a1", market=True)
    (send,) = rig.sends
    assert isinstance(send.request, PreviewPrice)
    assert (send.connection, send.admission) == (0, None)
    assert (send.request.symbol, send.request.side, send.request.quantity) == ("GOLD", Side.BUY, Decimal(10))
    rig.sends.clear()
    rig.records.clear()
    return rig, send.request


def denial(rig: Rig) -> str:
    """Why the order was denied just now; its credit is free, and it did not go out."""
    (event,) = [event for event in rig.events() if isinstance(event, events.OrderEvent)]
    assert isinstance(event, events.Denied)
    assert (event.venue_order_id, event.venue_time, event.local_time) == (None, NO_TIME, WALL + rig.time)
    assert rig.last.released == [Admission.ORDER]
    assert not any(isinstance(request, PlaceOrder) for request in rig.sent())
    return event.reason


def test_a_market_order_goes_out_at_the_price_that_was_named() -> None:
    rig, preview = asking()
    rig.hear(priced(preview.request_id))
    (send,) = rig.last.sends
    assert isinstance(send, Send)
    assert isinstance(send.request, PlaceOrder)
    assert (send.request.price, send.request.type) == (Decimal("100.3"), OrderType.MARKET)
    assert (send.connection, send.admission) == (1, Admission.ORDER)
    (noted,) = rig.last.records
    assert isinstance(noted, Bound)
    assert (noted.price, noted.venue_order_id) == (Decimal("100.3"), None)
    assert (rig.last.warnings, rig.last.released) == ([], [])
    rig.hear(priced(preview.request_id))
    assert rig.last.sends == [], "once"


@pytest.mark.parametrize("filled", [1, 9])
def test_a_market_order_that_would_fill_in_part_goes_out_with_a_word(filled: int) -> None:
    rig, preview = asking()
    rig.hear(priced(preview.request_id, filled=filled))
    assert rig.last.warnings == [
        f"Only {filled} of order a1 would fill now; {10 - filled} would not. It is sent all the same."
    ]
    assert [type(request) for request in rig.sent()] == [PlaceOrder]


@pytest.mark.parametrize("ended", [rejected("v1", 1), acknowledged("v1", 1)], ids=["rejected", "accepted"])
def test_a_market_order_of_which_the_venue_tells_before_its_price_is_not_sent(ended: facts.Fact) -> None:
    """The venue knows one of that name already, from wherever it came."""
    rig, preview = asking()
    rig.hear(ended)
    assert rig.hear(priced(preview.request_id)) == []
    assert rig.last.released == [Admission.ORDER]
    assert rig.sent() == []
    rig.hear(took(preview.request_id))
    assert len(rig.last.warnings) == 1
    assert "came too late or twice" in rig.last.warnings[0]


def test_a_market_order_that_is_remembered_no_longer_when_its_price_comes_is_not_sent() -> None:
    rig = Rig(finished_window=FORGETFUL)
    rig.place("a1", market=True)
    (preview,) = rig.sent()
    forget(rig)
    assert rig.hear(priced(preview.request_id)) == []
    assert rig.last.released == [Admission.ORDER]
    assert rig.sent() == []


def test_a_price_that_comes_when_the_connection_is_gone_denies_the_order() -> None:
    rig, preview = asking()
    assert rig.lose_link() == ["Disconnected"]
    rig.hear(priced(preview.request_id))
    assert denial(rig) == "The connection ended before it was sent."


@pytest.mark.parametrize(("filled", "price"), [(0, "100.3"), (10, None)])
def test_a_price_behind_which_there_is_nothing_denies_the_order(filled: int, price: str | None) -> None:
    rig, preview = asking()
    rig.hear(priced(preview.request_id, filled, price))
    assert denial(rig) == "There is nothing to trade against, so it was not sent."


def test_a_price_that_the_venue_refuses_denies_the_order() -> None:
    rig, preview = asking()
    rig.hear(refused(preview.request_id, Outcome.DEFINITE, "closed"))
    assert denial(rig) == "The venue named no price for it: closed"
    rig.hear(priced(preview.request_id))
    assert rig.last.sends == []


def test_a_price_that_does_not_come_denies_the_order() -> None:
    rig, preview = asking()
    rig.hear(took(preview.request_id))
    assert rig.last.warnings == [
        f"The answer to request {preview.request_id} does not fit what was asked, and was ignored."
    ]
    rig.wait(9.9)
    assert rig.events() == []
    rig.wait(0.1)
    assert denial(rig) == "The venue named no price for it. The venue did not answer within 10 s."


def test_a_market_order_is_denied_when_its_price_is_awaited_as_the_client_closes() -> None:
    rig, _ = asking()
    rig.ask(commands.Disconnect(grace=SECOND), None)
    assert denial(rig) == "The client was closed before it was sent."


def test_a_cancel_withdraws_an_order_whose_price_is_awaited() -> None:
    rig, _ = asking()
    assert rig.ask(commands.Cancel(A1), None) == 2
    assert denial(rig) == "It was canceled before it was sent."
