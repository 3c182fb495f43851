"""The link: up, logged in, down, failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import events, facts, requests
from ..errors import OutcomeUnknown, SessionFailed
from ..facts import OrderView
from ..values import SystemMode
from .context import Desk
from .conversation import Conversation
from .external_orders import ExternalOrders
from .history_reading import HistoryReading
from .identities import Identities
from .inputs import LinkDown, LinkFailed, LinkSilent, LinkUp
from .inquiries import Source
from .list_schedule import ListSchedule
from .query_schedule import QuerySchedule
from .reconciliation import Reconciling
from .settling import Settling
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["Link"]


LEFT: Final = (
    "This client closed the connection, so nothing more will be heard of orders that are open. Look at the venue."
)


class Link:
    """Writes the desk's connection, ready, failed and opened_at.

    on_login: called once requests can be sent, with True if orders are merely listed again; gives the number of the
    reading of history that this waits for, 0 for none.
    """

    def __init__(
        self,
        desk: Desk,
        conversation: Conversation,
        settling: tuple[Settling, Identities, ExternalOrders],
        asking: tuple[QuerySchedule, ListSchedule, HistoryReading, UnclaimedFills],
        reconciling: Reconciling,
        on_login: Callable[[bool], int],
    ) -> None:
        self._desk = desk
        self._conversation = conversation
        self._settling, self._identities, self._external = settling
        self._queries, self._lists, self._reading, self._unclaimed = asking
        self._reconciling = reconciling
        self._on_login = on_login

    def up(self, link: LinkUp) -> None:
        desk = self._desk
        if desk.connection:
            self._leave(desk.connection)
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

    def logged_in(self, login: facts.LoggedIn) -> None:
        """Takes over the venue's list of open orders, and asks for those of ours that it leaves out.

        Absence proves nothing by itself: the list leaves pending orders out (spec AX 2.1). A venue may list them again
        on the same connection, when messages of it were lost.
        """
        desk = self._desk
        listed_again, desk.ready = desk.ready, True
        desk.doubt_all()
        if not listed_again:
            self._authenticated(login)
        changed = self._take(login.orders)
        # What became of a cancel or change whose time is over is still to be told, too.
        overdue = {flight.client_order_id for flight in desk.flights.by_id.values() if flight.overdue}
        not_sent = desk.flights.preview_of  # orders that still wait for their price
        missing = [
            order
            for name, order in desk.orders.live.items()
            if order.seen_in != desk.login and name not in not_sent and name not in overdue
        ]
        reading = self._on_login(listed_again)
        self._queries.again()
        self._queries.look_for(missing)
        self._reconciling.begin(len(login.orders), changed, reading)
        self._external.logged_in(login.orders)

    def _take(self, views: tuple[OrderView, ...]) -> int:
        """The whole list. Gives how many orders of ours it changed."""
        desk, changed = self._desk, 0
        evidence = self._lists.evidence(Source.SNAPSHOT, desk.now.wall_ns)
        for view in views:
            order = self._identities.of(view)
            if order is None:
                self._external.report_open(view)
                continue
            before = _standing(order)
            order.seen_in = desk.login
            self._settling.show(order, view, evidence)
            changed += before != _standing(order)
        self._lists.taken(evidence)
        return changed

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
        if link.by_venue:
            for flight in desk.flights.by_id.values():
                if flight.connection == link.connection:
                    flight.carrier_ended_at = desk.now.monotonic_ns
        if link.connection == desk.connection:  # else another one is up already, and has ended it
            self._leave(link.connection)
        if desk.closing and not link.will_retry:
            desk.failed = desk.failed or OutcomeUnknown(LEFT)

    def _leave(self, connection: int) -> None:
        self._desk.ready = False
        self._desk.mode = None
        self._conversation.deny_held("The connection ended before it was sent.")
        self._conversation.lose_connections(connection)
        self._reset()

    def _reset(self) -> None:
        self._desk.doubt_all()  # until the next one, every order is in doubt
        self._conversation.drop_own_queries()
        self._queries.reset()
        self._lists.reset()
        self._reading.reset()
        self._unclaimed.reset()
        self._reconciling.reset()

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
        self._conversation.lose_all(f"The session ended before the venue answered. {link.reason}")
        self._reset()
        desk.reply(link.reply_to, None)
        return failure

    def silent(self, link: LinkSilent) -> None:
        """Asks for the open orders: a venue that lives answers, and what it answers is worth knowing."""
        desk = self._desk
        if desk.ready and link.connection == desk.connection:
            desk.send(requests.ListOpenOrders(request_id=desk.flights.next_internal_id()))

    # What the venue says of the connection, or of itself

    def messages_lost(self, fact: facts.MessagesLost) -> None:
        """Until the orders are listed again, every one is in doubt."""
        desk = self._desk
        desk.doubt_all()
        self._reading.reset()
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


def _standing(order: Order) -> tuple[object, ...]:
    """What of an order a list can change."""
    return (order.status, order.venue_order_id, order.quantity, order.price, order.trigger_price, order.cumulative)
