"""Lays a description over a view, without the view knowing."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema

from django_jwtauth import conf, exceptions
from django_jwtauth.contrib.spectacular.refusals import DOWN, HEADERS, refusals


class Description:
    """Lays ``describe`` over one method of a view, for as long as a schema is generated."""

    match_subclasses = True
    method: ClassVar[str] = "post"
    refuses: ClassVar[tuple[Exception, ...]] = (DOWN,)
    target: Any

    def view_replacement(self) -> Any:
        """Return a subclass of the view that is described.

        What a project's own subclass says with ``@extend_schema`` goes before what is said here.
        """

        def handler(view: Any, request: Any) -> None:
            """Carry the description; it is never called."""

        extend_schema(**self._described())(handler)
        own = getattr(getattr(self.target, self.method), "kwargs", {}).get("schema")
        if own is not None:
            kwargs: dict[str, Any] = vars(handler)["kwargs"]
            kwargs["schema"] = type(own.__name__, (own, kwargs["schema"]), {})
        members = {**self.members(), self.method: handler}
        return type(self.target.__name__, (self.target,), members)

    def _described(self) -> dict[str, Any]:
        summary, _, rest = (inspect.getdoc(self.target) or "").partition("\n\n")
        described: dict[str, Any] = {
            "summary": summary,
            "description": rest or summary,
            **self.describe(),
        }
        described["responses"] = {**described["responses"], **refusals(self._refusals())}
        described["parameters"] = [*described.get("parameters", ()), *HEADERS]
        return described

    def members(self) -> dict[str, Any]:
        """Return what the subclass has, so that drf-spectacular reads its security right."""
        return {}

    def describe(self) -> Mapping[str, Any]:
        """Return the arguments of ``extend_schema``: the request, and the answers that are good."""
        raise NotImplementedError

    def _refusals(self) -> tuple[Exception, ...]:
        if conf.current().COOKIES.ENABLED:
            return self.refuses
        return tuple(e for e in self.refuses if not isinstance(e, exceptions.CSRFFailed))
