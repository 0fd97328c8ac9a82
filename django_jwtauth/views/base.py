"""The base of every endpoint: what goes in, what comes out, and what never rolls back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, ClassVar, Final, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, FormParser, JSONParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_jwtauth.api_exceptions import BEARER_CHALLENGE, answer
from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.error_reports import protect
from django_jwtauth.exceptions import JWTAuthError
from django_jwtauth.throttling import FailureThrottle
from django_jwtauth.tokens.claims import AccessToken

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NON_ATOMIC: Final = "_non_atomic_requests"  # what Django's decorator of that name writes


class _EveryAlias:
    """The set of all databases: Django asks each configured alias whether it is in here."""

    def __contains__(self, alias: object) -> bool:
        return True


class UTF8JSONParser(JSONParser):
    """JSON is UTF-8 (RFC 8259 section 8.1), whatever charset the header claims."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse, and refuse what is nested too deeply instead of failing on it."""
        try:
            return super().parse(_body(parser_context), media_type, _in_utf8(parser_context))
        except RecursionError:
            raise ParseError from None


class UTF8FormParser(FormParser):
    """A form is UTF-8 (WHATWG URL section 5.1), whatever charset the header claims."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse as UTF-8."""
        return super().parse(_body(parser_context), media_type, _in_utf8(parser_context))


def _body(context: Mapping[str, Any] | None) -> BytesIO:
    """Read the body up to ``DATA_UPLOAD_MAX_MEMORY_SIZE``, which DRF's parsers read past."""
    return BytesIO(context["request"].body if context else b"")


def _in_utf8(context: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**(context or {}), "encoding": "utf-8"}


class AnyAcceptNegotiation(DefaultContentNegotiation):
    """Answers JSON to every ``Accept``: OAuth clients send none, or one of their own."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the one renderer there is."""
        return renderers[0], renderers[0].media_type


class AuthView(APIView):
    """Pins what a project's defaults would change, and answers for errors itself.

    It stands outside of ``ATOMIC_REQUESTS`` on every database: a refusal must not roll back what
    it has done, such as the ending of a stolen session.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes: Sequence[Any] = (AllowAny,)
    parser_classes: Sequence[type[BaseParser]] = (UTF8JSONParser, UTF8FormParser)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer,)
    throttle_classes: Sequence[type[BaseThrottle]] = ()
    content_negotiation_class = AnyAcceptNegotiation
    versioning_class = None
    metadata_class = None

    #: The failure that its throttles count; every other attempt is given back.
    counted_error: ClassVar[type[JWTAuthError] | tuple[()]] = ()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view function, marked as non-atomic for every database."""
        view = super().as_view(**initkwargs)
        setattr(view, _NON_ATOMIC, _EveryAlias())
        return view

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Keep passwords and tokens out of what Django would report of a fault."""
        protect(request, form=True)
        super().setup(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check credentials and throttles, but of an ``OPTIONS``, which brings none."""
        self._counted: list[BaseThrottle] = []
        self._failed = False
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Tell the methods in ``Allow``."""
        return Response(status=204)

    def get_throttles(self) -> list[BaseThrottle]:
        """Keep the throttles, so that attempts can be given back."""
        self._counted = super().get_throttles()
        return self._counted

    def get_authenticate_header(self, request: Request) -> str:
        """Return the challenge: with no authentication classes DRF would turn 401 into 403."""
        return BEARER_CHALLENGE

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return our own handler, which never rolls back."""
        return lambda error, _context: answer(error)

    def handle_exception(self, exc: Exception) -> Response:
        """Note whether this was a failure to count, and answer."""
        self._failed = isinstance(exc, self.counted_error)
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Give back what was no failure, and keep the answer out of every cache."""
        if not self._failed:
            for throttle in self._counted:
                if isinstance(throttle, FailureThrottle):
                    throttle.give_back()
        for name, value in self.shared_headers(response).items():
            response.setdefault(name, value)
        return super().finalize_response(request, response, *args, **kwargs)

    def shared_headers(self, response: Any) -> Mapping[str, str]:
        """Return what every answer says: not to be cached at all (RFC 6749 section 5.1)."""
        return NO_STORE


class SignedInView(AuthView):
    """The base of the endpoints that take an access token."""

    authentication_classes = (JWTAuthentication,)
    permission_classes = (IsAuthenticated,)


def caller(request: Request) -> tuple[AbstractBaseUser, AccessToken]:
    """Return user and token of a request to a ``SignedInView``."""
    return cast("AbstractBaseUser", request.user), cast("AccessToken", request.auth)


def validated(serializer: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return the checked fields of a request; raises DRF's ``ValidationError``."""
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    fields: dict[str, Any] = checked.validated_data
    return fields


def django_request(request: Request) -> HttpRequest:
    """Return Django's own request, which backends, signals and middleware know."""
    own: HttpRequest = request._request  # noqa: SLF001 (DRF gives it no public name)
    return own
