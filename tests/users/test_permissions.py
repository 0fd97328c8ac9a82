"""Permissions that travel in the token: `PERMISSIONS: "token"`."""

import base64
import copy
import hashlib
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import modify_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from django_jwtauth import users
from django_jwtauth.tokens import access_token, keys
from django_jwtauth.users import permissions
from tests.apps.notes.models import Note
from tests.users.people import LateError, make_user, user_in_request

ROOT = Path(__file__).parents[2]
Statements = Callable[[int], Any]


def decoded(packed: str, names: list[str]) -> set[str]:
    """Read the claim as the README tells another language to, with nothing of this package."""
    if packed == "*":
        return set(names)
    fingerprint, bits = packed.rstrip("+").split(".")
    digest = hashlib.sha256("\n".join(names).encode("utf-8")).digest()
    assert fingerprint == base64.urlsafe_b64encode(digest[:6]).decode("ascii")
    data = base64.urlsafe_b64decode(bits + "=" * (-len(bits) % 4))
    return {
        name
        for i, name in enumerate(names)
        if i // 8 < len(data) and data[i // 8] & (0x80 >> (i % 8))
    }


def granted(*names: str) -> list[Permission]:
    found = []
    for name in names:
        app_label, _, codename = name.partition(".")
        found.append(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return found


@pytest.fixture
def _token_mode(settings: Any) -> None:
    settings.JWTAUTH = {"PERMISSIONS": "token"}


@pytest.fixture
def ann(db: None, _token_mode: None) -> User:
    user: User = make_user("ann")
    user.user_permissions.add(*granted("notes.add_note", "notes.archive_note"))
    group = Group.objects.create(name="editors")
    group.permissions.add(*granted("notes.change_note", "auth.view_user"))
    user.groups.add(group)
    return user


HELD = {"notes.add_note", "notes.archive_note", "notes.change_note", "auth.view_user"}


def packed_for(user: User) -> str:
    packed = permissions.packed_permissions(User.objects.get(pk=user.pk))
    assert packed is not None
    return packed


def in_request(user: User, perms: str | None = None) -> Any:
    return user_in_request(user, perms=packed_for(user) if perms is None else perms)


@pytest.mark.django_db
def test_the_list_is_what_the_permission_table_holds() -> None:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    stored = sorted({f"{app_label}.{codename}" for app_label, codename in rows})
    assert list(permissions.listing().names) == stored


def test_another_language_reads_the_claim(ann: User) -> None:
    assert decoded(packed_for(ann), list(permissions.listing().names)) == HELD


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), unique=True), st.data())
def test_every_subset_of_every_list_is_read_back(pairs: list[tuple[str, int]], data: Any) -> None:
    names = sorted(f"{app}.{number}" for app, number in pairs)
    held = data.draw(st.sets(st.sampled_from(names))) if names else set()
    with pytest.MonkeyPatch.context() as patch:
        known = permissions.listing_of(names)
        patch.setattr(permissions, "listing", lambda: known)
        packed = permissions.pack(held)
    grant = permissions.unpack(packed, known)
    assert grant is not None
    assert grant.held() == held == decoded(packed, names)
    assert {name for name in names if grant.holds(name)} == held
    for app in "abc":
        in_list = any(name.startswith(f"{app}.") for name in names)
        expected = any(name.startswith(f"{app}.") for name in held) if in_list else None
        assert grant.holds_any_of(app) is expected


def test_a_user_without_permissions_says_so(
    db: None, _token_mode: None, django_assert_num_queries: Statements
) -> None:
    user = in_request(make_user("ben"))
    assert packed_for(user) == f"{permissions.listing().fingerprint}."
    with django_assert_num_queries(0):
        assert user.get_all_permissions() == set()
        assert not user.has_perm("notes.add_note")
        assert not user.has_module_perms("notes")


