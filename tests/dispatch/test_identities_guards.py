"""Whose a view or an execution is: each condition by itself, on both sides of its edge.

The order is placed at `PLACED`, to buy 10 of GOLD at 100 with the client id 7 on the wire.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.dispatch.context import Context
from protocol.dispatch.identities import Identities
from protocol.dispatch.in_flight import Flight
from protocol.dispatch.inquiries import Inquiry, Opened, Question
from protocol.dispatch.records import Bound, Record, Registered
from protocol.dispatch.tracking import Order, TrackedOrders
from protocol.dispatch.venue_clock import ClockReading, VenueClock
from protocol.facts import OrderView, Trade
from protocol.requests import ReplaceOrder
from protocol.structs import evolve
from protocol.values import AccountId, Instant, OrderType, RequestId, Side, TraderId
from protocol.venue import SECOND, VenueRules

from ..order_life import PlainVenue, trade, view
from ..order_records import (
    A7,
    O1,
    O2,
    O3,
    PLACED,
    TERMS,
    US,
    accepted,
    canceled,
    denied,
    identity,
    order_in,
    submitted,
    triggered,
    updated,
)

ADOPTED = Registered(identity=US, venue_order_id=O1, **TERMS)
NAMED = Bound(identity=US, venue_order_id=O1)
"""The answer to the placement named its id; the stream has told nothing of it yet."""
STOP = submitted(identity(kind=OrderType.STOP_LIMIT))


class Known:
    """What is known once these records are told, half a minute after the order was placed.

    skew: how far our clock is ahead of the venue's, None: it was not measured.
    """

    def __init__(self, *told: Record, skew: int | None = None, **rules: Any) -> None:
        self.orders = TrackedOrders()
        for record in told:
            self.orders.fold(record)
        venue: Any = PlainVenue(VenueRules(venue="TEST", **rules))
        self.rig = Context(
            venue=venue, trader=TraderId("T"), account=AccountId("A"), orders=self.orders, cancel_unknown=False
        )
        self.rig.now = now = Instant(100 * SECOND, PLACED + 30 * SECOND)
        if skew is not None:
            offset = now.wall_ns - now.monotonic_ns - skew
            self.rig.clock = VenueClock(ClockReading(offset=offset, uncertainty=0, heard=now))
        self.identities = Identities(self.rig)

    @property
    def order(self) -> Order:
        return order_in(self.orders)

    def asks_for(self, question: Question) -> Known:
        self.order.inquiry = Inquiry(open={question: Opened(at=0, by_venue=0, since=0)})
        return self

    def is_of(self, shown: OrderView, *, live: bool = False, asked_at: int | None = None) -> bool:
        found = self.identities.of(shown, live=live, asked_at=asked_at)
        assert found in (None, self.order)
        return found is not None

    def is_of_trade(self, told: Trade) -> bool:
        found = self.identities.of_trade(told)
        assert found in (None, self.order)
        return found is not None


def shown(oid: str = "o2", cid: int | None = 7, **terms: Any) -> OrderView:
    return view(oid, cid, **terms)


def told(oid: str = "o2", cid: int | None = 7, **changes: Any) -> Trade:
    return evolve(trade(oid, "t1", 4), **({"time": PLACED, "wire_id": cid} | changes))


def placed(**rules: bool) -> Known:
    return Known(submitted(), **rules)


# By the venue order id, else by the client id


def test_the_venue_order_id_is_enough() -> None:
    known = Known(submitted(), accepted())
    assert known.is_of(evolve(shown("o1", 9), symbol="SILVER"))
    assert known.is_of(shown("o1", None, side=Side.SELL))
    assert known.is_of_trade(told("o1", 9, symbol="SILVER", side=Side.SELL, time=1))
    assert known.is_of_trade(told("o1", None))


def test_without_an_id_that_is_known_it_is_nobodys() -> None:
    known = placed()
    assert not known.is_of(shown(cid=None))
    assert not known.is_of(shown(cid=8))
    assert not known.is_of_trade(told(cid=None))
    assert not known.is_of_trade(told(cid=8))


@pytest.mark.parametrize(
    ("symbol", "side", "fits"),
    [
        ("GOLD", Side.BUY, True),
        ("", Side.BUY, True),
        ("GOLD", None, True),
        ("SILVER", Side.BUY, False),
        ("GOLD", Side.SELL, False),
        ("SILVER", None, False),
        ("", Side.SELL, False),
    ],
)
def test_a_client_id_binds_no_other_instrument_and_no_other_side(symbol: str, side: Side | None, fits: bool) -> None:
    known = placed()
    assert known.is_of(evolve(shown(), symbol=symbol, side=side)) is fits
    assert known.is_of_trade(told(symbol=symbol, side=side)) is fits
    assert known.identities.is_meant(known.order, evolve(shown(), symbol=symbol, side=side)) is fits


def test_an_order_whose_side_is_not_known_may_be_to_sell() -> None:
    nameless = evolve(US, side=None)
    known = Known(submitted(nameless))
    assert known.is_of(shown(side=Side.SELL))
    assert known.is_of_trade(told(side=Side.SELL))


@pytest.mark.parametrize(("heard_at", "ours"), [(PLACED - 1, False), (PLACED, True)])
def test_what_was_heard_of_before_our_order_was_placed_is_another_sessions(heard_at: int, ours: bool) -> None:
    known = placed()
    known.rig.foreign.put(O2, heard_at)
    assert known.identities.is_foreign(known.order, O2) is not ours
    assert not known.identities.is_foreign(known.order, O3)
    assert known.is_of(shown()) is ours
    assert known.is_of_trade(told()) is ours
    assert known.identities.is_meant(known.order, shown()) is ours


# An order of which only the answer has told


def test_the_stream_tells_nothing_of_our_order_under_another_id_before_it_has_begun() -> None:
    known = Known(submitted(), NAMED)
    assert not known.is_of(shown(), live=True)
    assert known.identities.of(shown()) is known.order, "a list may"
    assert placed().is_of(shown(), live=True), "no id is known, so this may be it"


def test_an_order_that_has_begun_may_go_on_under_another_id() -> None:
    assert Known(submitted(), accepted()).is_of(shown(), live=True)
    assert Known(submitted(), NAMED, updated(O3)).is_of(shown(), live=True)


# What was asked for before the order was placed


@pytest.mark.parametrize(
    ("asked_at", "live_since"), [(PLACED - 1, True), (PLACED, False), (PLACED + 1, False), (None, False)]
)
def test_what_was_asked_for_before_our_order_was_placed_shows_another_one(
    asked_at: int | None, live_since: bool
) -> None:
    known = placed()
    assert known.is_of(shown(), asked_at=asked_at) is not live_since
    assert known.identities.may_be_ours_since(shown(), asked_at) is live_since
    assert not known.identities.may_be_ours_since(shown(cid=8), asked_at)
    assert not known.identities.may_be_ours_since(shown(cid=None), asked_at)


def test_when_an_order_that_was_not_placed_here_was_placed_nobody_knows() -> None:
    """So what was asked for earlier may show it, and anything of any time may be about it."""
    known = Known(ADOPTED)
    assert known.is_of(shown(time=1), asked_at=1)
    assert not known.identities.may_be_ours_since(shown(), 1)
    assert known.is_of_trade(told(time=1))
    assert known.identities.is_meant(known.order, shown(time=1, quantity=Decimal(11)))


def test_a_clock_of_ours_that_is_ahead_does_not_make_an_answer_too_old() -> None:
    """By the venue's clock the order was placed 5 s earlier."""
    known = Known(submitted(), skew=5 * SECOND)
    moment = PLACED - 5 * SECOND
    assert known.is_of(shown(), asked_at=moment)
    assert not known.is_of(shown(), asked_at=moment - 1)
    assert known.is_of_trade(told(time=moment))
    assert not known.is_of_trade(told(time=moment - 1))


