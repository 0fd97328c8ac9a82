"""What holds for the user of a request whatever the user model is.

`test_custom_user_models.py` runs this file again for each kind of model.
"""

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.db.models import UUIDField
from django.db.models.base import ModelState
from django.db.models.signals import ModelSignal, post_delete, post_save, pre_delete, pre_save
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from django_jwtauth import users
from django_jwtauth.exceptions import TokenInvalid, UserInactive, UserNotFound
from django_jwtauth.models import LoginSession
from django_jwtauth.users.permissions import pack
from django_jwtauth.users.subject import subject_field
from tests.apps.notes.models import Note, Profile
from tests.users.people import (
    LateError,
    has_field,
    key_is_known,
    make_user,
    token_for,
    user_in_request,
)

pytestmark = pytest.mark.django_db

Statements = Callable[[int], Any]


@pytest.fixture(autouse=True, params=["pk", "another field"])
def _subject_field(request: pytest.FixtureRequest, settings: Any) -> None:
    """Let each promise be kept with the primary key in the token, and with another field."""
    if request.param == "another field":
        model = get_user_model()
        name = "public_id" if has_field("public_id") else model.USERNAME_FIELD
        if name == model._meta.pk.name:
            pytest.skip("this model is named by its primary key")
        settings.JWTAUTH = {"SUBJECT_FIELD": name}


@pytest.fixture
def model() -> Any:
    return get_user_model()


@pytest.fixture
def stored() -> Any:
    return make_user()


@pytest.fixture
def user(stored: Any) -> Any:
    return user_in_request(stored)


@pytest.fixture
def for_key() -> int:
    """Return how many statements it costs to learn the primary key."""
    return 0 if key_is_known() else 1


def fields_of(user: Any) -> dict[str, Any]:
    return {field.attname: getattr(user, field.attname) for field in user._meta.concrete_fields}


