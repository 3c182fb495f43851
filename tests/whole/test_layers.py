"""What may import what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from actors import venues

from ..imports import ROOT, imported_modules, is_inside

VENUES = sorted(name.replace("-", "_") for name in venues.VENUES)
SIMULATION = "protocol.simulation"
BRAINS = [f"{SIMULATION}.{venue}" for venue in VENUES]
OF_VENUES = [*BRAINS, *(f"{root}.{venue}" for root in ("protocol", "actors.venues") for venue in VENUES)]
BRAIN_FILES = {
    "access": "Access",
    "accounts": "Account",
    "checks": "",
    "engine": "Engine",
    "exchange": "",
    "identifiers": "Ids",
    "market": "Market",
    "market_maker": "MarketMaker",
    "order_entry": "OrderEntry",
    "orders": "VenueOrder",
    "rest": "RestInterface",
    "sessions": "Session",
    "settings": "",
}
"""What every brain has, and the class in it that stands for the file; "" where its name is the venue's own."""
IMPURE = {
    "trio",
    "trio_websocket",
    "websockets",
    "time",
    "random",
    "logging",
    "asyncio",
    "socket",
    "httpx",
    "httpcore",
    "python_socks",
    "threading",
    "actors",
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "protocol").rglob("*.py")), ids=str)
def test_the_protocol_never_waits_draws_or_logs(path: Path) -> None:
    assert not imports_of(path) & IMPURE


@pytest.mark.parametrize("path", sorted((ROOT / "protocol").rglob("*.py")), ids=str)
def test_no_float_comes_near_money(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "float"]


def test_the_neutral_core_knows_no_venue() -> None:
    neutral = [*(ROOT / "protocol").glob("*.py"), *(ROOT / "protocol" / "dispatch").glob("*.py")]
    for path in neutral:
        for venue in VENUES:
            assert not re.search(rf"from \.{{1,2}}{venue}\b", path.read_text()), venue


