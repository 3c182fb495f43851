"""What Kraken Spot may be asked, and how often: the checks before sending, and the counters."""

# Ids and request numbers are written as plain text and numbers here, and terms as dicts.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.commands import Replace
from protocol.errors import NotSent
from protocol.kraken_spot import checks
from protocol.kraken_spot.limits import (
    POINT,
    REST,
    Tier,
    TradingCounter,
    TradingCounters,
    TradingTerms,
    TradingThrottle,
    amend_cost,
    batch_add_cost,
    cancel_cost,
    edit_cost,
    placement_cost,
    rest_budgets,
    rest_cost,
    terms_told,
    trading_cost,
    trading_terms,
)
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.limits import Budget
from protocol.orders import NewOrder, VenueOptions
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.values import ClientOrderId, Instrument, OffsetUnit, OrderType, Side, SystemMode, TimeInForce, TriggerType

D = Decimal
SECOND = 1_000_000_000
BITCOIN = Instrument(
    id="BTC/USD.KRAKEN", price_increment="0.1", quantity_increment="0.00000001", minimum_quantity="0.0001"
)
INSTRUMENTS = {"BTC/USD": BITCOIN}


def order(kind: OrderType = OrderType.LIMIT, **terms: Any) -> NewOrder:
    """A limit order that is in order, with other terms."""
    usual: dict[str, Any] = {"instrument": "BTC/USD.KRAKEN", "side": Side.BUY, "type": kind, "quantity": "0.02"}
    if kind is OrderType.LIMIT:
        usual["price"] = "64000.5"
    return NewOrder(**(usual | terms))


def checked(asked: NewOrder) -> None:
    checks.check_terms(asked, checks.check_order(asked, INSTRUMENTS))


# Names (spec A.13)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("O202602270023210040011", "O02270023210040011"),
        ("O20260227002321004001100", "O27002321004001100"),
        ("0123456789abcdef0123456789abcdeg", "Of0123456789abcdeg"),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ("6d1b345e-2821-40e2-ad83-4ecb18a06876", "6d1b345e-2821-40e2-ad83-4ecb18a06876"),
        ("a", "a"),
        ("123456789012345678", "123456789012345678"),
        ("1234567890123456789", "O34567890123456789"),
    ],
)
def test_a_name_that_the_venue_would_not_take_is_cut(name: str, sent: str) -> None:
    assert OVER_SOCKET.wire_id(ClientOrderId(name)) == sent


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=36))
def test_a_name_that_was_cut_once_is_not_cut_again(name: str) -> None:
    sent = OVER_SOCKET.wire_id(ClientOrderId(name))
    assert OVER_SOCKET.wire_id(ClientOrderId(str(sent))) == sent


@pytest.mark.parametrize("name", ["", "x" * 37, "naïve", "tab\t", "line\n"])
def test_a_name_that_no_wire_carries_is_refused(name: str) -> None:
    with pytest.raises(NotSent, match="client order id"):
        checked(order(client_order_id=name))


def test_an_instrument_must_be_known_by_its_modern_name() -> None:
    with pytest.raises(NotSent, match=r"XBT/USD\.KRAKEN is not in the cache; .* Kraken calls it BTC/USD\."):
        checked(order(instrument="XBT/USD.KRAKEN"))
    with pytest.raises(NotSent, match=r"not in the cache; cache it first, or check its name\.$"):
        checked(order(instrument="SOL/USD.KRAKEN"))
    with pytest.raises(NotSent, match=r"not in the cache: it is of ELSEWHERE, and this is a client of KRAKEN\.$"):
        checked(order(instrument="BTC/USD.ELSEWHERE"))


# Terms (spec A.10, A.12)

STOP = {"trigger_price": "61000"}
TRAILING = {"trailing_offset": "2"}
ICEBERG = {"quantity": "15", "display_quantity": "1"}


def closing(**terms: Any) -> dict[str, Any]:
    return {"options": KrakenSpotOptions(conditional=ConditionalClose(**terms), unnamed=True)}


