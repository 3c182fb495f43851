"""How far the client knows the venue's books: a view, replaced by a newer one."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Reconciliation"]


@frozen(kw_only=True)
class Reconciliation:
    """As of the last look.

    connection: the login that it is about, 0 before the first; is_complete: `Reconciled` has come for it;
    open_questions: how many questions about orders are open; fills_read: executions that the present reading of the
    venue's history has brought; fills_complete_until: every fill before it has been reported, ns since 1970 by the
    venue's clock, None before the first login; failing: why reading fails at the moment, "" while it does not.
    """

    connection: int = 0
    is_complete: bool = False
    open_questions: int = 0
    fills_read: int = 0
    fills_complete_until: int | None = None
    failing: str = ""
