"""The examples run as a user runs them: as programs."""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent.parent
LIMIT = 60


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)


def test_the_quickstart_hears_of_every_execution() -> None:
    done = run("examples/quickstart.py", "ax")
    assert done.returncode == 0, done.stderr
    for name in (
        "Connected",
        "Authenticated",
        "Accepted",
        "Updated",
        "Disconnected",
        "Reconnected",
        "MissingFills",
        "Canceled",
    ):
        assert name in done.stdout
    assert "They are the same." in done.stdout


@pytest.mark.parametrize("name", ["kraken-futures", "kraken-spot"])
def test_the_story_of_each_venue_agrees_with_its_books(name: str) -> None:
    done = run("examples/quickstart.py", name)
    assert done.returncode == 0, done.stderr
    for event in ("Connected", "Accepted", "Updated", "Disconnected", "Reconnected", "Filled", "Canceled"):
        assert event in done.stdout
    assert "They are the same." in done.stdout


@pytest.mark.parametrize("name", ["ax", "kraken-futures", "kraken-spot"])
def test_a_killed_program_goes_on_with_its_journal(name: str) -> None:
    done = run("examples/restart.py", name)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("It starts again.")
    assert "Submitted" in before
    assert not any(event in before for event in ("Disconnected", "CloseReport"))
    assert "Submitted" not in after
    assert after.index("Filled") < after.index("Reconciled")
    assert "Fills heard: 4" in done.stdout
    assert "They are the same." in done.stdout
    assert "of two lives, 4 of them fills." in done.stdout
    assert "without a hole" in done.stdout


def test_two_venues_are_hedged_to_nothing() -> None:
    done = run("examples/two_venues.py")
    assert done.returncode == 0, done.stderr
    assert "They are the same." in done.stdout
    assert "Bitcoin left between the venues: 0." in done.stdout


def test_the_quickstart_says_what_it_cannot_show() -> None:
    done = run("examples/quickstart.py", "nasdaq")
    assert done.returncode != 0
    assert "nasdaq" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_client_lives_in_somebody_elses_nursery() -> None:
    done = run("examples/embed.py")
    assert done.returncode == 0, done.stderr
    assert "the program goes on" in done.stdout


def test_a_stop_is_shown_with_its_trigger() -> None:
    done = run("examples/quickstart.py", "kraken-futures")
    assert "SELL 1 PF_XBTUSD.KRAKEN-FUTURES, STOP_MARKET, trigger 59000" in done.stdout
    assert "1 open at the venue, 0 changed meanwhile, 0 short of fills" in done.stdout


def test_the_table_of_orders_fits_into_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    from rich.console import Console
    from rich.live import Live
    from screen import TableScreen

    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None, legacy_windows=False)
    with Live(console=console, auto_refresh=False) as live:
        screen = TableScreen("trio-orders", live)
        screen.orders["151c75c5-b9f8-4bce-be6c-13fc5cca192a"] = row = {
            "instrument": "EURUSD-PERP",
            "side": "SELL",
            "quantity": "for 5000 of",
            "price": "stop 59000.5",
            "filled": "0.12345678",
            "status": "PARTIALLY_FILLED",
        }
        screen.say("")
        shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(value in shown for value in row.values())


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("examples/serve_venue.py", "ax", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {port} cannot be used: Address already in use. Choose another.\n"


@pytest.mark.parametrize("where", [".", "nowhere/inputs.jsonl"])
def test_a_ledger_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path, where: str) -> None:
    done = run("examples/serve_venue.py", "ax", "--ledger", str(tmp_path / where))
    assert done.returncode == 1
    assert done.stderr.startswith("The ledger ")
    assert "cannot be opened: " in done.stderr
    assert done.stderr.endswith(".\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_venue_serves_strangers_and_remembers_their_orders(tmp_path: Path, ending: signal.Signals) -> None:
    ledger = tmp_path / "inputs.jsonl"
    command = ["examples/serve_venue.py", "ax", "--port", "0", "--ledger", str(ledger)]
    command += ["--api-key", "somebody", "--api-secret", "hush"]
    seen: list[list[str]] = []
    for _ in range(2):
        with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            word, rest_url, _ = server.stdout.readline().split()
            assert word == "listening"
            with httpx.Client(base_url=rest_url) as http:
                key = {"api_key": "somebody", "api_secret": "hush", "expiration_seconds": 60}
                token = http.post("/api/authenticate", json=key).json()["token"]
                http.headers["Authorization"] = f"Bearer {token}"
                if not seen:
                    body = {"s": "XAU-PERP", "d": "B", "q": 2, "p": "2400", "tif": "GTC", "po": False, "cid": 1}
                    assert http.post("/orders/place-order", json=body).status_code == 200
                seen.append(http.get("/orders/open-orders").json()["orders"])
            server.send_signal(ending)
            assert server.wait(LIMIT) == 0
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1
    assert "hush" not in ledger.read_text()
    assert all(json.loads(line) for line in ledger.read_text().splitlines())
