"""What a client of a simulated Kraken Spot asks that the venue's documentation does not list.

The real venue may ignore it in silence, and so does this one unless it is strict: then it refuses, and keeps a sentence
about each, for tests to look at. So that a misspelt parameter does not stay unnoticed until real money is at stake.
"""

from __future__ import annotations

from attrs import define, field

from .refusals import invalid

__all__ = ["Strictness"]


@define
class Strictness:
    """is_strict: refuse, and note it. violations: a sentence about each, in order."""

    is_strict: bool
    violations: list[str] = field(factory=list)

    def undocumented(self, call: str, parameter: str) -> None:
        """The call came with a parameter that it does not have. Raises Refused."""
        self._refuse(f"{call}: there is no parameter {parameter!r}.", parameter)

    def undocumented_value(self, call: str, parameter: str, value: object) -> None:
        """The parameter exists, the value does not. Raises Refused."""
        self._refuse(f"{call}: {parameter!r} cannot be {value!r}.", parameter)

    def undocumented_combination(self, call: str, parameter: str, why: str) -> None:
        """The parameter does nothing beside the others. why: ends the sentence. Raises Refused."""
        self._refuse(f"{call}: {parameter!r} {why}.", parameter)

    def note(self, sentence: str) -> None:
        """Something undocumented that is refused anyway."""
        if self.is_strict:
            self.violations.append(sentence)

    def _refuse(self, sentence: str, parameter: str) -> None:
        self.note(sentence)
        if self.is_strict:
            raise invalid(parameter.rpartition(".")[2])
