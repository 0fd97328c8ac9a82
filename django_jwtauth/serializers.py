"""What the endpoints take and what they answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.validators import MaxLengthValidator, RegexValidator
from django.utils.text import format_lazy
from rest_framework import ISO_8601, serializers

from django_jwtauth import conf
from django_jwtauth.models import LoginSession

_CLIENT_ID = RegexValidator(r"\A[A-Za-z0-9._-]{1,64}\Z")


class LoginSerializer(serializers.Serializer[Any]):
    """User name, under the user model's own name for it, and password."""

    password = serializers.CharField(
        min_length=1,
        max_length=4096,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )
    client_id = serializers.CharField(
        required=False, trim_whitespace=False, validators=[_CLIENT_ID]
    )
    transport = serializers.ChoiceField(required=False, choices=("header", "cookie"))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put the user model's ``USERNAME_FIELD`` first."""
        name = get_user_model().USERNAME_FIELD
        username = serializers.CharField(min_length=1, max_length=1024, trim_whitespace=False)
        return {name: username, **super().get_fields()}

    def validate_transport(self, transport: str) -> str:
        """Refuse cookies where they are not enabled."""
        if transport == "cookie" and not conf.current().COOKIES.ENABLED:
            raise serializers.ValidationError("JWTAUTH['COOKIES']['ENABLED'] is off.")
        return transport


def _at_most(length: int) -> MaxLengthValidator:
    """Return what ``max_length`` adds to a field, but with words for each reader's language.

    REST framework's own keeps the language in which it was first read.
    """
    words = serializers.CharField.default_error_messages["max_length"]
    return MaxLengthValidator(length, message=format_lazy(words, max_length=length))


class RefreshSerializer(serializers.Serializer[Any]):
    """The refresh request of RFC 6749 section 6; browsers send the token as a cookie."""

    # No limit and no trimming: whatever is not a token of ours is refused as one that is not.
    refresh_token = serializers.CharField(required=False, min_length=1, trim_whitespace=False)
    grant_type = serializers.CharField(required=False, min_length=1, validators=[_at_most(128)])
    client_id = serializers.CharField(required=False, min_length=1, validators=[_at_most(1024)])


class _StrictCharField(serializers.CharField):
    """Text, and no number, which REST framework takes for text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LogoutSerializer(serializers.Serializer[Any]):
    """The session to end, where no header or cookie names it."""

    # What is no token at all would go unnoticed beside a header that proves the session.
    refresh_token = _StrictCharField(required=False, min_length=1, trim_whitespace=False)


class LogoutAllSerializer(serializers.Serializer[Any]):
    """Whether the session that asks goes on."""

    keep_current = serializers.BooleanField(default=False)


class TokenPairSerializer(serializers.Serializer[Any]):
    """The answer of login and refresh (RFC 6749 section 5.1)."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    refresh_token = serializers.CharField()
    refresh_expires_in = serializers.IntegerField()


class LoginSessionSerializer(serializers.ModelSerializer[LoginSession]):
    """A login session as its owner sees it."""

    current = serializers.SerializerMethodField()

    class Meta:
        model = LoginSession
        fields = (
            "sid",
            "current",
            "label",
            "created_at",
            "last_used_at",
            "expires_at",
            "user_agent",
            "ip_address",
        )
        read_only_fields = fields
        # Whatever DATETIME_FORMAT the project's own API has.
        extra_kwargs = {
            name: {"format": ISO_8601} for name in ("created_at", "last_used_at", "expires_at")
        }

    def get_current(self, session: LoginSession) -> bool:
        """Tell whether this is the session of the request."""
        return bool(session.sid == self.context["sid"])
