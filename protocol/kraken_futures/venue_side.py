"""The wire of Kraken Futures from the venue's side: how it writes, and how it checks signatures. The classes that the
simulation reads and writes are its own."""

from __future__ import annotations

from hmac import compare_digest

from .converter import encode_message, iso
from .signing import Credentials

__all__ = ["encode", "iso", "proves_call", "proves_challenge"]


def encode(message: object) -> str:
    """A frame or an answer as JSON text: a wire class or a dict. Decimals become JSON numbers; what is None is left
    out, but for the fields that the venue shows as null."""
    return encode_message(message)


def proves_call(credentials: Credentials, *, path: str, post_data: str, nonce: str, authent: str) -> bool:
    """True when a call is signed with these credentials. post_data: query or body exactly as it came; nonce "": none
    came with it."""
    return compare_digest(credentials.authent(path, post_data, nonce).encode(), authent.encode())


def proves_challenge(credentials: Credentials, *, message: str, signed: str) -> bool:
    """True when `signed` answers the challenge `message` with these credentials."""
    return compare_digest(credentials.sign_challenge(message).encode(), signed.encode())
