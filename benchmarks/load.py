"""A small load generator, for machines without wrk: it takes more of the processor from the server.

A fixed number of connections, each of which sends a request when it has the last one's answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter
from typing import Final

_ANSWERED: Final = b"HTTP/1.1 200"


def measure(
    port: int, path: str, headers: Mapping[str, str], seconds: float, connections: int
) -> dict[str, float]:
    """Return requests a second, and the median and 99th percentile of a request in ms."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    times = sorted(asyncio.run(_all(port, request, seconds, connections)))
    return {
        "per_second": len(times) / seconds,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
    }


async def _all(port: int, request: bytes, seconds: float, connections: int) -> list[float]:
    until = perf_counter() + seconds
    parts = await asyncio.gather(*(_one(port, request, until) for _ in range(connections)))
    return [time for part in parts for time in part]


async def _one(port: int, request: bytes, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    try:
        while (begin := perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(_ANSWERED):
                raise ConnectionError(head.decode(errors="replace"))
            await reader.readexactly(_length(head))
            times.append(perf_counter() - begin)
    finally:
        writer.close()
        await writer.wait_closed()
    return times


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionError("an answer without Content-Length")
