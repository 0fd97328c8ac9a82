"""The hidden subclass of the user model: how a user of a request reads its row, and when.

Django never learns of it: it is not registered, sends no signal, and reports the user model as its
class. An instance changes into the user model's own class when its row is read. The row is made in
the ordinary way, with ``__init__`` and its signals, and the instance takes over all that it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, router
from django.db.models.base import ModelState
from django.db.models.signals import post_init

from django_jwtauth.exceptions import NoUserDatabase, UserInactive, UserNotFound
from django_jwtauth.users.permissions import TokenPermissions
from django_jwtauth.users.rows import ORIGIN, has_database, read_row

if TYPE_CHECKING:
    _User = AbstractBaseUser
else:
    _User = object  # the real base is the project's model, known once the apps are loaded

#: Sets the class of an instance past the property that hides it.
set_class: Final[Callable[[object, type], None]] = object.__dict__["__class__"].__set__

#: Django asks any object for these, to learn whether it is an expression or has been prefetched.
_PROBES: Final = frozenset(
    {"resolve_expression", "get_source_expressions", "as_sql", "_prefetched_objects_cache"}
)

#: These read fields before their first ``await``, where no query may run.
_ASYNC: Final = (
    "aget_user_permissions",
    "aget_group_permissions",
    "aget_all_permissions",
    "ahas_perm",
    "ahas_perms",
    "ahas_module_perms",
)


@cache
def hidden_class(
    model: type[AbstractBaseUser], attname: str, *, is_deferred: bool, by_token: bool
) -> type[AbstractBaseUser]:
    """Return the subclass of ``model`` whose instances are found by ``attname``.

    ``is_deferred``: only that field is known yet. ``by_token``: permissions come from the token.
    """
    names: dict[str, Any] = {
        "__class__": property(lambda _user: model),
        "__module__": model.__module__,
        "__qualname__": model.__qualname__,
        "__reduce__": _reduce,
        "_jwtauth_made_by": (model._meta.label, attname, is_deferred, by_token),
    }
    if is_deferred:
        names |= _methods_of(Deferred) | _loading_methods(model)
        names["_state"] = cached_property(_new_state)
        if attname != model._meta.pk.attname:
            # The known field does not stand among the values: save() would take it for a change.
            # And Django never defers a primary key, nor knows how to read one.
            names[attname] = _OwnField(attname, _known_key)
            names[model._meta.pk.attname] = _OwnField(model._meta.pk.attname, _unknown_key)
        if not has_database(model):
            # Django's own would be there, and fail in the query that it makes.
            names |= {field.name: property(_unreadable) for field in model._meta.many_to_many}
        if _sets_more_than_fields(model):
            names["__getattr__"] = _getattr
        loaded = hidden_class(model, attname, is_deferred=False, by_token=True)
        names["_jwtauth_loaded"] = loaded if by_token else model
    if by_token:
        names |= _methods_of(TokenPermissions)
    # Past the metaclass's own __new__, which would register a model. And with no other base: Python
    # lets an instance change its class only where both lie in memory alike.
    hidden: type[AbstractBaseUser] = type.__new__(type(model), model.__name__, (model,), names)
    return hidden


def _methods_of(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if isinstance(value, FunctionType)}


def _reduce(user: Any) -> tuple[Any, ...]:
    """Be pickled and copied as what it is: no query, and none lost."""
    _ = user._state  # Django looks for it among the values
    *_, values = user.__class__.__reduce__(user)
    return _revive, user._jwtauth_made_by, values


def _revive(label: str, attname: str, is_deferred: bool, by_token: bool) -> Any:  # noqa: FBT001
    model: Any = apps.get_model(label)
    hidden = hidden_class(model, attname, is_deferred=is_deferred, by_token=by_token)
    return hidden.__new__(hidden)


class Deferred(_User):
    """The methods of an instance whose row has not been read.

    Each is called for an instance of a hidden class, so ``self.__class__`` is the user model.
    """

    _jwtauth_made_by: tuple[str, str, bool, bool]
    _jwtauth_loaded: type[AbstractBaseUser]

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        """Read the whole row; Django calls this for the first deferred field that is touched.

        What was set by hand before stays, but for what ``fields`` names (None: everything).
        """
        asked = None if fields is None else set(fields)
        _load(self, asked)
        if using is None and from_queryset is None:
            # The model's default manager may itself defer what is asked for.
            asked = asked and asked.difference(self.__dict__)
            if not asked:
                return
        self.refresh_from_db(using, asked, from_queryset)  # by now the model's own

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Read the row while it is there, for code that names the user afterwards; delete it."""
        self.refresh_from_db(fields=())
        return self.delete(*args, **kwargs)  # by now the model's own

    def _is_pk_set(self, meta: Any = None) -> bool:
        # A row has a primary key, known or not; looking for it would read the row.
        if self._meta.pk.attname not in self.__dict__:
            return True
        is_set: bool = self.__class__._is_pk_set(self, meta)
        return is_set


