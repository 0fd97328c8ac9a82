"""``HasScope``: a permission by the scope of the access token."""

from __future__ import annotations

import re
from typing import Any, Final

from rest_framework.permissions import AND, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from django_jwtauth.api_exceptions import api_exception
from django_jwtauth.exceptions import InsufficientScope
from django_jwtauth.tokens.claims import AccessToken

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class ScopePermission(BasePermission):
    """Grants where the token carries ``scope``; ``HasScope`` makes the subclasses.

    Alone or under ``&`` a missing scope is the 403 of RFC 6750 section 3.1, which names it. Inside
    ``|`` and ``~`` another operand may still decide, so there it only answers.
    """

    scope: str

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the token carries the scope; raises the 403 where that decides."""
        token = request.auth
        if not isinstance(token, AccessToken):
            return False
        if token.has_scope(self.scope):
            return True
        if any(_decides(permission, type(self)) for permission in view.get_permissions()):
            raise api_exception(InsufficientScope(self.scope))
        return False

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Answer as for the view: DRF's own answer, always yes, would be a no under ``~``."""
        return self.has_permission(request, view)


def HasScope(scope: str) -> type[ScopePermission]:  # noqa: N802 (reads as the class it returns)
    """Return a permission class that asks for ``scope``: ``HasScope("orders:read")``.

    Raises ``ValueError`` for what is not one scope (RFC 6749 section 3.3).
    """
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f'{scope!r} is not one scope: printable ASCII, without space, " and \\.')
    return type("HasScope", (ScopePermission,), {"scope": scope, "__module__": __name__})


def _decides(permission: Any, wanted: type[BasePermission]) -> bool:
    if type(permission) is AND:
        return any(_decides(operand, wanted) for operand in vars(permission).values())
    return type(permission) is wanted
