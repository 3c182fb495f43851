"""The fast and the tolerant way of reading agree about every message, whole or spoilt: the same facts, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ax import codec as ax
from protocol.facts import Fact, Unreadable
from protocol.kraken_futures import codec as futures
from protocol.kraken_spot import codec as spot
from protocol.structs import evolve
from protocol.wire import tolerant
from tests.ax.messages import BARE, OPEN, PART
from tests.kraken_futures import feeds
from tests.kraken_spot import messages as reports

EXECUTION = '{"tid":"T-88","s":"GBPUSD-PERP","q":22,"p":"1.2704","d":"B","agg":false}'
EVENT = '"ts":1795000200,"tn":7,"eid":"E-1"'
AX = (
    f'{{"t":"n",{EVENT},"o":{OPEN}}}',
    f'{{"t":"p",{EVENT},"o":{PART},"xs":{EXECUTION}}}',
    f'{{"t":"f",{EVENT},"o":{PART},"xs":{EXECUTION}}}',
    f'{{"t":"c",{EVENT},"o":{PART},"xr":"USER_REQUESTED","txt":""}}',
    f'{{"t":"j",{EVENT},"o":{OPEN},"r":"INSUFFICIENT_MARGIN","txt":"margin"}}',
    f'{{"t":"x",{EVENT},"o":{BARE}}}',
    f'{{"t":"d",{EVENT},"o":{BARE}}}',
    f'{{"t":"r",{EVENT},"ro":{OPEN},"noid":"O-7A3","no":{BARE}}}',
    f'{{"t":"e",{EVENT},"oid":"O-7A1","cid":9001,"r":"ORDER_NOT_FOUND","txt":"unknown"}}',
    '{"t":"h","ts":1795000200,"tn":7}',
    '{"rid":71,"res":{"oid":"O-7A1"}}',
    '{"rid":72,"res":{"cxl_rx":true}}',
    f'{{"rid":73,"res":{{"orders":[{OPEN},{BARE}]}}}}',
    f'{{"rid":0,"res":{{"li":"U-5","o":[{OPEN}],"cod":true,"chb":30}}}}',
    '{"rid":74,"err":{"code":400,"msg":"post-only order would cross the book"},"data":"more"}',
)
AMENDED = reports.delta(exec_type='"amended"', order_status='"new"', order_qty="0.75", limit_price="3001.00")
TRIGGERS = '{"reference":"last","price":2900.0,"price_type":"static","status":"triggered"}'
SPOT = (
    reports.update(reports.fill()),
    reports.update(reports.fill(symbol=None, avg_price=None, cl_ord_id='"sim-0001"')),
    reports.update(reports.pending(), reports.new()),
    reports.update(reports.new(), reports.fill(exec_type='"filled"', order_status='"filled"')),
    reports.update(reports.delta(exec_type='"canceled"', order_status='"canceled"', reason='"User requested"')),
    reports.update(AMENDED),
    reports.update(reports.delta(exec_type='"status"', triggers=TRIGGERS, stop_price="2900.0")),
    reports.snapshot(reports.pending(exec_type='"new"', order_status='"new"'), reports.fill()),
    reports.HEARTBEAT,
    reports.STATUS,
    '{"method":"add_order","req_id":5,"success":true,"result":{"order_id":"OAAAA1-BBBB2-CCCC33"}}',
    '{"method":"cancel_order","req_id":6,"success":false,"error":"EOrder:Unknown order"}',
)
FUTURES = (
    feeds.fills(feeds.fill()),
    feeds.fills(feeds.fill(), feeds.fill(fill_id='"f-2"', seq="2")),
    feeds.delta(feeds.order(), "new_placed_order_by_user"),
    feeds.delta(feeds.order(qty="1.5", filled="1.0"), "partial_fill"),
    feeds.delta(feeds.order(qty="0.0", filled="2.50"), "full_fill", gone=True),
    feeds.delta(feeds.order(type='"stop"', stop_price="3000.0"), "stop_order_triggered", gone=True),
    feeds.bare("cancelled_by_user"),
    '{"feed":"heartbeat","time":1790000000000}',
    '{"feed":"open_orders_snapshot","account":"acc-1","orders":[' + feeds.order() + "]}",
    '{"feed":"fills_snapshot","account":"acc-1","fills":[' + feeds.fill() + "]}",
)
JUNK = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["", "0", "1.5", "-1", "1e9", "1e400", "NaN", "sNaN", "Infinity", "true", "\ud800", "trade"])
    | st.lists(st.integers() | st.text(max_size=3), max_size=2)
    | st.dictionaries(st.sampled_from(["oid", "code", "qty", "order_id"]), st.integers() | st.text(max_size=3))
)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in a message: what holds it, and under which key or index."""
    keys: Sequence[Any] = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from places(tree[key])


@st.composite
def spoilt(draw: st.DrawFn, messages: Sequence[str]) -> str:
    """A message in which up to three values are others, or missing."""
    tree = json.loads(draw(st.sampled_from(messages)))
    for _ in range(draw(st.integers(0, 3))):
        found = list(places(tree))
        if found:
            holder, key = draw(st.sampled_from(found))
            if draw(st.booleans()):
                holder[key] = draw(JUNK)
            else:
                del holder[key]
    return json.dumps(tree, ensure_ascii=draw(st.booleans()))


class Refusing:
    """A fast way that takes nothing."""

    def decode(self, message: str) -> Any:
        raise msgspec.ValidationError(message)


def told(facts: Sequence[Fact]) -> list[Fact]:
    """Without the text of what cannot be read: each way quotes what it has in hand."""
    return [evolve(fact, text="") if isinstance(fact, Unreadable) else fact for fact in facts]


def both_ways(module: Any, new_wire: Callable[[], Any], texts: Sequence[str]) -> tuple[list[list[Fact]], ...]:
    """What a connection says about messages in turn, as they come, and with the fast way closed."""
    fast = new_wire()
    read = [told(fast.decode(text)) for text in texts]
    slow = new_wire()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FRAME", Refusing())
        patch.setattr(module, "read_body", tolerant.read_json)
        return read, [told(slow.decode(text)) for text in texts]


@given(spoilt(AX))
def test_both_ways_agree_about_messages_of_ax(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        read = ax.decode(text)
        patch.setattr(ax, "_MESSAGE", Refusing())
        assert told(ax.decode(text)) == told(read)


@given(st.lists(spoilt(SPOT), min_size=1, max_size=3))
def test_both_ways_agree_about_messages_of_kraken_spot(texts: list[str]) -> None:
    fast, slow = both_ways(spot, reports.logged_in, texts)
    assert fast == slow


@given(st.lists(spoilt(FUTURES), min_size=1, max_size=3))
def test_both_ways_agree_about_messages_of_kraken_futures(texts: list[str]) -> None:
    fast, slow = both_ways(futures, feeds.logged_in, texts)
    assert fast == slow


@pytest.mark.parametrize("text", AX)
def test_a_message_of_ax_as_documented_takes_the_fast_way(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(message: str) -> tuple[Fact, ...]:
        raise AssertionError(message)

    monkeypatch.setattr(ax, "_decode_tolerantly", fail)
    assert ax.decode(text)


@pytest.mark.parametrize("text", SPOT)
def test_a_message_of_kraken_spot_as_documented_takes_the_fast_way(text: str) -> None:
    assert spot._FRAME.decode(text)


@pytest.mark.parametrize("text", FUTURES)
def test_a_message_of_kraken_futures_as_documented_takes_the_fast_way(text: str) -> None:
    assert futures._FRAME.decode(text)
