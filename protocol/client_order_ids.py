"""What a client order id may be, and its form on a wire that takes short ones."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from attrs import field, frozen

from .values import ClientOrderId

__all__ = [
    "LONGEST_ANYWHERE",
    "IdMark",
    "is_marked",
    "is_name",
    "is_name_in_ascii",
    "is_short",
    "new_client_order_id",
    "short_form",
]

LONGEST: Final = 36
"""Characters, where a venue says nothing else."""
LONGEST_ANYWHERE: Final = 100
"""At Kraken Futures."""
LONGEST_FREE_TEXT: Final = 18
UUID_LENGTH: Final = 36
VARIANTS: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The digit of a UUID that has the two bits of its variant in front."""
LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TAG_PART: Final = 5
HEX: Final = frozenset("0123456789abcdefABCDEF")


@frozen
class IdMark:
    """What the names that this program makes up carry, so that an order is known as its own even where its intent was
    lost with the power: which journal, and which life of it.

    digits: 15 hexadecimal digits, the mark within a name; tag: 10 letters and digits, the mark for a venue whose wire
    shows the name as a number only.
    """

    journal: str
    """The journal's id, 16 hexadecimal digits."""
    life: str
    """The life's tag, 16 hexadecimal digits."""
    digits: str = field(init=False)
    tag: str = field(init=False)

    @digits.default
    def _digits(self) -> str:
        return self.journal[:7] + self.life[:8]

    @tag.default
    def _tag(self) -> str:
        return _letters(int(self.journal, 16)) + _letters(int(self.life, 16))


def _letters(number: int) -> str:
    """Five letters and digits for the low part of a number."""
    found = []
    for _ in range(TAG_PART):
        number, which = divmod(number, len(LETTERS))
        found.append(LETTERS[which])
    return "".join(found)


def new_client_order_id(drawn: bytes, mark: IdMark | None = None) -> ClientOrderId:
    """A UUID in the form of version 4 (RFC 9562, 5.4), a form that crosses every venue's wire whole. drawn: 16 random
    bytes. With a mark, 62 of its bits are random: ids of one life are then told apart by these alone."""
    random = drawn.hex()
    variant = VARIANTS[random[16]]
    head = random[:12] + random[13:16] if mark is None else mark.digits
    return ClientOrderId(f"{head[:8]}-{head[8:12]}-4{head[12:]}-{variant}{random[17:20]}-{random[20:]}")


def is_marked(name: str, marks: Container[str]) -> bool:
    """Whether a name is one that `new_client_order_id` made with one of these marks. marks: their digits."""
    return len(name) == UUID_LENGTH and name[14] == "4" and name[:8] + name[9:13] + name[15:18] in marks


def is_name(name: str, longest: int = LONGEST) -> bool:
    """True for 1 to 36, or to `longest`, printable characters."""
    return 1 <= len(name) <= longest and name.isprintable()


def is_name_in_ascii(name: str, longest: int = LONGEST) -> bool:
    return is_name(name, longest) and name.isascii()


def is_short(name: str) -> bool:
    """True for what Kraken Spot takes as it is: a UUID, 32 hex digits or up to 18 characters (spec Kraken A.13)."""
    length = len(name)
    if length <= LONGEST_FREE_TEXT or (length == 36 and name.count("-") == 4):
        return True
    return length == 32 and HEX.issuperset(name)


def short_form(client_order_id: ClientOrderId) -> str:
    """The id as Kraken Spot takes it: of anything too long the last 17 characters behind an O. Dispatch finds the
    order by it; two that become alike are told apart there."""
    return client_order_id if is_short(client_order_id) else "O" + client_order_id[-17:]
