"""Address and user agent of a request, for login sessions and throttles alike."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

_MAX_USER_AGENT: Final = 255


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address, or ``None`` where there is none to be had.

    ``REMOTE_ADDR``, or the n-th from the right of ``X-Forwarded-For`` where
    ``REST_FRAMEWORK["NUM_PROXIES"]`` is n ≥ 1: what stands further left, the client wrote.
    """
    address = request.META.get("REMOTE_ADDR", "")
    proxies = getattr(settings, "REST_FRAMEWORK", {}).get("NUM_PROXIES")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if proxies and forwarded:
        hops = forwarded.split(",")
        address = hops[-min(proxies, len(hops))]
    try:
        parsed = ip_address(_without_port(address.strip()).partition("%")[0])
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _without_port(address: str) -> str:
    """Return the address alone: some proxies write ``192.0.2.1:443`` and ``[2001:db8::1]:443``."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def user_agent(request: HttpRequest) -> str:
    """Return what the client calls itself, without control characters, cut at 255."""
    text = request.META.get("HTTP_USER_AGENT", "")
    return "".join(filter(str.isprintable, text))[:_MAX_USER_AGENT]