def files_of(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_package_knows_neither_dispatch_nor_simulations_nor_other_venues(venue: str) -> None:
    others = [f"protocol.{other}" for other in VENUES if other != venue]
    for path in files_of(f"protocol/{venue}"):
        found = imported_modules(path)
        assert not {module for module in found if is_inside(module, "protocol.dispatch", SIMULATION, *others)}, path


@pytest.mark.parametrize("venue", VENUES)
def test_a_brain_knows_neither_dispatch_nor_other_venues(venue: str) -> None:
    others = [f"{root}.{other}" for root in ("protocol", SIMULATION) for other in VENUES if other != venue]
    for path in files_of(f"protocol/simulation/{venue}"):
        found = imported_modules(path)
        assert not {module for module in found if is_inside(module, "protocol.dispatch", *others)}, path


def test_what_the_brains_share_knows_no_venue() -> None:
    for path in sorted((ROOT / "protocol" / "simulation").glob("*.py")):
        assert not {module for module in imported_modules(path) if is_inside(module, *OF_VENUES, "protocol.dispatch")}


def test_the_actors_know_no_venue() -> None:
    """But for the package itself, which exports the configurations."""
    for path in files_of("actors"):
        if path.parent.name != "venues" and path != ROOT / "actors" / "__init__.py":
            assert not {module for module in imported_modules(path) if is_inside(module, *OF_VENUES)}, path


@pytest.mark.parametrize("venue", VENUES)
def test_the_file_of_a_venue_in_actors_needs_no_other_actor(venue: str) -> None:
    for module in imported_modules(ROOT / "actors" / "venues" / f"{venue}.py"):
        if is_inside(module, "actors"):
            assert is_inside(module, "actors.config", "actors.venues.row"), module


def classes_of(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("venue", VENUES)
def test_every_brain_has_the_same_files_with_the_same_meaning(venue: str) -> None:
    folder = ROOT / "protocol" / "simulation" / venue
    for file, name in BRAIN_FILES.items():
        path = folder / f"{file}.py"
        assert path.exists(), path
        assert not name or name in classes_of(path), path
    assert "SimulatedExchange[" in (folder / "exchange.py").read_text()


MEANINGS = {
    "__init__": "nothing",
    "checks": "what is refused before it is sent",
    "codec": "one connection as the client reads it: frames to facts",
    "converter": "JSON text and forms to the classes of `wire`, and back",
    "enumerations": "the venue's codes as neutral values, and back",
    "handshake": "how a client or a connection logs in",
    "history": "past orders, where the venue keeps them in a service of its own",
    "instruments": "the list of instruments",
    "limits": "how much the venue lets an account do",
    "listings": "rows of orders and fills to neutral views and trades",
    "memory": "what one connection remembers of orders",
    "order_entry": "requests as the venue takes them first: frames, or calls where it takes no orders in frames",
    "rest_answers": "answers over REST to facts",
    "rest_order_entry": "requests as REST calls, where most of them go out as frames",
    "settings": "where the venue is and who we are there",
    "signing": "how a call or a challenge is signed",
    "socket_answers": "answers to requests on the socket to facts",
    "venue": "the venue behind the seam of `protocol.venue`",
    "venue_side": "the wire from the venue's side: reading requests, writing messages",
    "wire": "the wire as classes, one for each JSON object",
}
"""File of a venue package → what it holds, at whichever venue has such a thing."""
EVERYWHERE = {
    "checks",
    "codec",
    "converter",
    "enumerations",
    "handshake",
    "instruments",
    "listings",
    "order_entry",
    "rest_answers",
    "settings",
    "venue",
    "wire",
}
SPECIALTIES = {
    "ax": set[str](),
    "kraken_futures": {"fills", "open_orders", "order_events", "quantity"},
    "kraken_spot": {"executions", "options", "sequence", "symbols"},
}
"""Files for what one venue alone has, e.g. a feed of a kind of its own."""


def names_in(venue: str) -> set[str]:
    return {path.stem for path in (ROOT / "protocol" / venue).glob("*.py")}


@pytest.mark.parametrize("venue", VENUES)
def test_a_file_of_a_venue_package_has_a_name_that_means_the_same_at_every_venue(venue: str) -> None:
    assert names_in(venue) - MEANINGS.keys() == SPECIALTIES[venue]
    assert EVERYWHERE - names_in(venue) == set()


def test_every_name_with_a_meaning_is_used() -> None:
    assert MEANINGS.keys() - set.union(*map(names_in, VENUES)) == set()
    assert not MEANINGS.keys() & set.union(*SPECIALTIES.values())


def test_nothing_reads_the_private_parts_of_trio_websocket() -> None:
    for path in (ROOT / "actors").rglob("*.py"):
        assert "websocket._" not in path.read_text()


SECTION = r"\b(?:[A-E]\.)?\d+(?:\.\d+)?"
MENTION = re.compile(rf"\bspec (?:(AX|Kraken) )?({SECTION}(?:(?:, | and | to |\n\s*(?:# )?){SECTION})*)")


def sections_of(page: str) -> set[str]:
    """The numbers of a wire description's headings, and of its tables' rows that have one such as E.3."""
    text = (ROOT / "docs" / "wire" / f"{page}.md").read_text()
    found = set(re.findall(r"^#+ ([A-E]\.\d+|\d+(?:\.\d+)?)\.? ", text, re.MULTILINE))
    found |= set(re.findall(r"^\| ([A-E]\.\d+) \|", text, re.MULTILINE))
    for section, first, last in re.findall(r"^#+ (\d+)\.(\d+)–\d+\.(\d+) ", text, re.MULTILINE):
        found |= {f"{section}.{number}" for number in range(int(first), int(last) + 1)}
    return found


def sections_named(folder: str) -> set[tuple[str, str]]:
    """(page, section) for every "spec …" in the code of a folder. A letter means Kraken; a number alone means AX, as
    section 0 is Kraken's alone."""
    named = set()
    for path in (ROOT / folder).rglob("*.py"):
        for venue, sections in MENTION.findall(path.read_text()):
            for section in re.findall(SECTION, sections):
                kraken = venue == "Kraken" or section[0] in "ABCDE0"
                named.add(("kraken" if kraken else "ax", section))
    return named


@pytest.mark.parametrize("folder", ["actors", "protocol", "tests", "benchmarks", "examples"])
def test_every_section_of_the_wire_descriptions_that_is_named_exists(folder: str) -> None:
    known = {(page, section) for page in ("ax", "kraken") for section in sections_of(page)}
    assert len(known) > 100
    assert sections_named(folder) - known == set()


CODE = [
    path
    for folder in ("actors", "protocol", "trio_orders", "tests", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def test_no_test_file_is_longer_than_800_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in CODE if "tests" in path.parts
    }
    assert {path: length for path, length in lengths.items() if length > 800} == {}


def functions_longer_than(limit: int, source: str) -> list[str]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in found if (node.end_lineno or 0) - node.lineno + 1 > limit]


def test_every_function_fits_on_a_screen() -> None:
    long = {str(path.relative_to(ROOT)): functions_longer_than(50, path.read_text()) for path in CODE}
    assert {path: names for path, names in long.items() if names} == {}
