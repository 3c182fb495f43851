"""What may import what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
IMPURE = {
    "trio",
    "trio_websocket",
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
        for venue in ("ax", "kraken_futures", "kraken_spot"):
            assert not re.search(rf"from \.{{1,2}}{venue}\b", path.read_text()), venue


VENUES = ("ax", "kraken_futures", "kraken_spot")
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


def files_of(venue: str) -> set[str]:
    return {path.stem for path in (ROOT / "protocol" / venue).glob("*.py")}


def packages_of(path: Path) -> set[str]:
    """The packages and modules right under `protocol` that a file of a venue package imports, by their names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("protocol.").partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level != 1:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {(name or "").removeprefix("protocol.").partition(".")[0] for name in names}
    return found


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_package_knows_neither_dispatch_nor_another_venue_nor_a_simulation(venue: str) -> None:
    foreign = {"dispatch", "simulation", *VENUES} - {venue}
    for path in (ROOT / "protocol" / venue).glob("*.py"):
        assert not packages_of(path) & foreign, path


@pytest.mark.parametrize("venue", VENUES)
def test_a_file_of_a_venue_package_has_a_name_that_means_the_same_at_every_venue(venue: str) -> None:
    assert files_of(venue) - MEANINGS.keys() == SPECIALTIES[venue]
    assert EVERYWHERE - files_of(venue) == set()


def test_every_name_with_a_meaning_is_used() -> None:
    assert MEANINGS.keys() - set.union(*map(files_of, VENUES)) == set()
    assert not MEANINGS.keys() & set.union(*SPECIALTIES.values())


def test_nothing_reads_the_private_parts_of_trio_websocket() -> None:
    for path in (ROOT / "actors").rglob("*.py"):
        assert "websocket._" not in path.read_text()


def test_every_section_of_the_wire_descriptions_that_is_named_is_explained() -> None:
    explained = (ROOT / "docs" / "venue-facts.md").read_text()
    listed = set(re.findall(r"\b[A-E]\.\d+", explained))
    for first, last in re.findall(r"\b([A-E]\.\d+) to ([A-E]\.\d+)", explained):
        listed |= {f"{first[:2]}{number}" for number in range(int(first[2:]), int(last[2:]) + 1)}
    named = set()
    for folder in ("actors", "protocol", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for mention in re.findall(r"\bspec (?:Kraken )?([A-E]\.[^)\n]*)", path.read_text()):
                named |= set(re.findall(r"\b[A-E]\.\d+", mention))
    assert named - listed == set()
