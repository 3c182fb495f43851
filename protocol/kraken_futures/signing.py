"""Signatures of Kraken Futures: of REST calls and of the WebSocket challenge (spec B.3, B.10).

Both are HMAC-SHA512 under the decoded secret of a SHA-256 digest. No clock: the sender gives the nonce.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256, sha512
from hmac import digest as hmac
from typing import Final

from attrs import field, frozen

__all__ = ["Credentials", "authent", "endpoint", "rest_digest", "sign_challenge"]

PREFIX: Final = "/derivatives"
"""Left out of what is signed; paths of the history have no such prefix."""


def _decoded(secret: str) -> bytes:
    """Raises ValueError, without the secret in it."""
    try:
        key = b64decode(secret.strip(), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if not key:
        raise ValueError("The API secret is not base64 text. Copy it again from the venue's page.") from None
    return key


@frozen
class Credentials:
    """An API key with its secret. Neither shows in repr. Raises ValueError when the secret is not base64."""

    api_key: str = field(repr=False)
    _secret: bytes = field(repr=False, converter=_decoded)

    def sign_challenge(self, message: str) -> str:
        """The `signed_challenge` for a challenge message."""
        return self._signed(sha256(message.encode()).digest())

    def authent(self, path: str, post_data: str, nonce: str = "") -> str:
        """The `Authent` header. post_data: query or body exactly as it is sent; nonce "": the call carries none, and
        need not (spec B.10)."""
        return self._signed(rest_digest(path, post_data, nonce))

    def _signed(self, digest: bytes) -> str:
        return b64encode(hmac(self._secret, digest, sha512)).decode()


def endpoint(path: str) -> str:
    """The path as it is signed, e.g. `/api/v3/sendorder`."""
    return path.removeprefix(PREFIX)


def rest_digest(path: str, post_data: str, nonce: str) -> bytes:
    """What the HMAC of a REST call is taken of."""
    return sha256((post_data + nonce + endpoint(path)).encode()).digest()


def sign_challenge(secret: str, message: str) -> str:
    """`Credentials.sign_challenge` for a secret alone. Raises ValueError when it is not base64."""
    return Credentials("", secret).sign_challenge(message)


def authent(secret: str, path: str, post_data: str, nonce: str = "") -> str:
    """`Credentials.authent` for a secret alone. Raises ValueError when it is not base64."""
    return Credentials("", secret).authent(path, post_data, nonce)
