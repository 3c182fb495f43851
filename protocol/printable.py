"""Text that is safe to print on one line, whatever a venue or a user wrote into it."""

from __future__ import annotations

__all__ = ["on_one_line", "shortened"]


def on_one_line(text: str) -> str:
    """`text` with each run of white space as one blank and every unprintable character as its escape sequence.

    A log stays one line an entry then, and a terminal obeys no escape sequence of a stranger.
    """
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in joined)


def shortened(text: str, longest: int) -> str:
    """`text`, cut to `longest` characters with … as the last of them where it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
