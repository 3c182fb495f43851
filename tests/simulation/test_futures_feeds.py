"""The simulated Kraken Futures: the feeds and their switches, by hand-written JSON, without the client's codec."""

from __future__ import annotations

import json

from protocol.simulation.exchange import SessionNumber as Number
from protocol.simulation.kraken_futures import (
    KrakenFuturesUser,
)
from protocol.values import Side

from ..kraken_futures_floor import (
    ACCOUNT,
    SECOND,
    STOP,
    Floor,
    short,
)

# The feeds


def test_a_connection_is_greeted_and_challenged() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.heard[session] == [{"event": "info", "version": 1}]
    (challenge,) = floor.hear(session, '{"event":"challenge","api_key":"anybody"}')
    assert challenge["event"] == "challenge"
    assert len(challenge["message"]) == 36
    assert floor.hear(session, '{"event":"ping"}') == [{"event": "pong"}]
    assert floor.hear(session, b"binary") == []


def test_a_subscription_is_acknowledged_and_then_shown_what_there_is() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "64000", "sim-f-1")["order_id"]
    session = floor.open()
    proof = floor.proof(session)
    ack, snapshot = floor.hear(session, f'{{"event":"subscribe","feed":"open_orders",{proof}}}')
    assert ack == {"event": "subscribed", "feed": "open_orders"} | json.loads("{" + proof + "}")
    assert (snapshot["feed"], snapshot["account"]) == ("open_orders_snapshot", ACCOUNT)
    assert [order["order_id"] for order in snapshot["orders"]] == [order_id]
    _, verbose = floor.hear(session, f'{{"event":"subscribe","feed":"open_orders_verbose",{proof}}}')
    assert verbose["feed"] == "open_orders_verbose_snapshot"
    _, fills = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{proof}}}')
    assert fills == {"feed": "fills_snapshot", "account": ACCOUNT, "fills": []}


def test_the_snapshot_can_come_first() -> None:
    floor = Floor(snapshot_first=True)
    session = floor.open()
    told = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{floor.proof(session)}}}')
    assert [short(message) for message in told] == ["fill ", "fills"]
    assert [message.get("event") for message in told] == [None, "subscribed"]


def test_the_snapshot_of_fills_replays_old_ones_and_filters() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    session = floor.open()
    proof = floor.proof(session)
    ack, snapshot = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_XBTUSD"],{proof}}}')
    assert ack["product_ids"] == ["PF_XBTUSD"]
    assert short(snapshot) == "fill 1@65000"
    _, none = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_ETHUSD"],{proof}}}')
    assert none["fills"] == []
    floor.heard[session] = []
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == []
    floor.send("orderType=lmt&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=3000")
    floor.trade(Side.SELL, "3000", "1", symbol="PF_ETHUSD")
    assert floor.news(session) == ["fill 1@3000"]


def test_a_bad_proof_gets_an_alert() -> None:
    floor = Floor()
    session = floor.open()
    alert = {"event": "alert", "message": "Failed to subscribe to authenticated feed"}
    assert floor.hear(session, '{"event":"subscribe","feed":"fills"}') == [alert]
    good = floor.proof(session)
    floor.proof(session)
    assert floor.hear(session, f'{{"event":"subscribe","feed":"fills",{good}}}') == [alert]
    forged = floor.proof(session).replace('"demo-key"', '"other-key"')
    assert floor.hear(session, f'{{"event":"subscribe","feed":"fills",{forged}}}') == [alert]
    stolen = floor.proof(session)
    other = floor.open()
    floor.proof(other)
    assert floor.hear(other, f'{{"event":"subscribe","feed":"fills",{stolen}}}') == [alert]


def test_requests_that_make_no_sense_are_told_so() -> None:
    floor = Floor(strict=False)
    session = floor.open()
    proof = floor.proof(session)
    assert floor.hear(session, '{"event":"subscribe","feed":"moon"}') == [{"event": "error", "message": "Invalid feed"}]
    assert floor.hear(session, '{"event":') == [{"event": "error", "message": "Json Error"}]
    for text in ('{"event":"dance"}', '{"event":"subscribe"}', '{"event":"challenge"}', "{}"):
        assert floor.hear(session, text) == [{"event": "alert", "message": "Bad request"}]
    (failed,) = floor.hear(session, f'{{"event":"subscribe","feed":"fills","product_ids":["PF_NOPE"],{proof}}}')
    assert failed["event"] == "subscribed_failed"
    (failed,) = floor.hear(session, f'{{"event":"unsubscribe","feed":"fills",{proof}}}')
    assert failed["event"] == "unsubscribed_failed"


def test_an_inactive_account_cannot_subscribe() -> None:
    floor = Floor(users=(KrakenFuturesUser(active=False),))
    session = floor.open()
    (failed,) = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{floor.proof(session)}}}')
    assert failed["event"] == "subscribed_failed"


def test_after_unsubscribing_nothing_more_comes() -> None:
    floor = Floor()
    session = floor.listen("fills", "open_orders")
    (gone,) = floor.hear(session, f'{{"event":"unsubscribe","feed":"fills",{floor.proof(session)}}}')[-1:]
    assert gone["event"] == "unsubscribed"
    floor.news(session)
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "-full_fill 0/1"]


