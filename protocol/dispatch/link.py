"""The link: up, logged in, down, failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import events, facts, requests
from ..errors import OutcomeUnknown, SessionFailed
from ..facts import OrderView
from ..inputs import LinkDown, LinkFailed, LinkSilent, LinkUp
from ..values import SystemMode
from .desk import Desk
from .gaps import Gaps
from .life import OrderLife
from .losing import Losing
from .queries import Queries

__all__ = ["Link"]


LEFT: Final = (
    "This client closed the connection, so nothing more will be heard of orders that are open. Look at the venue."
)


def _nothing(_: bool) -> int | None:
    return None


class Link:
    """Writes the desk's connection, ready, failed and opened_at.

    on_login: called once requests can be sent, with True if orders are merely listed again; gives the reading of
    history that this waits for, if any.
    """

    def __init__(self, desk: Desk, life: OrderLife, queries: Queries, losing: Losing, gaps: Gaps) -> None:
        self.on_login: Callable[[bool], int | None] = _nothing
        self._desk = desk
        self._life = life
        self._queries = queries
        self._losing = losing
        self._gaps = gaps

    def up(self, link: LinkUp) -> None:
        desk = self._desk
        if desk.connection and desk.connection < link.connection:
            self._leave(link.connection - 1)
        desk.connection = link.connection
        desk.opened_at = desk.opened_at or desk.now.wall_ns
        kind = events.Connected if link.connection == 1 else events.Reconnected
        desk.record(
            kind(
                venue=desk.rules.venue,
                account=desk.account,
                connection=link.connection,
                local_time=desk.now.wall_ns,
                url=link.url,
            )
        )

    def logged_in(self, login: facts.LoggedIn, report: Callable[[OrderView], None]) -> None:
        """Takes over the venue's list of open orders, and asks for those of ours that it leaves out.

        Absence proves nothing by itself: the list leaves pending orders out (spec AX 2.1). A venue may list them again
        on the same connection, when messages of it were lost.
        """
        desk = self._desk
        listed_again, desk.ready = desk.ready, True
        if not listed_again:
            self._authenticated(login)
        seen, changed = set(), 0
        for view in login.orders:
            order = desk.orders.find(view.venue_order_id, view.wire_id)
            if order is None:
                report(view)
                continue
            seen.add(order.identity.client_order_id)
            before = order.view()
            self._life.sync(order, view)
            changed += before != order.view()
        not_sent = desk.flights.preview_of  # orders that still wait for their price
        # What came of a cancel or change whose time is over is still to be told, too.
        seen -= {flight.client_order_id for flight in desk.flights.by_id.values() if flight.overdue}
        missing = [order for name, order in desk.orders.live.items() if name not in seen and name not in not_sent]
        run = self.on_login(listed_again)
        self._queries.settle(open_orders=len(login.orders), changed=changed, missing=missing, run=run)

    def _authenticated(self, login: facts.LoggedIn) -> None:
        self._desk.record(
            events.Authenticated(
                venue=self._desk.rules.venue,
                account=self._desk.account,
                connection=self._desk.connection,
                local_time=self._desk.now.wall_ns,
                user=login.user,
            )
        )

    def down(self, link: LinkDown) -> None:
        """Nothing that was asked on this connection will be answered; the next login settles what came of it."""
        desk = self._desk
        desk.record(
            events.Disconnected(
                venue=desk.rules.venue,
                account=desk.account,
                connection=link.connection,
                local_time=desk.now.wall_ns,
                reason=link.reason,
                will_retry=link.will_retry,
            )
        )
        if link.connection < desk.connection:
            self._losing.lose_connections(link.connection)  # another one is up already
        else:
            self._leave(link.connection)
        if desk.closing and not link.will_retry:
            desk.failed = desk.failed or OutcomeUnknown(LEFT)

    def _leave(self, connection: int) -> None:
        self._desk.ready = False
        self._desk.mode = None
        self._losing.deny_held("The connection ended before it was sent.")
        self._losing.lose_connections(connection)
        self._losing.drop_own_queries()
        self._queries.reset()
        self._gaps.forget()

    def fail(self, link: LinkFailed) -> SessionFailed:
        """No connection follows. Gives what everybody who waits is to be told."""
        desk = self._desk
        kind = events.AuthenticationFailed if link.unauthorized else events.SessionFailed
        desk.ready = False
        desk.record(
            kind(
                venue=desk.rules.venue,
                account=desk.account,
                connection=link.connection,
                local_time=desk.now.wall_ns,
                reason=link.reason,
            )
        )
        failure = SessionFailed(link.reason)
        desk.failed = failure
        self._losing.lose_all(f"The session ended before the venue answered. {link.reason}")
        self._losing.drop_own_queries()
        self._queries.reset()
        desk.reply(link.reply_to, None)
        return failure

    def silent(self, link: LinkSilent) -> None:
        """Asks for the open orders: a venue that lives answers, and what it answers is worth knowing."""
        desk = self._desk
        if desk.ready and link.connection == desk.connection:
            desk.send(requests.ListOpenOrders(request_id=desk.flights.next_internal_id()))

    # What the venue says of the connection, or of itself

    def messages_lost(self, fact: facts.MessagesLost) -> None:
        desk = self._desk
        desk.record(
            events.MessagesLost(
                venue=desk.rules.venue,
                account=desk.account,
                connection=desk.connection,
                local_time=desk.now.wall_ns,
                expected=fact.expected,
                received=fact.received,
            )
        )

    def system_changed(self, fact: facts.SystemChanged) -> None:
        desk = self._desk
        first, desk.mode = desk.mode is None, fact.mode
        if first and fact.mode is SystemMode.ONLINE:
            return  # what every connection begins with
        desk.record(
            events.SystemStatus(
                venue=desk.rules.venue,
                account=desk.account,
                connection=desk.connection,
                local_time=desk.now.wall_ns,
                mode=fact.mode,
                reason=fact.text,
            )
        )
