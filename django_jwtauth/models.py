"""``LoginSession``, ``SigningKey``, ``Revocation``: fields, constraints and querysets.

Who writes them: ``sessions/`` login sessions, ``key_rotation`` signing keys, ``revocation/``
revocations. Times are kept as datetimes and handed to the core as seconds since the epoch.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from django_jwtauth.tokens.encoding import b64decode, b64encode


def to_datetime(seconds: float) -> datetime:
    """Return the moment as Django stores it: aware under ``USE_TZ``, else local and naive."""
    return datetime.fromtimestamp(seconds, tz=UTC if settings.USE_TZ else None)


def lower_bound(seconds: float) -> datetime:
    """Return a moment that compares as no later than any that is stored for ``seconds`` or after.

    Without ``USE_TZ``, which is local time, what comes in the hour after clocks were set back
    looks earlier than what went before.
    """
    return to_datetime(seconds if settings.USE_TZ else seconds - 3600)


def seconds_between(moment: datetime, now: float) -> float:
    """Return how far a moment is from ``now``, in either direction.

    Local time of the hour that comes twice when clocks are set back means two moments: the nearer.
    """
    return min(abs(now - moment.replace(fold=fold).timestamp()) for fold in (0, 1))


def to_sid(session_id: uuid.UUID) -> str:
    """Return a login session's id as tokens, URLs and answers spell it: 22 characters."""
    return b64encode(session_id.bytes)


def from_sid(sid: str) -> uuid.UUID:
    """Return the id that ``sid`` spells; raises ``ValueError`` for what is none."""
    return uuid.UUID(bytes=b64decode(sid))


def new_secret() -> bytes:
    """Return the 32 random bytes that key a session's refresh tokens."""
    return secrets.token_bytes(32)


class DatabaseTime(Now):
    """The database's clock, in UTC on every database.

    ``Now()`` on MySQL and MariaDB gives the server's local time, which Django would read as UTC.
    """

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Django's hook for this database."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra)


class ExactCharField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """Text that is compared byte for byte: MySQL's and MariaDB's default would fold case."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Name the character set that the collation belongs to."""
        column = super().db_type(connection)
        if connection.vendor == "mysql":
            return f"{column} CHARACTER SET utf8mb4"
        if connection.vendor == "postgresql" and column is not None:
            # By its full name: for a "varchar" Django would make a second index, for LIKE, that
            # nobody asks and every logout writes.
            return column.replace("varchar", "character varying")
        return column

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Name the binary collation; SQLite and PostgreSQL compare exactly by themselves."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Named conditions on login sessions."""

    def find(self, session_id: uuid.UUID) -> LoginSession | None:
        """Return the session of that id, or ``None``.

        ``first()`` would sort the one row: a quarter of what Django takes to ask for it.
        """
        return next(iter(self.filter(pk=session_id)), None)

    def live(self, now: float) -> LoginSessionQuerySet:
        """Sessions that a refresh token still opens at ``now``."""
        moment = to_datetime(now)
        return self.filter(ended_at__isnull=True, idle_expires_at__gt=moment, expires_at__gt=moment)

    def oldest_token(self) -> datetime | None:
        """Return when the oldest refresh token of these sessions was made; ``None``: no session."""
        made_at = Coalesce("rotated_at", "created_at")
        oldest: datetime | None = self.aggregate(oldest=models.Min(made_at))["oldest"]
        return oldest

    def in_state(self, state: str, now: float) -> LoginSessionQuerySet:
        """Sessions whose ``LoginSession.state`` is ``state`` at ``now``."""
        if state == LoginSession.State.LIVE:
            return self.live(now)
        if state == LoginSession.State.ENDED:
            return self.filter(ended_at__isnull=False)
        moment = to_datetime(now)
        is_over = models.Q(idle_expires_at__lte=moment) | models.Q(expires_at__lte=moment)
        return self.filter(is_over, ended_at__isnull=True)


