"""How what was measured is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Found = dict[str, Any]

OURS: Final = "jwtauth"
KINDS: Final = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def each(found: Found) -> Iterator[tuple[str, str, Found]]:
    """Yield name, title and figures of each peer on PostgreSQL, or the first database there is."""
    databases = found["databases"]
    kind = "postgresql" if "postgresql" in databases else next(iter(databases))
    for name, figures in databases[kind].items():
        title = f"**{figures['title']}**" if name == OURS else figures["title"]
        yield name, title, figures