GOOD: dict[str, NewOrder] = {
    "limit": order(),
    "market": order(OrderType.MARKET),
    "market by amount": order(OrderType.MARKET, quantity="0.00005", quote_quantity=True),
    "market IOC": order(OrderType.MARKET, time_in_force=TimeInForce.IOC),
    "IOC": order(time_in_force=TimeInForce.IOC),
    "FOK": order(time_in_force=TimeInForce.FOK),
    "GTD": order(time_in_force=TimeInForce.GTD, expire_time=1),
    "post-only": order(post_only=True),
    "post-only GTD": order(post_only=True, time_in_force=TimeInForce.GTD, expire_time=1),
    "iceberg": order(**ICEBERG),
    "margin": order(margin=True),
    "reduce-only": order(margin=True, reduce_only=True),
    "stop": order(OrderType.STOP_MARKET, **STOP),
    "stop by index": order(OrderType.STOP_MARKET, trigger=TriggerType.INDEX, **STOP),
    "stop-limit": order(OrderType.STOP_LIMIT, price="60900", **STOP),
    "market-if-touched": order(OrderType.MARKET_IF_TOUCHED, **STOP),
    "limit-if-touched": order(OrderType.LIMIT_IF_TOUCHED, price="60900", trigger=TriggerType.LAST, **STOP),
    "trailing stop": order(OrderType.TRAILING_STOP_MARKET, **TRAILING),
    "trailing stop by price": order(
        OrderType.TRAILING_STOP_MARKET, trailing_offset="500", trailing_unit=OffsetUnit.PRICE
    ),
    "trailing stop-limit": order(OrderType.TRAILING_STOP_LIMIT, limit_offset="1", **TRAILING),
    "trailing stop-limit at a fixed price": order(
        OrderType.TRAILING_STOP_LIMIT, price="60000", options=KrakenSpotOptions(limit_price_type="static"), **TRAILING
    ),
    "options": order(options=KrakenSpotOptions(fee_preference="base", stp_type="cancel_both", sender_sub_id="desk")),
    "a conditional close": order(
        options=KrakenSpotOptions(conditional=ConditionalClose(type=OrderType.LIMIT, price="65000"), unnamed=True)
    ),
    "a trailing close": order(
        **closing(type=OrderType.TRAILING_STOP_LIMIT, trigger_price=500, trigger_price_type="quote", price="0.25")
    ),
    "a close at a distance": order(**closing(type=OrderType.STOP_MARKET, trigger_price=2, trigger_price_type="pct")),
    "a limit distance by the venue's own word": order(
        OrderType.TRAILING_STOP_LIMIT,
        limit_offset="150",
        options=KrakenSpotOptions(limit_price_type="quote"),
        **TRAILING,
    ),
    "a userref": order(options=KrakenSpotOptions(order_userref=7, unnamed=True)),
}


@pytest.mark.parametrize("kind", GOOD)
def test_an_order_in_order_passes(kind: str) -> None:
    checked(GOOD[kind])


