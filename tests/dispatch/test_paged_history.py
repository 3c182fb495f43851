"""Histories that move while they are read page by page: nothing is lost, and a cursor is good at any later time."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.facts import FillsListed, OrderHistoryListed
from protocol.kraken_futures.venue import KrakenFuturesSettings, KrakenFuturesVenue
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.requests import ListFills, ListOrderHistory
from protocol.simulation.kraken_spot.settings import DEFAULT_SECRET
from protocol.values import RequestId, Side
from protocol.venue import HttpAnswer

from .. import kraken_futures_floor as futures
from .. import spot_floor as spot
from ..spot_floor import SECOND, START

SPOT = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=DEFAULT_SECRET))
FUTURES = KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret=futures.SECRET))
FILLS = ListFills(request_id=RequestId(1), start=START * SECOND, end=(START + 9999) * SECOND, symbol=None, latest=True)
ORDERS = ListOrderHistory(request_id=RequestId(2), start=START * SECOND, end=(START + 9999) * SECOND)

moves = st.lists(st.tuples(st.integers(0, 70), st.sampled_from([0, 1, 4, 30])), min_size=1, max_size=6)
"""Before each page: what is added, and how many seconds the answer is behind the feed."""


class SpotAccount:
    """An account at the simulated venue with an order that others trade against."""

    def __init__(self) -> None:
        self.rig = spot.Rig()
        self.rig.added(order_qty=100)

    def trade(self, times: int) -> None:
        """Ten of them a second."""
        for number in range(times):
            self.rig.floor.trade(Side.SELL, "64000.5", "0.01")
            if number % 10 == 0:
                self.rig.floor.wait(1)

    def cancel(self, orders: int) -> None:
        """Orders that are placed and end, one every ten seconds."""
        for _ in range(orders):
            self.rig.say("cancel_order", order_id=[self.rig.added(symbol="ETH/USD", limit_price=2000)])
            self.rig.floor.wait(10)

    def ask(self, request: Any, behind: int = 0) -> Any:
        engine = self.rig.floor.exchange.engine
        engine.settings = evolve(engine.settings, rest_lag=behind * SECOND)
        call = SPOT.encode_rest(request)
        body = "&".join(part for part in ("nonce=NONCE", (call.body or b"").decode()) if part)
        answer = self.rig.floor.rest_text(call.path.rpartition("/")[2], body)
        (fact,) = SPOT.read_answer(request, HttpAnswer(status=200, body=json.dumps(answer, default=str).encode()))
        return fact

    def ids(self) -> list[str]:
        reports = self.rig.floor.reports(self.rig.session)
        return [report["exec_id"] for report in reports if report["exec_type"] == "trade"]


@settings(deadline=None, max_examples=12)
@given(moves)
def test_no_fill_of_spot_is_lost_between_two_pages_whoever_answers(moves: list[tuple[int, int]]) -> None:
    at = SpotAccount()
    at.trade(180)
    request, told = FILLS, set[str]()
    at.rig.floor.wait(31)
    there = at.ids()
    for added, behind in (*moves, *[(0, 0)] * 20):
        at.trade(added)
        at.rig.floor.wait(1)
        fact = at.ask(request, behind)
        told.update(trade.trade_id for trade in fact.trades)
        if fact.cursor is None:
            break
        assert fact.cursor != request.cursor
        request = evolve(request, cursor=fact.cursor)
    assert fact.cursor is None
    assert set(there) <= told <= set(at.ids())


def test_an_older_state_of_a_list_is_read_again_from_where_its_entries_have_moved_to() -> None:
    at = SpotAccount()
    at.trade(100)
    at.rig.floor.wait(60)
    at.trade(20)
    first = at.ask(FILLS)
    assert first.cursor == "50/120"
    second = at.ask(evolve(FILLS, cursor=first.cursor), behind=30)  # it ends before the last twenty
    assert second.cursor == "30/100"
    third = at.ask(evolve(FILLS, cursor=second.cursor), behind=30)
    assert third.cursor == "80/100"
    fourth = at.ask(evolve(FILLS, cursor=third.cursor))
    assert fourth.cursor is None
    told = {trade.trade_id for page in (first, second, third, fourth) for trade in page.trades}
    assert told == set(at.ids())


def test_a_page_of_spot_that_was_refused_is_read_from_its_cursor_hours_later() -> None:
    at = SpotAccount()
    at.trade(170)
    there = at.ids()
    first = at.ask(FILLS)
    at.rig.floor.wait(7200)
    at.trade(70)
    told = {trade.trade_id for trade in first.trades}
    cursor = first.cursor
    while cursor is not None:
        page = at.ask(evolve(FILLS, cursor=cursor))
        told |= {trade.trade_id for trade in page.trades}
        cursor = page.cursor
    assert set(there) <= told


def test_no_order_of_spot_is_lost_between_two_pages() -> None:
    at = SpotAccount()
    at.cancel(60)
    first = at.ask(ORDERS)
    assert isinstance(first, OrderHistoryListed)
    before = len(first.orders)
    at.cancel(3)
    second = at.ask(evolve(ORDERS, cursor=first.cursor))
    assert second.cursor is None
    told = {view.venue_order_id for page in (first, second) for view in page.orders}
    assert (before, len(second.orders), len(told)) == (50, 13, 60)  # three come twice


# Futures


class FuturesAccount:
    def __init__(self) -> None:
        self.floor = futures.Floor(history_page=10)
        self.floor.lmt("buy", "1000", "60000")

    def trade(self, times: int) -> None:
        for _ in range(times):
            self.floor.take(
                self.floor.exchange.trade_against(
                    "PF_XBTUSD", Side.SELL, Decimal(60000), Decimal("0.01"), self.floor.now, rest=False
                )
            )
            self.floor.wait("0.01")

    def ask(self, request: Any) -> Any:
        call = FUTURES.encode(request)
        path, _, query = call.path.partition("?")
        answer = self.floor.get(path, query)
        text = json.dumps(answer, default=str)
        fact, *_ = [
            each
            for each in FUTURES.read_answer(request, HttpAnswer(status=200, body=text.encode()))
            if isinstance(each, FillsListed | OrderHistoryListed)
        ]
        return fact

    def ids(self) -> set[str]:
        exchange = self.floor.exchange
        return {execution.trade_id for execution in exchange.ledger.executions_of(exchange.client_accounts)}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 250), st.sampled_from([1, 600])), min_size=1, max_size=5))
def test_no_fill_of_futures_is_lost_between_two_pages(moves: list[tuple[int, int]]) -> None:
    at = FuturesAccount()
    at.trade(230)
    there, told = at.ids(), set[str]()
    request = FILLS
    for added, pause in (*moves, *[(0, 1)] * 5):
        fact = at.ask(request)
        told.update(trade.trade_id for trade in fact.trades)
        if fact.cursor is None:
            break
        request = evolve(request, cursor=fact.cursor)
        at.trade(added)
        at.floor.wait(pause)
    assert fact.cursor is None
    assert told == there  # a cursor is a moment: what comes later is no part of the pages behind it


def test_a_page_of_what_became_of_orders_of_futures_is_read_from_its_cursor_hours_later() -> None:
    at = FuturesAccount()
    for number in range(30):
        at.floor.lmt("buy", "1", "50000", f"n-{number}")
        at.floor.wait("0.01")
    first = at.ask(ORDERS)
    told, cursor, pages = {view.wire_id for view in first.orders}, first.cursor, 1
    assert cursor is not None
    at.floor.wait(7200)
    at.floor.lmt("buy", "1", "50000", "late")
    while cursor is not None:
        page = at.ask(evolve(ORDERS, cursor=cursor))
        told |= {view.wire_id for view in page.orders}
        cursor, pages = page.cursor, pages + 1
    assert told >= {f"n-{number}" for number in range(30)} | {"late"}  # the oldest first, so what comes later is there
    assert pages > 2