def test_feeds_go_only_to_sessions_of_that_account() -> None:
    floor = Floor()
    mine, second, theirs = (
        floor.listen("open_orders"),
        floor.listen("open_orders"),
        floor.listen("open_orders", key="other-key"),
    )
    silent = floor.open()
    floor.lmt("buy", "1", "64000")
    assert [len(floor.news(session)) for session in (mine, second, theirs)] == [1, 1, 0]
    assert floor.news(silent) == ["info"]
    assert floor.exchange.gone(Number(second), floor.now) == []
    floor.lmt("buy", "1", "64000")
    assert [len(floor.news(session)) for session in (mine, second)] == [1, 0]


def test_heartbeats_come_to_who_asked_for_them() -> None:
    floor = Floor()
    session, other = floor.open(), floor.open()
    assert floor.hear(session, '{"event":"subscribe","feed":"heartbeat"}') == [
        {"event": "subscribed", "feed": "heartbeat"}
    ]
    floor.heard[session] = []
    floor.wait("2.5")
    assert floor.heard[session] == [
        {"feed": "heartbeat", "time": 1782907201000},
        {"feed": "heartbeat", "time": 1782907202000},
    ]
    assert floor.news(other) == ["info"]
    (gone,) = floor.hear(session, '{"event":"unsubscribe","feed":"heartbeat"}')
    assert gone == {"event": "unsubscribed", "feed": "heartbeat"}
    assert floor.exchange.next_due is None
    (failed,) = floor.hear(session, '{"event":"unsubscribe","feed":"heartbeat"}')
    assert failed["event"] == "unsubscribed_failed"


def test_too_many_requests_on_one_connection() -> None:
    floor = Floor(throttle=True)
    session = floor.open()
    answers = [floor.hear(session, '{"event":"ping"}')[0]["event"] for _ in range(101)]
    assert answers == ["pong"] * 100 + ["alert"]
    assert floor.heard[session][-1]["message"] == "Rate limit exceeded"


# The switches of the feeds


def test_the_open_order_can_be_told_before_its_fill() -> None:
    floor = Floor(fills_first=False)
    session = floor.listen("fills", "open_orders")
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "0.4")
    floor.trade(Side.SELL, "65000", "0.6")
    assert floor.news(session)[1:] == ["+partial_fill 0.6/0.4", "fill 0.4@65000", "-full_fill 0/1", "fill 0.6@65000"]


def test_quantities_can_be_told_as_totals() -> None:
    floor = Floor(qty_semantics="total")
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL, "65000", "0.4")
    floor.trade(Side.SELL, "65000", "0.6")
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "+partial_fill 1/0.4", "-full_fill 1/1"]


def test_the_end_of_an_order_can_be_told_with_or_without_it() -> None:
    bare = Floor(full_fill="cancel_only", remainder="cancel_only")
    whole = Floor(removal="delta")
    for floor, expected in (
        (bare, ["-full_fill", "-partial_fill", "-cancelled_by_user"]),
        (whole, ["-full_fill 0/1", "-partial_fill 0.7/0.3", "-cancelled_by_user 1/0"]),
    ):
        session = floor.listen("open_orders")
        floor.lmt("buy", "1", "65000")
        floor.trade(Side.SELL, "65000", "1")
        floor.offer("65000", "0.3")
        floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000")
        floor.lmt("buy", "1", "65000", "c")
        floor.post("cancelorder", "cliOrdId=c")
        assert [told for told in floor.news(session) if told.startswith("-")] == expected


def test_removals_can_come_without_a_client_order_id() -> None:
    floor = Floor(omit_client_id=True)
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "65000", "a")
    floor.post("cancelorder", "cliOrdId=a")
    floor.lmt("buy", "1", "65000", "b")
    floor.trade(Side.SELL, "65000", "1")
    placed, canceled, _, filled = floor.heard[session]
    assert placed["order"]["cli_ord_id"] == "a"
    assert "cli_ord_id" not in canceled
    assert "cli_ord_id" not in filled["order"]


def test_prices_that_are_not_there_can_be_left_out() -> None:
    floor = Floor(zero_prices=False)
    session = floor.listen("open_orders")
    floor.lmt("buy", "1", "64000")
    floor.send(STOP)
    limit, stop = (message["order"] for message in floor.heard[session])
    assert "stop_price" not in limit
    assert "limit_price" not in stop


def test_orders_that_never_rested_can_be_kept_off_the_plain_feed() -> None:
    floor = Floor(tell_never_rested=False)
    plain, verbose = floor.listen("fills", "open_orders"), floor.listen("open_orders_verbose")
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    assert floor.news(plain) == ["fill 1@65000"]
    assert floor.news(verbose) == ["-full_fill 0/1"]


def test_the_feeds_can_lag_behind_the_answer() -> None:
    floor = Floor(feed_delay=SECOND)
    session = floor.listen("fills", "open_orders")
    assert floor.lmt("buy", "1", "65000")["status"] == "placed"
    floor.trade(Side.SELL, "65000", "1")
    assert floor.news(session) == []
    floor.wait(1)
    assert floor.news(session) == ["+new_placed_order_by_user 1/0", "fill 1@65000", "-full_fill 0/1"]