BAD: dict[str, tuple[NewOrder, str]] = {
    "a tag": (order(tag="mine"), "no order tags"),
    "DAY": (order(time_in_force=TimeInForce.DAY), "GTC, GTD, IOC and FOK"),
    "a FOK market order": (order(OrderType.MARKET, time_in_force=TimeInForce.FOK), "only limit orders can be FOK"),
    "an IOC stop": (order(OrderType.STOP_MARKET, time_in_force=TimeInForce.IOC, **STOP), "waits until its trigger"),
    "a GTD market order": (order(OrderType.MARKET, time_in_force=TimeInForce.GTD, expire_time=1), "never rests"),
    "GTD without a time": (order(time_in_force=TimeInForce.GTD), "needs an expire time"),
    "a time without GTD": (order(expire_time=1), "only GTD orders have an expire time"),
    "a post-only market order": (order(OrderType.MARKET, post_only=True), "only limit orders can be post-only"),
    "a post-only IOC": (order(post_only=True, time_in_force=TimeInForce.IOC), "could never trade"),
    "reduce-only without margin": (order(reduce_only=True), "set margin"),
    "no quantity": (order(quantity="0"), "greater than zero"),
    "beyond belief": (order(quantity="1e40"), "plausible"),
    "below the minimum": (order(quantity="0.00001"), "below the minimum of 0.0001"),
    "too fine": (order(quantity="0.020000001"), "size increment 0.00000001"),
    "a limit by amount": (order(quantity="100", quote_quantity=True), "only a market buy"),
    "a sell by amount": (
        order(OrderType.MARKET, side=Side.SELL, quantity="100", quote_quantity=True),
        "only a market buy",
    ),
    "by amount on margin": (order(OrderType.MARKET, quantity="100", quote_quantity=True, margin=True), "on margin"),
    "a market iceberg": (order(OrderType.MARKET, **ICEBERG), "only limit orders can be icebergs"),
    "an IOC iceberg": (order(time_in_force=TimeInForce.IOC, **ICEBERG), "must rest"),
    "an iceberg that shows nothing": (order(quantity="15", display_quantity="0"), "more than zero"),
    "an iceberg that shows too much": (order(quantity="15", display_quantity="16"), "no more than the order's"),
    "an iceberg that shows too little": (order(quantity="15.1", display_quantity="1"), "a fifteenth"),
    "an iceberg too fine": (order(quantity="15", display_quantity="1.000000001"), "the display quantity"),
    "a limit without a price": (order(price=None), "a limit order needs a price"),
    "a market order with a price": (order(OrderType.MARKET, price="1"), "would not take the price 1 of a market order"),
    "a stop without a trigger": (order(OrderType.STOP_MARKET), "a stop-market order needs a trigger price"),
    "a limit with a trigger": (order(**STOP), "cannot have a trigger price"),
    "a stop by mark price": (
        order(OrderType.STOP_MARKET, trigger=TriggerType.MARK, **STOP),
        "the last or the index price, not at MARK",
    ),
    "a limit with a trigger source": (order(trigger=TriggerType.INDEX), "no trigger that INDEX could fire"),
    "a negative price": (order(price="-1"), "greater than zero"),
    "a price between two ticks": (order(price="64000.55"), "tick size 0.1"),
    "a trigger between two ticks": (order(OrderType.STOP_MARKET, trigger_price="61000.05"), "the trigger price"),
    "a trailing stop without a distance": (order(OrderType.TRAILING_STOP_MARKET), "needs a trailing offset"),
    "a limit with a distance": (order(**TRAILING), "only trailing orders"),
    "a trailing stop-limit without a limit": (order(OrderType.TRAILING_STOP_LIMIT, **TRAILING), "limit offset"),
    "a limit with a limit distance": (order(limit_offset="1"), "cannot have a limit offset"),
    "a distance of nothing": (order(OrderType.TRAILING_STOP_MARKET, trailing_offset="0"), "greater than zero"),
    "a distance of everything": (order(OrderType.TRAILING_STOP_MARKET, trailing_offset="100"), "less than 100"),
    "another venue's options": (order(options=VenueOptions()), "no options of the kind VenueOptions"),
    "a limit price type without need": (
        order(options=KrakenSpotOptions(limit_price_type="pct")),
        "only a trailing-stop-limit",
    ),
    "a bad sender": (order(options=KrakenSpotOptions(sender_sub_id="x" * 19)), "sender_sub_id"),
    "a userref without consent": (order(options=KrakenSpotOptions(order_userref=7)), "unnamed=True"),
    "a close at the market": (order(**closing(type=OrderType.MARKET)), "cannot be a MARKET"),
    "a close without its price": (order(**closing(type=OrderType.LIMIT)), "needs a price"),
    "a close with a price too many": (
        order(**closing(type=OrderType.STOP_MARKET, price=1, trigger_price=1)),
        "needs a price exactly",
    ),
    "a trailing close at a price": (
        order(**closing(type=OrderType.TRAILING_STOP_MARKET, trigger_price=61000, trigger_price_type="static")),
        "say pct or quote",
    ),
    "a trailing close that does not say": (
        order(**closing(type=OrderType.TRAILING_STOP_MARKET, trigger_price=2)),
        "say pct or quote",
    ),
    "a close at less than nothing": (
        order(**closing(type=OrderType.STOP_MARKET, trigger_price=-2)),
        "close's trigger price -2 must be greater than zero",
    ),
    "a close at no price": (order(**closing(type=OrderType.LIMIT, price=0)), "close's price 0 must be greater"),
    "a close between two ticks": (
        order(**closing(type=OrderType.LIMIT, price="65000.05", price_type="static")),
        "close's price 65000.05 is not a multiple of the tick size",
    ),
    "a close at everything": (
        order(**closing(type=OrderType.STOP_MARKET, trigger_price=100, trigger_price_type="pct")),
        "less than 100 percent",
    ),
    "a limit distance of everything by the venue's own word": (
        order(
            OrderType.TRAILING_STOP_LIMIT,
            limit_offset="100",
            limit_offset_unit=OffsetUnit.PRICE,
            options=KrakenSpotOptions(limit_price_type="pct"),
            **TRAILING,
        ),
        "limit offset must be less than 100 percent",
    ),
    "a close without its trigger": (order(**closing(type=OrderType.STOP_MARKET)), "needs a trigger price"),
}


