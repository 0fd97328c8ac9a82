"""base64url and JSON in their one spelling: whatever could be written in two ways is refused.

A token with two spellings escapes a revocation list, a log search and a cache, so every reader
in this folder comes through here. Raises ``ValueError`` alone.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from math import isinf
from typing import Any


def b64encode(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def b64decode(text: str) -> bytes:
    """Decode the one canonical spelling.

    Encoding again and comparing catches padding, slack bits, line breaks, the other alphabet and
    non-ASCII alike, which the decoder's own strict mode does not.
    """
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("not base64url") from None
    if b64encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice in a JSON object")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError("a number is out of range")
    return number


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
)


def json_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8: no byte-order mark, duplicate name, NaN or lone surrogate."""
    try:
        members = _decoder.decode(data.decode())
        if b"\\u" in data:
            json_bytes(members)  # lone surrogates fail here
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(members, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 (callers catch one error)
    return members


def json_bytes(members: dict[str, Any]) -> bytes:
    """Write compact UTF-8; raises ``ValueError`` or ``TypeError`` for what JSON cannot say."""
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
