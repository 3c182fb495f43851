"""Which JSON library reads AX's messages into our classes fastest, and which keeps numbers exact?

Run it with `python -m benchmarks.json_libraries`. Each figure is the best of several rounds on one core. AX sends
decimals as text; "exact" asks what becomes of a decimal that comes as a JSON number instead.
"""

from __future__ import annotations

import json
import sys
import timeit
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import cattrs
import msgspec
import orjson
from attrs import define

from protocol.ax import codec
from protocol.ax.wire import Message, Order, Result, Status
from protocol.values import exact

ROUNDS, SECONDS_PER_ROUND = 5, 0.1

ORDER = (
    '{"oid":"O-01KZQ4T0V7Y8M2N6B3C5D9F1GH","u":"01KZUSER-01","aid":"01KZUSER-01","s":"EURUSD-PERP","p":"1.0942",'
    '"q":500,"xq":120,"rq":380,"o":"PARTIALLY_FILLED","d":"B","tif":"GTC","cid":17446744073709551557,"tag":"bench",'
    '"po":false,"ts":1795000100,"tn":450}'
)
FILL = (
    '{"t":"p","ts":1795000200,"tn":7,"eid":"E-1207","o":' + ORDER + ',"xs":{"tid":"T-88","aid":"01KZUSER-01",'
    '"s":"EURUSD-PERP","q":20,"p":"1.0941","d":"B","agg":false}}'
)
CANCELED = '{"t":"c","ts":1795000200,"tn":7,"eid":"E-1208","o":' + ORDER + ',"xr":"","txt":""}'
PLACED = '{"rid":71,"res":{"oid":"O-01KZQ4T0V7Y8M2N6B3C5D9F1GH"}}'
OPEN_ORDERS = '{"rid":72,"res":{"orders":[' + ",".join([ORDER] * 20) + "]}}"

MESSAGES: dict[str, tuple[str, type[Any]]] = {
    "fill": (FILL, Message),
    "canceled": (CANCELED, Message),
    "placed": (PLACED, Message),
    "20 open orders": (OPEN_ORDERS, Message),
}

UNFLOATABLE = "1.10000000000000000000000000001"
AWKWARD = ORDER.replace('"1.0942"', UNFLOATABLE)

Reader = Callable[[str, type[Any]], Any]


@define
class Candidate:
    """One way from text to a wire class."""

    name: str
    read: Reader

    def is_exact(self) -> bool:
        try:
            order: Order = self.read(AWKWARD, Order)
        except TypeError:  # our converter refuses floats
            return False
        return order.p == Decimal(UNFLOATABLE)


def candidates() -> list[Candidate]:
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook(Decimal, lambda value, _: exact(value))
    converter.register_structure_hook(
        Status | str | None,
        lambda value, _: converter.structure(value, Status) if isinstance(value, dict) else value,
    )
    converter.register_structure_hook(
        Result | list[Order] | None,
        lambda value, _: converter.structure(value, list[Order] if isinstance(value, list) else Result),
    )
    decimals = json.JSONDecoder(parse_float=Decimal)
    untyped = msgspec.json.Decoder()
    typed = {cls: msgspec.json.Decoder(cls) for cls in (Message, Order)}
    structure = converter.structure
    return [
        Candidate("json, then cattrs", lambda text, cls: structure(json.loads(text), cls)),
        Candidate("json with Decimal, then cattrs", lambda text, cls: structure(decimals.decode(text), cls)),
        Candidate("orjson, then cattrs", lambda text, cls: structure(orjson.loads(text), cls)),
        Candidate("msgspec, then cattrs", lambda text, cls: structure(untyped.decode(text), cls)),
        Candidate("msgspec into the classes", lambda text, cls: typed[cls].decode(text)),
    ]


def microseconds(work: Callable[[], object]) -> float:
    timer = timeit.Timer(work)
    number = 1
    while timer.timeit(number) < SECONDS_PER_ROUND / 5:
        number *= 2
    number *= 5
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def main() -> None:
    print(f"Python {sys.version.split()[0]}; microseconds per message\n")
    print(f"{'':<32}" + "".join(f"{kind:>16}" for kind in MESSAGES) + f"{'exact':>8}")
    for candidate in candidates():
        times = [microseconds(partial(candidate.read, text, cls)) for text, cls in MESSAGES.values()]
        exactness = "yes" if candidate.is_exact() else "no"
        print(f"{candidate.name:<32}" + "".join(f"{time:>16.2f}" for time in times) + f"{exactness:>8}")
    times = [microseconds(partial(codec.decode, text)) for text, _ in MESSAGES.values()]
    print(f"{'message to facts, as we do it':<32}" + "".join(f"{time:>16.2f}" for time in times) + f"{'yes':>8}")


if __name__ == "__main__":
    main()
