"""Which fields of a class say in a text below them what they mean."""

from __future__ import annotations

import ast
import inspect
import textwrap

__all__ = ["unexplained_fields"]


def unexplained_fields(kind: type) -> list[str]:
    """The fields that a class itself defines, without those that a text follows."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(definition, ast.ClassDef)
    return [
        each.target.id
        for each, below in zip(definition.body, [*definition.body[1:], None], strict=True)
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and not _is_text(below)
    ]


def _is_text(statement: ast.stmt | None) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
