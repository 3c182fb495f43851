"""How far the client knows the venue's books: a view, replaced by a newer one."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Reconciliation"]


@frozen(kw_only=True)
class Reconciliation:
    """How far the client has caught up with the venue, at one moment."""

    connection: int = 0
    """The login that it is about, 0 before the first."""
    is_complete: bool = False
    """`Reconciled` has come for it."""
    open_questions: int = 0
    """How many questions about orders are open."""
    fills_read: int = 0
    """Executions that the present reading of the venue's history has brought."""
    fills_complete_until: int | None = None
    """Every fill before it has been published: ns since 1970 by the venue's clock, None before the first login."""
    failing: str = ""
    """Why reading fails at the moment, empty while it does not."""

    def __str__(self) -> str:
        """One readable line, as a log wants it (see `protocol.one_line`)."""
        from .one_line import one_line  # it knows every event, so it comes after them

        return one_line(self)