@pytest.mark.parametrize("kind", BAD)
def test_an_order_that_the_venue_would_not_take_is_refused_with_the_reason(kind: str) -> None:
    asked, why = BAD[kind]
    with pytest.raises(NotSent, match=why) as caught:
        checked(asked)
    assert str(caught.value).endswith(".")


# Order entry over REST (spec A.17)

OVER_REST = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret="c2VjcmV0", rest_entry=True))
OVER_SOCKET = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret="c2VjcmV0"))


def test_a_margin_order_is_refused_where_rest_takes_the_orders() -> None:
    for asked in (GOOD["margin"], GOOD["reduce-only"]):
        OVER_SOCKET.check_terms(asked, BITCOIN)
        with pytest.raises(NotSent, match=r"^over REST it needs a leverage"):
            OVER_REST.check_terms(asked, BITCOIN)


def test_what_only_the_socket_has_words_for_is_refused_over_rest() -> None:
    asked = order(options=KrakenSpotOptions(sender_sub_id="desk"))
    OVER_SOCKET.check_terms(asked, BITCOIN)
    with pytest.raises(NotSent, match=r"^over REST .*sender_sub_id"):
        OVER_REST.check_terms(asked, BITCOIN)
    OVER_REST.check_terms(GOOD["a close at a distance"], BITCOIN)


@pytest.mark.parametrize(
    "options",
    [
        {"fee_preference": "fcib"},
        {"stp_type": "none"},
        {"limit_price_type": "percent"},
        {"order_userref": 0},
        {"order_userref": 2**31},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        KrakenSpotOptions(**options)


def change(**terms: Any) -> Replace:
    return Replace(client_order_id="mine", instrument=BITCOIN.id, **terms)


def test_a_change_in_order_passes() -> None:
    for terms in (
        {"price": D("64000.5")},
        {"quantity": D("0.00001")},
        {"post_only": True},
        {"trigger_price": D("61000")},
        {"trailing_offset": D("1.5")},
        {"display_quantity": D("0.01")},
    ):
        checks.check_change(change(**terms), BITCOIN)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, "changes nothing"),
        ({"time_in_force": TimeInForce.IOC}, "cannot change the time in force"),
        ({"quantity": D(0)}, "greater than zero"),
        ({"quantity": D("0.020000001")}, "size increment"),
        ({"price": D("0.05")}, "tick size"),
        ({"trigger_price": D("0.05")}, "the trigger price 0.05"),
        ({"trailing_offset": D(100), "trailing_unit": OffsetUnit.PERCENT}, "less than 100"),
        ({"display_quantity": D(0)}, "the display quantity 0 must be greater"),
        ({"trigger_price": D(1), "trailing_offset": D(1)}, "not both"),
    ],
)
def test_a_change_that_the_venue_would_not_take_is_refused(terms: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSent, match=why):
        checks.check_change(change(**terms), BITCOIN)


NOW = 1782907200 * SECOND
MONTH = 31 * 86_400 * SECOND


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"time_in_force": TimeInForce.GTD, "expire_time": NOW}, "in the future"),
        ({"time_in_force": TimeInForce.GTD, "expire_time": NOW + MONTH + 1}, "within a month"),
        (
            {
                "time_in_force": TimeInForce.GTD,
                "expire_time": NOW + 1,
                "options": KrakenSpotOptions(effective_time=NOW + 2),
            },
            "after it begins",
        ),
        ({"options": KrakenSpotOptions(effective_time=NOW)}, "begin in the future"),
        ({"process_before": NOW + SECOND - 1}, "a second"),
        ({"process_before": NOW + 61 * SECOND}, "to a minute"),
        ({"options": KrakenSpotOptions(effective_time=float(NOW + SECOND))}, "whole numbers of nanoseconds"),  # type: ignore[arg-type]
    ],
)
def test_moments_are_checked_against_the_time_that_is_given(terms: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSent, match=why):
        checks.check_times(order(**terms), NOW)


