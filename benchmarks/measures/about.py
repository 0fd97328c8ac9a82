"""What the other side has to know of a peer."""

from __future__ import annotations

from benchmarks.measures.clients import Clients, needed


def title(clients: Clients) -> str:
    """Return its title in tables."""
    return clients.peer.title


def rotates(clients: Clients) -> bool:
    """Tell whether its refresh hands out a new refresh token."""
    credentials = clients.log_in()
    call = clients.peer.refresh(credentials)
    if call is None:
        return False
    return clients.peer.credentials(clients.must(needed(call))).refresh is not None


def request_headers(clients: Clients) -> dict[str, str]:
    """Return the headers of a request of somebody who is logged in."""
    return clients.peer.headers(clients.log_in())
