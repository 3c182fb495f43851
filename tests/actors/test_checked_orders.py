"""Whatever passes a venue's checks can be written on its wire: the checks and the codec agree."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import ApiKey, AxConfig, Instrument, KrakenFuturesConfig, KrakenSpotConfig, KrakenSpotOptions, NewOrder
from actors.venues import VENUES
from protocol import commands, facts
from protocol.dispatch import DispatchState, Send
from protocol.dispatch.inputs import Admission, Asked, Heard, LinkUp, Submission
from protocol.errors import NotSent
from protocol.kraken_spot.options import ConditionalClose
from protocol.orders import VenueOptions
from protocol.values import (
    AccountId,
    ClientOrderId,
    Instant,
    OffsetUnit,
    OrderType,
    RequestId,
    Side,
    TimeInForce,
    TraderId,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import HttpCall, SignedCall, Venue

WALL = 1_790_000_000_000_000_000
NOW = Instant(10**12, WALL)
SECRET = "YSBzZWNyZXQgb2YgdGhlIHRlc3Rz"
BITCOIN = Instrument(id="BTC/USD.KRAKEN", price_increment="0.1", quantity_increment="0.00000001")
MARKETS: Mapping[str, tuple[Venue, Instrument]] = MappingProxyType(
    {
        "ax": (AxConfig(credentials=ApiKey("k", "s")).venue(), Instrument(id="XAU-PERP.AX", price_increment="0.1")),
        "kraken-futures": (
            KrakenFuturesConfig(credentials=ApiKey("k", SECRET)).venue(),
            Instrument(id="PF_XBTUSD.KRAKEN-FUTURES", price_increment="0.5", quantity_increment="0.0001"),
        ),
        "kraken-spot": (KrakenSpotConfig(credentials=ApiKey("k", SECRET)).venue(), BITCOIN),
        "kraken-spot by REST": (KrakenSpotConfig(credentials=ApiKey("k", SECRET), rest_entry=True).venue(), BITCOIN),
    }
)
NUMBERS = st.sampled_from([Decimal(text) for text in ("1", "10", "0.5", "2411.5", "60000", "0", "-3", "1E+40")])
MAYBE = st.one_of(st.none(), NUMBERS)
MOMENTS = st.sampled_from([None, WALL - 10**9, WALL + 10**9, WALL + 30 * 10**9, WALL + 10**15, WALL + 10**17])
PRICE_TYPES = st.sampled_from([None, "static", "pct", "quote"])
CLOSES = st.builds(
    ConditionalClose,
    type=st.sampled_from(OrderType),
    price=MAYBE,
    price_type=PRICE_TYPES,
    trigger_price=MAYBE,
    trigger_price_type=PRICE_TYPES,
)
OPTIONS = st.one_of(
    st.none(),
    st.sampled_from([KrakenSpotOptions(stp_type="cancel_both", fee_preference="base"), VenueOptions()]),
    st.builds(KrakenSpotOptions, limit_price_type=PRICE_TYPES),
    st.builds(KrakenSpotOptions, conditional=CLOSES, unnamed=st.just(True)),
)


def orders(instrument: str) -> st.SearchStrategy[NewOrder]:
    return st.builds(
        NewOrder,
        instrument=st.just(instrument),
        side=st.sampled_from(Side),
        type=st.sampled_from(OrderType),
        quantity=NUMBERS,
        price=MAYBE,
        trigger_price=MAYBE,
        time_in_force=st.sampled_from(TimeInForce),
        post_only=st.booleans(),
        reduce_only=st.booleans(),
        tag=st.sampled_from([None, None, "desk"]),
        trigger=st.sampled_from(TriggerType),
        trailing_offset=MAYBE,
        trailing_unit=st.sampled_from(OffsetUnit),
        limit_offset=MAYBE,
        limit_offset_unit=st.sampled_from(OffsetUnit),
        expire_time=MOMENTS,
        process_before=MOMENTS,
        display_quantity=MAYBE,
        quote_quantity=st.booleans(),
        margin=st.booleans(),
        options=OPTIONS,
    )


def changes(instrument: Instrument) -> st.SearchStrategy[commands.Replace]:
    return st.builds(
        commands.Replace,
        client_order_id=st.just(ClientOrderId("a")),
        instrument=st.just(instrument.id),
        quantity=MAYBE,
        price=MAYBE,
        time_in_force=st.one_of(st.none(), st.sampled_from(TimeInForce)),
        post_only=st.one_of(st.none(), st.booleans()),
        trigger_price=MAYBE,
        trailing_offset=MAYBE,
        trailing_unit=st.sampled_from(OffsetUnit),
        display_quantity=MAYBE,
    )


def new_state(venue: Venue) -> DispatchState:
    state = DispatchState(venue, TraderId("T"), AccountId("A"))
    login = facts.LoggedIn(user="u", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    state.apply([LinkUp(1, "ws://test"), Heard(1, (login,))], NOW)
    return state


def written(venue: Venue, sends: list[Any]) -> list[str | HttpCall]:
    """What would go out."""
    texts = [venue.encode(send.request, "token") for send in sends if isinstance(send, Send)]
    for text in texts:
        if isinstance(text, SignedCall):
            assert text.sign(1).headers
    return texts


def admitted(venue: Venue, instrument: Instrument, order: NewOrder, name: str = "a") -> Asked | None:
    """As the command handler passes it on; None when it refuses the order."""
    try:
        found = venue.check_order(order, {instrument.symbol: instrument})
        venue.check_terms(order, found)
    except NotSent:
        return None
    submission = Submission(order=order, client_order_id=ClientOrderId(name), instrument=found)
    return Asked(
        command=commands.Place(order),
        request_id=RequestId(1),
        reply_to="somebody",
        admission=Admission.ORDER,
        submission=submission,
    )


@pytest.mark.parametrize("name", MARKETS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_passes_the_checks_can_be_placed(name: str, data: st.DataObject) -> None:
    venue, instrument = MARKETS[name]
    asked = admitted(venue, instrument, data.draw(orders(str(instrument.id))))
    if asked is not None:
        written(venue, new_state(venue).apply([asked], NOW).sends)


@pytest.mark.parametrize("name", MARKETS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_passes_the_checks_can_be_changed(name: str, data: st.DataObject) -> None:
    venue, instrument = MARKETS[name]
    change = data.draw(changes(instrument))
    try:
        venue.check_change(change, instrument)
    except NotSent:
        return
    state = new_state(venue)
    external = commands.RegisterExternal(
        client_order_id=ClientOrderId("a"),
        venue_order_id=VenueOrderId("OAAAAA-BBBBB-CCCCCC"),
        instrument=instrument.id,
        strategy=change.client_order_id,  # type: ignore[arg-type]
    )
    state.apply([Asked(command=external, request_id=RequestId(0), reply_to=None, instrument=instrument)], NOW)
    asked = Asked(command=change, request_id=RequestId(2), reply_to="somebody", admission=Admission.ORDER)
    assert written(venue, state.apply([asked], NOW).sends)


@pytest.mark.parametrize("name", MARKETS)
def test_a_plain_order_passes_and_is_written(name: str) -> None:
    venue, instrument = MARKETS[name]
    order = NewOrder.limit(str(instrument.id), Side.BUY, quantity=10, price=60000)
    asked = admitted(venue, instrument, order)
    assert asked is not None
    assert len(written(venue, new_state(venue).apply([asked], NOW).sends)) == 1


def test_every_venue_is_checked() -> None:
    assert set(MARKETS) == {*VENUES, "kraken-spot by REST"}
