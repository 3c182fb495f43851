"""Lists of the open orders that we ask for by ourselves: to learn terms, and every period to find what was not told."""

from __future__ import annotations

from typing import Final

from .. import requests
from ..values import NO_TIME, RequestId
from .context import Context
from .inquiries import Source
from .questions import Evidence

__all__ = ["ListSchedule"]

LISTS_AFTER_CONCLUSION: Final = 3
"""How many lists, all younger than it, are still read after we have concluded by ourselves that an order ended."""


class ListSchedule:
    """Owns which list is under way, and for what."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # The list under way, and whether another must follow, because that one may be older than the question.
        self._listing: RequestId | None = None
        self._list_again = False
        # Instants by the venue's clock: until when the last list proves what was open, and of our last conclusion.
        self._proven_open = NO_TIME
        self._concluded_at = NO_TIME
        self._lists_since = LISTS_AFTER_CONCLUSION

    # Asking

    def ask_for_terms(self) -> None:
        """A status answer names an order and not its terms; the list of open orders does. One list at a time: it may
        be older than what is asked for now, so another one follows it then."""
        if self._listing is not None:
            self._list_again = True
            return
        if self._context.ready and not self._context.closing:
            self._listing = self._context.flights.next_internal_id()
            self._context.send(requests.ListOpenOrders(request_id=self._listing))

    def compare(self) -> None:
        """Asks what is open at the venue, to find orders of ours that are not, and terms that have changed."""
        if self._listing is None:
            self.ask_for_terms()

    def over(self, request_id: RequestId) -> None:
        """A list of ours was answered, refused or given up."""
        if request_id != self._listing:
            return
        # What was asked for meanwhile may have happened after this list was made.
        again, self._listing, self._list_again = self._list_again, None, False
        if again:
            self.ask_for_terms()

    def reset(self) -> None:
        """The connection is gone, and every list with it."""
        self._listing, self._list_again = None, False

    # What lists prove

    @property
    def proven_open(self) -> int:
        """Until when every order that counts as open was listed as such, ns since 1970 by the venue's clock; 0: there
        was no list yet."""
        return self._proven_open

    def evidence(self, source: Source, asked_at: int) -> Evidence:
        """asked_at: ns since 1970 by our clock."""
        lags = source is Source.LIST and requests.ListOpenOrders in self._context.rules.http_requests
        lag = self._context.rules.lists_lag if lags else 0
        return Evidence(source=source, at=self._context.by_venue(asked_at), lag=lag)

    def taken(self, evidence: Evidence) -> None:
        """A whole list was taken over; what it leaves out has a question open."""
        self._proven_open = max(self._proven_open, evidence.holds_until)
        if evidence.holds_until > self._concluded_at:
            self._lists_since += 1

    def concluded(self) -> None:
        """We have concluded by ourselves that an order ended: lists are read for a while even if nothing is open."""
        self._concluded_at, self._lists_since = self._context.by_venue(self._context.now.wall_ns), 0

    @property
    def are_needed(self) -> bool:
        return self._lists_since < LISTS_AFTER_CONCLUSION or bool(self._context.orders.live)
