"""What the map of the seed points to exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("", "protocol", "protocol/dispatch", "protocol/ax")
"""In which a file may be that the map names by less than its whole path."""


def pointers() -> Iterator[str]:
    """What stands in code type in the columns behind the first, which holds the seed's own names."""
    for line in (ROOT / "docs" / "seed-map.md").read_text().splitlines():
        yield from re.findall(r"`([^`]+)`", "|".join(line.split("|")[2:]))


def classes() -> dict[str, set[str]]:
    """By name, with all that they define or assign."""
    found: dict[str, set[str]] = {}
    for folder in ("protocol", "actors"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, set()).update(_members(node))
    return found


def _members(node: ast.ClassDef) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            yield part.name
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            yield part.id


def test_every_file_that_is_named_exists() -> None:
    named = {pointer for pointer in pointers() if pointer.endswith((".py", "/"))}
    assert len(named) > 50
    assert {name for name in named if not any((ROOT / folder / name).exists() for folder in FOLDERS)} == set()


def test_every_class_and_member_that_is_named_exists() -> None:
    known = classes()
    named = {match.groups() for pointer in pointers() if (match := re.match(r"([A-Z]\w*[a-z]\w*)\.(\w+)", pointer))}
    assert len(named) > 50
    assert {pair for pair in named if pair[1] not in known.get(pair[0], ())} == set()


def test_every_test_that_is_named_exists() -> None:
    named = {pointer for pointer in pointers() if re.fullmatch(r"test_\w+", pointer)}
    assert len(named) > 10
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in text} == set()
