"""Fills that a whole reading of history leaves out: AX lists those of one order apart, however old they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import trio
from trio.testing import MockClock

from actors import NewOrder, OrderStatus, Side, events, open_client
from protocol import requests
from protocol.values import ClientOrderId
from protocol.venue import SECOND

from ..trading import config_for, names, open_quiet_venue, sell, until
from ..whole.test_long_outages import Line
from ..wire_rig import BUSY, AxRig


class Apart(AxRig):
    """A venue whose list of all fills is empty. apart: how often the fills of each order were asked for; is_busy: it
    does not answer that."""

    def __init__(self) -> None:
        super().__init__()
        self.apart: list[str] = []
        self.is_busy = False
        self.answers[requests.ListFills] = self._fills_of

    def _fills_of(self, request: requests.ListFills) -> Any:
        if request.venue_order_id is None:
            return {"fills": [], "next_cursor": None}
        self.apart.append(request.venue_order_id)
        if self.is_busy:
            return BUSY
        return {"fills": [row for row in self.fills if row["order_id"] == request.venue_order_id]}


def filled_while_away(rig: Apart, fills: int = 2) -> None:
    """An order of two fills whole while there is no connection. fills: how many of its two the venue has a row of."""
    rig.log_in()
    name = ClientOrderId("g1")
    order = NewOrder.limit("XAU-PERP.AX", Side.BUY, quantity=2, price="2411", client_order_id=name)
    number = rig.submit(order)
    rig.frames({"rid": number, "res": {"oid": "O1"}}, rig.event("n", rig.row("O1", "g1", "ACCEPTED", size=2)))
    rig.cut()
    rig.row("O1", "g1", "FILLED", size=2, filled=2)
    for fill in range(fills):
        rig.fill_row("O1", f"T-{fill}", 1)
    rig.wait(2)
    rig.records.clear()
    rig.log_in()


def told(rig: Apart) -> list[str]:
    return [name for name in names(rig.events()) if name in ("MissingFills", "Filled", "Completed")]


def test_what_the_list_of_all_fills_leaves_out_is_asked_for_by_its_order() -> None:
    rig = Apart()
    filled_while_away(rig)
    rig.serve(60)
    assert told(rig) == ["MissingFills", "Filled", "Filled"]
    assert rig.apart == ["O1"]
    assert rig.order("g1").status is OrderStatus.FILLED
    assert [fill.fill_venue_order_id for fill in rig.told(events.Filled)] == ["O1", "O1"]
    rig.cut()
    rig.log_in()
    rig.serve(10)
    assert rig.told(events.Reconciled)[-1].gaps == 0


def test_what_the_order_alone_does_not_show_either_is_asked_for_so_once_and_then_left_to_the_slow_pace() -> None:
    rig = Apart()
    filled_while_away(rig, fills=1)
    rig.serve(600)
    assert rig.apart == ["O1"]
    assert told(rig) == ["MissingFills", "Filled", "Completed"]


def test_that_the_fills_of_one_order_cannot_be_read_is_no_news() -> None:
    rig = Apart()
    rig.is_busy = True
    filled_while_away(rig)
    rig.serve(60)
    assert rig.apart == ["O1"]
    assert told(rig) == ["MissingFills", "Completed"]
    assert rig.warnings == []


def test_a_total_that_grows_has_the_order_asked_for_again() -> None:
    rig = Apart()
    filled_while_away(rig, fills=0)
    rig.orders["O1"] |= {"o": "PARTIALLY_FILLED", "xq": 1, "rq": 1}
    rig.serve(60)
    assert rig.apart == ["O1"]
    rig.frames(rig.event("c", rig.row("O1", "g1", "CANCELED", size=2, filled=2)))
    rig.serve(60)
    assert rig.apart == ["O1", "O1"]


async def test_a_fill_that_is_older_than_what_the_list_of_all_fills_shows_is_told(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(fills_span=5 * SECOND) as venue:
        assert venue.connector is not None
        line = Line(venue.connector)
        async with open_client(config_for(venue, connector=line)) as client:
            with client.events() as stream:
                order = await client.submit(sell(10))
                await order.accepted()
                await until(stream, events.Reconciled)
                line.down = True
                await venue.drop_connections()
                await venue.trade("XAU-PERP", Side.BUY, price="2412.0", quantity=4)
                await trio.sleep(30)
                line.down = False
                fill = (await until(stream, events.Filled))[-1]
                assert isinstance(fill, events.Filled)
                assert (fill.last_quantity, fill.leaves, fill.commission is not None) == (Decimal(4), Decimal(6), True)
