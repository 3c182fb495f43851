"""Ends a test that hangs, and leaves Trio in a state in which the next test can run.

First an interrupt as by Ctrl-C: Trio gives it to a task at a safe place, and whoever waits is cancelled. What goes on
looping in spite of that, since interrupts are held back there, is then hit where it is.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import pytest

__all__ = ["LIMIT", "ending_what_hangs"]

LIMIT: Final = 120.0
"""Seconds of real time that a test may take, and its setup and its teardown."""
PATIENCE: Final = 2.0
"""Seconds between the interrupt and the blow."""


class Hangs(BaseException):
    """Thrown into what is not ended by an interrupt."""


@contextmanager
def ending_what_hangs(name: str, limit: float = LIMIT, patience: float = PATIENCE) -> Iterator[None]:
    """Fails the test of this name when the block takes longer. Does nothing where there is no such timer."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    places: list[str] = []
    with _alarm_after(limit, patience, lambda frame: _strike(places, frame)):
        try:
            yield
        except BaseException as error:
            if not places:
                raise
            raise pytest.fail.Exception(_sentence(name, limit, places), pytrace=False) from error
    if places:
        pytest.fail(_sentence(name, limit, places), pytrace=False)


def _strike(places: list[str], frame: FrameType | None) -> None:
    places.append("".join(traceback.format_stack(frame, limit=8)))
    if len(places) > 1:
        raise Hangs
    signal.raise_signal(signal.SIGINT)


@contextmanager
def _alarm_after(limit: float, patience: float, strike: Callable[[FrameType | None], None]) -> Iterator[None]:
    """A shell may have had interrupts ignored; here they are heard."""
    alarms = signal.signal(signal.SIGALRM, lambda _, frame: strike(frame))
    interrupts = signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, limit, patience)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, interrupts)
        signal.signal(signal.SIGALRM, alarms)


def _sentence(name: str, limit: float, places: list[str]) -> str:
    return f"{name} took longer than {limit:g} s and was ended. It was here:\n{places[0]}"
