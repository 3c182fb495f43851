"""Telling a nursery once that a task has started, from whichever of several places comes first."""

from __future__ import annotations

from typing import Any

import trio
from attrs import define

__all__ = ["StartedOnce"]


@define
class StartedOnce:
    """A task status that may be told several times. The first one counts."""

    _status: trio.TaskStatus[Any]
    _told: bool = False

    @property
    def is_told(self) -> bool:
        return self._told

    def started(self, value: object = None) -> None:
        if not self._told:
            self._told = True
            self._status.started(value)
