"""Kraken Spot's wire as the venue writes it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocol.facts import OrderFilled, Trade
from protocol.kraken_spot import wire
from protocol.kraken_spot.converter import encode_form, encode_message, rfc3339
from protocol.kraken_spot.order_entry import edit_frame, encode
from protocol.simulation.kraken_spot import venue_side
from protocol.simulation.kraken_spot.parameters import AddOrder
from protocol.values import LiquiditySide, Money, Side, TradeId, VenueOrderId

from .messages import FRAMES, PLACEMENTS, D, logged_in, place, replace


def test_every_frame_of_ours_is_one_that_the_venue_takes() -> None:
    requests = [request for request, _ in [*PLACEMENTS.values(), *FRAMES.values()]]
    for request in requests:
        call = venue_side.decode_request(encode(request, "T"))
        assert (call.req_id, call.params and call.params.token) == (request.request_id, "T")
    assert venue_side.decode_request(edit_frame(replace(price=D(1)), "T")).method == "edit_order"


def test_amounts_go_into_a_form_without_exponents() -> None:
    assert encode_form(wire.AddOrderForm(pair="XBTUSD", volume=D("1E+2"))) == "volume=100&pair=XBTUSD"


NUMBERS = st.decimals(min_value="0.00000001", max_value="1e9", places=8)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=18)


@given(quantity=NUMBERS, price=NUMBERS, name=NAMES, side=st.sampled_from(Side), number=st.integers(1, 2**31 - 1))
def test_an_order_arrives_at_the_venue_as_it_was_meant(
    quantity: Decimal, price: Decimal, name: str, side: Side, number: int
) -> None:
    request = place(quantity=quantity, price=price, wire_id=name, side=side, request_id=number)
    call = venue_side.decode_request(encode(request, "T"))
    assert isinstance(call.params, AddOrder)
    params = call.params
    assert (params.order_qty, params.limit_price, params.cl_ord_id) == (quantity, price, name)
    assert (params.side, call.req_id) == (side.name.lower(), number)


@given(quantity=NUMBERS, price=NUMBERS, fee=NUMBERS, name=NAMES, time=st.integers(10**9, 2**33 * 10**9))
def test_a_fill_arrives_at_the_client_as_it_happened(
    quantity: Decimal, price: Decimal, fee: Decimal, name: str, time: int
) -> None:
    report = wire.Report(
        order_id="O-1",
        cl_ord_id=name,
        exec_id="T-1",
        exec_type="trade",
        symbol="BTC/USD",
        side="sell",
        last_qty=quantity,
        last_price=price,
        liquidity_ind="t",
        fees=[wire.Fee(asset="USD", qty=fee)],
        timestamp=rfc3339(time, 9),
    )
    frame = wire.Frame(channel="executions", type="update", data=[report], sequence=2)
    (fact,) = logged_in().decode(encode_message(frame))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == Trade(
        venue_order_id=VenueOrderId("O-1"),
        trade_id=TradeId("T-1"),
        symbol="BTC/USD",
        side=Side.SELL,
        price=price,
        quantity=quantity,
        liquidity=LiquiditySide.TAKER,
        time=time,
        fee=Money(fee, "USD"),
        wire_id=name,
    )
