"""``me/`` and ``sessions/``: what users see of themselves and of where they are logged in."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from rest_framework.request import Request
from rest_framework.response import Response

from django_jwtauth import conf, cookies, sessions, users
from django_jwtauth.exceptions import UserInactive
from django_jwtauth.serializers import LoginSessionSerializer
from django_jwtauth.views.base import SignedInView, caller, django_request


class MeView(SignedInView):
    """Who the token's user is."""

    def get(self, request: Request) -> Response:
        """Return id and user name; 1 statement."""
        user, _token = caller(request)
        name = get_user_model().USERNAME_FIELD
        username = user.get_username()  # loads the row, and finds out if it is gone
        return Response({"id": getattr(user, conf.current().SUBJECT_FIELD), name: username})


class SessionListView(SignedInView):
    """Where the user is logged in."""

    def get(self, request: Request) -> Response:
        """Return the live login sessions, newest use first; 1 statement."""
        user, token = caller(request)
        rows = list(sessions.active(user).select_related("user"))
        if not all(users.is_usable(row.user) for row in rows):
            raise UserInactive
        return Response(
            LoginSessionSerializer(rows, many=True, context={"sid": token.session_id}).data
        )


class SessionDetailView(SignedInView):
    """One of the user's login sessions."""

    def delete(self, request: Request, sid: str) -> Response:
        """End it; 204 also where it has ended already, 404 where it is not the user's."""
        user, token = caller(request)
        sessions.end_own(user, sid)
        response = Response(status=204)
        http = django_request(request)
        if sid == token.session_id and cookies.came(http):
            cookies.clear_tokens(response, http)
        return response
