"""Instruments, wallets and positions of the simulated Kraken Futures, against literals typed from its documentation
(spec B.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.simulation.kraken_futures import InstrumentRow, KrakenFuturesUser
from protocol.simulation.kraken_futures.settings import DEFAULT_INSTRUMENTS
from protocol.values import Side

from ..kraken_futures_floor import ACCOUNT, BASE, OTHER, Floor


def public(floor: Floor, path: str, query: str = "") -> Any:
    status, answer = floor.unsigned("GET", f"{BASE}/{path}", query, {})
    assert status == 200
    return answer


# Instruments


def test_a_linear_instrument_has_every_documented_field() -> None:
    answer = public(Floor(), "instruments")
    assert (answer["result"], answer["serverTime"]) == ("success", "2026-07-01T12:00:00.000Z")
    assert answer["instruments"][0] == {
        "symbol": "PF_XBTUSD",
        "pair": "BTC:USD",
        "base": "BTC",
        "quote": "USD",
        "type": "flexible_futures",
        "tickSize": Decimal("0.5"),
        "contractSize": 1,
        "tradeable": True,
        "impactMidSize": 1,
        "maxPositionSize": 1000,
        "openingDate": "2022-03-22T13:18:45Z",
        "marginLevels": [
            {"numNonContractUnits": 0, "initialMargin": Decimal("0.02"), "maintenanceMargin": Decimal("0.01")},
            {"numNonContractUnits": 500000, "initialMargin": Decimal("0.04"), "maintenanceMargin": Decimal("0.02")},
        ],
        "retailMarginLevels": [
            {"numNonContractUnits": 0, "initialMargin": Decimal("0.5"), "maintenanceMargin": Decimal("0.25")},
        ],
        "fundingRateCoefficient": 24,
        "maxRelativeFundingRate": Decimal("0.0025"),
        "isin": "GB00SIM00001",
        "contractValueTradePrecision": 4,
        "postOnly": False,
        "feeScheduleUid": "bbbbbbbb-0000-4000-8000-000000000001",
        "category": "Layer 1",
        "tags": [],
        "tradfi": False,
        "mtf": True,
        "isExpired": False,
    }


def test_an_inverse_instrument_has_an_underlying_and_levels_in_contracts() -> None:
    rows = {row["symbol"]: row for row in public(Floor(), "instruments")["instruments"]}
    assert list(rows) == ["PF_XBTUSD", "PF_ETHUSD", "PI_XBTUSD"]
    inverse = rows["PI_XBTUSD"]
    assert (inverse["type"], inverse["underlying"], inverse["category"]) == ("futures_inverse", "rr_xbtusd", "")
    assert inverse["marginLevels"][0] == {
        "contracts": 0,
        "initialMargin": Decimal("0.02"),
        "maintenanceMargin": Decimal("0.01"),
    }
    assert all("underlying" not in row for name, row in rows.items() if name != "PI_XBTUSD")


def test_maker_protection_is_told_where_it_is_configured() -> None:
    rows = public(Floor(maker_protection=20_000_000), "instruments")["instruments"]
    assert [row["makerProtectionMillis"] for row in rows] == [20, 20, 20]


EXPIRED = evolve(
    DEFAULT_INSTRUMENTS[2], symbol="FI_XBTUSD_260626", lastTradingTime="2026-06-26T15:00:00.000Z", isExpired=True
)


@pytest.mark.parametrize(
    ("query", "symbols"),
    [
        ("", ["PF_XBTUSD", "PF_ETHUSD", "PI_XBTUSD"]),
        ("contractType=flexible_futures", ["PF_XBTUSD", "PF_ETHUSD"]),
        ("contractType=futures_inverse&contractType=options", ["PI_XBTUSD"]),
        ("contractType=options", []),
        ("contractType=all", ["PF_XBTUSD", "PF_ETHUSD", "PI_XBTUSD"]),
        ("contractType=futures_inverse&expired=true", ["PI_XBTUSD", "FI_XBTUSD_260626"]),
        ("expired=False", ["PF_XBTUSD", "PF_ETHUSD", "PI_XBTUSD"]),
    ],
)
def test_instruments_are_filtered(query: str, symbols: list[str]) -> None:
    instruments: tuple[InstrumentRow, ...] = (*DEFAULT_INSTRUMENTS, EXPIRED)
    rows = public(Floor(instruments=instruments), "instruments", query)["instruments"]
    assert [row["symbol"] for row in rows] == symbols


def test_a_type_of_contract_that_there_is_not_is_refused() -> None:
    assert public(Floor(), "instruments", "contractType=swaps")["error"] == "invalidArgument: contractType"


def test_the_status_of_all_instruments_and_of_one() -> None:
    floor = Floor()
    calm = {
        "experiencingDislocation": False,
        "priceDislocationDirection": None,
        "experiencingExtremeVolatility": False,
        "extremeVolatilityInitialMarginMultiplier": 1,
    }
    assert public(floor, "instruments/status", "contractType=futures_inverse") == {
        "result": "success",
        "instrumentStatus": [{"tradeable": "PI_XBTUSD", **calm}],
        "serverTime": "2026-07-01T12:00:00.000Z",
    }
    assert len(public(floor, "instruments/status")["instrumentStatus"]) == 3
    assert public(floor, "instruments/pf_xbtusd/status") == {
        "result": "success",
        "tradeable": "PF_XBTUSD",
        **calm,
        "serverTime": "2026-07-01T12:00:00.000Z",
    }
    assert public(floor, "instruments/PF_NOPE/status")["error"] == "contractNotFound"


@pytest.mark.parametrize(
    ("mark", "direction"), [("66000", "ABOVE_UPPER_BOUND"), ("64000", "BELOW_LOWER_BOUND"), ("65300", None)]
)
def test_a_dislocated_mark_is_told(mark: str, direction: str | None) -> None:
    floor = Floor(dislocation=Decimal(1))
    floor.set_price("mark", mark)
    told = public(floor, "instruments/PF_XBTUSD/status")
    assert (told["experiencingDislocation"], told["priceDislocationDirection"]) == (direction is not None, direction)


# Wallets


def test_accounts_come_in_three_shapes() -> None:
    answer = Floor(users=(KrakenFuturesUser(balance=Decimal(25000)), OTHER)).get("accounts")
    assert answer == {
        "result": "success",
        "accounts": {
            "cash": {"type": "cashAccount", "balances": {"usd": 0}},
            "flex": {
                "type": "multiCollateralMarginAccount",
                "currencies": {"USD": {"quantity": 25000, "value": 25000, "collateral": 25000, "available": 25000}},
                "initialMargin": 0,
                "initialMarginWithOrders": 0,
                "maintenanceMargin": 0,
                "balanceValue": 25000,
                "portfolioValue": 25000,
                "collateralValue": 25000,
                "pnl": 0,
                "unrealizedFunding": 0,
                "totalUnrealized": 0,
                "totalUnrealizedAsMargin": 0,
                "availableMargin": 25000,
                "marginEquity": 25000,
            },
            "fi_xbtusd": {
                "type": "marginAccount",
                "currency": "xbt",
                "balances": {"xbt": 0},
                "auxiliary": {"usd": 0, "pv": 0, "pnl": 0, "af": 0, "funding": 0},
                "marginRequirements": {"im": 0, "mm": 0, "lt": 0, "tt": 0},
                "triggerEstimates": {"im": 0, "mm": 0, "lt": 0, "tt": 0},
            },
        },
        "serverTime": "2026-07-01T12:00:00.000Z",
    }


def test_balances_can_come_as_text() -> None:
    accounts = Floor(text_balances=True).get("accounts")["accounts"]
    assert accounts["cash"]["balances"] == {"usd": "0"}
    assert accounts["fi_xbtusd"]["balances"] == {"xbt": "0"}
    assert accounts["flex"]["balanceValue"] == 1000000


def test_a_position_and_an_order_need_margin_and_a_fee_was_paid() -> None:
    """0.1 at 65020: margin 2 % and 1 % of the value at the mark, 65125; fee 0.05 %; a buy of 0.1 at 60000 beside it."""
    floor = Floor(users=(KrakenFuturesUser(balance=Decimal(25000)), OTHER))
    floor.offer("65020", "0.1")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1")
    floor.set_price("mark", "65125")
    floor.lmt("buy", "0.1", "60000")
    flex = floor.get("accounts")["accounts"]["flex"]
    assert {name: str(flex[name]) for name in flex if name not in ("type", "currencies")} == {
        "initialMargin": "130.25",
        "initialMarginWithOrders": "250.25",
        "maintenanceMargin": "65.125",
        "balanceValue": "24996.749",
        "portfolioValue": "25007.249",
        "collateralValue": "24996.749",
        "pnl": "10.5",
        "unrealizedFunding": "0",
        "totalUnrealized": "10.5",
        "totalUnrealizedAsMargin": "10.5",
        "availableMargin": "24756.999",
        "marginEquity": "25007.249",
    }


def test_an_inverse_position_is_owed_in_its_base_currency() -> None:
    """1000 contracts of 1 USD bought at 50000 are 0.02 BTC; at 62500 they are 0.016: 0.004 gained, 0.00001 paid."""
    floor = Floor(reference_prices={"PI_XBTUSD": Decimal(50000)})
    floor.trade(Side.SELL, "50000", "1000", rest=True, symbol="PI_XBTUSD")
    floor.send("orderType=mkt&symbol=PI_XBTUSD&side=buy&size=1000")
    floor.take(floor.exchange.set_price("PI_XBTUSD", "mark", Decimal(62500), floor.now))
    wallet = floor.get("accounts")["accounts"]["fi_xbtusd"]
    assert wallet["balances"] == {"xbt": Decimal("-0.00001")}
    assert wallet["auxiliary"]["pnl"] == Decimal("0.004")
    assert wallet["auxiliary"]["pv"] == Decimal("0.00399")
    assert wallet["marginRequirements"]["im"] == Decimal("0.00032")


def test_inverse_contracts_of_one_pair_share_a_wallet() -> None:
    dated = evolve(DEFAULT_INSTRUMENTS[2], symbol="FI_XBTUSD_270326", lastTradingTime="2027-03-26T15:00:00.000Z")
    prices = {"PI_XBTUSD": Decimal(50000), "FI_XBTUSD_270326": Decimal(50000)}
    floor = Floor(instruments=(*DEFAULT_INSTRUMENTS, dated), reference_prices=prices)
    for symbol in prices:
        floor.trade(Side.SELL, "50000", "1000", rest=True, symbol=symbol)
        floor.send(f"orderType=mkt&symbol={symbol}&side=buy&size=1000")
    accounts = floor.get("accounts")["accounts"]
    assert list(accounts) == ["cash", "flex", "fi_xbtusd"]
    assert accounts["fi_xbtusd"]["balances"] == {"xbt": Decimal("-0.00002")}


# Positions


def test_open_positions_show_side_size_and_average_entry() -> None:
    floor = Floor()
    assert floor.get("openpositions") == {
        "result": "success",
        "openPositions": [],
        "serverTime": "2026-07-01T12:00:00.000Z",
    }
    floor.offer("65000", "0.1")
    floor.offer("65100", "0.3")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.4")
    floor.wait(1)
    floor.trade(Side.BUY, "65000", "10", rest=True, symbol="PI_XBTUSD")
    floor.send("orderType=mkt&symbol=PI_XBTUSD&side=sell&size=10")
    assert floor.get("openpositions")["openPositions"] == [
        {
            "side": "short",
            "symbol": "PI_XBTUSD",
            "price": 65000,
            "fillTime": "2026-07-01T12:00:01.000Z",
            "size": 10,
            "unrealizedFunding": None,
        },
        {
            "side": "long",
            "symbol": "PF_XBTUSD",
            "price": 65075,
            "fillTime": "2026-07-01T12:00:00.000Z",
            "size": Decimal("0.4"),
            "unrealizedFunding": 0,
            "pnlCurrency": "USD",
        },
    ]


@pytest.mark.parametrize(
    ("side", "quantity", "expected"),
    [
        ("sell", "0.3", ("long", Decimal("0.7"), 65000)),
        ("sell", "1", None),
        ("sell", "1.5", ("short", Decimal("0.5"), 66000)),
        ("buy", "1", ("long", 2, 65500)),
    ],
)
def test_the_average_entry_changes_only_when_a_position_grows(
    side: str, quantity: str, expected: tuple[str, Decimal, int] | None
) -> None:
    """After 1 was bought at 65000, trades at 66000."""
    floor = Floor()
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    floor.trade(Side.SELL if side == "buy" else Side.BUY, "66000", quantity, rest=True)
    floor.lmt(side, quantity, "66000")
    rows = floor.get("openpositions")["openPositions"]
    assert [(row["side"], row["size"], row["price"]) for row in rows] == ([] if expected is None else [expected])


def test_the_average_of_inverse_contracts_is_harmonic() -> None:
    """1000 at 50000 and 1000 at 62500 are 0.02 and 0.016 BTC: 2000 / 0.036."""
    floor = Floor(reference_prices={"PI_XBTUSD": Decimal(56000)})
    for price in ("50000", "61000"):
        floor.trade(Side.SELL, price, "1000", rest=True, symbol="PI_XBTUSD")
    floor.send("orderType=lmt&symbol=PI_XBTUSD&side=buy&size=2000&limitPrice=61000")
    (row,) = floor.get("openpositions")["openPositions"]
    assert row["price"] == Decimal("54954.954954955")


def test_a_fixed_leverage_is_shown_with_the_position() -> None:
    floor = Floor(users=(KrakenFuturesUser(fixed_leverage=Decimal(5)),))
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    assert floor.get("openpositions")["openPositions"][0]["maxFixedLeverage"] == 5


# Feeds


def test_the_positions_feed_tells_the_whole_list_each_time() -> None:
    floor = Floor()
    session = floor.open()
    proof = floor.proof(session)
    acknowledged, empty = floor.hear(session, f'{{"event":"subscribe","feed":"open_positions",{proof}}}')
    assert (acknowledged["event"], acknowledged["feed"]) == ("subscribed", "open_positions")
    assert empty == {
        "feed": "open_positions",
        "account": ACCOUNT,
        "positions": [],
        "seq": 0,
        "timestamp": 1782907200000,
    }
    floor.heard[session] = []
    floor.offer("65020", "0.1")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.1")
    (told,) = floor.heard[session]
    (position,) = told.pop("positions")
    assert told == {"feed": "open_positions", "account": ACCOUNT, "seq": 1, "timestamp": 1782907200000}
    assert set(position) == {
        "instrument",
        "balance",
        "pnl",
        "entry_price",
        "mark_price",
        "index_price",
        "liquidation_threshold",
        "effective_leverage",
        "return_on_equity",
        "unrealized_funding",
        "initial_margin",
        "initial_margin_with_orders",
        "maintenance_margin",
        "pnl_currency",
    }
    assert (position["instrument"], position["balance"], position["entry_price"]) == (
        "PF_XBTUSD",
        Decimal("0.1"),
        65020,
    )
    assert (position["initial_margin"], position["maintenance_margin"], position["pnl_currency"]) == (
        Decimal("130.04"),
        Decimal("65.02"),
        "USD",
    )
    floor.bid("65020", "0.1")
    floor.send("orderType=mkt&symbol=PF_XBTUSD&side=sell&size=0.1")
    flat = floor.heard[session][-1]
    assert (flat["positions"], flat["seq"]) == ([], 2)


BALANCES = {
    "feed": "balances_snapshot",
    "account": ACCOUNT,
    "holding": {"USD": 0},
    "futures": {},
    "flex_futures": {
        "currencies": {
            "USD": {
                "quantity": 25000,
                "value": 25000,
                "collateral_value": 25000,
                "available": 25000,
                "haircut": 0,
                "conversion_spread": 0,
            }
        },
        "balance_value": 25000,
        "portfolio_value": 25000,
        "collateral_value": 25000,
        "initial_margin": 0,
        "initial_margin_without_orders": 0,
        "maintenance_margin": 0,
        "pnl": 0,
        "unrealized_funding": 0,
        "total_unrealized": 0,
        "total_unrealized_as_margin": 0,
        "margin_equity": 25000,
        "available_margin": 25000,
    },
    "seq": 0,
    "timestamp": 1782907200000,
}
"""The snapshot of an account with 25,000 USD, without its other wallets."""


def test_the_balances_feed_tells_what_changed() -> None:
    floor = Floor(users=(KrakenFuturesUser(balance=Decimal(25000)), OTHER))
    session = floor.open()
    proof = floor.proof(session)
    _, shown = floor.hear(session, f'{{"event":"subscribe","feed":"balances",{proof}}}')
    wallet = shown["futures"].pop("fi_xbtusd")
    assert shown == BALANCES
    assert (wallet["name"], wallet["pair"], wallet["unit"]) == ("fi_xbtusd", "XBTUSD", "XBT")
    assert set(wallet) == {
        "name",
        "pair",
        "unit",
        "portfolio_value",
        "balance",
        "maintenance_margin",
        "initial_margin",
        "available",
        "unrealized_funding",
        "pnl",
    }
    floor.heard[session] = []
    floor.offer("65000", "0.1")
    floor.lmt("buy", "0.1", "65000")
    (told,) = floor.heard[session]
    assert set(told) == {"feed", "account", "flex_futures", "seq", "timestamp"}
    assert (told["feed"], told["seq"], told["flex_futures"]["balance_value"]) == ("balances", 1, Decimal("24996.75"))
    floor.heard[session] = []
    floor.trade(Side.SELL, "65000", "10", rest=True, symbol="PI_XBTUSD")
    floor.send("orderType=mkt&symbol=PI_XBTUSD&side=buy&size=10")
    (told,) = floor.heard[session]
    assert set(told) == {"feed", "account", "futures", "seq", "timestamp"}


def test_money_is_told_to_its_own_account_alone_and_a_maker_hears_of_his_too() -> None:
    floor = Floor()
    mine, other = floor.listen("open_positions"), floor.listen("open_positions", key="other-key")
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    assert (len(floor.heard[mine]), len(floor.heard[other])) == (1, 0)
    floor.lmt("sell", "1", "66000", key="other-key")
    floor.lmt("buy", "1", "66000")
    assert [message["positions"][0]["balance"] for message in floor.heard[mine]] == [1, 2]
    assert [message["positions"][0]["balance"] for message in floor.heard[other]] == [-1]
