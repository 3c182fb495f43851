"""How `make bench-peer` judges what it measured, and how it finds what it needs or says that it does not."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from benchmarks.conversation import Conversation
from benchmarks.frames import SPEAKERS
from benchmarks.peer import __main__ as command
from benchmarks.peer import environment
from benchmarks.peer.comparison import JUDGED, OURS, PEERS, Budget, Comparison, Round, compare, json_lines, table
from benchmarks.peer.environment import Skipped, choose_python, reason_in, requirements
from benchmarks.peer.pace import PLACEMENT, masked, upgrade
from benchmarks.peer.serving import Load
from benchmarks.peer.workers import ROOT, WORKERS, Worker, measure_rounds


def a_round(wall: float, *trips: float) -> Round:
    return Round(wall=wall, processor=wall, trips=trips or (100.0, 100.0), order_processor=90.0)


def row_named(name: str, rows: list[Comparison]) -> Comparison:
    return next(row for row in rows if row.name == name)


def test_a_budget_of_events_is_a_least_ratio_and_one_of_time_a_greatest() -> None:
    assert Budget(2.2, at_least=True).verdict(2.2) == "holds"
    assert Budget(2.2, at_least=True).verdict(2.0) == "missed by 9 %"
    assert Budget(1.2, at_least=False).verdict(1.2) == "holds"
    assert Budget(1.2, at_least=False).verdict(1.5) == "missed by 25 %"


def test_each_round_is_compared_with_the_one_beside_it_for_a_machine_changes_its_pace() -> None:
    measured = {OURS: [a_round(10), a_round(40), a_round(12)], JUDGED: [a_round(22), a_round(92), a_round(36)]}

    row = row_named("typed events", compare(measured))

    assert row.ours == pytest.approx(1e6 / 12)
    assert row.theirs == pytest.approx(1e6 / 36)
    assert row.ratio == pytest.approx(2.3)
    assert row.best == pytest.approx(2.2)
    assert row.verdict == "holds"


def test_the_best_round_is_the_one_with_most_events_and_the_least_time() -> None:
    rows = compare({OURS: [a_round(10, 300, 300), a_round(20, 200, 200)], JUDGED: [a_round(20), a_round(40)]})

    assert row_named("typed events", rows).best == pytest.approx(2.0)
    assert row_named("submit → Accepted, p50", rows).best == pytest.approx(2.0)
    assert row_named("submit → Accepted, p50", rows).verdict == "missed by 108 %"


def test_a_percentile_is_of_the_trips_of_its_round() -> None:
    trips = [float(number) for number in range(1, 102)]
    rows = compare({OURS: [a_round(10, *trips)], JUDGED: [a_round(10, 1.0, 1.0)]})

    assert row_named("submit → Accepted, p50", rows).ours == pytest.approx(51)
    assert row_named("submit → Accepted, p99", rows).ours == pytest.approx(100)


def test_all_ways_to_run_the_peer_are_shown_and_the_budgets_are_of_one() -> None:
    rows = compare({name: [a_round(10)] for name in [OURS, *PEERS]})

    assert {row.peer for row in rows} == set(PEERS)
    assert [(row.peer, row.name) for row in rows if row.verdict] == [
        ("asyncio", "typed events"),
        ("asyncio", "submit → Accepted, p50"),
    ]


def test_sides_with_different_numbers_of_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError):
        compare({OURS: [a_round(10)], JUDGED: [a_round(10), a_round(10)]})


def test_the_table_shows_what_was_measured_and_the_verdict() -> None:
    rows = compare({OURS: [a_round(10), a_round(12.5)], JUDGED: [a_round(20), a_round(25)]})

    assert table(rows)[2:4] == [
        "| typed events, a second | its client, asyncio's own loop | 90,000 (80,000 … 100,000) "
        "| 45,000 (40,000 … 50,000) | 2.00 | 2.00 | ≥ 2.2 × | missed by 9 % |",
        "| wall time of an event, µs | its client, asyncio's own loop | 11.2 (10.0 … 12.5) | 22.5 (20.0 … 25.0) "
        "| 0.50 | 0.50 |  |  |",
    ]


def test_a_json_line_holds_the_row_and_its_verdict() -> None:
    first, *_ = json_lines(compare({OURS: [a_round(10)], JUDGED: [a_round(30)]}))

    assert json.loads(first) == {
        "name": "typed events",
        "unit": "a second",
        "peer": "asyncio",
        "ours": 100_000.0,
        "theirs": pytest.approx(33_333.3, abs=0.1),
        "spread": [100_000.0, 100_000.0],
        "their_spread": [pytest.approx(33_333.3, abs=0.1)] * 2,
        "ratio": pytest.approx(3.0),
        "best": pytest.approx(3.0),
        "budget": "≥ 2.2 ×",
        "verdict": "holds",
    }


def test_every_side_has_a_worker() -> None:
    assert set(WORKERS) == {OURS, *PEERS}


class Recorder(io.StringIO):
    """Standard input of a worker, which notes whose turn it was."""

    def __init__(self, name: str, turns: list[str]) -> None:
        super().__init__()
        self.name, self.turns = name, turns

    def write(self, text: str) -> int:
        self.turns.append(self.name)
        return len(text)


def a_worker(name: str, turns: list[str], walls: list[float]) -> Worker:
    answers = [
        json.dumps({"wall": wall, "processor": 1.0, "trips": [1.0], "order_processor": 1.0}) + "\n" for wall in walls
    ]
    return Worker(name, {}, Recorder(name, turns), io.StringIO("".join(answers)))


def test_another_side_begins_each_round_and_the_first_does_not_count() -> None:
    turns: list[str] = []
    workers = [a_worker("a", turns, [9.0, 1.0, 2.0]), a_worker("b", turns, [9.0, 3.0, 4.0])]

    measured = measure_rounds(workers, 2)

    assert turns == ["b", "a", "a", "b", "b", "a"]
    assert {name: [one.wall for one in rounds] for name, rounds in measured.items()} == {"a": [1, 2], "b": [3, 4]}


def test_a_worker_that_has_ended_ends_the_run_by_its_name() -> None:
    with pytest.raises(EOFError, match=r"The worker of uvloop has ended\."):
        a_worker("uvloop", [], []).measure()


def test_the_first_python_that_the_package_is_made_for_is_taken() -> None:
    versions = {"old": (3, 11), "gone": None, "right": (3, 12), "newer": (3, 13), "too new": (3, 15)}

    assert choose_python(["old", "gone", "right", "newer"], versions.get) == "right"
    with pytest.raises(Skipped) as skipped:
        choose_python(["old", "gone", "too new"], versions.get)
    assert str(skipped.value) == (
        "nautilus_trader needs Python 3.12 to 3.14, and there is none among old, gone, too new. "
        "Name one with PEER_PYTHON=."
    )


def test_a_python_that_was_named_is_the_only_one_tried() -> None:
    assert list(environment.candidates("here")) == ["here"]
    assert list(environment.candidates(None))[:2] == ["python3.12", "python3.13"]


def test_what_does_not_start_has_no_version() -> None:
    assert environment.version_of("no-such-python") is None
    assert environment.version_of(sys.executable) == sys.version_info[:2]


def test_the_peer_and_what_the_library_depends_on_are_installed_together() -> None:
    project = '[project]\ndependencies = ["trio>=0.30"]\noptional-dependencies = { bench-peer = ["peer==1.0"] }'

    assert requirements(project) == ["peer==1.0", "trio>=0.30"]


def test_the_constraints_hold_the_version_asked_for_and_none_that_the_library_has_too() -> None:
    texts = [(ROOT / "constraints.txt").read_text(), (ROOT / "benchmarks" / "peer" / "constraints.txt").read_text()]
    pins, of_the_peer = (dict(re.findall(r"^(\S+)==(\S+)$", text, re.MULTILINE)) for text in texts)

    peer, *_ = requirements((ROOT / "pyproject.toml").read_text())
    assert peer == f"nautilus_trader=={of_the_peer['nautilus_trader']}"
    assert pins.keys() & of_the_peer.keys() == set()


def test_of_what_pip_complains_of_its_error_is_the_reason() -> None:
    complaints = (
        "WARNING: slow\nERROR: peer==1.0 conflicts with other==2.0\nERROR: For help visit a page\n[notice] New\n"
    )

    assert reason_in(complaints) == "ERROR: peer==1.0 conflicts with other==2.0"
    assert reason_in("first\nlast\n") == "last"
    assert reason_in("") == "It gave no reason."


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit('ERROR: No room.')", "print('ERROR: No room.'); raise SystemExit(1)"]
)
def test_a_command_that_fails_skips_the_run(code: str) -> None:
    with pytest.raises(Skipped, match=r"^No environment can be made\. ERROR: No room\.$"):
        environment.run_or_skip([sys.executable, "-c", code], "No environment can be made.")


def test_the_run_is_skipped_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise Skipped("There is no such Python.")

    monkeypatch.setattr(command, "prepare", refuse)
    monkeypatch.setattr(sys, "argv", ["benchmarks.peer"])

    command.main()

    assert capsys.readouterr().out == "Skipped: There is no such Python.\n"


def test_the_last_trade_waited_for_is_the_last_that_the_feeder_sends() -> None:
    load = Load(port=1, fills=20, orders=5, trips=1)

    (last,) = SPEAKERS["ax"].fills(4, 19, 60)

    assert json.loads(last)["xs"]["tid"] == load.last_trade


def test_the_feeder_understands_the_bare_placement() -> None:
    conversation = Conversation(SPEAKERS["ax"], lambda: "0000001", lambda path: None)
    conversation.receive(upgrade("/answer"))

    assert b'"o":"ACCEPTED"' in conversation.receive(masked(PLACEMENT))
    assert json.loads(PLACEMENT)["t"] == "p"