def test_the_token_answers_without_a_query(
    ann: User, django_assert_num_queries: Statements
) -> None:
    user = in_request(ann)
    with django_assert_num_queries(0):
        assert user.has_perm("notes.add_note")
        assert user.has_perm("notes.change_note")
        assert not user.has_perm("notes.delete_note")
        assert user.has_perms(["notes.add_note", "auth.view_user"])
        assert not user.has_perms(["notes.add_note", "auth.add_user"])
        assert user.has_perms([])
        assert user.has_module_perms("notes")
        assert user.has_module_perms("auth")
        assert not user.has_module_perms("sessions")
        assert user.get_all_permissions() == HELD


def test_coroutines_are_answered_without_a_query(
    ann: User, django_assert_num_queries: Statements
) -> None:
    user = in_request(ann)

    async def view() -> None:
        assert await user.ahas_perm("notes.add_note")
        assert not await user.ahas_perm("notes.delete_note")
        assert await user.ahas_perms(["notes.add_note", "auth.view_user"])
        assert not await user.ahas_perms(["notes.add_note", "auth.add_user"])
        assert await user.ahas_module_perms("notes")
        assert not await user.ahas_module_perms("sessions")
        assert await user.aget_all_permissions() == HELD

    with django_assert_num_queries(0):
        async_to_sync(view)()


@pytest.mark.parametrize("wrong", ["notes.add_note", 7])
def test_a_string_is_no_list_of_permissions(ann: User, wrong: Any) -> None:
    with pytest.raises(ValueError, match="iterable"):
        in_request(ann).has_perms(wrong)
    with pytest.raises(ValueError, match="iterable"):
        async_to_sync(in_request(ann).ahas_perms)(wrong)


