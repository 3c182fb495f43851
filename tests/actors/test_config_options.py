"""`SimulatedVenue.config` takes what the configurations have, so that a type checker sees a slip of the pen."""

from __future__ import annotations

from attrs import fields

from actors.serving.config_options import ConfigOptions
from actors.venues import VENUES


def test_the_options_of_a_simulated_venue_are_the_fields_of_the_configurations() -> None:
    named = {field.name for row in VENUES.values() for field in fields(row.config)}
    assert set(ConfigOptions.__annotations__) == named
