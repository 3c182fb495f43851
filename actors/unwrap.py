"""One exception out of a nursery's group."""

from __future__ import annotations

import trio

__all__ = ["single_cause"]


def single_cause(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The only thing that really went wrong in `group`; None when there are several, or only cancellations.

    A failing task cancels its siblings, so Cancelled beside an error is its consequence and not a second error.
    """
    _, rest = group.split(trio.Cancelled)
    causes: list[BaseException] = []
    pending: list[BaseException] = [] if rest is None else [rest]
    while pending:
        error = pending.pop()
        if isinstance(error, BaseExceptionGroup):
            pending.extend(error.exceptions)
        else:
            causes.append(error)
    return causes[0] if len(causes) == 1 else None
