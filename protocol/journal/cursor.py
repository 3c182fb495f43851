"""Where a reader of a journal's events stands, and whether it can go on from there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from attrs import frozen

from ..errors import CursorAhead, CursorExpired, JournalError
from .store import Life, StoreReader

__all__ = ["Cursor", "cursor_at", "place_of", "refuse_expired"]

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
        if len(parts) == PARTS and all(_is_tag(part) for part in parts[:2]) and _is_number(parts[2]):
            return cls(parts[0], parts[1], int(parts[2]))
        raise ValueError(f"{text[:80]!r} is no cursor: the text of one is what `str(cursor)` gave.")


def _is_tag(text: str) -> bool:
    return len(text) == DIGITS and not set(text) - set("0123456789abcdef")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS + PARTS


def cursor_at(journal: str, lives: Sequence[Life], sequence: int) -> Cursor | None:
    """Behind the event of this number. lives: all of the journal, the oldest first; None: there is none yet."""
    if not lives:
        return None
    # The life that wrote the event: of those that began by then the last one, for one before may have written nothing.
    number = bisect_right(lives, sequence, key=lambda life: life.first_sequence)
    return Cursor(journal, lives[max(number - 1, 0)].tag, sequence)


def place_of(cursor: Cursor | str, reader: StoreReader, path: str) -> int:
    """The number of the event behind which a reader goes on.

    Raises ValueError for a text that is no cursor, JournalError for a cursor of another journal, CursorAhead when its
    life has committed less, CursorExpired when what follows is no longer kept.
    """
    cursor = Cursor.parse(cursor) if isinstance(cursor, str) else cursor
    if cursor.journal != reader.journal_id:
        raise JournalError(
            f"The cursor {cursor} is of another journal: the one at {path} has the id {reader.journal_id}. Give it "
            "the cursor that was read from it, or begin without one.",
            path=path,
        )
    lives = reader.lives()
    oldest, newest = reader.bounds()
    end = _end_of(cursor.life, lives, newest)
    if end is None:
        last = cursor_at(cursor.journal, lives, oldest - 1)
        raise CursorAhead(
            f"The cursor {cursor} is of a run of the program that the journal at {path} does not have: the file is an "
            f"older copy. Which events were read from the lost one is not known; go back to {last}, before the oldest "
            "event that is kept, if your effects are keyed by fill.",
            path=path,
            last=str(last),
        )
    if cursor.sequence > end:
        last = Cursor(cursor.journal, cursor.life, end)
        raise CursorAhead(
            f"The cursor {cursor} is ahead of the journal at {path}: of that run of the program it has events up to "
            f"number {end}, and those behind it were lost, with the power or with a newer copy of the file. Go back "
            f"to {last} if your effects are keyed by fill: what was in the lost ones may come again under other "
            "numbers.",
            path=path,
            last=str(last),
        )
    refuse_expired(cursor.sequence, reader, path)
    return cursor.sequence


def _end_of(tag: str, lives: Sequence[Life], newest: int) -> int | None:
    """Number of the last event committed when the life of this tag was over; None: there is no such life."""
    for number, life in enumerate(lives, 1):
        if life.tag == tag:
            return lives[number].first_sequence - 1 if number < len(lives) else newest
    return None


def refuse_expired(place: int, reader: StoreReader, path: str) -> None:
    """Raises CursorExpired when the event behind this number is no longer kept."""
    oldest, _ = reader.bounds()
    if place >= oldest - 1:
        return
    cursor = cursor_at(reader.journal_id, reader.lives(), oldest - 1)
    raise CursorExpired(
        f"The journal at {path} no longer has the events from number {place + 1} to {oldest - 1}: they were dropped as "
        f"its settings say. Go on from {cursor}, and take what was missed from the venue; to keep more, raise "
        "`keep_days` or `keep_records`.",
        path=path,
        oldest=str(cursor),
    )
