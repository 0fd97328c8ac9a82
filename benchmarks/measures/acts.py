"""What clients do: each act as a call on credentials of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.calls import Answer, Call
from benchmarks.measures.clients import CallFailed, Clients, needed

#: In the order of tables.
ACTS: Final = ("login", "request", "refresh", "retry", "logout")


def maker(clients: Clients, act: str) -> Callable[[], Call] | None:
    """Return what makes calls of an act, ready to be sent; ``None``: this peer has no such act."""
    peer = clients.peer
    sample = clients.log_in()
    if act in ("refresh", "retry") and peer.refresh(sample) is None:
        return None
    if act == "logout" and peer.logout(sample) is None:
        return None
    makers: dict[str, Callable[[], Call]] = {
        "login": lambda: peer.login(clients.next_user()),
        "request": lambda: clients.request("/closed/", clients.log_in()),
        "refresh": lambda: needed(peer.refresh(clients.log_in())),
        "retry": lambda: _used(clients, needed(peer.refresh(clients.log_in()))),
        "logout": lambda: needed(peer.logout(clients.log_in())),
    }
    return makers[act]


def _used(clients: Clients, refresh: Call) -> Call:
    """Return a refresh that has been sent before: its answer is taken for lost."""
    clients.must(refresh)
    return refresh


def send(clients: Clients, act: str, call: Call) -> Answer:
    """Send an act, and see that it succeeded where it has to."""
    answer = clients.send(call)
    # A retry may be refused, and allauth answers 401 to a logout that succeeded.
    if act not in ("retry", "logout") and not answer.is_good:
        raise CallFailed(f"{act}: {answer.status} {answer.body[:300]!r}")
    return answer
