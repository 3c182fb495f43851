"""What `docs/adding-a-venue.md` names exists, and it names what a venue must provide."""

from __future__ import annotations

import re

import pytest

from protocol import facts, venue
from protocol.simulation.faults import FaultKind
from protocol.simulation.simulated_exchange import SimulatedExchange

from ..imports import ROOT

PAGE = (ROOT / "docs" / "adding-a-venue.md").read_text()
NAMES = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
PATHS = sorted(name for name in NAMES if re.fullmatch(r"[\w-]+(/[\w.-]+)*(/|/[\w-]+\.(py|md))", name))


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_the_page_names_exists(path: str) -> None:
    assert (ROOT / path).exists()
    assert (ROOT / path).is_dir() == path.endswith("/")


def test_the_page_names_files() -> None:
    assert len(PATHS) > 20


def public_names(seam: type) -> set[str]:
    return {name for name in vars(seam) if not name.startswith("_")}


def test_every_function_of_a_venue_is_explained() -> None:
    assert public_names(venue.Venue) - NAMES == set()


def test_the_defaults_are_marked_as_such() -> None:
    marked = {name for line in PAGE.splitlines() if "(default" in line for name in re.findall(r"`(\w+)`", line)}
    assert public_names(venue.VenueDefaults) - marked == set()


def test_everything_abstract_in_the_base_of_brains_is_explained() -> None:
    assert set(SimulatedExchange.__abstractmethods__) - NAMES == set()


def test_the_facts_and_faults_on_the_page_exist() -> None:
    table = PAGE.partition("### The facts")[2].partition("### The rules")[0]
    for name in re.findall(r"`([A-Z][A-Za-z]+)`", table):
        assert hasattr(facts, name), name
    paragraph = PAGE.partition("The faults `PLACE_ERROR`")[2].partition("## Step 3")[0]
    for name in re.findall(r"`([A-Z_]+)`", paragraph):
        assert name in FaultKind.__members__, name


def test_the_rules_on_the_page_exist() -> None:
    rules = PAGE.partition("### The rules")[2].partition("## Step 2")[0]
    for line in re.findall(r"^- (.*?):", rules, flags=re.MULTILINE):
        for name in re.findall(r"`(\w+)`", line):
            assert hasattr(venue.VenueRules(venue="TOY"), name), name
