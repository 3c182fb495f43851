"""Signatures of Kraken Spot's private REST calls (spec A.2).

HMAC-SHA512 under the decoded secret, of the path and a SHA-256 digest. No clock: the sender gives the nonce, which
must be greater than that of every earlier call with the key.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256, sha512
from hmac import digest as hmac

from attrs import field, frozen

__all__ = ["Credentials", "api_sign", "inner_digest"]


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
    """An API key with its secret. Nothing of it shows in repr. Raises ValueError when the secret is not base64."""

    api_key: str = field(repr=False)
    _secret: bytes = field(repr=False, converter=_decoded)
    otp: str | None = field(default=None, repr=False)
    """What goes with a key that has two-factor authentication, None without."""

    def api_sign(self, path: str, nonce: str, post_data: str) -> str:
        """The `API-Sign` header. post_data: the body exactly as it is sent, with the nonce in it."""
        message = path.encode() + inner_digest(nonce, post_data)
        return b64encode(hmac(self._secret, message, sha512)).decode()


def inner_digest(nonce: str, post_data: str) -> bytes:
    """What is signed together with the path."""
    return sha256((nonce + post_data).encode()).digest()


def api_sign(secret: str, path: str, nonce: str, post_data: str) -> str:
    """`Credentials.api_sign` for a secret alone. Raises ValueError when it is not base64."""
    return Credentials("", secret).api_sign(path, nonce, post_data)
