"""Finds the login session that a token proves. Reads the write database, writes nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Exists, OuterRef

from django_jwtauth import clock, conf, users
from django_jwtauth.exceptions import (
    RefreshTokenInvalid,
    TokenInvalid,
    TokenRevoked,
    UserInactive,
    UserNotFound,
)
from django_jwtauth.models import LoginSession, from_sid
from django_jwtauth.sessions.authenticate import accept, verify
from django_jwtauth.sessions.statements import find_with_user, rows_with_user
from django_jwtauth.tokens import refresh_token
from django_jwtauth.tokens.claims import AccessToken
from django_jwtauth.tokens.refresh_token import RefreshToken

_security_log = logging.getLogger("django_jwtauth.security")


def load_genuine(presented: RefreshToken, kid: str = "") -> LoginSession:
    """Return the session of a refresh token of whatever generation, live or not; one SELECT.

    A user whom the model's default manager hides is marked by ``user_is_hidden``, and by
    ``kid_is_revoked`` where the signing key ``kid`` is, heard of in this process or not. Raises
    ``RefreshTokenInvalid``, and revokes nothing: guessing must not end other people's sessions.
    """
    session = _find_with_user(presented.session_id, kid)
    if session is None:
        raise RefreshTokenInvalid("no such session")
    if not presented.is_genuine(bytes(session.secret), conf.server_secrets()):
        _security_log.warning(
            "refresh_token_mac_wrong user=%s sid=%s (forged, or made under a SECRET_KEY that "
            "SECRET_KEY_FALLBACKS does not hold)",
            session.user_id,
            session.sid,
        )
        raise RefreshTokenInvalid("the MAC is wrong")
    return session


def _find_with_user(session_id: UUID, kid: str = "") -> LoginSession | None:
    using = router.db_for_write(LoginSession)
    visible = get_user_model()._default_manager.get_queryset()  # noqa: SLF001 (Django's name)
    if not visible.query.has_filters():
        return find_with_user(session_id, using, kid)
    # What a manager hides may differ from call to call: nothing to be kept.
    rows = rows_with_user(using, kid)
    hidden = ~Exists(visible.using(using).filter(pk=OuterRef("user_id")))
    return rows.annotate(user_is_hidden=hidden).find(session_id)


def proven_session(raw: str) -> LoginSession | None:
    """Return the login session that ``raw`` belongs to, live or not; at most one SELECT.

    An access token proves it by its signature, expired or revoked though it may be. ``None``: the
    proof holds, but the session has been pruned or is a foreign issuer's. Raises
    ``RefreshTokenInvalid`` or ``TokenInvalid`` where nothing is proven.
    """
    if raw.startswith(refresh_token.PREFIX):
        return load_genuine(refresh_token.parse(raw))
    token = verify(raw, clock.now())
    using = router.db_for_write(LoginSession)
    return LoginSession.objects.using(using).find(_session_id(token.session_id))


def _session_id(sid: str | None) -> UUID:
    try:
        return from_sid(sid or "")
    except ValueError:
        raise TokenInvalid("The token belongs to no session.") from None


def introspect(raw: str) -> AccessToken:
    """Return the access token if it is good and its session and user live; one SELECT.

    Raises ``AccessTokenError`` where one of them is not (RFC 7662 section 2.2).
    """
    now = clock.now()
    token = accept(raw, now)
    if token.session_id is None:
        users.load_user(token.subject)
        return token
    session = _find_with_user(_session_id(token.session_id))
    if session is None or session.state(now) != LoginSession.State.LIVE:
        raise TokenRevoked
    if getattr(session, "user_is_hidden", False):
        raise UserNotFound
    # As in a request, which finds the user by this: a name may have gone to somebody else.
    if users.subject_of(session.user) != token.subject:
        raise UserNotFound
    if not users.is_usable(session.user):
        raise UserInactive
    return token
