"""Which modules a file imports, with relative imports resolved."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["ROOT", "imported_modules", "is_inside"]

ROOT = Path(__file__).parent.parent


def imported_modules(path: Path) -> set[str]:
    """Full names. `from a import b` counts as `a.b`, because that may be a module."""
    package = path.relative_to(ROOT).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += [node.module] if node.module else []
            found |= {".".join([*base, alias.name]) for alias in node.names}
    return found


def is_inside(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
