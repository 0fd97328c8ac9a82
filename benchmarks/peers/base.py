"""What a peer has to say of itself to be measured: settings, URLs, and the calls of its clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from benchmarks.calls import Answer, Call, Credentials

PASSWORD = "correct horse battery staple"


class Peer:
    """One way to log in to an API of Django REST framework, as its documentation sets it up.

    It is imported while Django reads its settings, so it names what it uses by dotted paths.
    ``None`` from a method that makes a call: this peer has no such thing.
    """

    #: Its name in results, and its title in tables.
    name: ClassVar[str]
    title: ClassVar[str]
    #: The distribution whose version is reported; ``None``: part of Django or REST framework.
    distribution: ClassVar[str | None] = None

    apps: ClassVar[Sequence[str]] = ()
    middleware: ClassVar[Sequence[str]] = ()
    #: Those of them without which its authentication class does nothing.
    before_view: ClassVar[Sequence[str]] = ()
    settings: ClassVar[Mapping[str, Any]] = {}
    #: The dotted path of its REST framework authentication class.
    authentication: ClassVar[str]

    def urls(self) -> list[Any]:
        """Return its URL patterns."""
        raise NotImplementedError

    def set_up(self) -> None:
        """Write what has to stand in the database before anybody logs in."""

    def login(self, username: str, password: str = PASSWORD) -> Call:
        """Return the call that logs in."""
        raise NotImplementedError

    def credentials(self, answer: Answer) -> Credentials:
        """Return what a client keeps of the answer to a login or a refresh."""
        raise NotImplementedError

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the headers of a request with these credentials."""
        return {"Authorization": f"Bearer {credentials.access}"}

    def refresh(self, credentials: Credentials) -> Call | None:
        """Return the call for the next credentials."""
        return None

    def logout(self, credentials: Credentials) -> Call | None:
        """Return the call that logs out."""
        return None
