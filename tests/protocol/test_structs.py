"""What events and the other struct values promise to programs: frozen, by keyword, equal, changed as copies."""

from __future__ import annotations

import copy
import gc
import importlib
import pickle
import pkgutil
import sys
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given

import protocol
from protocol import Money, NewOrder, OrderIdentity, OrderState, Side, events, facts
from protocol.dispatch.inquiries import Inquiry
from protocol.dispatch.tracking import Order
from protocol.events import number
from protocol.kraken_spot.options import KrakenSpotOptions
from protocol.structs import asdict, evolve
from protocol.values import OrderStatus, instrument_id
from tests.any_event import all_event_classes, any_event
from tests.order_records import US, accepted, filled

FILL = filled("t1", 3)


@pytest.mark.parametrize("kind", all_event_classes())
def test_an_event_is_made_by_keyword_alone(kind: Any) -> None:
    with pytest.raises(TypeError):
        kind(1)
    assert kind.__match_args__ == ()


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        FILL.leaves = Decimal(7)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del FILL.leaves
    with pytest.raises(AttributeError):
        FILL.mood = "good"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        FILL.identity.currency = "EUR"  # type: ignore[misc]


@given(any_event)
def test_an_event_is_equal_to_its_copies_of_every_kind(event: events.Event) -> None:
    for again in (copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event)), evolve(event)):
        assert again == event
        assert hash(again) == hash(event)
        assert type(again) is type(event)
        assert repr(again) == repr(event)


def test_events_of_two_classes_are_never_equal() -> None:
    event: events.Event = accepted()
    assert event != events.Triggered(**msgspec.structs.asdict(event))


def test_a_number_changes_an_event_and_its_hash() -> None:
    event, same = filled("t1", 3), filled("t1", 3)
    number(event, 12)
    assert event.sequence == 12
    assert event != same
    assert hash(event) == hash(evolve(same, sequence=12)) != hash(same)


def test_an_event_is_matched_by_keyword_and_by_its_roots() -> None:
    match FILL:
        case events.OrderEvent(venue_order_id=name, identity=OrderIdentity(side=Side.BUY)):
            assert name == FILL.venue_order_id
        case _:
            raise AssertionError(FILL)


def test_every_field_shows_in_repr_by_name() -> None:
    assert repr(Money(Decimal("0.10"), "USD")) == "Money(amount=Decimal('0.10'), currency='USD')"
    assert repr(accepted()).startswith("Accepted(local_time=2000, sequence=0, identity=OrderIdentity(trader='T', ")


def test_what_is_said_at_the_handshake_never_shows() -> None:
    said = facts.Say(text="password-1", relists=True)
    assert repr(said) == str(said) == "Say(relists=True, number=None)"
    assert said != facts.Say(text="password-2", relists=True)


# Changed copies, and fields by name


def test_evolve_gives_a_changed_copy_and_leaves_the_event() -> None:
    changed = evolve(FILL, leaves=Decimal(7), identity=evolve(US, side=None))
    assert changed.leaves == Decimal(7)
    assert changed.identity.side is None
    assert filled("t1", 3) == FILL
    assert changed == evolve(FILL, identity=changed.identity, leaves=changed.leaves)


def test_evolve_checks_an_order_as_its_constructors_do() -> None:
    order = NewOrder.limit("GOLD.TEST", Side.BUY, quantity=1, price="5")
    assert evolve(order, price="6.5").price == Decimal("6.5")
    with pytest.raises(TypeError, match=r"^The number 6\.5 must be given as text, int or Decimal"):
        evolve(order, price=6.5)


@pytest.mark.parametrize("value", [FILL, US, NewOrder.market("GOLD.TEST", Side.BUY, quantity=1)])
def test_evolve_names_a_field_that_there_is_not(value: Any) -> None:
    with pytest.raises(TypeError, match="mood"):
        evolve(value, mood="good")