def test_it_goes_on_answering_once_the_row_is_read(
    ann: User, django_assert_num_queries: Statements
) -> None:
    user = in_request(ann)
    Group.objects.all().delete()
    assert user.username == "ann"
    with django_assert_num_queries(0):
        assert user.has_perm("notes.change_note")
        assert user.email
    assert user.__class__ is User
    assert isinstance(user, User)


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize(
    "copied",
    [lambda user: pickle.loads(pickle.dumps(user)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_a_copy_answers_as_well(
    ann: User, copied: Callable[[Any], Any], is_read: bool, django_assert_num_queries: Statements
) -> None:
    user = in_request(ann)
    if is_read:
        user.refresh_from_db()
    with django_assert_num_queries(0):
        twin = copied(user)
        assert twin.has_perm("notes.change_note")
        assert not twin.has_perm("notes.delete_note")
        assert twin == user
    with django_assert_num_queries(0 if is_read else 1):
        assert twin.username == "ann"


def test_a_superuser_holds_everything(
    db: None, _token_mode: None, django_assert_num_queries: Statements
) -> None:
    root = make_user("root", is_superuser=True)
    with django_assert_num_queries(0):
        packed = permissions.packed_permissions(root)
        assert packed == "*"
        user = user_in_request(root, perms=packed)
        assert user.has_perm("notes.delete_note")
        assert user.has_perm("no.such_thing")
        assert user.has_perm("notes.delete_note", object())
        assert user.has_module_perms("anything")
        assert user.get_all_permissions() == set(permissions.listing().names)


def test_an_inactive_superuser_is_none(db: None, _token_mode: None) -> None:
    root = make_user("root", is_superuser=True, is_active=False)
    assert packed_for(root) == f"{permissions.listing().fingerprint}."


def test_what_the_token_says_is_never_saved(db: None, _token_mode: None) -> None:
    ben = make_user("ben")
    user = in_request(ben, "*")
    assert user.has_perm("notes.delete_note")
    assert not user.is_superuser
    user.save()
    user.email = "new@example.com"
    user.save()
    again = in_request(ben, "*")
    again.first_name = "Ben"
    again.save()
    stored = User.objects.get(pk=ben.pk)
    assert (stored.is_superuser, stored.email, stored.first_name) == (
        False,
        "new@example.com",
        "Ben",
    )
    assert not stored.get_all_permissions()


def test_a_token_packed_over_another_list_asks_the_database(
    ann: User, django_assert_num_queries: Statements
) -> None:
    _, _, bits = packed_for(ann).partition(".")
    user = in_request(ann, f"AAAAAAAA.{bits}")
    with django_assert_num_queries(3):  # the row, own permissions, those of groups
        assert user.has_perm("notes.add_note")
        assert not user.has_perm("notes.delete_note")
        assert user.has_module_perms("notes")
        assert user.get_all_permissions() == HELD


MALFORMED = ("", ".", "+", "**", "F.", "{F}", "{F}.=", "{F}.A", "{F}.!", "{F}.{long}", "{F}.AA.AA")


@pytest.mark.parametrize("packed", MALFORMED)
def test_a_malformed_claim_asks_the_database(ann: User, packed: str) -> None:
    fingerprint = permissions.listing().fingerprint
    user = in_request(ann, packed.format(F=fingerprint, long="_" * 400))
    if packed == "{F}":  # nothing held, written without its dot
        assert not user.has_perm("notes.add_note")
    else:
        assert user.has_perm("notes.add_note")
    assert not user.has_perm("notes.delete_note")


def test_a_token_without_the_claim_asks_the_database(ann: User) -> None:
    user = user_in_request(ann)
    assert user.get_all_permissions() == HELD
    assert type(user) is User


def test_a_name_outside_the_list_asks_the_database(
    ann: User, django_assert_num_queries: Statements
) -> None:
    note_type = ContentType.objects.get_for_model(Note)
    loose = Permission.objects.create(content_type=note_type, codename="frame_note", name="frame")
    ann.user_permissions.add(loose)
    packed = packed_for(ann)
    assert packed.endswith("+")
    user = in_request(ann, packed)
    with django_assert_num_queries(0):
        assert user.has_perm("notes.add_note")
        assert not user.has_perm("notes.delete_note")
        assert user.has_module_perms("notes")
    with django_assert_num_queries(3):
        assert user.has_perm("notes.frame_note")
        assert not user.has_perm("notes.burn_note")
        assert user.get_all_permissions() == HELD | {"notes.frame_note"}
        assert not user.has_module_perms("sessions")
    assert not in_request(ann, packed.rstrip("+")).has_perm("notes.burn_note")


class OwnNotes(BaseBackend):
    """Lets users delete their own notes, and everybody into the module `games`."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm == "notes.delete_note" and obj is not None and obj.owner_id == user_obj.pk

    async def ahas_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return self.has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return app_label == "games"

    async def ahas_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_module_perms(user_obj, app_label)


def test_object_permissions_ask_the_backends(ann: User, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        f"{backend.__module__}.{backend.__qualname__}" for backend in (ModelBackend, OwnNotes)
    ]
    own, other = Note(owner=ann), Note(owner=make_user("ben"))
    user = in_request(ann)
    assert user.has_perm("notes.delete_note", own)
    assert not user.has_perm("notes.delete_note", other)
    assert not user.has_perms(["notes.add_note", "notes.delete_note"], other)
    assert not user.has_perm("notes.delete_note")
    assert user.has_module_perms("games")
    assert user.get_all_permissions(own) == set()
    assert async_to_sync(in_request(ann).ahas_perm)("notes.delete_note", own)
    assert async_to_sync(in_request(ann).ahas_module_perms)("games")
    assert async_to_sync(in_request(ann).aget_all_permissions)(own) == set()


def test_own_and_group_permissions_come_from_the_database(ann: User) -> None:
    user = in_request(ann)
    assert user.get_user_permissions() == {"notes.add_note", "notes.archive_note"}
    assert user.get_group_permissions() == {"notes.change_note", "auth.view_user"}
    own = async_to_sync(in_request(ann).aget_user_permissions)()
    assert own == {"notes.add_note", "notes.archive_note"}


def test_a_gone_user_is_reported_where_the_backends_are_asked(ann: User) -> None:
    user = in_request(ann)
    ann.delete()
    assert user.has_perm("notes.add_note")  # its tokens were revoked when it was deleted
    with pytest.raises(LateError, match="user_not_found"):
        user.has_perm("no.such_thing")


def test_a_user_deactivated_by_the_view_itself_holds_nothing(ann: User) -> None:
    user = in_request(ann)
    user.is_active = False
    assert not user.has_perm("notes.add_note")
    assert user.get_all_permissions() == set()


def test_rest_frameworks_model_permissions_cost_no_query(
    ann: User, django_assert_num_queries: Statements
) -> None:
    class View:
        queryset = Note.objects.all()

    def allowed(method: str) -> bool:
        request = Request(APIRequestFactory().generic(method, "/"))
        request.user = in_request(ann, packed)
        return DjangoModelPermissions().has_permission(request, View())  # type: ignore[arg-type]

    packed = packed_for(ann)
    with django_assert_num_queries(0):
        assert [allowed(method) for method in ("POST", "PUT", "DELETE")] == [True, True, False]


def test_other_apps_make_another_list() -> None:
    before = permissions.listing()
    with modify_settings(INSTALLED_APPS={"remove": "tests.apps.notes"}):
        without = permissions.listing()
    assert permissions.listing().names == before.names
    assert set(before.names) - set(without.names) >= {"notes.add_note", "notes.archive_note"}
    assert without.fingerprint != before.fingerprint


def names_of_a_large_project(count: int) -> Iterable[str]:
    actions = ("add", "change", "delete", "view")
    for number in range(count):
        yield f"app{number // 40}.{actions[number % 4]}_model{number // 4}"


def test_200_of_400_permissions_fit_a_token_of_560_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = permissions.listing_of(names_of_a_large_project(400))
    monkeypatch.setattr(permissions, "listing", lambda: known)
    packed = permissions.pack(known.names[1::2])
    assert len(packed) == 76
    key = keys.key_from_jwk(keys.generate_private_jwk("ES256"), kind="private")
    now = int(time.time())
    claims = {
        "iss": "https://auth.example.com",
        "aud": "https://auth.example.com",
        "sub": "1234567",
        "client_id": "first-party",
        "iat": now,
        "exp": now + 300,
        "jti": "x" * 22,
        "sid": "x" * 22,
    }
    assert len(access_token.make(claims, key)) <= 450
    assert len(access_token.make(claims | {"perms": packed}, key)) <= 560


WITHOUT_DATABASE = """
import django
from asgiref.sync import async_to_sync
from django.conf import settings

settings.configure(
    SECRET_KEY="not secret",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_jwtauth"],
    DATABASES={databases},
    JWTAUTH={{"PERMISSIONS": "token"}},
)
django.setup()

from django_jwtauth.users import permissions
from tests.users.people import token_for, late_error
from django_jwtauth import users

packed = permissions.pack(["auth.add_user"])
user = users.user_of(token_for("7", perms=packed), late_error)
assert user.pk == 7 and user.has_perm("auth.add_user") and user.has_module_perms("auth")
assert user.get_all_permissions() == {{"auth.add_user"}}
assert not user.has_perm("auth.delete_user")
assert user.has_perm("other.thing") is False
assert user.has_perm("auth.add_user", user) is False
assert async_to_sync(user.ahas_perm)("other.thing") is False
assert user.has_module_perms("other") is False
other = users.user_of(token_for("7", perms="AAAAAAAA._w"), late_error)
assert other.has_perm("auth.add_user") is False
assert other.get_all_permissions() == set()
assert async_to_sync(other.aget_all_permissions)() == set()
"""


@pytest.mark.parametrize("databases", ["{}", '{"default": {"ENGINE": "django.db.backends.dummy"}}'])
def test_without_a_database_the_token_alone_answers(databases: str) -> None:
    program = WITHOUT_DATABASE.format(databases=databases)
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr


def test_a_model_without_permissions_packs_none() -> None:
    class Plain:
        is_active = True

    assert permissions.packed_permissions(Plain()) is None  # type: ignore[arg-type]


@pytest.mark.django_db
def test_in_database_mode_the_claim_counts_for_nothing() -> None:
    assert not user_in_request(make_user("ben"), perms="*").has_perm("notes.add_note")


def test_users_names_are_the_public_ones() -> None:
    assert users.__all__ == ["is_usable", "load_user", "subject_of", "token_claims", "user_of"]
