"""What AX documents that a client may send (spec 1.2, 3, 7). The venue ignores every other key in silence, so that a
misspelt safety option does nothing; a strict simulation refuses it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..exchange import HttpRequest

__all__ = ["in_call", "in_request", "in_upgrade"]

LONGEST_TAG: Final = 10
"""As documented; the venue has been seen to take more."""
TERMS: Final = frozenset({"s", "d", "q", "p", "tif", "po", "cid", "tag", "st", "aid", "rb"})
CHANGES: Final = frozenset({"oid", "cid", "aid", "p", "q", "tif", "po"})
TRIGGER: Final = frozenset({"order_type", "trigger_price"})

REQUESTS: Final[Mapping[str, frozenset[str]]] = {
    "p": TERMS,
    "x": frozenset({"oid", "cid", "aid"}),
    "r": CHANGES,
    "o": frozenset({"account_id"}),
    "s": frozenset({"oid", "cid"}),
    "X": frozenset({"symbol", "account_id"}),
    "ef": frozenset({"symbol"}),
    "h": frozenset(),
}
"""Keys of a request over the socket by its kind, besides `t` and `rid`."""

UPGRADE: Final = frozenset({"cancel_on_disconnect", "client_heartbeat_timeout", "account_id"})

RANGE: Final = frozenset({"start_timestamp_ns", "end_timestamp_ns", "limit", "cursor", "sort_ts"})
QUERIES: Final[Mapping[str, frozenset[str]]] = {
    "/api/instrument": frozenset({"symbol"}),
    "/api/positions": frozenset({"account_id"}),
    "/api/fills": RANGE | {"symbol", "account_id"},
    "/api/risk-snapshot": frozenset({"account_id"}),
    "/orders/open-orders": frozenset({"account_id", "limit", "offset"}),
    "/orders/order-status": frozenset({"oid", "cid"}),
    "/orders/orders": RANGE | {"symbol", "order_states", "account_id"},
    "/orders/order-fills": frozenset({"order_id"}),
}
"""Keys of a query by its path; a path that is not here has none."""

STATES: Final = frozenset(
    {
        "PENDING",
        "ACCEPTED",
        "PARTIALLY_FILLED",
        "FILLED",
        "CANCELED",
        "REJECTED",
        "EXPIRED",
        "REPLACED",
        "DONE_FOR_DAY",
    }
)

LOGIN: Final = frozenset({"api_key", "api_secret", "username", "password", "totp", "expiration_seconds"})
BODIES: Final[Mapping[str, frozenset[str]]] = {
    "/api/authenticate": LOGIN,
    "/api/preview-aggressive-limit-order": frozenset({"symbol", "quantity", "side"}),
    "/api/sandbox/deposit": frozenset({"symbol", "amount"}),
    "/api/sandbox/withdraw": frozenset({"symbol", "amount"}),
    "/orders/place-order": TERMS,
    "/orders/cancel-order": REQUESTS["x"],
    "/orders/replace-order": CHANGES,
    "/orders/cancel-all-orders": REQUESTS["X"],
    "/orders/initial-margin-requirement": TERMS,
    "/orders/preview-order": TERMS,
}
"""Keys of a body by its path; a path that is not here has no body."""


def in_request(text: str, *, triggers: bool) -> str | None:
    """What a request over the socket says that is not documented; None for nothing. triggers: the venue knows
    triggers."""
    request = _object(text)
    kind = request.pop("t", None)
    request.pop("rid", None)
    documented = REQUESTS.get(kind) if isinstance(kind, str) else None
    if documented is None:
        return None  # it is refused anyway
    known = documented | TRIGGER if triggers and kind == "p" else documented
    return _beyond(request, known, f"the request {kind!r}") or _beyond_words(request)


def in_upgrade(request: HttpRequest) -> str | None:
    """The same of the query of an upgrade."""
    flag = dict(request.query).get("cancel_on_disconnect", "false")
    if flag not in ("true", "false"):
        return f"cancel_on_disconnect is true or false, not {flag!r}"
    return _beyond(dict(request.query), UPGRADE, "the upgrade")


def in_call(request: HttpRequest, *, legacy: bool = False) -> str | None:
    """The same of a call over HTTP. legacy: an older venue, whose lists of orders count rows."""
    path = request.path.replace("_", "-")
    if "_" in request.path:
        return f"{request.path} is an old spelling of {path}"
    body, query = _object(request.body), dict(request.query)
    known = QUERIES.get(path, frozenset()) | ({"offset"} if legacy and path == "/orders/orders" else set())
    return (
        _beyond(query, known, f"the query of {path}")
        or _beyond_choices(query)
        or _beyond(body, BODIES.get(path, ()), f"the body of {path}")
        or _beyond_words(body)
    )


def _beyond(given: Iterable[str], known: Iterable[str], where: str) -> str | None:
    unknown = sorted(set(given) - set(known))
    return f"{where} has no {', '.join(unknown)}" if unknown else None


def _beyond_choices(query: Mapping[str, str]) -> str | None:
    """Values of a query that the venue does not know."""
    order = query.get("sort_ts", "asc")
    if order not in ("asc", "desc"):
        return f"sort_ts is asc or desc, not {order!r}"
    unknown = sorted(set(query.get("order_states", "FILLED").split(",")) - STATES)
    if unknown:
        return f"there is no order state {', '.join(unknown)}"
    limit = query.get("limit", "1")
    return None if limit.isdecimal() and int(limit) else f"a limit is a whole number above zero, unlike {limit!r}"


def _beyond_words(given: Mapping[str, Any]) -> str | None:
    """Values that mean something else than they seem to, or nothing."""
    tag = given.get("tag")
    if isinstance(tag, str) and not (0 < len(tag) <= LONGEST_TAG and tag.isascii() and tag.isalnum()):
        return f"a tag has 1 to {LONGEST_TAG} letters and digits, unlike {tag!r}"
    if "aid" in given and "oid" in given:
        return "aid goes with cid, an oid needs none"
    if isinstance(given.get("p"), int | float):
        return "a price is text, not a number"
    return None


def _object(text: str | bytes) -> dict[str, Any]:
    """The keys of a JSON object; nothing of anything else, which is refused for that already."""
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
