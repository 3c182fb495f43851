"""The README and the pages of `docs/`: what they name exists, and what they show runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import trio_orders
from actors.journal.sqlite_schema import FILLS_OF_TODAY
from docs import draw_order_life
from protocol.orders import NEXT_STATUS
from protocol.simulation.ax.settings import AxExchangeSettings
from protocol.simulation.kraken_futures.settings import KrakenFuturesExchangeSettings
from protocol.simulation.kraken_spot.settings import KrakenSpotExchangeSettings

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
OF_THE_ROOT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAGES = [*OF_THE_ROOT, *sorted(DOCS.rglob("*.md"))]
WITH_PROGRAMS = [
    "README.md",
    *(f"docs/{name}.md" for name in ("first-steps", "events", "testing", "going-live", "journal", "performance")),
]
LIMIT = 60
"""Seconds for the programs of one page."""
NAMED_BUT_MADE = {"site/", ".venv", "venv"}
"""What a page may name though no clone has it."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose_of(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def programs_of(page: str) -> list[str]:
    """Its blocks of Python, each a whole program, or a whole file of tests."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


# Links and names


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", prose_of(page)):
        found = page.parent / target if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors_of(found), f"{target}#{anchor}"


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)+(?:[\w.-]+\.\w+)?)`", prose_of(page))) - NAMED_BUT_MADE
    assert {name for name in named if not _exists(name) and not _is_of_a_venue(name, page)} == set()


def _exists(name: str) -> bool:
    return (ROOT / name).exists() or (ROOT / "tests" / name).exists()


def _is_of_a_venue(name: str, page: Path) -> bool:
    """Paths of a venue's REST interface, such as `api/v3/`, and media types, look like files."""
    return "wire" in page.parts or not (ROOT / name.split("/")[0]).exists()


def test_every_file_of_dispatch_has_a_place_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text()
    table = text[text.index("## Inside dispatch") : text.index("## The simulated venues")]
    named = set(re.findall(r"`(\w+\.py)`", table))
    assert named == {path.name for path in (ROOT / "protocol" / "dispatch").glob("*.py")} - {"__init__.py"}


def test_every_public_name_is_in_the_reference_once() -> None:
    text = "\n".join(page.read_text() for page in sorted((DOCS / "reference").glob("*.md")))
    listed = re.findall(r"^::: trio_orders\.([\w.]+)$", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    modules = {"commands", "events", "testing", "__version__"}
    wanted = set(trio_orders.__all__) - modules - {"CloseReport"}
    wanted |= {f"events.{name}" for name in trio_orders.events.__all__}
    assert wanted - set(listed) == set()


def test_the_table_of_events_in_the_readme_names_every_event() -> None:
    roots = {"ConnectionEvent", "Event", "JournalEvent", "OrderEvent", "Report"}
    named = set(re.findall(r"`(\w+)`", (ROOT / "README.md").read_text()))
    assert {name for name in trio_orders.events.__all__ if name[0].isupper()} - roots - named == set()


def test_the_query_of_the_journals_page_is_the_one_that_is_tested() -> None:
    query = re.search(r"^```sql\n(.*?)^```$", (DOCS / "journal.md").read_text(), re.MULTILINE | re.DOTALL)
    assert query is not None
    assert query[1] == FILLS_OF_TODAY


# Form


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 170


def test_the_first_thing_that_the_readme_shows_are_the_two_commands() -> None:
    block = re.search(r"^```.*?\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make demo", "make test"]


def test_every_dependency_has_its_place_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    table = text[text.index("## Dependencies") :]
    named = {name for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in re.findall(r"[\w-]+", row)}
    project = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(
        r"^(?:dependencies|\w+) = \[(.*?)\]", project[: project.index("[tool.")], re.MULTILINE | re.DOTALL
    )
    wanted = {name for part in lists for name in re.findall(r'"([\w-]+)[^"]*[<>=]', part)}
    assert wanted - named - {"setuptools"} == set()


# Programs

ONE_AFTER_THE_OTHER = "import runpy, sys; [runpy.run_path(file, run_name='__main__') for file in sys.argv[1:]]"


def run(*arguments: str, folder: Path) -> str:
    """What Python prints with these arguments; fails the test with it where it ends badly."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", WITH_PROGRAMS)
def test_the_programs_of_a_page_run(page: str, tmp_path: Path) -> None:
    programs: list[str] = []
    tests: list[str] = []
    for number, text in enumerate(programs_of(page), 1):
        file = tmp_path / f"test_block_{number}.py"
        file.write_text(text)
        (tests if re.search(r"^(?:async )?def test_", text, re.MULTILINE) else programs).append(str(file))
    assert programs or tests
    if programs:
        run("-c", ONE_AFTER_THE_OTHER, *programs, folder=tmp_path)
    if tests:
        printed = run("-m", "pytest", "-o", "trio_mode=true", "-p", "no:cacheprovider", *tests, folder=tmp_path)
        assert f"{len(tests)} passed" in printed


def test_the_readme_says_what_its_program_prints(tmp_path: Path) -> None:
    printed = re.findall(r"^\d+ (\w+)$", run("-c", programs_of("README.md")[0], folder=tmp_path), re.MULTILINE)
    said = re.search(r"then the stream: (.*?)\. ", (ROOT / "README.md").read_text(), re.DOTALL)
    assert said is not None
    assert re.findall(r"`(\w+)`", said[1]) == printed


# The life of an order


def test_the_picture_is_what_the_table_draws() -> None:
    assert (DOCS / "order-life.svg").read_text() == draw_order_life.svg()


def test_the_page_shows_the_whole_table() -> None:
    assert "\n".join(draw_order_life.table()) in (DOCS / "order-life.md").read_text()


def test_the_arrows_are_the_rows_of_the_table_and_nothing_else() -> None:
    groups = {name: {status.name for status in box.members} for name, box in draw_order_life.GROUPS.items()}
    drawn = {
        (status, happening.name, end)
        for (start, end), happenings in draw_order_life.arrows().items()
        for happening in happenings
        for status in groups.get(start, {start})
    }
    assert drawn == {(status.name, happening.name, end.name) for (status, happening), end in NEXT_STATUS.items()}


# The site


def test_the_navigation_names_every_page() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    named = set(re.findall(r"[\w/-]+\.md", text[text.index("\nnav:") :]))
    made = {"index.md", "contributing.md", "changelog.md", "security.md"}
    assert named - made == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def test_the_site_fetches_nothing() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    assert "font: false" in text
    assert re.findall(r"https?://", text) == []


# What is not proven of the venues


@pytest.mark.parametrize(
    ("venue", "settings"),
    [
        ("AX", AxExchangeSettings),
        ("Kraken Spot", KrakenSpotExchangeSettings),
        ("Kraken Futures", KrakenFuturesExchangeSettings),
    ],
)
def test_every_switch_of_a_simulated_venue_that_is_named_exists(venue: str, settings: type) -> None:
    text = (DOCS / "wire" / "index.md").read_text()
    table = re.search(rf"^\| Not proven \| {venue}: .*?\n\n", text, re.MULTILINE | re.DOTALL)
    assert table is not None
    named = {name for row in table[0].strip().splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[2])}
    values = {"new", "none", "same", "status"}
    assert named - values <= {field.name for field in attrs.fields(settings)}
    assert named - values
