"""A restart with what AX and Kraken really send, typed from their documents."""

from __future__ import annotations

from typing import Any

from protocol import events, requests
from protocol.ax.settings import AxSettings
from protocol.ax.venue import AxVenue
from protocol.client_order_ids import IdMark, new_client_order_id
from protocol.dispatch.inputs import Heard, LinkUp
from protocol.kraken_futures.settings import KrakenFuturesSettings
from protocol.kraken_futures.venue import KrakenFuturesVenue
from protocol.kraken_spot.settings import KrakenSpotSettings
from protocol.kraken_spot.venue import KrakenSpotVenue
from protocol.values import ClientOrderId
from protocol.venue import SECOND, HttpAnswer, Opening
from tests.guarding import asked, order_of, told
from tests.restarting import Run, fills_in

MARK, NEXT = IdMark("0123456789abcdef", "aa" * 8), IdMark("0123456789abcdef", "bb" * 8)
NAME = new_client_order_id(bytes(range(16)), MARK)
SECRET = "c29tZXRoaW5nIGVsc2UgZW50aXJlbHk="  # not a secret

ORDER = (
    '{"oid":"O-01KX0000000000000000000001","u":"01KTESTUSR-0000","aid":"01KTESTUSR-0000","s":"XAU-PERP","p":"2411.5",'
    '"q":40,"xq":%d,"rq":%d,"o":"%s","d":"S","tif":"GTC","cid":501,"tag":"%s","po":false,"ts":1790000001,"tn":900}'
)
LOGIN = '{"rid":0,"res":{"li":"01KTESTUSR-0000","o":[%s],"cod":false}}'
FILL = (
    '{"t":"p","ts":1790000003,"tn":0,"eid":"E-4","o":%s,"xs":{"tid":"T-9","aid":"01KTESTUSR-0000","s":"XAU-PERP",'
    '"q":15,"p":"2411.5","d":"S","agg":false}}'
)
FILLS = (
    '{"fills":[{"trade_id":"T-9","order_id":"O-01KX0000000000000000000001","user_id":"01KTESTUSR-0000","account_id":'
    '"01KTESTUSR-0000","timestamp":"2026-09-21T14:13:23.000000000Z","symbol":"XAU-PERP","price":"2411.5","quantity":15,'
    '"is_taker":false,"fee":"0.72","side":"S","realized_pnl":"0"}]}'
)


def begun(venue: Any, at: int) -> Run:
    """A run that began at this moment, s since 1970, and has submitted one order that the venue refused."""
    run = Run(venue=venue, mark=MARK)
    run.wall = at * SECOND - run.time
    run.log_in()
    run.place("a1")
    return run


def again(run: Run) -> Run:
    """The next run, whose journal has lost what followed."""
    return run.next_run(mark=NEXT, earlier_marks=(MARK,), currency_of=lambda _: "USD")


def hear(run: Run, text: str) -> list[str]:
    return run.apply(Heard(run.connection, run.options["venue"].open_wire(Opening(instruments={})).decode(text)))


def answer(run: Run, request: Any, body: str) -> list[str]:
    answered = run.options["venue"].read_answer(request, HttpAnswer(status=200, body=body.encode()))
    return run.apply(Heard(0, answered))


def test_ax_shows_an_order_of_a_lost_intent_by_its_tag() -> None:
    run = begun(AxVenue(AxSettings(token="t")), 1_790_000_000)
    (place,) = asked(run, requests.PlaceOrder)
    assert f'"tag":"{MARK.tag}"' in run.options["venue"].encode(place)

    run = again(run)
    run.connection = 1
    run.apply(LinkUp(1, "wss://ax"))
    hear(run, LOGIN % (ORDER % (0, 40, "ACCEPTED", MARK.tag)))
    assert not told(run, events.OrderStatusReport)
    assert order_of(run, "CID-501").identity.currency == "USD"
    assert "Filled" in hear(run, FILL % (ORDER % (15, 25, "PARTIALLY_FILLED", MARK.tag)))


def test_ax_shows_another_programs_order_by_another_tag() -> None:
    run = again(begun(AxVenue(AxSettings(token="t")), 1_790_000_000))
    run.connection = 1
    run.apply(LinkUp(1, "wss://ax"))
    assert "OrderStatusReport" in hear(run, LOGIN % (ORDER % (0, 40, "ACCEPTED", "demo1")))