def test_a_clock_of_ours_that_is_behind_may_have_been_set_since() -> None:
    known = Known(submitted(), skew=-5 * SECOND)
    assert known.is_of(shown(), asked_at=PLACED)
    assert known.is_of_trade(told(time=PLACED))
    assert not known.is_of_trade(told(time=PLACED - 1))


# When


@pytest.mark.parametrize(
    ("skew", "live", "tolerance"), [(0, False, 2), (0, True, 2), (None, False, 60), (None, True, None)]
)
def test_how_much_older_than_our_order_a_view_may_be(skew: int | None, live: bool, tolerance: int | None) -> None:
    """As far as the clocks can be compared: what is older is of an order that had our client id before."""
    edge = PLACED - SECOND * (3600 if tolerance is None else tolerance)
    known = Known(submitted(), skew=skew)
    assert known.is_of(shown(time=edge), live=live)
    assert O2 not in known.rig.foreign
    assert known.is_of(shown(time=edge - 1), live=live) is (tolerance is None)
    assert known.rig.foreign.get(O2) == (None if tolerance is None else 0), "its executions are not ours either"


@pytest.mark.parametrize(("skew", "tolerance"), [(0, 2), (None, 60)])
def test_how_much_older_the_answer_to_a_question_for_our_order_may_be(skew: int | None, tolerance: int) -> None:
    known = Known(submitted(), skew=skew)
    edge = PLACED - tolerance * SECOND
    assert known.identities.is_meant(known.order, shown(time=edge))
    assert not known.identities.is_meant(known.order, shown(time=edge - 1))


