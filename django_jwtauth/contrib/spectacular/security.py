"""How a request proves who calls: the security schemes of OpenAPI."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication

from django_jwtauth import conf


class AccessTokenScheme(OpenApiAuthenticationExtension):
    """The access token: in the header, or in a cookie where cookies are enabled."""

    target_class = "django_jwtauth.authentication.JWTAuthentication"
    match_subclasses = True

    @property
    def name(self) -> list[str]:  # type: ignore[override]  # it depends on the settings
        """The names of the schemes."""
        return ["jwtAuth", "jwtCookieAuth"] if conf.current().COOKIES.ENABLED else ["jwtAuth"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Return the schemes, of which one is enough."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Return the definitions, in the order of the names."""
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        cookie = _in_cookie(conf.current().COOKIES.ACCESS_NAME)
        return [bearer, cookie][: len(self.name)]


class RefreshCookie(BaseAuthentication):
    """Stands in a description for the cookie that holds the refresh token."""


class RefreshCookieScheme(OpenApiAuthenticationExtension):
    """The refresh token in its cookie, which browsers send to the auth endpoints alone."""

    target_class = RefreshCookie
    name = "jwtRefreshCookieAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the definition."""
        return _in_cookie(conf.current().COOKIES.REFRESH_NAME)


def _in_cookie(name: str) -> dict[str, Any]:
    told = "Unless the method is safe, send Django's CSRF token, too, in the header X-CSRFToken."
    return {"type": "apiKey", "in": "cookie", "name": name, "description": told}
