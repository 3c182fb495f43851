"""The state machine of order execution, for every venue: what the venue says and what the user asks → what we decide.

`DispatchState.apply` takes inputs in order and returns decisions: records (most of them events), requests to send,
replies to give. Order state changes only by folding those records (`protocol.dispatch.tracking`); what belongs to one
connection (requests on their way, queries, time-outs) is kept apart in `protocol.dispatch.in_flight`.

The promises:

- Accepted comes once, and before anything else the venue says of an order.
- Each fill comes once, whatever the venue repeats; no fill is inferred from a total.
- Nothing comes after an order's end but late fills and fees; an end that we concluded ourselves may be taken back.
- A request whose answer is lost is neither failed nor sent again: its order is Unknown until the venue's word,
  an execution or a status query settles it.
"""

from .assembly import DispatchOptions
from .decisions import Decisions, EndLink, Reply, Send
from .state import DispatchState

__all__ = ["Decisions", "DispatchOptions", "DispatchState", "EndLink", "Reply", "Send"]
