"""Users of whatever model the settings name, and the same users as a request sees them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist

from django_jwtauth import conf, users
from django_jwtauth.exceptions import JWTAuthError
from django_jwtauth.tokens.claims import AccessToken


class LateError(Exception):
    """What a view gets to see when the row turns out to be gone or inactive."""


def late_error(error: JWTAuthError) -> Exception:
    return LateError(error.code)


def has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def key_is_known() -> bool:
    """Tell whether the token names the primary key itself."""
    return conf.current().SUBJECT_FIELD == "pk"


def make_user(name: str = "ann", **fields: Any) -> Any:
    model = get_user_model()
    email = f"{name}@example.com"
    values = {model.USERNAME_FIELD: email if model.USERNAME_FIELD == "email" else name}
    if has_field("email"):
        values["email"] = email
    user: Any = model(**values | fields)
    user.set_unusable_password()
    user.save(force_insert=True)
    return user


def token_for(subject: str, **claims: Any) -> AccessToken:
    """Return a token as if its signature had been verified."""
    own = {"jti": "a-token", "sub": subject, "iat": 0, "exp": 300}
    return AccessToken(own | claims, "a-key", conf.current().expected)


def user_in_request(user: AbstractBaseUser, **claims: Any) -> Any:
    return users.user_of(token_for(users.subject_of(user), **claims), late_error)
