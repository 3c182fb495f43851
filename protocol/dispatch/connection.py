"""The link: up, logged in, down, failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import events, facts, requests
from ..errors import OutcomeUnknown, SessionError
from ..facts import OrderView
from ..reasons import Why
from ..values import SystemMode
from .context import Context
from .conversation import Conversation
from .external_orders import ExternalOrders
from .history_reading import HistoryReading
from .identities import Identities
from .inputs import LinkDown, LinkFailed, LinkSilent, LinkUp
from .inquiries import Source
from .list_schedule import ListSchedule
from .query_schedule import QuerySchedule
from .reconciliation import Reconciler
from .settling import Settling
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["Connection"]


LEFT: Final = (
    "This client closed the connection, so nothing more will be heard of orders that are open. Look at the venue."
)


class Connection:
    """Writes the context's connection, ready, failed and opened_at.

    on_login: called once requests can be sent, with True if orders are merely listed again; gives the number of the
    reading of history that this waits for, 0 for none.
    """

    def __init__(
        self,
        context: Context,
        conversation: Conversation,
        settling: tuple[Settling, Identities, ExternalOrders],
        questioning: tuple[QuerySchedule, ListSchedule, HistoryReading, UnclaimedFills],
        reconciling: Reconciler,
        on_login: Callable[[bool], int],
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._settling, self._identities, self._external = settling
        self._queries, self._lists, self._reading, self._unclaimed = questioning
        self._reconciler = reconciling
        self._on_login = on_login

    def up(self, link: LinkUp) -> None:
        # The end of the old connection may still be under way to us (it comes through another task), so it is ended
        # here, and `down` finds it done.
        context = self._context
        if context.connection:
            self._leave(context.connection)
        context.connection = link.connection
        if not context.opened_at:
            context.open(context.now.wall_ns, is_measured=False)
        kind = events.Connected if link.connection == 1 else events.Reconnected
        context.record(
            kind(
                venue=context.rules.venue,
                account=context.account,
                connection=link.connection,
                local_time=context.now.wall_ns,
                url=link.url,
            )
        )

    def logged_in(self, login: facts.LoggedIn) -> None:
        """Takes over the venue's list of open orders, and asks for those of ours that it leaves out.

        Absence proves nothing by itself: the list leaves pending orders out (spec AX 2.1). A venue may list them again
        on the same connection, when messages of it were lost.
        """
        context = self._context
        listed_again, context.ready = context.ready, True
        context.doubt_all()
        if not listed_again:
            self._authenticated(login)
        # The whole list first, questions then: an order that the list shows must not be asked for.
        changed = self._take(login.orders)
        # What became of a cancel or change whose time is over is still to be reported, too.
        overdue = {flight.client_order_id for flight in context.flights.by_id.values() if flight.overdue}
        not_sent = context.flights.preview_of  # orders that still wait for their price
        missing = [
            order
            for name, order in context.orders.live.items()
            if order.seen_in != context.login and name not in not_sent and name not in overdue
        ]
        # In this order: questions that were open before this login, orders that it leaves out, and only then what this
        # login waits for, so that it waits for both.
        reading = self._on_login(listed_again)
        self._queries.again()
        self._queries.look_for(missing)
        self._reconciler.begin(len(login.orders), changed, reading)
        self._external.logged_in(login.orders)
        self._unclaimed.look_up_again()

    def _take(self, views: tuple[OrderView, ...]) -> int:
        """The whole list. Gives how many orders of ours it changed."""
        context, changed = self._context, 0
        evidence = self._lists.evidence(Source.SNAPSHOT, context.now.wall_ns)
        for view in views:
            order = self._identities.of(view)
            if order is None:
                self._external.report_open(view)
                continue
            # Shown by this login, so no longer in doubt, whatever its view says.
            before = _standing(order)
            order.seen_in = context.login
            self._settling.show(order, view, evidence)
            changed += before != _standing(order)
        self._lists.taken(evidence)
        return changed

    def _authenticated(self, login: facts.LoggedIn) -> None:
        self._context.record(
            events.Authenticated(
                venue=self._context.rules.venue,
                account=self._context.account,
                connection=self._context.connection,
                local_time=self._context.now.wall_ns,
                user=login.user,
            )
        )

    def down(self, link: LinkDown) -> None:
        """Nothing that was asked on this connection will be answered; the next login settles what came of it."""
        context = self._context
        context.record(
            events.Disconnected(
                venue=context.rules.venue,
                account=context.account,
                connection=link.connection,
                local_time=context.now.wall_ns,
                reason=link.reason,
                will_retry=link.will_retry,
            )
        )
        # Where the venue itself ended the connection, nothing that was on it can be carried out much later; that is one
        # of the proofs of `settling`.
        if link.by_venue:
            for flight in context.flights.by_id.values():
                if flight.connection == link.connection:
                    flight.carrier_ended_at = context.now.monotonic_ns
        if link.connection == context.connection:  # else another one is up already, and has ended it
            self._leave(link.connection)
        if context.closing and not link.will_retry:
            context.failed = context.failed or OutcomeUnknown(LEFT)

    def _leave(self, connection: int) -> None:
        self._context.ready = False
        self._context.mode = None
        self._conversation.deny_held("The connection ended before it was sent.", Why.NOT_CONNECTED)
        self._conversation.lose_connections(connection)
        self._reset()

    def _reset(self) -> None:
        self._context.doubt_all()  # until the next one, every order is in doubt
        self._conversation.drop_own_queries()
        self._queries.reset()
        self._lists.reset()
        self._reading.reset()
        self._unclaimed.reset()
        self._reconciler.reset()

    def fail(self, link: LinkFailed) -> SessionError:
        """No connection follows. Gives what everybody who waits is to be reported."""
        context = self._context
        kind = events.AuthenticationFailed if link.unauthorized else events.SessionFailed
        context.ready = False
        context.record(
            kind(
                venue=context.rules.venue,
                account=context.account,
                connection=link.connection,
                local_time=context.now.wall_ns,
                reason=link.reason,
            )
        )
        failure = SessionError(link.reason, venue=context.rules.venue)
        context.failed = failure
        self._conversation.lose_all(f"The session ended before the venue answered. {link.reason}")
        self._reset()
        context.reply(link.reply_to, None)
        return failure

    def silent(self, link: LinkSilent) -> None:
        """Asks for the open orders: a venue that lives answers, and what it answers is worth knowing."""
        context = self._context
        if context.ready and link.connection == context.connection:
            context.send(requests.ListOpenOrders(request_id=context.flights.next_internal_id()))

    # What the venue says of the connection, or of itself

    def messages_lost(self, fact: facts.MessagesLost) -> None:
        """Until the orders are listed again, every one is in doubt."""
        # As after a lost connection: what was in those messages can only be learned from lists and history.
        context = self._context
        context.doubt_all()
        self._reading.reset()
        context.record(
            events.MessagesLost(
                venue=context.rules.venue,
                account=context.account,
                connection=context.connection,
                local_time=context.now.wall_ns,
                expected=fact.expected,
                received=fact.received,
            )
        )

    def system_changed(self, fact: facts.SystemChanged) -> None:
        context = self._context
        # It also decides what may be sent (see `Context.require_room`).
        first, context.mode = context.mode is None, fact.mode
        if first and fact.mode is SystemMode.ONLINE:
            return  # what every connection begins with
        context.record(
            events.SystemStatus(
                venue=context.rules.venue,
                account=context.account,
                connection=context.connection,
                local_time=context.now.wall_ns,
                mode=fact.mode,
                reason=fact.text,
            )
        )


def _standing(order: Order) -> tuple[object, ...]:
    """What of an order a list can change."""
    return (order.status, order.venue_order_id, order.quantity, order.price, order.trigger_price, order.cumulative)