def test_moments_in_order_pass() -> None:
    terms = {"time_in_force": TimeInForce.GTD, "expire_time": NOW + MONTH, "process_before": NOW + SECOND}
    checks.check_times(order(options=KrakenSpotOptions(effective_time=NOW + 1), **terms), NOW)
    checks.check_times(order(), NOW)


# The system's mode (spec A.4)


def place(number: int = 1, **terms: Any) -> PlaceOrder:
    usual: dict[str, Any] = {"side": Side.BUY, "type": OrderType.LIMIT, "quantity": D(1), "price": D(1)}
    usual |= {"trigger_price": None, "time_in_force": TimeInForce.GTC, "post_only": False, "tag": None}
    return PlaceOrder(request_id=number, symbol="BTC/USD", wire_id="w", **(usual | terms))


def replace() -> ReplaceOrder:
    return ReplaceOrder(request_id=1, venue_order_id="O", quantity=D(1), price=None, time_in_force=None, post_only=None)


def cancel(number: int = 1) -> CancelOrder:
    return CancelOrder(request_id=number, venue_order_id="O", wire_id=None)


def batch(*legs: Any) -> BatchOrders:
    return BatchOrders(request_id=9, legs=legs)


TAKER, MAKER, QUESTION = place(), place(post_only=True), ListOpenOrders(request_id=1)
EVERYTHING = CancelAllOrders(request_id=1, symbol=None)
TIMER = SetCancelAllAfter(request_id=1, seconds=60)


@pytest.mark.parametrize(
    ("mode", "taken", "refused"),
    [
        (None, [TAKER, replace(), cancel()], []),
        (SystemMode.ONLINE, [TAKER, MAKER, replace(), cancel(), batch(TAKER)], []),
        (SystemMode.POST_ONLY, [MAKER, replace(), cancel(), EVERYTHING, batch(MAKER)], [TAKER, batch(MAKER, TAKER)]),
        (SystemMode.CANCEL_ONLY, [cancel(), EVERYTHING, TIMER, batch(cancel())], [TAKER, MAKER, replace()]),
        (SystemMode.MAINTENANCE, [QUESTION], [TAKER, MAKER, replace(), cancel(), EVERYTHING, TIMER, batch(cancel())]),
    ],
)
def test_a_mode_decides_what_is_taken(mode: SystemMode | None, taken: list[Request], refused: list[Request]) -> None:
    for request in taken:
        checks.check_mode(request, mode)
    for request in refused:
        with pytest.raises(NotSent, match="Kraken"):
            checks.check_mode(request, mode)


# What things cost (spec A.15)


@pytest.mark.parametrize(
    ("seconds", "amend", "edit", "cancel_"),
    [
        (0, 4, 7, 8),
        (4.999, 4, 7, 8),
        (5, 3, 6, 6),
        (10, 2, 5, 5),
        (15, 1, 3, 4),
        (44, 1, 3, 4),
        (45, 1, 2, 2),
        (90, 1, 1, 1),
        (299, 1, 1, 1),
        (300, 1, 1, 0),
    ],
)
def test_what_is_done_to_a_young_order_costs_more(seconds: float, amend: int, edit: int, cancel_: int) -> None:
    age = int(seconds * SECOND)
    assert (amend_cost(age), edit_cost(age), cancel_cost(age)) == (amend * POINT, edit * POINT, cancel_ * POINT)


def test_orders_cost_one_point_and_half_of_it_in_a_batch() -> None:
    assert (placement_cost(), batch_add_cost(5)) == (POINT, 250)
    assert cancel_cost(0, 50 * SECOND, 400 * SECOND) == 10 * POINT


