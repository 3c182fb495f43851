"""The toy venue needs nothing that a venue may not import, and nothing neutral knows of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..imports import ROOT, imported_modules, is_inside

TOY = ROOT / "tests" / "toy_venue"
PACKAGE = "tests.toy_venue.toy"
BRAIN = "tests.toy_venue.simulation"
REAL_VENUES = [
    f"{root}.{venue}"
    for root in ("protocol", "protocol.simulation", "actors.venues")
    for venue in ("ax", "kraken_futures", "kraken_spot")
]
PURE = {"__future__", "attrs", "msgspec", "collections", "decimal", "functools", "typing"}


def outside(path: Path, *allowed: str) -> set[str]:
    """What a file imports beyond these packages."""
    found = imported_modules(path)
    return {module for module in found if module.partition(".")[0] not in PURE and not is_inside(module, *allowed)}


def forbidden(path: Path, *packages: str) -> set[str]:
    return {module for module in imported_modules(path) if is_inside(module, *packages, *REAL_VENUES)}


@pytest.mark.parametrize("path", sorted((TOY / "toy").glob("*.py")), ids=lambda path: path.name)
def test_the_protocol_package_imports_only_the_neutral_protocol(path: Path) -> None:
    assert outside(path, "protocol", PACKAGE) == set()
    assert forbidden(path, "protocol.dispatch", "protocol.simulation") == set()


@pytest.mark.parametrize("path", sorted((TOY / "simulation").glob("*.py")), ids=lambda path: path.name)
def test_the_brain_imports_only_the_neutral_protocol_and_its_own_venue(path: Path) -> None:
    assert outside(path, "protocol", PACKAGE, BRAIN) == set()
    assert forbidden(path, "protocol.dispatch") == set()


def test_the_file_in_actors_imports_only_the_base_of_configurations_and_rows() -> None:
    path = TOY / "venues" / "toy.py"
    assert outside(path, "protocol", "actors.config", "actors.venues.row", PACKAGE, BRAIN) == set()
    assert forbidden(path, "protocol.dispatch") == set()


def test_nothing_neutral_mentions_the_toy() -> None:
    for folder in ("actors", "protocol"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"\btoy", path.read_text(), re.IGNORECASE), path
