"""What importing the library costs, and how much of that are its dependencies."""

from __future__ import annotations

import os
import subprocess
import sys

from .report import Row, value_row
from .rounds import in_turns

__all__ = ["rows"]

STATEMENT = "from trio_orders import open_client, NewOrder, AxConfig"
BUDGET = 300.0
HOW = (
    f"CPU time of `{STATEMENT}` in a fresh process with compiled modules, median. Dependencies: the same for every "
    "module that it loads and that is not the library's own, in the same order."
)
TIMED = """
import time
began = time.process_time()
{statement}
print((time.process_time() - began) * 1e3)
"""
NAMED = """
import sys
before = set(sys.modules)
{statement}
ours = ("actors", "protocol", "trio_orders")
print(*(name for name in sys.modules if name not in before and name.partition(".")[0] not in ours))
"""
ALL = """
for name in {names!r}:
    try:
        __import__(name)
    except ImportError:
        pass  # a name that its package made up
"""


def printed_by(program: str) -> str:
    # As installed, modules are compiled. Where the environment forbids that, each import would compile them anew.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def importing(statement: str) -> float:
    """ms of CPU in a fresh process."""
    return float(printed_by(TIMED.format(statement=statement)))


def rows(*, quick: bool) -> list[Row]:
    names = printed_by(NAMED.format(statement=STATEMENT)).split()  # compiles what is not compiled yet, too
    dependencies = ALL.format(names=names)
    took = in_turns(
        3 if quick else 11,
        {"all": lambda: importing(STATEMENT), "dependencies": lambda: importing(dependencies)},
    )
    return [
        value_row("import", "ms of CPU", took["all"], budget=BUDGET, how=HOW),
        value_row("import of the dependencies alone", "ms of CPU", took["dependencies"], how=HOW),
    ]
