"""SimpleJWT's customized claims, with the names of all permissions of the user."""

from __future__ import annotations

from typing import Any

from rest_framework_simplejwt.serializers import (  # type: ignore[import-not-found]
    TokenObtainPairSerializer,
)


class WithPermissions(TokenObtainPairSerializer):  # type: ignore[misc]  # not installed for mypy
    """Writes the claim ``permissions``."""

    @classmethod
    def get_token(cls, user: Any) -> Any:
        """Return the refresh token, from which access tokens take over claims."""
        token = super().get_token(user)
        token["permissions"] = sorted(user.get_all_permissions())
        return token
