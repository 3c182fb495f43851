"""The handle of one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol import commands
from protocol.commands import Milestone
from protocol.errors import NotSent, OrderEnded, OrderRejected, OutcomeUnknown
from protocol.orders import OrderIdentity, OrderState
from protocol.reasons import RejectReason, Why
from protocol.values import ClientOrderId, RequestId

from .subscription import EventStream

if TYPE_CHECKING:
    from .client import Client

__all__ = ["Order"]


class Order:
    """One order of this client. Waiting here changes nothing: canceling a wait never cancels the order.

    request_id: number of the request that placed it, None for an order that was not submitted here.

    Every question and wait raises OutcomeUnknown when nothing more is known here of the order, because the client is
    closed or has forgotten it, and every wait raises SessionError or AuthenticationError when the session ended
    before what is awaited happened. The order may live then: look at the venue, and do not send it again.
    """

    def __init__(self, client: Client, identity: OrderIdentity, request_id: RequestId | None) -> None:
        self._client = client
        self.identity = identity
        self.request_id = request_id

    def __repr__(self) -> str:
        origin = "not submitted here" if self.request_id is None else f"request {self.request_id}"
        return f"<Order {self.client_order_id} of {self.identity.instrument}, {origin}>"

    def __str__(self) -> str:
        """One readable line; where the order stands is in `state()`."""
        from protocol.one_line import one_line  # as events do it: it costs nothing until something is printed

        return one_line(self.identity, "Order")

    @property
    def client_order_id(self) -> ClientOrderId:
        """The name that it was submitted with, or that the client made up for it."""
        return self.identity.client_order_id

    def events(self) -> EventStream:
        """This order's events from now on; the stream ends with the event that ends the order, and at once if that is
        over or the client is closed. Raises TradingError when too many streams are opened without a checkpoint."""
        return self._client.subscribe(only=self.client_order_id)

    async def state(self) -> OrderState:
        """Where it stands, as far as is known here. Raises OutcomeUnknown when nothing more is known here."""
        state = await self._ask(commands.Show(self.client_order_id))
        if state is None:
            raise self._lost_sight()
        assert isinstance(state, OrderState)
        return state

    async def accepted(self) -> OrderState:
        """Waits until the venue has the order.

        Raises OrderRejected when it refused, NotSent when the order never reached it (Denied; at AX it may turn out to
        have arrived after all, which `Reopened` tells), OutcomeUnknown when no answer came (the order may live; await
        `done()` for how that ends) or nothing more is known here, SessionError or AuthenticationError when the
        session ended before.
        """
        state = await self._wait(Milestone.ACCEPTED)
        if state.status.is_terminal and not state.cumulative:
            self._raise_unless_ended_well(state)
        if state.status.name == "UNKNOWN":
            raise OutcomeUnknown(
                f"It is not known whether order {self.client_order_id} lives: {state.reason} Do not send it again.",
                client_order_id=self.client_order_id,
            )
        return state

    async def done(self) -> OrderState:
        """Waits until the order has ended, however that was.

        Raises OutcomeUnknown when nothing more is known here, SessionError or AuthenticationError when the session
        ended before.
        """
        return await self._wait(Milestone.DONE)

    async def filled(self) -> OrderState:
        """Waits until the order has filled completely.

        Raises OrderEnded when it was canceled or expired before, OrderRejected when the venue refused it, NotSent when
        it never reached the venue (Denied; at AX it may turn out to have arrived after all, which `Reopened` tells, and
        then a new `filled()` waits for it), OutcomeUnknown when nothing more is known here, SessionError or
        AuthenticationError when the session ended before.
        """
        state = await self._wait(Milestone.DONE)
        self._raise_unless_ended_well(state)
        if state.status.name in ("CANCELED", "EXPIRED"):
            why = f": {state.reason}" if state.reason else "; the venue gave no reason."
            raise OrderEnded(
                f"Order {self.client_order_id} ended {state.status.value} with {state.cumulative} of "
                f"{state.quantity} filled{why}",
                client_order_id=self.client_order_id,
                status=state.status,
                cumulative=state.cumulative,
                quantity=state.quantity,
                reason=state.reason,
            )
        return state

    async def _wait(self, milestone: Milestone) -> OrderState:
        state = await self._ask(commands.Watch(self.client_order_id, milestone))
        assert isinstance(state, OrderState)
        return state

    async def _ask(self, question: commands.Show | commands.Watch) -> object:
        """That a question was not asked says nothing of the order, which may live."""
        try:
            return await self._client.ask(question)
        except NotSent as refusal:
            raise self._lost_sight() from refusal

    def _lost_sight(self) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"Nothing more is known here of order {self.client_order_id}: the client is closed, or has forgotten it. "
            "Look at the venue; do not send it again.",
            client_order_id=self.client_order_id,
        )

    def _raise_unless_ended_well(self, state: OrderState) -> None:
        name, reason, why = self.client_order_id, state.reason, state.why
        if state.status.name == "REJECTED":
            assert isinstance(why, RejectReason)  # the event that ended it says so
            raise OrderRejected(
                f"The venue refused order {name}: {reason}", why=why, reason=reason, client_order_id=name
            )
        if state.status.name == "DENIED":
            assert isinstance(why, Why)  # likewise
            raise NotSent(f"Order {name} never reached the venue: {reason}", why=why, client_order_id=name)
