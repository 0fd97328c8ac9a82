"""Whether the longest access tokens fit a cookie, and a header line. Asks a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.db import DatabaseError, router
from django.db.models import Sum
from django.db.models.functions import Length

from django_jwtauth import clock, conf, key_rotation, keystores
from django_jwtauth.checks.table import message
from django_jwtauth.models import LoginSession, to_datetime
from django_jwtauth.sessions.issue import make_access_token
from django_jwtauth.users.claims import has_groups

COOKIE_LIMIT: Final = 4096  # name and value together, RFC 6265bis section 5.6
HEADER_LIMIT: Final = 8190  # the whole line, as gunicorn and Apache have it; nginx: 8192
_BEARER: Final = len("Authorization: Bearer ")
_ASKED: Final = 3  # users of each kind
_DAY: Final = 86400


def check_token_sizes(alias: str) -> Iterator[CheckMessage]:
    """Make the tokens of the users who may have the longest ones, and measure them."""
    settings = conf.current()
    carries_more = settings.PERMISSIONS == "token" or settings.EXTRA_CLAIMS is not None
    if not carries_more or router.db_for_write(LoginSession) != alias:
        return
    if keystores.store().only_verifies or not key_rotation.signing_kid(clock.now()):
        return  # without a key that signs, which to make is not for a check
    try:
        sizes = [(_size(session), session.user_id) for session in _candidates(alias)]
    except DatabaseError:
        return  # tables that are not there are for another check to tell
    size, user = max(sizes, default=(0, None))
    if settings.COOKIES.ENABLED and len(settings.COOKIES.ACCESS_NAME) + size > COOKIE_LIMIT:
        yield message("W501", user=user, size=size, limit=COOKIE_LIMIT)
    if _BEARER + size > HEADER_LIMIT:
        yield message("W502", user=user, size=size, limit=HEADER_LIMIT)


def _candidates(alias: str) -> Iterator[LoginSession]:
    """Yield the newest sessions, and one for each of the users whose groups have most to say."""
    sessions = LoginSession.objects.using(alias).select_related("user")
    yield from sessions.order_by("-expires_at")[:_ASKED]
    model: Any = get_user_model()
    if conf.current().PERMISSIONS != "token" or not has_groups(model):
        return
    using = router.db_for_write(model)
    field = model._meta.get_field("groups")  # noqa: SLF001 (Django's documented interface)
    user, group = field.m2m_field_name(), field.m2m_reverse_field_name()
    memberships = field.remote_field.through.objects.using(using)
    lengths = memberships.values(user).annotate(length=Sum(Length(f"{group}__name")))
    keys = [row[user] for row in lengths.order_by("-length")[:_ASKED]]
    for owner in model._default_manager.using(using).filter(pk__in=keys):  # noqa: SLF001
        yield LoginSession(user=owner, expires_at=to_datetime(clock.now() + _DAY))


def _size(session: LoginSession) -> int:
    try:
        return len(make_access_token(session, session.user, clock.now())[0])
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001 (a claims hook may need more than is here; logins tell)
        return 0