@pytest.mark.parametrize("time", [0, 1])
def test_what_is_not_dated_is_not_from_before(time: int) -> None:
    known = placed()
    assert known.is_of(shown(time=time)) is (time == 0)
    assert known.is_of_trade(told(time=time)) is (time == 0)


def test_an_execution_of_before_the_placement_is_not_certainly_ours() -> None:
    known = placed()
    assert known.is_of_trade(told(time=PLACED))
    assert not known.is_of_trade(told(time=PLACED - 1))


# What it is for


@pytest.mark.parametrize(
    ("terms", "ours"),
    [
        ({}, True),
        ({"quantity": Decimal(11)}, False),
        ({"quantity": Decimal(9), "other_quantity": Decimal(10)}, True),
        ({"quantity": Decimal(9), "other_quantity": Decimal(11)}, False),
        ({"quantity": None}, True),
        ({"quantity": Decimal(9), "reduce_only": True}, True),  # a venue places less of it, then
        ({"price": Decimal(101)}, False),
        ({"price": None}, True),
    ],
    ids=str,
)
def test_a_client_id_binds_no_order_of_other_terms_than_were_placed(terms: dict[str, Any], ours: bool) -> None:
    known = placed()
    assert known.is_of(shown(**terms)) is ours
    assert known.is_of(shown(**terms), live=True) is ours
    early = shown(**terms, time=PLACED - SECOND)
    assert known.identities.is_meant(known.order, early) is ours
    assert known.identities.is_meant(known.order, shown(**terms, time=PLACED)), "so late it can be no older one"


def test_terms_that_we_do_not_know_cannot_be_other_ones() -> None:
    assert Known(submitted(price=None)).is_of(shown(price=Decimal(101)))
    assert Known(submitted(quantity=None)).is_of(shown(quantity=Decimal(11)))
    assert Known(submitted(identity(kind=OrderType.MARKET))).is_of(shown(price=Decimal(101)))
    assert Known(submitted(quote_quantity=Decimal(1000))).is_of(shown(quantity=Decimal(11)))


def test_an_order_that_has_changed_may_show_other_terms() -> None:
    assert Known(submitted(), updated(None)).is_of(shown(quantity=Decimal(11)))


def test_that_we_concluded_it_never_arrived_changes_no_terms() -> None:
    known = Known(submitted(), denied())
    assert known.is_of(shown())
    assert not known.is_of(shown(quantity=Decimal(11)))


@pytest.mark.parametrize(("live", "in_place", "ours"), [(True, True, True), (True, False, False), (False, True, False)])
def test_only_the_stream_of_a_venue_that_changes_in_place_may_tell_changed_terms_first(
    live: bool, in_place: bool, ours: bool
) -> None:
    """The message that it was accepted may be lost, and another session have changed it."""
    known = placed(changes_in_place=in_place)
    assert known.is_of(shown(quantity=Decimal(11)), live=live) is ours


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("early", "proof"), [(2 * SECOND, False), (2 * SECOND + 1, True)])
def test_a_list_of_before_the_placement_by_an_unmeasured_clock_must_show_its_terms(
    live: bool, early: int, proof: bool
) -> None:
    """Even where the order has a venue order id, whose terms nobody compares else."""
    known = Known(submitted(), accepted())
    assert known.is_of(shown(time=PLACED - early), live=live)
    assert known.is_of(shown(time=PLACED - early, quantity=Decimal(11)), live=live) is (live or not proof)


# Under another id


def test_where_a_change_keeps_the_id_an_order_has_no_other() -> None:
    for in_place in (True, False):
        known = Known(submitted(), accepted(), changes_in_place=in_place)
        assert known.is_of(shown()) is not in_place
        assert known.is_of_trade(told()) is not in_place
    assert placed(changes_in_place=True).is_of_trade(told()), "until it has one"


@pytest.mark.parametrize("goes_on", [True, False])
def test_where_a_change_keeps_the_id_a_fired_stop_may_go_on_under_another(goes_on: bool) -> None:
    known = Known(submitted(), accepted(), triggered(), changes_in_place=True, stops_go_on=goes_on)
    assert known.is_of(shown()) is goes_on
    assert known.is_of_trade(told()) is goes_on
    waiting = Known(submitted(), accepted(), changes_in_place=True, stops_go_on=goes_on)
    assert not waiting.is_of_trade(told())


