"""Keeps tokens and passwords out of Django's error reports: the page of DEBUG, and mails.

Django hides headers by their names, but no cookie of ours, no form field and no local variable,
unless each is named to it, and under DEBUG not even then.
"""

from __future__ import annotations

from collections.abc import ItemsView
from functools import cache
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter, get_exception_reporter_filter

from django_jwtauth import cookies

_OURS = "django_jwtauth."


def protect(request: HttpRequest, *, form: bool = False) -> None:
    """Hide our cookies and what our own code holds from a report on this request.

    With ``form`` the fields that were posted as well. What else the project's own filter hides
    stays hidden.
    """
    base: Any = type(get_exception_reporter_filter(request))
    if not issubclass(base, _Hiding):
        request.exception_reporter_filter = _hiding(base)()
    if form:
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]


class _Hiding(SafeExceptionReporterFilter):
    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        shown = super().get_safe_cookies(request)
        ours = cookies.names()
        return {name: self._cleansed(name in ours, value) for name, value in shown.items()}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        shown = super().get_post_parameters(request)
        is_ours = getattr(request, "sensitive_post_parameters", None) == "__ALL__"
        return {name: self._cleansed(is_ours, value) for name, value in shown.items()}

    def get_traceback_frame_variables(
        self, request: HttpRequest, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        shown = super().get_traceback_frame_variables(request, tb_frame)
        is_ours = _was_called_by_us(tb_frame)
        return {name: self._cleansed(is_ours, value) for name, value in shown}.items()

    def _cleansed(self, is_secret: bool, value: Any) -> Any:  # noqa: FBT001 (private)
        return self.cleansed_substitute if is_secret else value


@cache
def _hiding(base: Any) -> Any:
    return type("HidingReporterFilter", (_Hiding, base), {})


def _was_called_by_us(frame: FrameType | None) -> bool:
    """Tell whether a token or a password may be at hand: in our code and in what it calls."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(_OURS):
            return True
        frame = frame.f_back
    return False
