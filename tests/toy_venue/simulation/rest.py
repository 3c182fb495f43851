"""The REST interface of a simulated Toy Exchange: tokens and instruments."""

from __future__ import annotations

from attrs import define

from protocol.simulation.exchange import HttpReply, HttpRequest
from protocol.wire.tolerant import UNUSABLE, exact_json

from ..toy.wire import Instruments, Token, encode_message
from .access import Access
from .settings import ToyExchangeSettings

__all__ = ["RestInterface"]


@define
class RestInterface:
    settings: ToyExchangeSettings
    access: Access

    def reply(self, request: HttpRequest) -> HttpReply:
        match request.method, request.path:
            case "POST", "/token":
                return self._token(request)
            case "GET", "/instruments":
                rows = Instruments(instruments=list(self.settings.instruments))
                return HttpReply(status=200, body=encode_message(rows).encode())
        return HttpReply(status=404, body=b"{}")

    def _token(self, request: HttpRequest) -> HttpReply:
        try:
            given = exact_json(request.body.decode())
        except UNUSABLE:
            given = None
        if not isinstance(given, dict):
            return HttpReply(status=400, body=b"{}")
        token = self.access.new_token(given.get("key"), given.get("secret"))
        if token is None:
            return HttpReply(status=401, body=b"{}")
        return HttpReply(status=200, body=encode_message(Token(token=token)).encode())
