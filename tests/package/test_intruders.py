"""Strangers named `actors` or `protocol` are named in one sentence, and never run."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).parent.parent.parent
STRANGER = 'raise SystemExit("the stranger was run")\n'
AGAIN = "install trio-orders again: pip install --force-reinstall --no-deps trio-orders."


@frozen
class Machine:
    """A program's folder, its site-packages, and where our packages are: there, as a wheel puts them, or in a clone
    that comes after it on `sys.path`, as an editable install has it."""

    program: Path
    site: Path
    ours: Path

    def import_it(self, first: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a program that imports trio_orders, without the packages of this Python."""
        script = self.program / "main.py"
        script.write_text(f"{first}\nimport trio_orders\nprint(trio_orders.__version__)\n")
        path = os.pathsep.join(dict.fromkeys([str(self.site), str(self.ours)]))
        command = [sys.executable, "-S", str(script)]
        return subprocess.run(
            command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=False
        )

    def refusal(self, first: str = "") -> str:
        """The sentence of the ImportError that ends the program."""
        done = self.import_it(first)
        assert done.returncode == 1, done
        assert "the stranger was run" not in done.stderr
        kind, _, sentence = done.stderr.splitlines()[-1].partition(": ")
        assert kind == "ImportError"
        return sentence

    def install(self, name: str, *packages: str) -> None:
        """Puts a wheel with these packages into site-packages, over what is there, as pip does."""
        metadata = self.site / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        files = [f"{package}/__init__.py" for package in packages]
        (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        for file in files:
            (self.site / file).parent.mkdir(exist_ok=True)
            (self.site / file).write_text(STRANGER)


@pytest.fixture(params=["wheel", "editable"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    site = tmp_path / "site-packages"
    ours = site if request.param == "wheel" else tmp_path / "clone"
    for folder in {tmp_path / "program", site, ours}:
        folder.mkdir()
    shutil.copytree(ROOT / "trio_orders", ours / "trio_orders")
    for name in ("actors", "protocol"):
        (ours / name).mkdir()
        shutil.copy(ROOT / name / "__init__.py", ours / name)
    return Machine(tmp_path / "program", site, ours)


def test_our_own_packages_are_let_in(machine: Machine) -> None:
    done = machine.import_it()
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["actors", "protocol"])
def test_a_file_in_the_programs_folder_is_named(machine: Machine, name: str) -> None:
    intruder = machine.program / f"{name}.py"
    intruder.write_text(STRANGER)
    assert machine.refusal() == (
        f"trio_orders needs its own package {name!r}, but {intruder} would be imported instead. Rename it, or take its"
        " folder off sys.path."
    )


@pytest.mark.parametrize("name", ["actors", "protocol"])
def test_a_folder_in_the_programs_folder_is_named(machine: Machine, name: str) -> None:
    intruder = machine.program / name / "__init__.py"
    intruder.parent.mkdir()
    intruder.write_text(STRANGER)
    assert f"but {intruder} would be imported instead. Rename it" in machine.refusal()


def test_a_folder_without_an_init_file_is_in_nobodys_way(machine: Machine) -> None:
    (machine.program / "actors").mkdir()
    assert machine.import_it().returncode == 0


def test_a_stranger_that_the_program_has_imported_before_is_named(machine: Machine) -> None:
    intruder = machine.program / "actors.py"
    intruder.write_text("")
    assert f"but {intruder} would be imported instead." in machine.refusal(first="import actors")


def test_a_module_that_was_put_there_by_hand_is_shown(machine: Machine) -> None:
    by_hand = "import sys, types; sys.modules['protocol'] = types.ModuleType('protocol')"
    assert "<module 'protocol'> has been put into sys.modules" in machine.refusal(first=by_hand)


@pytest.mark.parametrize("machine", ["wheel"], indirect=True)
def test_a_wheel_that_overwrote_a_package_of_ours_is_named(machine: Machine) -> None:
    machine.install("protocol-buffet", "protocol")
    assert machine.refusal() == (
        f"trio_orders needs its own package 'protocol', but {machine.site}/protocol/__init__.py is of the distribution"
        f" 'protocol-buffet', which has overwritten ours. Uninstall that one, then {AGAIN}"
    )


@pytest.mark.parametrize("machine", ["editable"], indirect=True)
def test_a_wheel_that_comes_before_a_clone_is_named(machine: Machine) -> None:
    machine.install("actors", "actors")
    assert machine.refusal() == (
        f"trio_orders needs its own package 'actors', but {machine.site}/actors/__init__.py, which is of the"
        " distribution 'actors', would be imported instead. Uninstall that one."
    )


@pytest.mark.parametrize("leftover", [True, False], ids=["its folder is left", "its folder is gone"])
def test_what_went_with_another_wheel_is_missed(machine: Machine, leftover: bool) -> None:
    lost = machine.ours / "protocol" / "__init__.py"
    lost.unlink()
    if not leftover:
        lost.parent.rmdir()
    assert machine.refusal() == (
        f"trio_orders needs its own package 'protocol', but {lost} is missing. Another distribution may have taken it"
        f" along when it was uninstalled: {AGAIN}"
    )


def test_the_packages_of_another_copy_are_not_mixed_with_ours(machine: Machine) -> None:
    shutil.copytree(machine.ours / "actors", machine.program / "actors")
    assert f"{machine.program}/actors/__init__.py is of another copy of trio-orders than" in machine.refusal()


def test_a_stranger_that_is_no_text_is_named(machine: Machine) -> None:
    intruder = machine.program / "protocol.py"
    intruder.write_bytes(b"\xff\xfe\x00")
    assert f"but {intruder} would be imported instead." in machine.refusal()


def test_a_program_that_is_shipped_as_bytecode_alone_is_let_in(machine: Machine) -> None:
    for source in machine.ours.rglob("*.py"):
        py_compile.compile(str(source), str(source.with_suffix(".pyc")), doraise=True)
        source.unlink()
    done = machine.import_it()
    assert (done.returncode, done.stderr) == (0, "")