@pytest.mark.parametrize("value", [None, 1, {"leaves": 1}, Side.BUY])
def test_evolve_and_asdict_take_nothing_but_values_of_the_library(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^evolve makes .*\.$"):
        evolve(value)
    with pytest.raises(TypeError, match=r"^asdict takes .*\.$"):
        asdict(value)


def test_asdict_gives_the_fields_of_an_event_and_of_the_values_in_it() -> None:
    raw = asdict(FILL)
    assert list(raw)[:3] == ["local_time", "sequence", "identity"]
    assert raw["identity"]["instrument"] == {"symbol": "GOLD", "venue": "TEST"}
    assert raw["identity"]["side"] is Side.BUY
    assert raw["commission"] == {"amount": Decimal("0.1"), "currency": "USD"}
    assert raw["leaves"] is FILL.leaves


@given(any_event)
def test_an_event_is_made_again_of_its_fields(event: events.Event) -> None:
    raw = asdict(event)
    for name, value in raw.items():
        if isinstance(value, dict):
            raw[name] = getattr(event, name)
    assert type(event)(**raw) == event


def test_asdict_takes_orders_with_all_that_is_in_them() -> None:
    order = NewOrder.market("GOLD.TEST", Side.BUY, quantity=1, options=KrakenSpotOptions(stp_type="cancel_both"))
    raw = asdict(order)
    assert raw["instrument"] == {"symbol": "GOLD", "venue": "TEST"}
    assert raw["options"]["stp_type"] == "cancel_both"
    assert asdict(facts.FillsListed(request_id=US.local_time, trades=(), cursor=None))["trades"] == ()  # type: ignore[arg-type]


# The collector of reference cycles


def every_struct() -> Iterator[type[msgspec.Struct]]:
    """Every struct class that a module of the protocol defines and the collector does not see. Those that decoders make
    of wire classes are not among them: they hold what came over the wire."""
    for module in pkgutil.walk_packages(protocol.__path__, "protocol."):
        importlib.import_module(module.name)
    unseen = [msgspec.Struct]
    while unseen:
        kind = unseen.pop()
        unseen += kind.__subclasses__()
        is_defined = vars(sys.modules[kind.__module__]).get(kind.__name__) is kind
        if is_defined and kind.__module__.startswith("protocol.") and not kind.__struct_config__.gc:
            yield kind


STRUCTS = sorted(every_struct(), key=lambda kind: f"{kind.__module__}.{kind.__name__}")
PLAIN = (str, int, bool, Decimal, type(None), Enum, msgspec.Raw)


def parts_of(hint: Any) -> Iterator[Any]:
    """The classes that an annotation names."""
    hint = getattr(hint, "__supertype__", hint)
    inner = get_args(hint)
    if not inner:
        yield hint
    for each in inner:
        yield from parts_of(each)


def held_by(kind: type) -> set[Any]:
    """The classes of the values of its fields that are no plain values."""
    parts = {part for hint in get_type_hints(kind).values() for part in parts_of(hint)}
    return {part for part in parts if part is not Ellipsis and not issubclass(part, PLAIN)}


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__qualname__)
def test_a_struct_that_the_collector_does_not_see_cannot_reach_itself(kind: type) -> None:
    """A cycle through one would never be freed. So it holds plain values and structs of other classes alone."""
    seen: set[Any] = set()
    unseen = held_by(kind)
    while unseen:
        part = unseen.pop()
        assert part in STRUCTS, f"{kind.__name__} may hold a {part}, which may hold anything."
        related = issubclass(kind, part) or issubclass(part, kind)
        assert not related, f"{part} leads back to {kind.__name__}."
        seen.add(part)
        unseen |= held_by(part) - seen


@pytest.mark.parametrize("kind", [*all_event_classes(), OrderIdentity, OrderState, Order, Inquiry, Money])
def test_the_collector_sees_no_event_and_no_order(kind: type) -> None:
    assert kind in STRUCTS


def test_neither_an_order_nor_a_dict_of_orders_costs_the_collector_anything() -> None:
    orders = {US.client_order_id: Order(US)}
    orders[US.client_order_id].status = OrderStatus.ACCEPTED
    assert not gc.is_tracked(orders[US.client_order_id])
    assert not gc.is_tracked(orders)
    assert not gc.is_tracked((FILL, US, instrument_id("GOLD.TEST"))[0])
