"""Where a reader of a journal's events stands."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Cursor"]

PARTS = 3
DIGITS = 16


@frozen(order=False)
class Cursor:
    """Behind one event of a journal. Its text (`str`) is for keeping, `parse` reads it.

    Numbers alone would not do: after a loss of power the next life may give the numbers of lost events to others. The
    life's tag tells them apart.
    """

    journal: str
    """The journal's id, 16 hexadecimal digits."""
    life: str
    """The tag of the life that wrote the event: random, 16 hexadecimal digits."""
    sequence: int
    """The event's number; 0: before the first one."""

    def __str__(self) -> str:
        return f"{self.journal}-{self.life}-{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor of which `str` made this text. Raises ValueError for any other."""
        parts = text.split("-")
        if len(parts) == PARTS and all(_is_tag(part) for part in parts[:2]) and parts[2].isdecimal():
            return cls(parts[0], parts[1], int(parts[2]))
        raise ValueError(f"{text[:80]!r} is no cursor: the text of one is what `str(cursor)` gave.")


def _is_tag(text: str) -> bool:
    return len(text) == DIGITS and not set(text) - set("0123456789abcdef")