def test_a_fill_from_between_two_runs_comes_once_at_ax() -> None:
    run = begun(AxVenue(AxSettings(token="t")), 1_790_000_000)
    cid = run.options["venue"].wire_id(ClientOrderId("a1"))
    shown = (ORDER % (0, 40, "ACCEPTED", MARK.tag)).replace("501", str(cid)).replace("XAU-PERP", "GOLD")
    shown = shown.replace('"d":"S"', '"d":"B"').replace('"q":40', '"q":10').replace("2411.5", "100.0")
    hear(run, '{"t":"n","ts":1790000001,"tn":900,"eid":"E-1","o":' + shown + "}")
    assert order_of(run).accepted

    run = again(run)
    run.connection = 1
    run.apply(LinkUp(1, "wss://ax"))
    hear(run, LOGIN % shown.replace('"xq":0', '"xq":5'))
    (orders,) = asked(run, requests.ListOrderHistory)  # the ids first, so that each fill finds its order
    answer(run, orders, '{"orders":[],"limit":100}')
    for _ in range(2):
        (fills,) = asked(run, requests.ListFills)
        between = FILLS.replace("XAU-PERP", "GOLD").replace('"side":"S"', '"side":"B"').replace("15,", "5,", 1)
        answer(run, fills, between)
        run.wait(70)
        for page in asked(run, requests.ListOrderHistory):
            answer(run, page, '{"orders":[],"limit":100}')
    assert fills_in(run.records) == ["T-9"]


def test_a_row_of_kraken_futures_history_names_the_order_of_a_lost_intent() -> None:
    run = begun(KrakenFuturesVenue(KrakenFuturesSettings(api_key="k", api_secret=SECRET)), 1_782_907_160)
    run = again(run)
    run.log_in()
    (fills,) = asked(run, requests.ListFills)
    row = (
        '{"fill_id":"bbbbbbbb-0000-4000-8000-000000000001","symbol":"PF_XBTUSD","side":"buy","order_id":'
        '"aaaaaaaa-0000-4000-8000-000000000009","cliOrdId":"NAME","fillTime":"2026-07-01T11:59:41.000Z","size":0.5,'
        '"price":59000.0,"fillType":"maker"}'
    ).replace("NAME", NAME)
    answer(run, fills, '{"result":"success","fills":[' + row + '],"serverTime":"2026-07-01T11:59:50.000Z"}')
    assert fills_in(run.records) == ["bbbbbbbb-0000-4000-8000-000000000001"]
    assert not told(run, events.FillReport)


def test_kraken_spot_is_asked_for_the_name_of_an_execution() -> None:
    run = begun(KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET)), 1_782_907_160)
    run = again(run)
    run.log_in()
    asked(run, requests.QueryOrder)
    (fills,) = asked(run, requests.ListFills)
    answer(
        run,
        fills,
        '{"error":[],"result":{"trades":{"TSIM00-OLDER-TRAD00":{"ordertxid":"OSIM00-OLDER-ORDR00","postxid":'
        '"TSIM00-POSXX-000000","pair":"ETH/USD","time":1782907170.7,"type":"sell","ordertype":"limit","price":'
        '"3020.10000","cost":"1510.05000","fee":"2.41608","vol":"0.50000000","margin":"0.00000","leverage":"0",'
        '"misc":"","trade_id":810001,"maker":true}},"count":1}}',
    )
    assert not fills_in(run.records)
    assert not told(run, events.FillReport)
    (query,) = [each for each in asked(run, requests.QueryOrder) if each.venue_order_id == "OSIM00-OLDER-ORDR00"]
    answer(
        run,
        query,
        (
            '{"error":[],"result":{"OSIM00-OLDER-ORDR00":{"refid":null,"userref":null,"cl_ord_id":"NAME","status":"canceled",'
            '"opentm":1782907161.0002,"starttm":0,"expiretm":0,"descr":{"pair":"ETH/USD","type":"sell","ordertype":"limit",'
            '"price":"3020.10","price2":"0","leverage":"none","order":"sell 2.50000000 ETHUSD @ limit 3020.10",'
            '"close":""},'
            '"vol":"2.50000000","vol_exec":"0.50000000","cost":"1510.05000","fee":"2.41608","price":"3020.10","stopprice":'
            '"0.00000","limitprice":"0.00000","misc":"","oflags":"fciq","closetm":1782907180.5,'
            '"reason":"User requested"}}}'
        ).replace("NAME", NAME),
    )
    assert len(fills_in(run.records)) == 1
    assert not told(run, events.FillReport)
