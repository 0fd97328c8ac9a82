from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy

from django_jwtauth import users
from django_jwtauth.models import LoginSession
from django_jwtauth.tokens.claims import RESERVED
from tests.apps.notes.models import Profile
from tests.users.people import make_user

pytestmark = pytest.mark.django_db

Statements = Callable[[int], Any]

# What the hook returns: a dictionary, or a callable that makes one.
answer: Any = {}


def hook(user: Any, session: LoginSession) -> Any:
    return answer(user, session) if callable(answer) else answer


@pytest.fixture
def ann() -> User:
    user: User = make_user("ann")
    for name in ("writers", "editors"):
        user.groups.add(Group.objects.create(name=name))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def says(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what sets the hook's answer, and the other settings."""

    def set_answer(value: Any, **others: Any) -> None:
        monkeypatch.setitem(globals(), "answer", value)
        settings.JWTAUTH = {"EXTRA_CLAIMS": f"{__name__}.hook"} | others

    return set_answer


def session_with(scope: str = "") -> LoginSession:
    return LoginSession(scope=scope)


def test_by_default_a_token_carries_nothing_more_and_costs_no_query(
    ann: User, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(0):
        assert users.token_claims(ann, session_with()) == {}
        scoped = users.token_claims(ann, session_with("notes:read notes:write"))
    assert scoped == {"scope": "notes:read notes:write"}


def test_in_token_mode_groups_and_permissions_take_three_queries(
    ann: User, settings: Any, django_assert_num_queries: Statements
) -> None:
    settings.JWTAUTH = {"PERMISSIONS": "token"}
    with django_assert_num_queries(3):
        claims = users.token_claims(ann, session_with())
    assert claims.pop("perms").endswith(".")
    assert claims == {"groups": ["editors", "writers"]}


def test_in_token_mode_a_superuser_takes_one_query(
    settings: Any, django_assert_num_queries: Statements
) -> None:
    settings.JWTAUTH = {"PERMISSIONS": "token"}
    root = make_user("root", is_superuser=True)
    with django_assert_num_queries(1):
        assert users.token_claims(root, session_with()) == {"perms": "*"}


def test_in_token_mode_users_of_a_model_without_groups_and_permissions_have_none(
    settings: Any, django_assert_num_queries: Statements
) -> None:
    settings.JWTAUTH = {"PERMISSIONS": "token"}
    plain: Any = Profile()
    plain.is_active = True  # as Django's AbstractBaseUser says of itself
    with django_assert_num_queries(0):
        assert users.token_claims(plain, session_with()) == {}


def test_the_hook_adds_claims(ann: User, says: Callable[..., None]) -> None:
    says(lambda user, session: {"name": user.username, "label": session.label, "n": [1, {"a": 2}]})
    claims = users.token_claims(ann, LoginSession(scope="a", label="phone"))
    assert claims == {"name": "ann", "label": "phone", "n": [1, {"a": 2}], "scope": "a"}


def test_the_hooks_scope_and_groups_take_the_place_of_the_sessions(
    ann: User, says: Callable[..., None], django_assert_num_queries: Statements
) -> None:
    says({"scope": "b c", "groups": ["x"]}, PERMISSIONS="token")
    with django_assert_num_queries(2):
        claims = users.token_claims(ann, session_with("a"))
    assert (claims["scope"], claims["groups"]) == ("b c", ["x"])
    says({"scope": "", "groups": []})
    assert users.token_claims(ann, session_with("a")) == {}


def test_what_the_hook_returned_is_left_as_it_is(ann: User, says: Callable[..., None]) -> None:
    own = {"scope": "", "n": 1}
    says(own)
    users.token_claims(ann, session_with("a"))
    assert own == {"scope": "", "n": 1}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_the_hook_may_not_write_what_the_package_writes(
    ann: User, says: Callable[..., None], name: str
) -> None:
    says({name: "forged"})
    with pytest.raises(ImproperlyConfigured, match=rf"EXTRA_CLAIMS.*\b{name}\b"):
        users.token_claims(ann, session_with())


def _endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    return loop


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [("name", "ann")],
        {1: "one"},
        {"n": {1, 2}},
        {"n": b"bytes"},
        {"n": float("nan")},
        {"n": float("inf")},
        {"n": "\ud800"},
        {"n": gettext_lazy("text")},
        {"n": _endless()},
        {"scope": ["a", "b"]},
        {"scope": None},
        {"groups": "editors"},
        {"groups": ("editors",)},
        {"groups": [1]},
        {"groups": None},
    ],
    ids=repr,
)
def test_the_hook_may_return_nothing_but_claims_in_json(
    ann: User, says: Callable[..., None], wrong: Any
) -> None:
    says(wrong)
    with pytest.raises(ImproperlyConfigured, match="EXTRA_CLAIMS"):
        users.token_claims(ann, session_with())


def test_a_hook_that_is_not_there_is_a_mistake_in_the_settings(ann: User, settings: Any) -> None:
    settings.JWTAUTH = {"EXTRA_CLAIMS": "tests.users.no_such_module.hook"}
    with pytest.raises(ImproperlyConfigured, match="no_such_module"):
        users.token_claims(ann, session_with())


def test_an_error_of_the_hook_is_its_own(ann: User, says: Callable[..., None]) -> None:
    says(lambda user, _session: {}[user.username])
    with pytest.raises(KeyError, match="ann"):
        users.token_claims(ann, session_with())
