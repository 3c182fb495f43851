"""python -m tests.peers.run PYTHON: independent clients trade at the embedded venues, unmodified, over TCP.

PYTHON: the interpreter of an environment that holds them. Each program gets a venue of its own, since a used one
changes what it sees, and can reach this machine alone. Ends with status 1 when a step fails that is not in EXCEPTIONS,
when a step in it passes, or when a program does not end in time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent.parent
PATIENCE: Final = 60.0
"""Seconds for one program."""


@frozen
class Peer:
    """A program, and the venue that it trades at. encrypted: it speaks wss:// alone."""

    script: str
    venue: str
    encrypted: bool = False


PEERS: Final = (
    Peer("kraken_spot_sdk", "kraken-spot"),
    Peer("ccxt_kraken", "kraken-spot"),
    Peer("kraken_futures_sdk", "kraken-futures", encrypted=True),
    Peer("ccxt_krakenfutures", "kraken-futures"),
)

EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    # It asks with GET, and the page knows POST alone.
    ("ccxt_krakenfutures", "one order"): "docs.kraken.com/api-reference/order-management/get-specific-orders-status",
}
"""By script and step: the page of the venue's documentation that proves the peer wrong."""


@frozen(kw_only=True)
class Served:
    """A running venue. authority: the file with the certificate to trust, None without encryption."""

    http: str
    websocket: str
    key: str
    secret: str
    authority: str | None


@contextmanager
def serve(peer: Peer) -> Iterator[Served]:
    """A fresh venue, until the block is left."""
    options = ["--tls"] if peer.encrypted else []
    command = [sys.executable, "-u", str(ROOT / "examples" / "serve_venue.py"), peer.venue, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            told: dict[str, list[str]] = {}
            while "accepts" not in told:
                words = server.stdout.readline().split()
                if not words:
                    raise SystemExit(f"The simulated venue {peer.venue} did not start.")
                told[words[0]] = words
            authority = told.get("certificate")
            yield Served(
                http=told["listening"][1],
                websocket=told["listening"][2],
                key=told["accepts"][2],
                secret=told["accepts"][4],
                authority=None if authority is None else authority[2],
            )
        finally:
            server.terminate()
            server.communicate()  # its last words, or it would end with a broken pipe


def steps_of(peer: Peer, python: str) -> dict[str, str | None]:
    """What the program tried, in its order, and the problem of what failed."""
    with serve(peer) as venue:
        command = [
            python,
            "-m",
            "tests.peers.guard",
            f"tests.peers.{peer.script}",
            venue.http,
            venue.websocket,
            venue.key,
            venue.secret,
        ]
        environment = dict(os.environ)
        if venue.authority is not None:
            environment |= {"SSL_CERT_FILE": venue.authority, "REQUESTS_CA_BUNDLE": venue.authority}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as program:
            limit = threading.Timer(PATIENCE, program.kill)
            limit.start()
            output, errors = program.communicate()
            limit.cancel()
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    found: dict[str, str | None] = {line["step"]: line["problem"] for line in lines}
    ended_well = program.returncode == 0
    found["the program ends by itself"] = None if ended_well else f"status {program.returncode}: {errors[-600:]}"
    return found


def judge(peer: Peer, steps: Mapping[str, str | None]) -> list[str]:
    """What is wrong, as lines to print."""
    wrong = []
    for name, problem in steps.items():
        page = EXCEPTIONS.get((peer.script, name))
        if problem is not None and page is None:
            wrong.append(f"  FAILED  {name}: {problem}")
        elif problem is None and page is not None:
            wrong.append(f"  PASSED  {name}, although the list of exceptions says that it cannot ({page})")
    missing = [name for script, name in EXCEPTIONS if script == peer.script and name not in steps]
    return wrong + [f"  MISSING {name}, which the list of exceptions names" for name in missing]


def main() -> None:
    python = os.path.abspath(sys.argv[1])  # not resolved: a link into another environment would leave this one
    failed = 0
    for peer in PEERS:
        began = time.monotonic()
        steps = steps_of(peer, python)
        wrong = judge(peer, steps)
        excused = sum((peer.script, name) in EXCEPTIONS for name in steps)
        passed = sum(problem is None for problem in steps.values())
        seconds = time.monotonic() - began
        print(f"{peer.script}: {passed} steps ok, {excused} excused, {len(wrong)} wrong ({seconds:.0f} s)", flush=True)
        for line in wrong:
            print(line)
        failed += len(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
