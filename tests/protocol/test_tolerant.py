"""What is left of JSON of which a part cannot be used."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import field, frozen

from protocol.wire.tolerant import BadField, exact_json, read, read_json


@frozen
class Leg:
    price: Decimal
    size: int = field(default=1, metadata={"key": "qty"})


@frozen
class Book:
    name: str | None = None
    legs: list[Leg] | None = None
    by_id: dict[str, Leg] | None = None


def test_json_is_read_without_floats() -> None:
    assert exact_json('[1.1, 2, "3"]') == [Decimal("1.1"), 2, "3"]


def test_what_cannot_be_used_costs_itself_and_not_its_neighbours() -> None:
    text = '{"name":[1],"legs":[{"price":1.5,"qty":"2"},{"price":true},3],"by_id":{"a":{"price":"x"},"b":{"price":7}}}'
    book, skipped = read_json(text, Book)
    assert book == Book(legs=[Leg(Decimal("1.5"), 2)], by_id={"b": Leg(Decimal(7))})
    assert skipped == [{"price": True}, 3, {"a": {"price": "x"}}]


def test_where_all_must_be_usable_the_innermost_key_is_named() -> None:
    with pytest.raises(BadField) as caught:
        read({"legs": [{"price": "1", "qty": "many"}]}, Book)
    assert caught.value.name == "qty"


@pytest.mark.parametrize("text", ["", "[]", "7", "NaN", '{"name":', b"\xff", "[" * 100_000])
def test_what_is_no_object_is_a_valueerror(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text, Book)
