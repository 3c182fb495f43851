"""The interpreter and the environment that the peer needs: Python 3.12 or newer, and its package at one version."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["Skipped", "candidates", "choose_python", "prepare", "reason_in", "requirements"]

OLDEST: Final = (3, 12)
NEWEST: Final = (3, 14)
"""The Pythons that the package is made for."""

NAMES: Final = ("python3.12", "python3.13", "python3.14")

Version = tuple[int, int]


class Skipped(Exception):
    """The peer cannot be had here; the text says why and what to do."""


def candidates(named: str | None) -> Iterator[str]:
    """Interpreters to try, in this order: `named` alone if there is one, else those on the path by their names, then
    those of pyenv, whose shims refuse where none is selected."""
    if named:
        yield named
        return
    yield from NAMES
    if shutil.which("pyenv") is None:
        return
    told = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
    folder = Path(told.stdout.strip()) / "versions"
    for name in NAMES:
        for found in sorted(folder.glob(f"{name.removeprefix('python')}.*/bin/python")):
            yield str(found)


def version_of(python: str) -> Version | None:
    """None where that is no Python, or none that starts."""
    try:
        told = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True
        )
        major, minor = told.stdout.split()
        return int(major), int(minor)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def choose_python(tried: Iterable[str], version: Callable[[str], Version | None] = version_of) -> str:
    """The first of `tried` that the package can be installed for. Raises Skipped where there is none."""
    named = []
    for python in tried:
        found = version(python)
        if found is not None and OLDEST <= found <= NEWEST:
            return python
        named.append(python)
    raise Skipped(
        f"nautilus_trader needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}, and there is none among "
        f"{', '.join(named)}. Name one with PEER_PYTHON=."
    )


def requirements(project: str) -> list[str]:
    """What pip is asked for: the peer at its version, then what this library depends on. project: pyproject.toml."""
    told = tomllib.loads(project)["project"]
    return [*told["optional-dependencies"]["bench-peer"], *told["dependencies"]]


def reason_in(complaints: str) -> str:
    """The line that says most in what pip or venv printed."""
    lines = complaints.strip().splitlines() or ["It gave no reason."]
    return next((line for line in lines if line.startswith("ERROR:")), lines[-1])


def prepare(root: Path, named: str | None) -> Path:
    """The interpreter of an environment that holds the peer and what this library needs, made or remade where it is not
    what the files of `root` ask for. Raises Skipped where it cannot be had."""
    python = choose_python(candidates(named))
    wanted = requirements((root / "pyproject.toml").read_text())
    constraints = [root / "constraints.txt", root / "benchmarks" / "peer" / "constraints.txt"]
    folder = root / ".venv" / "bench-peer"
    inside, stamp = folder / "bin" / "python", folder / "installed"
    contents = "\n".join([python, *wanted, *(file.read_text() for file in constraints)])
    if stamp.exists() and stamp.read_text() == contents:
        return inside
    limits = [part for file in constraints for part in ("-c", str(file))]
    pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run_or_skip([python, "-m", "venv", "--clear", str(folder)], f"No environment can be made with {python}.")
    run_or_skip([*pip, *limits, *wanted], f"{wanted[0]} cannot be installed with {python}.")
    stamp.write_text(contents)
    return inside


def run_or_skip(command: list[str], otherwise: str) -> None:
    """otherwise: the sentence to skip the run with where the command fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Skipped(f"{otherwise} {reason_in(done.stdout)}")
