"""`trio_orders` is all that a program imports, and it loads no more than the program needs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trio_orders

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("protocol.simulation", "actors.serving")
VENUES = ("ax", "kraken_futures", "kraken_spot")


def loaded_by(statement: str) -> set[str]:
    """The modules that are loaded after this statement in a fresh interpreter."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {statement}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split())


@pytest.mark.parametrize(
    ("venue", "config"),
    [("ax", "AxConfig"), ("kraken_futures", "KrakenFuturesConfig"), ("kraken_spot", "KrakenSpotConfig")],
)
def test_a_client_loads_its_own_venue_and_no_simulation(venue: str, config: str) -> None:
    imported = f"from trio_orders import ApiKey, {config}, NewOrder, open_client"
    venues = tuple(f"protocol.{name}" for name in VENUES)
    assert [name for name in loaded_by(imported) if name.startswith(HEAVY + venues)] == []

    loaded = loaded_by(f"{imported}; {config}(credentials=ApiKey('key', 'c2VjcmV0')).venue()")
    others = tuple(name for name in venues if name != f"protocol.{venue}")
    assert f"protocol.{venue}" in loaded
    assert [name for name in loaded if name.startswith(HEAVY + others)] == []


def test_events_load_without_trio() -> None:
    loaded = loaded_by("from trio_orders.events import Filled; import trio_orders; trio_orders.__version__")
    assert "trio" not in loaded
    assert "actors" not in loaded


def test_a_simulated_venue_loads_the_simulation_of_that_venue_alone() -> None:
    opening = "import trio, trio_orders.testing as t; r = t.venue_row('kraken-spot'); r.simulation()"
    loaded = loaded_by(opening)
    assert "protocol.simulation.kraken_spot" in loaded
    assert not loaded & {"protocol.simulation.ax", "protocol.simulation.kraken_futures"}


def test_names_can_be_listed_before_they_are_loaded() -> None:
    assert set(trio_orders.__all__) <= set(dir(trio_orders))
    assert "trio_orders.testing" not in loaded_by("import trio_orders; dir(trio_orders)")


@pytest.mark.parametrize("module", ["trio_orders", "actors"])
def test_a_name_that_is_nowhere_is_missed_as_in_any_module(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'AxConfiguration'"):
        sys.modules[module].AxConfiguration
    with pytest.raises(ImportError, match="cannot import name 'AxConfiguration'"):
        exec(f"from {module} import AxConfiguration")


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return froms | {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.py")), ids=lambda path: path.name)
def test_examples_come_in_by_the_front_door(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imports_of(path)} & {"actors", "protocol"}


@pytest.mark.parametrize("package", ["actors", "protocol"])
def test_what_is_behind_the_front_door_does_not_look_at_it(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not re.search(r"^ *(from|import) trio_orders\b", path.read_text(), re.MULTILINE), path
