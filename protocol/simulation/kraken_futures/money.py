"""What accounts of a simulated Kraken Futures own, as the venue shows it: wallets, positions, margins (spec B.13).

Linear contracts share one wallet in USD; every inverse contract has a wallet of its own in its base currency. The
balance counts what is realized; what open positions gain or lose is apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from attrs import define

from ...kraken_futures.converter import iso
from ...values import ZERO, Instant
from ...wire.numbers import plain
from ..triggers import Reference
from . import account_rows as rows
from . import risk
from .accounts import Account, Position
from .market import Market
from .settings import KrakenFuturesExchangeSettings

__all__ = ["Money"]

MILLISECOND: Final = 1_000_000
SHOWN_PLACES: Final = Decimal("1e-10")
"""Ratios are rounded to this."""


@define
class Money:
    settings: KrakenFuturesExchangeSettings
    markets: Mapping[str, Market]

    # REST

    def accounts(self, account: Account) -> dict[str, rows.CashAccount | rows.FlexAccount | rows.MarginAccount]:
        found: dict[str, rows.CashAccount | rows.FlexAccount | rows.MarginAccount] = {
            "cash": rows.CashAccount(balances=self._balances({"usd": ZERO})),
            "flex": self._flex(account),
        }
        for name, markets in self._wallets().items():
            found[name] = self._wallet(account, markets)
        return found

    def _wallets(self) -> dict[str, list[Market]]:
        """The inverse contracts that share each single-collateral wallet."""
        found: dict[str, list[Market]] = {}
        for symbol, market in self.markets.items():
            if market.is_inverse:
                found.setdefault(_wallet(symbol), []).append(market)
        return found

    def _flex(self, account: Account) -> rows.FlexAccount:
        balance, pnl = self._balance(account), self._pnl(account)
        needed, with_orders, maintenance = self._margins(account)
        usd = rows.CurrencyRow(
            quantity=balance, value=balance, collateral=balance, available=max(ZERO, balance - with_orders)
        )
        return rows.FlexAccount(
            currencies={"USD": usd},
            initialMargin=needed,
            initialMarginWithOrders=with_orders,
            maintenanceMargin=maintenance,
            balanceValue=balance,
            portfolioValue=balance + pnl,
            collateralValue=balance,
            pnl=pnl,
            unrealizedFunding=ZERO,
            totalUnrealized=pnl,
            totalUnrealizedAsMargin=pnl,
            availableMargin=balance + pnl - with_orders,
            marginEquity=balance + pnl,
        )

    def _wallet(self, account: Account, markets: Sequence[Market]) -> rows.MarginAccount:
        balance, pnl, needed, maintenance = self._inverse(account, markets)
        margins = rows.Requirements(im=needed, mm=maintenance, lt=maintenance, tt=maintenance)
        currency = _currency(markets[0])
        return rows.MarginAccount(
            currency=currency,
            balances=self._balances({currency: balance}),
            auxiliary=rows.Auxiliary(usd=ZERO, pv=balance + pnl, pnl=pnl, af=balance + pnl - needed, funding=ZERO),
            marginRequirements=margins,
            triggerEstimates=rows.Requirements(im=ZERO, mm=ZERO, lt=ZERO, tt=ZERO),
        )

    def _balances(self, amounts: dict[str, Decimal]) -> dict[str, Decimal | str]:
        if self.settings.text_balances:
            return {currency: plain(amount) for currency, amount in amounts.items()}
        return dict(amounts)

    def positions(self, account: Account) -> list[rows.PositionRow]:
        """Newest fill first; flat contracts are not listed."""
        held = [(symbol, position) for symbol, position in account.positions.items() if position.signed]
        held.sort(key=lambda pair: pair[1].traded_at, reverse=True)
        return [
            rows.PositionRow(
                side="long" if position.signed > 0 else "short",
                symbol=symbol,
                price=position.entry,
                fillTime=iso(position.traded_at),
                size=abs(position.signed),
                unrealizedFunding=None if self.markets[symbol].is_inverse else ZERO,
                pnlCurrency=None if self.markets[symbol].is_inverse else "USD",
                maxFixedLeverage=account.fixed_leverage,
            )
            for symbol, position in held
        ]

    # Feeds

    def positions_frame(self, account: Account, sequence: int, now: Instant) -> rows.PositionsFrame:
        held = [
            self._feed_position(account, self.markets[symbol], position)
            for symbol, position in account.positions.items()
            if position.signed
        ]
        return rows.PositionsFrame(
            account=account.id, positions=held, seq=sequence, timestamp=now.wall_ns // MILLISECOND
        )

    def _feed_position(self, account: Account, market: Market, position: Position) -> rows.FeedPosition:
        mark = market.mark or position.entry
        pnl = market.worth(position.signed, mark) - market.worth(position.signed, position.entry)
        needed = abs(market.worth(position.signed, mark)) * self.settings.initial_margin
        equity = risk.equity(account, self.markets)
        value = market.value(position.signed, mark)
        return rows.FeedPosition(
            instrument=market.row.symbol,
            balance=position.signed,
            pnl=_short(pnl),
            entry_price=position.entry,
            mark_price=mark,
            index_price=market.triggers.price(Reference.INDEX) or mark,
            liquidation_threshold=ZERO,
            effective_leverage=_short(value / equity) if equity > 0 else ZERO,
            return_on_equity=_short(pnl / needed) if needed else ZERO,
            unrealized_funding=ZERO,
            initial_margin=_short(needed),
            initial_margin_with_orders=_short(needed),
            maintenance_margin=_short(abs(market.worth(position.signed, mark)) * self.settings.maintenance_margin),
            pnl_currency=market.settlement,
            max_fixed_leverage=account.fixed_leverage,
        )

    def balances_frame(
        self, account: Account, sequence: int, now: Instant, changed: frozenset[str] | None = None
    ) -> rows.BalancesFrame:
        """changed: symbols that traded, whose wallets are shown; None: everything, as a snapshot."""
        whole = changed is None
        inverse = {
            name: self._feed_wallet(account, name, markets)
            for name, markets in self._wallets().items()
            if changed is None or any(market.row.symbol in changed for market in markets)
        }
        linear = changed is None or any(not self.markets[symbol].is_inverse for symbol in changed)
        return rows.BalancesFrame(
            feed="balances_snapshot" if whole else "balances",
            account=account.id,
            holding={"USD": ZERO} if whole else None,
            futures=inverse if whole or inverse else None,
            flex_futures=self._feed_flex(account) if linear else None,
            seq=sequence,
            timestamp=now.wall_ns // MILLISECOND,
        )

    def _feed_flex(self, account: Account) -> rows.FlexFeed:
        balance, pnl = self._balance(account), self._pnl(account)
        needed, with_orders, maintenance = self._margins(account)
        usd = rows.FeedCurrency(
            quantity=balance, value=balance, collateral_value=balance, available=max(ZERO, balance - with_orders)
        )
        return rows.FlexFeed(
            currencies={"USD": usd},
            balance_value=balance,
            portfolio_value=balance + pnl,
            collateral_value=balance,
            initial_margin=with_orders,
            initial_margin_without_orders=needed,
            maintenance_margin=maintenance,
            pnl=pnl,
            unrealized_funding=ZERO,
            total_unrealized=pnl,
            total_unrealized_as_margin=pnl,
            margin_equity=balance + pnl,
            available_margin=balance + pnl - with_orders,
        )

    def _feed_wallet(self, account: Account, name: str, markets: Sequence[Market]) -> rows.WalletFeed:
        balance, pnl, needed, maintenance = self._inverse(account, markets)
        return rows.WalletFeed(
            name=name,
            pair=name.removeprefix("fi_").upper(),
            unit=_currency(markets[0]).upper(),
            portfolio_value=balance + pnl,
            balance=balance,
            maintenance_margin=maintenance,
            initial_margin=needed,
            available=balance + pnl - needed,
            unrealized_funding=ZERO,
            pnl=pnl,
        )

    # Sums

    def _balance(self, account: Account) -> Decimal:
        """USD that linear contracts have left: what there was, with profits that were taken and less fees."""
        taken = (self._taken(symbol, position) for symbol, position in self._linear(account))
        return account.balance + sum(taken, ZERO)

    def _pnl(self, account: Account) -> Decimal:
        return sum((self._open_pnl(symbol, position) for symbol, position in self._linear(account)), ZERO)

    def _linear(self, account: Account) -> list[tuple[str, Position]]:
        return [pair for pair in account.positions.items() if not self.markets[pair[0]].is_inverse]

    def _taken(self, symbol: str, position: Position) -> Decimal:
        market = self.markets[symbol]
        held = market.worth(position.signed, position.entry) if position.signed else ZERO
        return held - position.cost - position.fees

    def _open_pnl(self, symbol: str, position: Position) -> Decimal:
        market = self.markets[symbol]
        if not position.signed or market.mark is None:
            return ZERO
        return market.worth(position.signed, market.mark) - market.worth(position.signed, position.entry)

    def _margins(self, account: Account) -> tuple[Decimal, Decimal, Decimal]:
        """Initial, the same with open orders, and maintenance margin of linear contracts: USD."""
        linear = {symbol: market for symbol, market in self.markets.items() if not market.is_inverse}
        held, settings = risk.positions_value(account, linear), self.settings
        with_orders = risk.exposure(account, linear) * settings.initial_margin
        return held * settings.initial_margin, with_orders, held * settings.maintenance_margin

    def _inverse(self, account: Account, markets: Sequence[Market]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Balance, open profit, initial and maintenance margin in the base currency."""
        balance = pnl = worth = ZERO
        for market in markets:
            position = account.positions.get(market.row.symbol, Position())
            balance += self._taken(market.row.symbol, position)
            pnl += self._open_pnl(market.row.symbol, position)
            worth += abs(market.worth(position.signed, market.mark)) if market.mark is not None else ZERO
        needed, maintenance = worth * self.settings.initial_margin, worth * self.settings.maintenance_margin
        return _short(balance), _short(pnl), _short(needed), _short(maintenance)


def _wallet(symbol: str) -> str:
    """The name of the wallet of an inverse contract, e.g. fi_xbtusd for PI_XBTUSD."""
    return f"fi_{symbol.split('_')[1].lower()}"


def _currency(market: Market) -> str:
    """As the venue writes it here: lower case, bitcoin by its old name."""
    return {"btc": "xbt"}.get(market.settlement.lower(), market.settlement.lower())


def _short(number: Decimal) -> Decimal:
    return number.quantize(SHOWN_PLACES).normalize() if number else ZERO