class _OwnField:
    """A field whose value, until it is set, comes from elsewhere than Django would look."""

    def __init__(self, attname: str, value_of: Callable[[Deferred], Any]) -> None:
        self._attname = attname
        self._value_of = value_of

    def __get__(self, user: Deferred | None, owner: type | None = None) -> Any:
        if user is None:
            return self
        values = user.__dict__
        return values[self._attname] if self._attname in values else self._value_of(user)

    def __set__(self, user: Deferred, value: object) -> None:
        user.__dict__[self._attname] = value


def _known_key(user: Deferred) -> Any:
    return user.__dict__[ORIGIN][0]


def _unknown_key(user: Deferred) -> Any:
    user.refresh_from_db(fields=())
    return user.pk


def _unreadable(user: Deferred) -> None:
    user.refresh_from_db(fields=())


def _new_state(user: Deferred) -> ModelState:
    """Say that the instance stands for a row; made when asked for, as many requests never do."""
    state = ModelState()
    state.adding = False
    state.db = router.db_for_write(user.__class__)
    return state


def _loading_methods(model: type[AbstractBaseUser]) -> dict[str, Any]:
    def loading_first(name: str) -> Callable[..., Any]:
        async def method(user: Deferred, *args: Any, **kwargs: Any) -> Any:
            await sync_to_async(user.refresh_from_db)(fields=())
            return await getattr(user, name)(*args, **kwargs)  # by now the model's own

        return method

    return {name: loading_first(name) for name in _ASYNC if hasattr(model, name)}


def _sets_more_than_fields(model: type[AbstractBaseUser]) -> bool:
    """Tell whether code of the project or of a package runs whenever an instance is made."""
    return (
        model.__init__ is not AbstractBaseUser.__init__
        or model.from_db.__func__ is not models.Model.from_db.__func__  # type: ignore[attr-defined]
        or post_init.has_listeners(model)
    )


def _getattr(user: Deferred, name: str) -> Any:
    """Read the row for a name that is no field: that code may set it."""
    if name in _PROBES or name.startswith("__") or name.endswith("_perm_cache"):
        raise AttributeError(name)
    user.refresh_from_db(fields=())
    return getattr(user, name)


def _load(user: Deferred, asked: set[str] | None) -> None:
    """Read the row into the instance, and let it be what it looks like."""
    values = user.__dict__
    key, load_error = values[ORIGIN]
    attname = user._jwtauth_made_by[1]
    # A view that deactivates its own user goes on with it.
    is_deactivated = values.get("is_active") is False
    try:
        row = read_row(user.__class__, attname, key, may_be_inactive=is_deactivated)
    except (UserNotFound, UserInactive, NoUserDatabase) as error:
        raise load_error(error) from None
    del values[ORIGIN]
    if asked is None:
        values.pop("_prefetched_objects_cache", None)
    else:
        _keep(user, row, {name: value for name, value in values.items() if name not in asked})
    values.update(row.__dict__)
    set_class(user, user._jwtauth_loaded)


def _keep(user: Deferred, row: AbstractBaseUser, values: dict[str, Any]) -> None:
    """Let what was set by hand win over what stands in the row."""
    state = values.pop("_state", None)
    related = row._state.fields_cache
    for field in row._meta.concrete_fields:
        if field.is_relation and field.attname in values:
            related.pop(field.name, None)
    if state is not None:
        related.update(state.fields_cache)
    row.__dict__.update(values)
