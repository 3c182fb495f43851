"""Room for the one answer to one question: a memory channel for a single item, without what that costs to set up."""

from __future__ import annotations

from enum import Enum, auto
from types import TracebackType
from typing import Generic, TypeVar

import trio
from trio.lowlevel import Abort, checkpoint_if_cancelled, current_task, reschedule, wait_task_rescheduled

__all__ = ["OneShot"]

T = TypeVar("T")


class _Stage(Enum):
    OPEN = auto()
    ANSWERED = auto()
    # Answered, and the answer has been taken.
    TAKEN = auto()
    # Ended by the one who was to answer.
    CLOSED = auto()
    # Ended by the one who asked.
    GIVEN_UP = auto()


OPEN, ANSWERED, TAKEN, CLOSED, GIVEN_UP = _Stage


class OneShot(Generic[T]):
    """One answer, from the actor that was asked to the caller.

    The actor owns it from the moment that it takes the question: it calls `send_nowait`, or `close` when it has no
    answer. The caller calls `receive`, or `give_up` when it no longer wants the answer. The caller may come before the
    answer or after it; whichever way this ends, nobody waits for what will not come.

    As a context manager it is closed at the end of the block, which does nothing to an answer that was given.
    """

    __slots__ = ("_receiver", "_stage", "_value")

    _value: T  # from the answer until it is taken

    def __init__(self) -> None:
        self._stage = OPEN
        self._receiver: trio.lowlevel.Task | None = None

    def __repr__(self) -> str:
        return f"<OneShot, {self._stage.name.lower()}>"  # without the answer, which may be a secret

    def __enter__(self) -> OneShot[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # For the one who answers

    @property
    def has_given_up(self) -> bool:
        """True when no answer is wanted any more, though none has come."""
        return self._stage is GIVEN_UP

    @trio.lowlevel.enable_ki_protection
    def send_nowait(self, value: T) -> None:
        """Gives the answer. Raises trio.BrokenResourceError when the caller has given up, trio.ClosedResourceError
        when this was answered before or is closed."""
        if self._stage is not OPEN:
            raise trio.BrokenResourceError if self._stage is GIVEN_UP else trio.ClosedResourceError
        self._value = value
        self._end(ANSWERED)

    @trio.lowlevel.enable_ki_protection
    def close(self) -> None:
        """No answer will come; the caller gets trio.EndOfChannel. Safe to call twice, and behind an answer."""
        if self._stage is OPEN:
            self._end(CLOSED)

    # For the one who asked

    @trio.lowlevel.enable_ki_protection
    def give_up(self) -> None:
        """No answer is wanted any more. Safe to call twice, and behind an answer."""
        if self._stage is OPEN:
            self._end(GIVEN_UP)

    @trio.lowlevel.enable_ki_protection  # else one that struck here would leave a task noted that does not wait
    async def receive(self) -> T:
        """The answer, which can be taken once. One that is there comes without a turn of the scheduler.

        Canceled: it has not been taken, and can still be. Raises trio.EndOfChannel when none will come,
        trio.ClosedResourceError behind `give_up`, trio.BusyResourceError while another task waits for it.
        """
        if self._stage is not OPEN:  # else the wait below is the checkpoint
            await checkpoint_if_cancelled()
        if self._receiver is not None:
            raise trio.BusyResourceError("Another task is waiting for this answer.")
        if self._stage is OPEN:
            self._receiver = current_task()
            await wait_task_rescheduled(self._leave)
            self._receiver = None
        if self._stage is not ANSWERED:
            raise trio.ClosedResourceError if self._stage is GIVEN_UP else trio.EndOfChannel
        value = self._value
        del self._value
        self._stage = TAKEN
        return value

    def _leave(self, _: object) -> Abort:
        """The wait is canceled or interrupted."""
        self._receiver = None
        return Abort.SUCCEEDED

    def _end(self, stage: _Stage) -> None:
        self._stage = stage
        if self._receiver is not None:
            reschedule(self._receiver)  # once: it is not open any more
