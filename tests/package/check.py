"""Tries what users install: the wheel in an environment of its own, and the sdist's own tests.

    python -m tests.package.check .venv/wheel

The folder holds a virtual environment with the wheel and what it depends on, and the wheel itself in `dist/`; `make
package` makes it. The sdist is built here. Types are also looked at from outside on the editable install that this runs
in. Ends with status 1 and the output of the command that failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {"actors", "protocol", "trio_orders"}
NOT_SHIPPED = (".ci/", ".github/", ".gitattributes")
"""Of what is in the repository."""
GENERATED = {"PKG-INFO"}
LIMIT = 300
"""Seconds for one command."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

ORDER = """
import importlib.metadata, sys, trio, trio_orders
from trio_orders import AxConfig, NewOrder, Side, open_client, open_simulated_venue

async def main():
    async with open_simulated_venue("ax", seed=7) as venue:
        async with open_client(AxConfig(url=venue.url, credentials=venue.credentials)) as client:
            order = await client.submit(NewOrder.market("EURUSD-PERP.AX", Side.BUY, quantity=100))
            print((await order.filled()).status.name)

assert trio_orders.__file__.startswith(sys.prefix), trio_orders.__file__
assert trio_orders.__version__ == importlib.metadata.version("trio-orders")
trio.run(main)
"""

TYPED = """
from collections.abc import Sequence
from typing import assert_type

import trio_orders
from trio_orders import AxConfig, Order, Side, NewOrder, OrderState, commands, open_client, testing
from trio_orders.commands import Batch
from trio_orders.events import Event, Filled


async def trade(config: AxConfig) -> None:
    async with open_client(config) as client:
        order = await client.submit(NewOrder.market("EURUSD-PERP.AX", Side.BUY, quantity=100))
        assert_type(order, Order)
        assert_type(await order.filled(), OrderState)
        assert_type(commands.Batch, type[Batch])
        with client.events() as stream:
            async for event in stream:
                assert_type(event, Event)
                if isinstance(event, Filled):
                    assert_type(event.trade_id, trio_orders.TradeId)


async def test() -> int:
    async with testing.open_simulated_venue("ax") as venue:
        assert_type(venue, trio_orders.SimulatedVenue)
        assert_type(venue.executions(), Sequence[testing.Execution])
    return 1


assert_type(testing.run_in_virtual_time(test), int)
"""


def run(*command: str | Path, inside: Path) -> str:
    """Its output. Ends this program when it fails."""
    done = subprocess.run(
        command, cwd=inside, env=ENVIRONMENT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(what: str, surplus: set[str]) -> None:
    if surplus:
        raise SystemExit(f"{what}: {', '.join(sorted(surplus))}")


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found.absolute()


def check_wheel(dist: Path) -> None:
    """It has our packages and nothing else."""
    with zipfile.ZipFile(only(dist, "*.whl")) as wheel:
        names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    expect("The wheel has packages that are not ours", tops - PACKAGES)
    expect("The wheel lacks", {f"{package}/py.typed" for package in PACKAGES} - names)


def check_sdist(unpacked: Path) -> None:
    """It has what the repository has, and nothing that was generated."""
    if not (ROOT / ".git").exists():
        return
    shipped = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()} - GENERATED
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", inside=ROOT).splitlines()
    there = {name for name in listed if (ROOT / name).exists() and not name.startswith(NOT_SHIPPED)}
    expect("The sdist has files that the repository does not have", shipped - there)
    expect("The sdist lacks files of the repository (see pyproject.toml)", there - shipped)


def try_wheel(python: Path, empty: Path) -> None:
    """An order is filled, with nothing but the wheel and what it depends on."""
    if run(python, "-c", ORDER, inside=empty).split() != ["FILLED"]:
        raise SystemExit("The order of the wheel's first program was not filled.")


def check_types(python: Path, folder: Path) -> None:
    """From outside, both type checkers see what the names are."""
    (folder / "typed.py").write_text(TYPED)
    run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "typed.py", inside=folder)
    run(sys.executable, "-m", "pyright", "--pythonpath", python, "typed.py", inside=folder)


def try_sdist(folder: Path) -> None:
    """It is whole, and some of its tests pass with its own files alone."""
    run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", folder, ROOT, inside=folder)
    with tarfile.open(only(folder, "*.tar.gz")) as sdist:
        sdist.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    check_sdist(unpacked)
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
    run(*install, "-c", "constraints.txt", f"{unpacked}[test]", inside=unpacked)
    run(python, "-m", "pytest", "tests/protocol", "tests/package", inside=unpacked)


def main(folder: Path) -> None:
    python = folder.absolute() / "bin" / "python"
    steps: tuple[tuple[str, Callable[[Path], None]], ...] = (
        ("the wheel fills an order", lambda inside: try_wheel(python, inside)),
        ("types are seen on the wheel", lambda inside: check_types(python, inside)),
        ("types are seen on the editable install", lambda inside: check_types(Path(sys.executable), inside)),
        ("the sdist passes its tests", try_sdist),
    )
    began = time.monotonic()
    check_wheel(folder / "dist")
    for name, step in steps:
        with tempfile.TemporaryDirectory() as inside:
            step(Path(inside))
        print(f"{time.monotonic() - began:5.1f} s  {name}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