def test_a_request_costs_what_it_does() -> None:
    assert trading_cost(TAKER) == POINT
    assert trading_cost(replace(), [20 * SECOND]) == POINT
    assert trading_cost(replace()) == 4 * POINT
    assert trading_cost(cancel(), [50 * SECOND]) == 2 * POINT
    assert trading_cost(cancel()) == 8 * POINT
    assert trading_cost(batch(TAKER, MAKER, TAKER)) == 150
    assert trading_cost(batch(cancel(), cancel(2))) == 16 * POINT
    assert trading_cost(EVERYTHING) == POINT
    assert trading_cost(SetCancelAllAfter(request_id=1, seconds=60)) == POINT
    assert trading_cost(QUESTION) == 0


# The trading counter

TERMS = TradingTerms(limit=60 * POINT, decay=100, reserve=20 * POINT)


def test_orders_leave_a_reserve_for_cancels() -> None:
    counter: TradingCounter | None = TradingCounter(terms=TERMS)
    for _ in range(40):
        assert counter is not None
        counter = counter.add(POINT, 0)
    assert counter is not None
    assert counter.add(POINT, 0) is None
    assert counter.ready_at(POINT, 0) == SECOND
    assert counter.add(8 * POINT, 0, urgent=True) is not None


def test_the_counter_runs_down_with_time() -> None:
    full = TradingCounter(terms=TERMS).add(40 * POINT, 0)
    assert full is not None
    assert full.ready_at(4 * POINT, 0) == 4 * SECOND
    assert full.decayed(10 * SECOND).level == 30 * POINT * SECOND
    assert full.decayed(100 * SECOND).level == 0
    assert full.decayed(0) is full
    assert full.add(POINT, SECOND - 1) is None
    assert full.add(POINT, SECOND) is not None


def test_what_is_dearer_than_the_counter_ever_allows_waits_until_it_is_empty() -> None:
    counter = TradingCounter(terms=TERMS).add(5 * POINT, 0)
    assert counter is not None
    assert counter.ready_at(100 * POINT, 0) == 5 * SECOND
    assert counter.add(100 * POINT, 5 * SECOND) is not None


@pytest.mark.parametrize(
    ("tier", "limit", "decay"), [(Tier.STARTER, 60, 100), (Tier.INTERMEDIATE, 125, 234), (Tier.PRO, 180, 375)]
)
def test_an_account_has_the_terms_of_its_tier(tier: Tier, limit: int, decay: int) -> None:
    terms = trading_terms(tier)
    assert (terms.limit, terms.decay) == (limit * POINT, decay)


def test_the_limit_that_the_venue_names_decides() -> None:
    starter = trading_terms(Tier.STARTER)
    assert terms_told(starter, 180) == trading_terms(Tier.PRO)
    assert terms_told(starter, 60) == starter
    odd = terms_told(starter, 77)
    assert (odd.limit, odd.decay) == (77 * POINT, 100)


def test_a_limit_that_is_told_later_counts_what_was_before() -> None:
    throttle = TradingThrottle(trading_terms(Tier.PRO))
    for _ in range(50):
        assert throttle.take(TAKER, "BTC/USD", (), 0) == 0
    throttle.allow(60)
    assert throttle.take(TAKER, "BTC/USD", (), 0) > 0
    assert throttle.take(TAKER, "ETH/USD", (), 0) == 0
    throttle.allow(180)
    assert throttle.take(TAKER, "BTC/USD", (), 0) == 0


def test_a_refusal_for_the_limit_of_a_pair_fills_the_counter_of_that_pair() -> None:
    throttle = TradingThrottle(trading_terms(Tier.STARTER))
    throttle.exceeded("EOrder:Rate limit exceeded", "BTC/USD", 0)
    assert throttle.take(TAKER, "BTC/USD", (), 0) == 21 * SECOND  # one point below the 20 that cancels keep
    assert throttle.take(cancel(), "BTC/USD", (0,), 0) == 8 * SECOND
    assert throttle.take(TAKER, "ETH/USD", (), 0) == 0
    assert throttle.take(cancel(), "BTC/USD", (0,), 8 * SECOND) == 0


def test_a_refusal_for_the_limit_of_the_account_fills_the_counters_of_all_pairs() -> None:
    throttle = TradingThrottle(trading_terms(Tier.STARTER))
    assert throttle.take(TAKER, "BTC/USD", (), 0) == 0
    throttle.exceeded("EOrder:Domain rate limit exceeded", "BTC/USD", SECOND)
    for symbol in ("BTC/USD", "ETH/USD", "NEVER/SEEN"):
        assert throttle.take(TAKER, symbol, (), SECOND) == 21 * SECOND
    assert throttle.take(TAKER, "NEVER/SEEN", (), 22 * SECOND) == 0


