"""A test that hangs is failed by the suite itself, and those behind it run all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HANGING = """
import pytest
import trio


def test_a_loop_that_nothing_ends():
    while True:
        pass


async def test_a_task_that_waits_for_nothing():
    await trio.sleep_forever()


async def test_a_task_that_never_lets_another_have_its_turn():
    while True:
        pass


async def test_a_loop_where_interrupts_are_held_back():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold_back)


@trio.lowlevel.enable_ki_protection
async def hold_back():
    while True:
        pass


def test_one_that_takes_the_interrupt_for_another():
    with pytest.raises(KeyboardInterrupt):
        trio.run(trio.sleep_forever)


async def test_the_next_one():
    await trio.sleep(0.1)
"""


def test_a_test_that_hangs_is_ended(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    command += ["-o", "seconds_per_test=1", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100
    )
    assert ran.stdout.startswith("FFFFF."), ran.stdout
    assert "test_a_task_that_waits_for_nothing took longer than 1 s and was ended. It was here:" in ran.stdout


INTERRUPTED = """
import signal

import pytest
import trio


async def test_a_task_hears_an_interrupt():
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_program_hears_an_interrupt():
    async def main():
        signal.raise_signal(signal.SIGINT)
        await trio.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
"""


def test_interrupts_are_heard_where_the_shell_has_them_ignored(tmp_path: Path) -> None:
    """As for every command that a script puts in the background."""
    (tmp_path / "test_interrupted.py").write_text(INTERRUPTED)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout
