"""`docs/errors.md` has a row for every class and every reason, and says what they say."""

from __future__ import annotations

import ast
import re
from enum import Enum
from pathlib import Path

import pytest

from protocol import errors
from protocol.reasons import RejectReason, Why

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "errors.md").read_text()
TABLES = [
    [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table.splitlines()]
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
]
CLASSES, HERE, THERE = (table[2:] for table in TABLES)
MEMBERS: list[tuple[list[list[str]], type[Enum]]] = [(HERE, Why), (THERE, RejectReason)]


def test_there_is_a_row_for_every_class_with_its_attributes() -> None:
    roots = {"TradingError", "LinkError"}
    assert [row[0].strip("`") for row in CLASSES] == [name for name in in_order() if name not in roots]
    for name, _, _, attributes, _ in CLASSES:
        kind = getattr(errors, name.strip("`"))
        assert re.findall(r"`(\w+)`", attributes) == list(vars(kind("")))


def in_order() -> list[str]:
    """The public classes, as the module declares them."""
    tree = ast.parse(Path(errors.__file__).read_text())
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name in errors.__all__]


@pytest.mark.parametrize(("rows", "kind"), MEMBERS)
def test_there_is_a_row_for_every_reason(rows: list[list[str]], kind: type[Enum]) -> None:
    assert [row[0].strip("`") for row in rows] == [member.name for member in kind]


@pytest.mark.parametrize(("rows", "kind"), MEMBERS)
def test_the_page_says_whether_another_try_makes_sense(rows: list[list[str]], kind: type[Enum]) -> None:
    said = {row[0].strip("`"): row[1] for row in rows}
    assert said == {member.name: "yes" if member.may_pass else "no" for member in kind}  # type: ignore[attr-defined]


def test_every_name_on_the_page_exists() -> None:
    import actors
    from protocol import events

    known = {*errors.__all__, *actors.__all__, *events.__all__, "Why", "RejectReason"}
    named = set(re.findall(r"`([A-Z]\w+?)(?:\.\w+)?`", PAGE)) - {member.name for _, kind in MEMBERS for member in kind}
    assert named - known - {"TypeError", "ValueError"} == set()


def raises_of_not_sent() -> list[tuple[str, ast.Call]]:
    found = []
    for path in sorted([*(ROOT / "protocol").rglob("*.py"), *(ROOT / "actors").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NotSent":
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return found


def test_whatever_is_not_sent_says_why_or_which_field() -> None:
    """INVALID is the default, so that a check of a venue need only name its field."""
    found = raises_of_not_sent()
    silent = [
        (place, ast.unparse(call.args[0]))
        for place, call in found
        if not {"why", "field"} & {keyword.arg for keyword in call.keywords}
    ]
    assert len(found) > 100
    assert all("changes nothing" in sentence or "whole numbers of nanoseconds" in sentence for _, sentence in silent)


def test_every_reason_is_given_somewhere() -> None:
    sources = "".join(path.read_text() for folder in ("protocol", "actors") for path in (ROOT / folder).rglob("*.py"))
    for kind in (Why, RejectReason):
        assert [member.name for member in kind if f"{kind.__name__}.{member.name}" not in sources] == []
