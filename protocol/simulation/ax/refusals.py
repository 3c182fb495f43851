"""Why a simulated AX Exchange refuses."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Refusal"]


@frozen
class Refusal:
    """Why a request is not executed: an error code of spec 4.5 and a sentence."""

    code: int
    message: str
