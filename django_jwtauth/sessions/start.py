"""Starts a login session: one row, and its first pair of tokens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.http import HttpRequest

from django_jwtauth import clock, conf, signals, users
from django_jwtauth.client_info import client_address, user_agent
from django_jwtauth.exceptions import UserInactive
from django_jwtauth.models import LoginSession, to_datetime
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.issue import TokenPair, make_access_token, make_pair

FIRST_PARTY: Final = "first-party"
_security_log = logging.getLogger("django_jwtauth.security")


def start(
    user: AbstractBaseUser,
    request: HttpRequest | None = None,
    *,
    client_id: str = FIRST_PARTY,
    scope: str = "",
    amr: Sequence[str] = (),
    label: str = "",
    lifetime: float | None = None,
) -> TokenPair:
    """Start a login session for ``user``, who has proven who they are; one INSERT.

    ``request`` gives address and user agent. ``scope`` is separated by spaces (RFC 6749 section
    3.3), ``amr`` lists the methods of authentication (RFC 8176), ``label`` names the device for
    its owner. ``lifetime``, in seconds, is for a session that ends together with its one access
    token; ``ValueError`` where that is less than a second or over ``ACCESS_TOKEN_LIFETIME``.
    Raises ``UserInactive``, ``NoSigningKey`` and ``RevocationsUnknown``; nothing is started then.
    """
    now = clock.now()
    _check_lifetime(lifetime)
    if not users.is_usable(user):
        raise UserInactive
    feed().ensure_current()
    session = _new_session(user, request, now, lifetime)
    session.client_id, session.scope = client_id, scope
    session.amr, session.label = list(amr), label
    # The tokens come first: a claims hook that fails leaves no session behind.
    access = make_access_token(session, user, now, lifetime=lifetime)
    using = router.db_for_write(LoginSession, instance=user)
    session.save(force_insert=True, using=using)
    _tell(session, user, request, using)
    return make_pair(session, access, now)


def _tell(
    session: LoginSession, user: AbstractBaseUser, request: HttpRequest | None, using: str
) -> None:
    _security_log.info(
        "session_started user=%s sid=%s client=%s address=%s",
        user.pk,
        session.sid,
        session.client_id,
        session.ip_address,
    )
    signals.send_after_commit(
        signals.session_started,
        sender=LoginSession,
        using=using,
        session=session,
        user=user,
        request=request,
    )


def _check_lifetime(lifetime: float | None) -> None:
    longest = conf.current().ACCESS_TOKEN_LIFETIME
    if lifetime is not None and not 1 <= lifetime <= longest:
        raise ValueError(f"An access token lives from 1 to {longest} seconds, not {lifetime:g}.")


def _new_session(
    user: AbstractBaseUser, request: HttpRequest | None, now: float, lifetime: float | None
) -> LoginSession:
    settings = conf.current()
    longest = settings.SESSION_LIFETIME if lifetime is None else int(lifetime)
    session = LoginSession(
        user_id=user.pk,
        created_at=to_datetime(now),
        last_used_at=to_datetime(now),
        idle_expires_at=to_datetime(now + settings.REFRESH_TOKEN_LIFETIME),
        expires_at=to_datetime(now + longest),
    )
    session.auth_hash = session.hash_of(user.password)
    if request is not None:
        session.user_agent = user_agent(request)
        session.ip_address = client_address(request)
    return session