class LoginSession(models.Model):
    """One login on one device, and all the refresh tokens it will ever have.

    The row is updated in place: a refresh adds none. No token and no hash of one is stored.
    """

    class EndReason(models.TextChoices):
        """Why a login session was ended."""

        LOGOUT = "logout", _("logged out")
        LOGOUT_ALL = "logout_all", _("logged out everywhere")
        REVOKED = "revoked", _("revoked")
        PASSWORD_CHANGED = "password_changed", _("password changed")
        USER_INACTIVE = "user_inactive", _("user deactivated")
        REUSE = "reuse", _("a refresh token was reused")

    class State(models.TextChoices):
        """What has become of a login session: ``state`` computes it, no column holds it."""

        LIVE = "live", _("live")
        EXPIRED = "expired", _("expired")
        ENDED = "ended", _("ended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="login_sessions",
        db_index=False,  # the index of live sessions begins with the user
        verbose_name=_("user"),
    )
    secret = models.BinaryField(_("secret"), max_length=32, default=new_secret, editable=False)
    generation = models.PositiveBigIntegerField(_("generation"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"))
    rotated_at = models.DateTimeField(_("rotated at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"))
    idle_expires_at = models.DateTimeField(_("expires when idle at"))
    expires_at = models.DateTimeField(_("expires at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(
        _("end reason"), max_length=16, choices=EndReason, blank=True, default=""
    )
    auth_hash = models.CharField(max_length=64, editable=False)
    user_agent = models.CharField(_("user agent"), max_length=255, blank=True, default="")
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    client_id = models.CharField(_("client"), max_length=64, default="first-party")
    label = models.CharField(_("label"), max_length=150, blank=True, default="")
    scope = models.TextField(_("scope"), blank=True, default="")
    amr = models.JSONField(_("authentication methods"), blank=True, default=list)
    data = models.JSONField(_("data"), blank=True, default=dict)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("login session")
        verbose_name_plural = _("login sessions")
        # None on a column that a refresh writes: PostgreSQL then updates the row in place (HOT).
        indexes = (
            models.Index(fields=("user", "ended_at"), name="jwtauth_session_user"),
            models.Index(fields=("expires_at",), name="jwtauth_session_expires"),
            models.Index(fields=("ended_at",), name="jwtauth_session_ended"),
        )

    def __str__(self) -> str:
        return self.label or self.user_agent or self.sid

    @property
    def sid(self) -> str:
        """The id as tokens, URLs and answers spell it."""
        return to_sid(self.id)

    def state(self, now: float) -> State:
        """Tell whether a refresh token still opens the session at ``now``."""
        if self.ended_at is not None:
            return self.State.ENDED
        is_over = min(self.idle_expires_at, self.expires_at) <= to_datetime(now)
        return self.State.EXPIRED if is_over else self.State.LIVE

    def hash_of(self, password: str | None) -> str:
        """Return what ``auth_hash`` is while the user's stored password is ``password``, if any.

        Keyed from the row's secret alone, so that a new ``SECRET_KEY`` ends nobody's session.
        """
        return b64encode(
            hmac.digest(bytes(self.secret), f"auth_hash:{password or ''}".encode(), "sha256")
        )


class SigningKey(models.Model):
    """A key pair of the database key store; its state is ``tokens.keys.Key.state``."""

    kid = ExactCharField(_("key id"), primary_key=True, max_length=64)
    algorithm = models.CharField(_("algorithm"), max_length=16)
    public_jwk = models.JSONField(_("public key"))
    private_jwk = models.TextField(editable=False)  # encrypted, see keystores/database.py
    # Unique, and "" for the first: the second of two racing first keys, or rotations, is an
    # IntegrityError, and its maker loads the key that won.
    predecessor = ExactCharField(_("predecessor"), max_length=64, unique=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    active_at = models.DateTimeField(_("signs from"))
    retire_at = models.DateTimeField(_("signs until"), null=True, blank=True)
    expire_at = models.DateTimeField(_("verifies until"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return str(self.kid)


class Revocation(models.Model):
    """What is refused until its time runs out; tied to no user, so it outlives a deleted one.

    ``jti:…``, ``sid:…``, ``kid:…``: a token, a login session, a signing key. ``*<seconds>``: all
    tokens issued up to then. ``ring:<kid>``: nothing refused, but news that the key ring changed.
    """

    identifier = ExactCharField(_("identifier"), primary_key=True, max_length=128)
    revoked_at = models.DateTimeField(_("revoked at"), db_index=True)  # database time, UTC
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")

    def __str__(self) -> str:
        return str(self.identifier)
