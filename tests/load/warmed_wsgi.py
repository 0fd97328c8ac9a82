"""The application of a project that is at work before it forks: with `--preload`, in the master."""

from django.core.wsgi import get_wsgi_application
from django.db import connections


def _warm_up() -> None:
    from django_jwtauth import revocation

    revocation.feed().ensure_current()
    # Django's own rule: no connection of the main thread goes on in two processes.
    connections.close_all()


application = get_wsgi_application()
_warm_up()