@pytest.mark.parametrize("question", Question)
def test_where_a_change_keeps_the_id_an_order_has_another_if_its_terms_are_in_question(question: Question) -> None:
    known = Known(submitted(), accepted(), changes_in_place=True).asks_for(question)
    assert known.is_of(shown()) is (question is Question.TERMS)
    assert known.is_of_trade(told()) is (question is Question.TERMS)


# Stops whose firing may not have been heard


def waiting_stop(*more: Record, goes_on: bool = True) -> Known:
    return Known(STOP, accepted(), *more, changes_in_place=True, stops_go_on=goes_on)


@pytest.mark.parametrize(
    ("known", "may"),
    [
        (waiting_stop(), True),
        (waiting_stop(goes_on=False), False),
        (Known(STOP, stops_go_on=True), False),  # not accepted yet
        (waiting_stop(canceled()), False),
        (waiting_stop(updated(O3)), False),  # gone on already
        (Known(submitted(), accepted(), stops_go_on=True), False),  # a limit order waits for no trigger
        (Known(submitted(identity(kind=None)), accepted(), stops_go_on=True), True),  # nobody knows what it is
    ],
    ids=["waits", "keeps its id", "not accepted", "ended", "gone on", "no stop", "unknown"],
)
def test_which_orders_may_have_fired(known: Known, may: bool) -> None:
    assert known.identities.may_have_fired(known.order) is may


@pytest.mark.parametrize(
    ("terms", "ours"),
    [
        ({}, True),
        ({"quantity": Decimal(11)}, True),
        ({"price": Decimal(101)}, True),
        ({"quantity": Decimal(11), "price": Decimal(101)}, False),
        ({"quantity": Decimal(11), "price": None}, False),
        ({"quantity": None, "price": Decimal(101)}, False),
        ({"quantity": Decimal(11), "other_quantity": Decimal(10), "price": Decimal(101)}, True),
    ],
    ids=str,
)
def test_what_a_stop_became_shows_one_of_its_terms(terms: dict[str, Any], ours: bool) -> None:
    """The other may have been changed by another session."""
    assert waiting_stop().is_of(shown(**terms)) is ours
    assert not waiting_stop(goes_on=False).is_of(shown(**terms))


def test_a_price_that_neither_has_is_no_term_that_is_shown() -> None:
    market = identity(kind=OrderType.STOP_MARKET)
    known = Known(submitted(market, price=None), accepted(), changes_in_place=True, stops_go_on=True)
    assert not known.is_of(shown(quantity=Decimal(11), price=None))
    assert known.is_of(shown(price=None))


def test_an_execution_proves_nothing_of_a_stop_that_counts_as_waiting() -> None:
    known = waiting_stop()
    assert not known.is_of_trade(told())
    assert known.identities.may_be_meant(known.order, told())


# Which orders an execution may be meant of


def test_an_execution_that_names_an_orders_client_id_may_be_meant_of_it_until_it_has_begun() -> None:
    tolerated = told(time=PLACED - 60 * SECOND)
    for records, may in (
        ([], True),
        ([NAMED], True),
        ([accepted(None)], True),
        ([accepted()], False),
        ([NAMED, updated(O3)], False),
        ([canceled(None)], False),
        ([denied()], True),
    ):
        known = Known(submitted(), *records)
        assert known.identities.may_be_meant(known.order, tolerated) is may, records
        too_old = evolve(tolerated, time=tolerated.time - 1)
        assert not known.identities.may_be_meant(known.order, too_old), records


# What a question by the client id was answered with


def test_the_answer_that_names_the_orders_own_id_is_about_it_whatever_it_shows() -> None:
    known = Known(submitted(), accepted())
    known.rig.foreign.put(O1, 0)
    assert known.identities.is_meant(known.order, evolve(shown("o1", time=1), symbol="SILVER"))


# What a change of ours has promised


def test_an_execution_under_the_id_that_the_answer_to_a_change_named_is_its_orders() -> None:
    known = Known(submitted(), accepted())
    change = ReplaceOrder(
        request_id=RequestId(9), venue_order_id=O1, quantity=None, price=None, time_in_force=None, post_only=None
    )
    flight: Flight[Any] = Flight(
        request=change, client_order_id=A7, connection=1, sent_at=0, sent_wall=0, replacement=O2
    )
    known.rig.flights.by_id[RequestId(9)] = flight
    known.rig.flights.change_of[A7] = RequestId(9)
    assert known.identities.promised(told("o2")) is known.order
    assert known.identities.promised(told("o3")) is None