def test_it_looks_like_the_user_model(
    user: Any, model: Any, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(0):
        assert isinstance(user, model)
        assert isinstance(user, AbstractBaseUser)
        assert user.__class__ is model
        assert user._meta is model._meta
        assert user.is_authenticated
        assert not user.is_anonymous
        assert not user._state.adding
        assert user._state.db == "default"


def test_its_type_is_the_user_model_once_the_row_is_read(
    user: Any, model: Any, django_assert_num_queries: Statements
) -> None:
    assert type(user) is not model
    with django_assert_num_queries(1):
        assert user.password
    assert type(user) is model
    assert [name for name in user.__dict__ if "jwtauth" in name] == []
    assert type(user._state) is ModelState


def test_one_query_reads_the_whole_row(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    deferred = {"biography"}  # by the default manager of that one model
    expected = {name: value for name, value in fields_of(stored).items() if name not in deferred}
    with django_assert_num_queries(1):
        assert {name: getattr(user, name) for name in expected} == expected


def test_its_key_costs_no_query(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(for_key):
        assert user.pk == stored.pk
        assert getattr(user, user._meta.pk.attname) == stored.pk
        assert type(user.pk) is type(stored.pk)


def test_it_equals_the_stored_user_and_hashes_alike(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    other = make_user("ben")
    with django_assert_num_queries(for_key):
        assert user == stored
        assert stored == user
        assert user != other
        assert hash(user) == hash(stored)
        assert {stored: 1}[user] == 1


def test_it_stays_equal_when_its_row_is_read(user: Any, stored: Any) -> None:
    before = hash(user)
    assert user.password
    assert user == stored
    after = hash(user)
    assert after == before


@pytest.mark.parametrize(
    "copied",
    [lambda user: pickle.loads(pickle.dumps(user)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_a_copy_costs_no_query_and_reads_its_own_row(
    user: Any,
    stored: Any,
    copied: Callable[[Any], Any],
    model: Any,
    django_assert_num_queries: Statements,
) -> None:
    with django_assert_num_queries(0):
        twin = copied(user)
        assert twin is not user
        assert twin.__class__ is model
    with django_assert_num_queries(1):
        assert twin.password == stored.password
    assert type(twin) is model
    assert type(user) is not model
    with django_assert_num_queries(1):
        assert user.password == stored.password
    assert copied(user) == stored


def test_a_copy_of_a_gone_user_fails_in_the_same_way(user: Any, stored: Any) -> None:
    twin = pickle.loads(pickle.dumps(user))
    stored.delete()
    with pytest.raises(LateError, match="user_not_found"):
        _ = twin.password


def test_a_new_row_refers_to_it_with_one_insert(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(1 + for_key):
        Note(owner=user).save()
    with django_assert_num_queries(1):
        Profile.objects.create(user=user, nickname="an")
    assert Note.objects.get().owner == stored


def test_filtering_by_it_takes_one_query(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    note = Note.objects.create(owner=stored)
    Note.objects.create(owner=make_user("ben"))
    with django_assert_num_queries(1 + for_key):
        assert list(Note.objects.filter(owner=user)) == [note]
    with django_assert_num_queries(2):
        assert list(Note.objects.filter(owner__in=[user])) == [note]
        assert list(user.notes.all()) == [note]


def test_its_related_rows_are_reached(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    profile = Profile.objects.create(user=stored, nickname="an")
    with django_assert_num_queries(1 + for_key):
        assert user.profile == profile
    without_one = user_in_request(make_user("ben"))
    with pytest.raises(Profile.DoesNotExist):
        _ = without_one.profile


def test_counting_its_groups_takes_one_query(
    user: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    if not has_field("user_permissions"):
        pytest.skip("this model has no groups")
    with django_assert_num_queries(for_key):
        groups = user.groups
    with django_assert_num_queries(1):
        assert groups.count() == 0


def test_saving_one_field_writes_that_field_alone(
    user: Any, stored: Any, for_key: int, model: Any
) -> None:
    model._base_manager.filter(pk=stored.pk).update(password="changed meanwhile")
    user.last_login = None
    with CaptureQueriesContext(
        connection,
    ) as captured:
        user.save()
    assert len(captured) == 1 + for_key
    statement = captured[-1]["sql"]
    assert statement.startswith("UPDATE")
    assert statement.partition(" WHERE ")[0].count(" = ") == 1
    assert "last_login" in statement
    assert model._base_manager.get(pk=stored.pk).password == "changed meanwhile"


def test_an_untouched_user_is_read_before_it_is_saved(user: Any, stored: Any) -> None:
    before = fields_of(get_user_model()._base_manager.get(pk=stored.pk))
    with CaptureQueriesContext(connection) as captured:
        user.save()
    verbs = [
        statement["sql"].partition(" ")[0]
        for statement in captured
        if LoginSession._meta.db_table not in statement["sql"]  # asked by our receiver
    ]
    tables = len(user._meta.get_parent_list()) if not user._meta.proxy else 0
    expected = ["SELECT"] + ["UPDATE"] * (1 + tables)
    if has_field("folded_name"):
        # A column of the database's own counts as loaded with Django, and so as all there is.
        expected = ["SELECT"] * (0 if key_is_known() else 1)
    assert [verb for verb in verbs if verb in {"SELECT", "UPDATE", "INSERT"}] == expected
    assert fields_of(get_user_model()._base_manager.get(pk=stored.pk)) == before


def test_what_was_set_by_hand_survives_the_reading(user: Any, stored: Any) -> None:
    user.last_login = "set by hand"
    user.note = "not a field"
    assert user.password == stored.password
    assert user.last_login == "set by hand"
    assert user.note == "not a field"


def test_refreshing_forgets_what_was_set_by_hand(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    user.password = "set by hand"
    with django_assert_num_queries(1):
        user.refresh_from_db()
    assert user.password == stored.password


def test_refreshing_a_field_forgets_that_field_alone(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    user.password = "set by hand"
    user.last_login = None
    stored.last_login = "2026-01-02T03:04:05Z"
    stored.save()
    with django_assert_num_queries(1):
        user.refresh_from_db(fields=["password"])
    assert user.password == stored.password
    assert user.last_login is None


def test_refreshing_from_a_queryset_asks_that_queryset(user: Any, stored: Any) -> None:
    user.refresh_from_db(from_queryset=get_user_model()._base_manager.all())
    assert user.password == stored.password
    with pytest.raises(get_user_model().DoesNotExist):
        user_in_request(stored).refresh_from_db(from_queryset=get_user_model()._base_manager.none())


def test_a_refreshed_user_refreshes_as_django_does(user: Any, stored: Any, model: Any) -> None:
    user.refresh_from_db()
    stored.delete()
    with pytest.raises(model.DoesNotExist):
        user.refresh_from_db()


@pytest.fixture
def senders() -> Iterator[list[tuple[ModelSignal, Any]]]:
    heard: list[tuple[ModelSignal, Any]] = []

    def hear(signal: ModelSignal, sender: Any, instance: Any, **kwargs: Any) -> None:
        if isinstance(instance, AbstractBaseUser):
            heard.append((signal, sender))

    signals = (pre_save, post_save, pre_delete, post_delete)
    for signal in signals:
        signal.connect(hear)
    yield heard
    for signal in signals:
        signal.disconnect(hear)


def test_signals_carry_the_user_model(user: Any, model: Any, senders: list[Any]) -> None:
    user.last_login = None
    user.save()
    assert senders == [(pre_save, model), (post_save, model)]
    senders.clear()
    user_in_request(user).delete()
    assert (pre_delete, model) in senders
    assert (post_delete, model) in senders
    assert {sender for _, sender in senders} <= {model, *model.__mro__}


def test_deleting_it_deletes_the_row_and_what_refers_to_it(user: Any, stored: Any) -> None:
    Note.objects.create(owner=stored)
    user.delete()
    assert not get_user_model()._base_manager.filter(pk=stored.pk).exists()
    assert not Note.objects.exists()
    assert user.password == stored.password  # a view may still say whom it has deleted
    assert user.pk is None


def test_text_of_it_is_text_of_the_stored_user(user: Any, stored: Any) -> None:
    assert str(user) == str(stored)
    assert repr(user_in_request(stored)) == repr(stored)
    template = Template("{{ user }}, {{ user.get_username }}, {{ user.pk }}, {{ user.nothing }}")
    shown = template.render(Context({"user": user_in_request(stored)}))
    assert shown == template.render(Context({"user": stored}))


def test_a_gone_row_is_reported_at_each_touch(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    stored.delete()
    for _ in range(2):
        with django_assert_num_queries(1), pytest.raises(LateError, match="user_not_found"):
            _ = user.password


def test_an_inactive_user_is_reported(user: Any, stored: Any) -> None:
    if not has_field("is_active"):
        pytest.skip("users of this model are always active")
    stored.is_active = False
    stored.save()
    with pytest.raises(LateError, match="user_inactive"):
        _ = user.password
    assert not users.is_usable(stored)
    with pytest.raises(UserInactive):
        users.load_user(users.subject_of(stored))


def test_a_view_that_deactivates_its_own_user_goes_on_with_it(user: Any, stored: Any) -> None:
    if not has_field("is_active"):
        pytest.skip("users of this model are always active")
    user.is_active = False
    user.save()
    assert user.password == stored.password
    assert not get_user_model()._base_manager.get(pk=stored.pk).is_active


def test_loading_it_takes_one_query(
    stored: Any, model: Any, django_assert_num_queries: Statements
) -> None:
    subject = users.subject_of(stored)
    with django_assert_num_queries(1):
        loaded = users.load_user(subject)
        assert loaded.password == stored.password
    assert loaded == stored
    assert type(loaded) is model
    assert users.is_usable(loaded)
    stored.delete()
    with pytest.raises(UserNotFound):
        users.load_user(subject)


def test_the_subject_of_a_user_in_a_request_is_that_of_its_token(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(0):
        assert users.subject_of(user) == users.subject_of(stored)


def test_a_uuid_is_accepted_in_its_canonical_form_alone(stored: Any) -> None:
    canonical = users.subject_of(stored)
    field = get_user_model()._meta.get_field(subject_field().attname)
    if not isinstance(field, UUIDField):
        pytest.skip("the subject is no UUID here")
    for other in (
        canonical.upper(),
        canonical.replace("-", ""),
        f"{{{canonical}}}",
        f"urn:uuid:{canonical}",
        f" {canonical}",
        canonical[:-1],
    ):
        with pytest.raises(TokenInvalid):
            users.user_of(token_for(other), LateError)
    setattr(stored, field.attname, canonical.upper())
    assert users.subject_of(stored) == canonical


def test_it_can_be_prefetched_for_and_selected_with(user: Any, stored: Any) -> None:
    note = Note.objects.create(owner=user)
    assert Note.objects.select_related("owner").get().owner == user
    assert Note.objects.prefetch_related("owner").get().owner == user
    assert list(Note.objects.select_related("owner").get(pk=note.pk).owner.notes.all()) == [note]


def test_its_token_carries_permissions_where_the_model_knows_them(
    stored: Any, settings: Any, django_assert_num_queries: Statements
) -> None:
    settings.JWTAUTH = {**getattr(settings, "JWTAUTH", {}), "PERMISSIONS": "token"}
    knows_permissions = has_field("user_permissions")
    with django_assert_num_queries(3 if knows_permissions else 0):
        claims = users.token_claims(stored, LoginSession(scope=""))
    assert set(claims) == ({"perms"} if knows_permissions else set())
    user = user_in_request(stored, **claims | {"perms": "*"})
    assert user.has_perm("notes.add_note")
    assert user.get_username() == stored.get_username()
    user = user_in_request(stored, perms=pack(["notes.add_note"]))
    with django_assert_num_queries(0):
        assert user.has_perm("notes.add_note")
        assert not user.has_perm("notes.change_note")
    assert not user.has_perm("no.such_thing")
    other = user_in_request(stored, perms="AAAAAAAA._w")
    assert not other.has_perm("notes.add_note")
    assert not async_to_sync(other.ahas_perm)("notes.add_note")
    assert pickle.loads(pickle.dumps(user)) == user


def test_a_file_belongs_to_it_and_not_to_the_row(user: Any, stored: Any) -> None:
    if not has_field("picture"):
        pytest.skip("this model has no file")
    stored.picture = "ann.png"
    stored.save()
    assert user.picture.name == user.picture_before == "ann.png"
    assert user.picture.instance is user
    assert user.was_read


def test_what_an_init_of_the_models_own_set_is_there(
    user: Any, stored: Any, django_assert_num_queries: Statements
) -> None:
    if not hasattr(stored, "email_before"):
        pytest.skip("this model has no __init__ of its own")
    with django_assert_num_queries(1):
        assert user.email_before == stored.email
        assert user.picture_before == ""


def test_a_default_manager_decides_what_is_read(user: Any, stored: Any, model: Any) -> None:
    if not has_field("team"):
        pytest.skip("this model has Django's own manager")
    stored.team = stored._meta.get_field("team").related_model.objects.create(name="blue")
    stored.save()
    twin, third = user_in_request(stored), user_in_request(stored)
    with CaptureQueriesContext(connection) as captured:
        assert user.team_id == stored.team.pk
        assert user.team.name == "blue"
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured:
        assert twin.biography == ""
        assert twin.folded_name == "ann"
    assert len(captured) == 2
    third.team_id = None
    assert third.folded_name == "ann"
    assert third.team is None
    model._base_manager.filter(pk=stored.pk).update(is_archived=True)
    with pytest.raises(LateError, match="user_not_found"):
        _ = user_in_request(stored).biography


def test_the_key_of_a_parent_is_its_own(
    user: Any, stored: Any, for_key: int, django_assert_num_queries: Statements
) -> None:
    if not user._meta.parents or user._meta.proxy:
        pytest.skip("this model lies in one table")
    with django_assert_num_queries(for_key):
        assert user.id == user.pk == stored.pk


def test_a_name_that_nobody_has_is_an_attribute_error(user: Any) -> None:
    assert not hasattr(user, "no_such_thing")
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = user.no_such_thing


def test_another_users_row_is_another_user(stored: Any) -> None:
    ben = make_user("ben")
    assert users.user_of(token_for(users.subject_of(ben)), LateError) == ben != stored
