"""`docs/promises.md` names only tests and planted bugs that exist, and every planted bug."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ..sim.planted import bugs, name_of

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs" / "promises.md").read_text()
ROWS = [[cell.strip() for cell in row.split("|")[1:-1]] for row in PAGE.splitlines() if re.match(r"\| \d+ \|", row)]


def functions(name: str) -> set[str]:
    tree = ast.parse((TESTS / f"{name}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_the_table_has_a_row_for_every_promise() -> None:
    promises = re.findall(r"^(\d+)\. \*\*", PAGE, re.MULTILINE)
    assert promises == [str(number) for number in range(1, len(promises) + 1)]
    assert [row[0] for row in ROWS] == promises


def test_every_test_that_is_named_exists() -> None:
    named = [test.split("::") for row in ROWS for test in re.findall(r"[\w/]+::\w+", row[1])]
    assert named
    assert [f"{name}::{test}" for name, test in named if test not in functions(name)] == []
    assert all(re.search(r"[\w/]+::\w+", row[1]) for row in ROWS)


def test_the_table_names_every_planted_bug_and_no_other() -> None:
    named = [bug for row in ROWS for bug in re.findall(r"\w+", row[2])]
    assert sorted(named) == sorted(map(name_of, bugs()))


def test_every_promise_has_a_planted_bug() -> None:
    assert [row[0] for row in ROWS if not row[2]] == []