@pytest.mark.parametrize("words", ["EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EAPI:Invalid nonce"])
def test_other_refusals_say_nothing_about_the_trading_counters(words: str) -> None:
    throttle = TradingThrottle(trading_terms(Tier.STARTER))
    throttle.exceeded(words, "BTC/USD", 0)
    assert throttle.take(TAKER, "BTC/USD", (), 0) == 0


@pytest.mark.parametrize("about_all", [EVERYTHING, SetCancelAllAfter(request_id=1, seconds=60)])
def test_what_is_about_all_orders_counts_in_each_pair_and_is_never_held_back(about_all: object) -> None:
    throttle = TradingThrottle(trading_terms(Tier.STARTER))
    for _ in range(40):
        assert throttle.take(TAKER, "BTC/USD", (), 0) == 0
    throttle.count(about_all, ["BTC/USD", "ETH/USD"], 0)
    assert throttle.take(TAKER, "BTC/USD", (), 0) == 2 * SECOND
    for _ in range(39):
        assert throttle.take(TAKER, "ETH/USD", (), 0) == 0
    assert throttle.take(TAKER, "ETH/USD", (), 0) == SECOND
    throttle.exceeded("EOrder:Rate limit exceeded", "BTC/USD", 0)
    throttle.count(about_all, ["BTC/USD"], 0)
    assert throttle.take(cancel(), "BTC/USD", (0,), 0) == 8 * SECOND, "no higher than the limit"


def test_each_pair_counts_for_itself() -> None:
    counters = TradingCounters(TERMS)
    assert counters.add("BTC/USD", 40 * POINT, 0)
    assert not counters.add("BTC/USD", POINT, 0)
    assert counters.ready_at("BTC/USD", POINT, 0) == SECOND
    assert counters.add("ETH/USD", POINT, 0)
    assert counters.add("BTC/USD", POINT, 0, urgent=True)
    counters.forget_idle(SECOND)
    assert len(counters) == 1
    counters.forget_idle(100 * SECOND)
    assert len(counters) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 5 * SECOND), st.integers(0, 10 * POINT), st.booleans()),
        max_size=60,
    )
)
def test_the_counter_never_passes_its_limit(actions: list[tuple[int, int, bool]]) -> None:
    counter, now = TradingCounter(terms=TERMS), 0
    for pause, cost, urgent in actions:
        now += pause
        ready = counter.ready_at(cost, now, urgent=urgent)
        after = counter.add(cost, now, urgent=urgent)
        assert (after is None) == (ready > now)
        assert counter.add(cost, ready, urgent=urgent) is not None
        if after is not None:
            counter = after
        assert 0 <= counter.level <= TERMS.limit * SECOND


# The counter of REST calls


def test_a_rest_call_costs_what_the_venue_counts() -> None:
    listed = ListFills(request_id=1, start=0, end=1, symbol=None)
    history = ListOrderHistory(request_id=1, start=0, end=1)
    question = QueryOrder(request_id=1, venue_order_id="O", wire_id=None)
    by_name = [QueryOrder(request_id=1, venue_order_id=None, wire_id="w", cursor=each) for each in (None, "closed")]
    assert [rest_cost(each) for each in (listed, history, question, QUESTION)] == [200, 100, 100, 100]
    assert [rest_cost(each) for each in by_name] == [200, 200]
    assert [rest_cost(each) for each in (TAKER, cancel(), replace(), EVERYTHING)] == [0, 0, 100, 100]


@pytest.mark.parametrize(("tier", "calls"), [(Tier.STARTER, 13), (Tier.INTERMEDIATE, 18), (Tier.PRO, 18)])
def test_the_budget_of_rest_calls_keeps_two_for_cancels(tier: Tier, calls: int) -> None:
    budget: Budget | None = Budget.full(rest_budgets(tier)[REST], 0)
    for _ in range(calls):
        assert budget is not None
        budget = budget.take(POINT, 0)
    assert budget is not None
    assert budget.take(POINT, 0) is None
    assert budget.take(POINT, 0, urgent=True) is not None
