"""Users of the application, who log in and call it without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application

from benchmarks.calls import Answer, Application, Call, Credentials, send
from benchmarks.peers.base import PASSWORD, Peer

_USERS = 200


class CallFailed(Exception):
    """An answer that a measurement did not expect."""


class Clients:
    """The peer of this process, its application, and users that take turns."""

    def __init__(self, peer: Peer, application: Application, users: Iterator[str]) -> None:
        self.peer = peer
        self.application = application
        self._users = users

    @classmethod
    def first(cls) -> Clients:
        """Write users and what the peer needs, if the database is empty."""
        peer: Peer = settings.PEER  # type: ignore[misc]  # of benchmarks.settings
        if not User.objects.exists():
            password = make_password(PASSWORD)
            User.objects.bulk_create(
                User(username=f"user{number}", password=password) for number in range(_USERS)
            )
            peer.set_up()
        names = cycle([f"user{number}" for number in range(_USERS)])
        return cls(peer, get_wsgi_application(), names)

    def next_user(self) -> str:
        """Return the name of the user whose turn it is."""
        return next(self._users)

    def send(self, call: Call) -> Answer:
        """Send a call, whatever the answer."""
        return send(self.application, call)

    def must(self, call: Call) -> Answer:
        """Send a call that has to succeed."""
        answer = self.send(call)
        if not answer.is_good:
            raise CallFailed(f"{call.method} {call.path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def log_in(self) -> Credentials:
        """Log in the next user."""
        return self.peer.credentials(self.must(self.peer.login(self.next_user())))

    def request(self, path: str, credentials: Credentials) -> Call:
        """Return a request with credentials."""
        return Call("GET", path, headers=self.peer.headers(credentials))


def needed(call: Call | None) -> Call:
    """Return a call that the peer has."""
    if call is None:
        raise CallFailed("This peer has no such call.")
    return call
