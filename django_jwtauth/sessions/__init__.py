"""What the app does, one act a file; the only writer of ``LoginSession``.

Knows no DRF. Every act reads the clock once and the database that is written, never a replica.
Call them from anywhere; inside your own ``atomic()`` they take part in your transaction, so an
error that you let out of it undoes what they did.
"""

from django_jwtauth.sessions.authenticate import authenticate
from django_jwtauth.sessions.end import active, end, end_all, end_everything, end_own, revoke
from django_jwtauth.sessions.issue import TokenPair
from django_jwtauth.sessions.password import end_outdated, typed_password, upgrade_password
from django_jwtauth.sessions.proof import introspect
from django_jwtauth.sessions.prune import prune
from django_jwtauth.sessions.refresh import refresh
from django_jwtauth.sessions.start import start

__all__ = [
    "TokenPair",
    "active",
    "authenticate",
    "end",
    "end_all",
    "end_everything",
    "end_outdated",
    "end_own",
    "introspect",
    "prune",
    "refresh",
    "revoke",
    "start",
    "typed_password",
    "upgrade_password",
]
