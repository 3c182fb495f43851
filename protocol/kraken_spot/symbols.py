"""Names of currencies and pairs: the socket's modern ones, and the legacy ones of REST (spec A.1).

`BTC/USD` on the socket is `XBTUSD`, `XXBTZUSD` and `XBT/USD` elsewhere. A leading X or Z is part of many modern codes
(XRP, XTZ, ZEC), so it is taken off by a table alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["SymbolOf", "currency", "quote_of", "rest_pair", "symbol_of_pair"]

LEGACY: Final[Mapping[str, str]] = {
    "XXBT": "BTC",
    "XXDG": "DOGE",
    "XETC": "ETC",
    "XETH": "ETH",
    "XLTC": "LTC",
    "XMLN": "MLN",
    "XREP": "REP",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XXRP": "XRP",
    "XZEC": "ZEC",
    "ZAUD": "AUD",
    "ZCAD": "CAD",
    "ZEUR": "EUR",
    "ZGBP": "GBP",
    "ZJPY": "JPY",
    "ZUSD": "USD",
}
RENAMED: Final[Mapping[str, str]] = {"XBT": "BTC", "XDG": "DOGE"}
MODERN: Final[Mapping[str, str]] = {**RENAMED, **LEGACY}
REST_NAMES: Final[Mapping[str, str]] = {"BTC": "XBT", "DOGE": "XDG"}

LEGACY_MONEY: Final = frozenset(code for code in LEGACY if code.startswith("Z"))
"""What may stand behind a modern code, as in USDTZUSD. An X belongs to the base there: AVAXXBT."""
SHORTEST_BASE: Final = 3
"""A shorter one has lost its last letter: XTZUSD, CHZUSD."""

QUOTES: Final = (
    "PYUSD",
    "RLUSD",
    "USDC",
    "USDG",
    "USDT",
    "USDQ",
    "EURC",
    "EURQ",
    "EURR",
    "USD",
    "EUR",
    "GBP",
    "CAD",
    "JPY",
    "AUD",
    "CHF",
    "AED",
    "XBT",
    "BTC",
    "ETH",
    "DAI",
    "DOT",
    "SOL",
)
"""What pairs without a slash may end in; the longer ones first."""


def currency(code: str) -> str:
    """A currency's modern code."""
    return MODERN.get(code, code)


def quote_of(symbol: str) -> str:
    """The quote currency of a pair, "" if it is not known."""
    return symbol_of_pair(symbol).partition("/")[2]


SymbolOf = Callable[[str], str]
"""A pair in any spelling as the socket writes it."""


def symbol_of_pair(pair: str) -> str:
    """A pair in any spelling as the socket writes it; a pair that cannot be taken apart stays as it is."""
    if "/" in pair:
        base, _, quote = pair.partition("/")
        return f"{currency(base)}/{currency(quote)}"
    if pair[:4] in LEGACY and pair[4:] in LEGACY:
        return f"{LEGACY[pair[:4]]}/{LEGACY[pair[4:]]}"
    if pair[-4:] in LEGACY_MONEY and len(pair) >= SHORTEST_BASE + 4:
        return f"{currency(pair[:-4])}/{LEGACY[pair[-4:]]}"
    for quote in QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return f"{currency(pair[: -len(quote)])}/{currency(quote)}"
    return pair


def rest_pair(symbol: str) -> str:
    """A pair as REST calls name it."""
    base, _, quote = symbol.partition("/")
    return REST_NAMES.get(base, base) + REST_NAMES.get(quote, quote)
