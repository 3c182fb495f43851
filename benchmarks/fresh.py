"""Measuring in a process of its own: what holds memory, or counts it, must not meet what was measured before.

python -m benchmarks.fresh MODULE FUNCTION ARGUMENTS: calls a function of this package and prints what it returns.
"""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys

__all__ = ["in_fresh_process"]


def in_fresh_process(module: str, function: str, *arguments: object) -> list[float]:
    """What that function of this package returns there. Arguments and result travel as JSON."""
    command = [sys.executable, "-m", "benchmarks.fresh", module, function, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(number) for number in json.loads(done.stdout)]


def main() -> None:
    module, function, arguments = sys.argv[1:]
    logging.disable(logging.WARNING)  # dropped connections are part of the measurements
    print(json.dumps(getattr(importlib.import_module(f"benchmarks.{module}"), function)(*json.loads(arguments))))


if __name__ == "__main__":
    main()
