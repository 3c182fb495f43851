"""Puts files of the repository's root into the site: a hook of mkdocs.

README.md becomes the home page; CONTRIBUTING.md, CHANGELOG.md and SECURITY.md become pages under their names in lower
case. Their links are written for the root, so `docs/venues.md` becomes `venues.md` on the way. A link to a file that is
no page, such as `examples/embed.py`, becomes plain text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def for_the_site(text: str) -> str:
    """A page of the repository's root with its links as the site has them."""

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2].removeprefix("./"), match[3] or ""
        page = PAGES.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        return words if page is None or not page.endswith(".md") else f"[{words}]({page}{anchor})"

    return LINK.sub(link, text)


def for_the_root(text: str) -> str:
    """A page of `docs/` with its links to files of the root as the site has them: `../CHANGELOG.md`, `../protocol/`."""

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        if not target.startswith("../"):
            return match[0]
        name = target.removeprefix("../").removeprefix("../")
        up = "../" * (target.count("../") - 1)
        return f"[{words}]({up}{PAGES[name]}{anchor})" if name in PAGES else words

    return LINK.sub(link, text)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """mkdocs calls this with what it found in `docs/`."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=for_the_site((ROOT / name).read_text())))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """mkdocs calls this with each page before it is rendered."""
    own = page.file.src_uri in PAGES.values()
    return markdown if own else for_the_root(markdown)
