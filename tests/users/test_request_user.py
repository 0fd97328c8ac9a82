"""The user of a request among Django's and REST framework's own parts."""

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import prefetch_related_objects
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_jwtauth import conf, users
from django_jwtauth.exceptions import JWTAuthError, UserInactive, UserNotFound
from django_jwtauth.users.hidden_class import hidden_class
from tests.apps.notes.models import Note, Profile
from tests.users.people import LateError, make_user, token_for, user_in_request

pytestmark = pytest.mark.django_db

Statements = Callable[[int], Any]


def refused(error: JWTAuthError) -> Exception:
    return AuthenticationFailed(error.detail, error.code)


class SubjectInHeader(BaseAuthentication):
    def authenticate(self, request: Request) -> Any:
        token = token_for(request.META["HTTP_SUBJECT"])
        return users.user_of(token, refused), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class View(APIView):
    authentication_classes = (SubjectInHeader,)
    permission_classes: tuple[Any, ...] = (IsAuthenticated,)
    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)

    def get(self, request: Request) -> Response:
        return Response({"touched": str(getattr(request.user, request.query_params["touch"]))})


def get(user: Any, touch: str, view: Any = View, **headers: str) -> Any:
    request = APIRequestFactory().get("/", {"touch": touch}, HTTP_SUBJECT=str(user.pk), **headers)
    return view.as_view()(request).render()


@pytest.fixture
def ann() -> User:
    return make_user("ann")


@pytest.fixture
def user(ann: User) -> Any:
    return user_in_request(ann)


def test_a_view_that_needs_the_key_alone_costs_no_query(
    ann: User, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(0):
        assert get(ann, "pk").data == {"touched": str(ann.pk)}
    with django_assert_num_queries(1):
        assert get(ann, "username").data == {"touched": "ann"}


def test_a_permission_that_needs_the_row_reads_it(
    ann: User, django_assert_num_queries: Statements
) -> None:
    class ForStaff(View):
        permission_classes = (IsAdminUser,)

    with django_assert_num_queries(1):
        assert get(ann, "username", ForStaff).status_code == 403


def test_a_row_that_is_gone_answers_401(ann: User) -> None:
    answers = []
    User.objects.filter(pk=ann.pk).update(is_active=False)
    answers.append(get(ann, "username"))
    User.objects.filter(pk=ann.pk).delete()
    answers.append(get(ann, "username"))
    assert [answer.status_code for answer in answers] == [401, 401]
    codes = [answer.data["detail"].code for answer in answers]
    assert codes == ["user_inactive", "user_not_found"]
    assert answers[0]["WWW-Authenticate"] == "Bearer"


def test_the_browsable_api_shows_it(ann: User, django_assert_num_queries: Statements) -> None:
    with django_assert_num_queries(1):
        answer = get(ann, "pk", HTTP_ACCEPT="text/html")
    assert answer["Content-Type"].startswith("text/html")
    assert "ann" in answer.content.decode()


def test_throttling_by_user_costs_no_query(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    request = Request(APIRequestFactory().get("/"))
    request.user = user

    class Throttle(UserRateThrottle):
        rate = "1/min"

    with django_assert_num_queries(0):
        assert Throttle().get_cache_key(request, View()) == f"throttle_user_{ann.pk}"
        assert Throttle().allow_request(request, View())
        assert not Throttle().allow_request(request, View())


def test_the_admins_log_takes_one_insert(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    note = Note.objects.create(owner=ann)
    ContentType.objects.get_for_model(Note)
    request: Any = APIRequestFactory().get("/")
    request.user = user
    with django_assert_num_queries(1):
        admin.ModelAdmin(Note, admin.site).log_addition(request, note, "added")
    assert LogEntry.objects.get().user == ann


def test_it_authenticates_a_test_client(user: Any) -> None:
    request = APIRequestFactory().get("/", {"touch": "username"})
    force_authenticate(request, user)
    assert View.as_view()(request).data == {"touched": "ann"}


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "email", "groups")


class NoteSerializer(serializers.ModelSerializer[Note]):
    owner = serializers.HiddenField(default=serializers.CurrentUserDefault())

    class Meta:
        model = Note
        fields = ("id", "owner", "text")


def test_a_serializer_shows_it(user: Any, ann: User, django_assert_num_queries: Statements) -> None:
    with django_assert_num_queries(2):
        shown = UserSerializer(user).data
    assert shown == UserSerializer(ann).data


def test_a_serializer_saves_it_as_the_owner(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    request = Request(APIRequestFactory().post("/"))
    request.user = user
    serializer = NoteSerializer(data={"text": "hello"}, context={"request": request})
    with django_assert_num_queries(1):
        assert serializer.is_valid()
        serializer.save()
    assert Note.objects.get().owner == ann


def test_a_serializer_updates_it(user: Any, ann: User) -> None:
    serializer = UserSerializer(user, data={"email": "new@example.com"}, partial=True)
    assert serializer.is_valid()
    serializer.save()
    ann.refresh_from_db()
    assert (ann.username, ann.email) == ("ann", "new@example.com")


def test_related_rows_can_be_prefetched(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    ann.groups.add(Group.objects.create(name="editors"))
    Profile.objects.create(user=ann, nickname="an")
    with django_assert_num_queries(2):
        prefetch_related_objects([user], "groups", "profile")
    with django_assert_num_queries(0):
        assert [group.name for group in user.groups.all()] == ["editors"]
        assert user.profile.nickname == "an"
    assert user.username == "ann"
    with django_assert_num_queries(0):
        assert [group.name for group in user.groups.all()] == ["editors"]
        assert user.profile.user == user
    user_again = user_in_request(ann)
    prefetch_related_objects([user_again], "groups")
    user_again.groups.get().delete()
    user_again.refresh_from_db()
    assert list(user_again.groups.all()) == []


def test_groups_can_be_changed_through_it(user: Any, ann: User) -> None:
    editors = Group.objects.create(name="editors")
    user.groups.add(editors)
    assert list(ann.groups.all()) == [editors]
    editors.user_set.remove(user)
    assert list(ann.groups.all()) == []


def test_it_stands_in_queries_of_many_shapes(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    note = Note.objects.create(owner=ann)
    with django_assert_num_queries(5):
        assert User.objects.filter(pk=user.pk).exists()
        assert User.objects.exclude(pk=user.pk).count() == 0
        assert user in User.objects.all()
        assert User.objects.filter(pk=ann.pk).contains(user)
        assert Note.objects.only("text").get(owner=user) == note


def test_a_deferred_row_of_djangos_own_is_left_as_it_is(
    user: Any, django_assert_num_queries: Statements
) -> None:
    with django_assert_num_queries(2):
        narrow = User.objects.only("username").get(pk=user.pk)
        assert narrow == user
        assert narrow.email == "ann@example.com"


def test_a_relation_set_by_hand_survives_the_reading(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    profile = Profile(nickname="an", user=user)
    user.note = "by hand"
    assert user.email == "ann@example.com"
    with django_assert_num_queries(0):
        assert user.profile is profile
        assert profile.user is user
        assert user.note == "by hand"


def test_its_password_can_be_checked_and_changed(user: Any, ann: User) -> None:
    user.set_password("a new password")
    with CaptureQueriesContext(connection) as captured:
        user.save(update_fields=["password"])
    assert sum(statement["sql"].startswith("UPDATE") for statement in captured) == 1
    ann.refresh_from_db()
    assert ann.check_password("a new password")
    assert user_in_request(ann).check_password("a new password")


def test_pickled_it_needs_no_more_than_the_models(user: Any) -> None:
    assert len(pickle.dumps(user)) < 700


def test_a_load_error_can_be_any_callable_that_makes_one(ann: User) -> None:
    class Bad(Exception):
        pass

    ghost: Any = users.user_of(token_for("4711"), lambda error: Bad(error.code))
    with pytest.raises(Bad, match="user_not_found") as caught:
        _ = ghost.username
    assert caught.value.__suppress_context__


def test_a_coroutine_reads_it_with_django_own_methods(
    user: Any, ann: User, django_assert_num_queries: Statements
) -> None:
    async def view() -> str:
        await user.arefresh_from_db()
        return str(user.username)

    with django_assert_num_queries(1):
        assert async_to_sync(view)() == "ann"


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda user: user.ahas_perm("notes.add_note"), False),
        (lambda user: user.ahas_perms(["notes.add_note"]), False),
        (lambda user: user.ahas_module_perms("notes"), False),
        (lambda user: user.aget_all_permissions(), set()),
        (lambda user: user.aget_user_permissions(), set()),
        (lambda user: user.aget_group_permissions(), set()),
    ],
)
def test_a_coroutine_asks_for_permissions(
    user: Any, ask: Callable[[Any], Any], expected: object
) -> None:
    async def view() -> object:
        return await ask(user)

    assert async_to_sync(view)() == expected
    assert type(user) is User


@pytest.fixture
def _marked_when_made() -> Iterator[None]:
    """Mark each user in `post_init`, as some packages do."""

    def mark(instance: Any, **kwargs: Any) -> None:
        instance.mark = f"made with {instance.username}"

    post_init.connect(mark, sender=User)
    hidden_class.cache_clear()
    conf.forget()
    yield
    post_init.disconnect(mark, sender=User)
    hidden_class.cache_clear()
    conf.forget()


def test_what_a_receiver_of_post_init_set_is_there(
    _marked_when_made: None, ann: User, django_assert_num_queries: Statements
) -> None:
    user = user_in_request(ann)
    with django_assert_num_queries(1):
        assert list(Note.objects.filter(owner=user)) == []
    with django_assert_num_queries(0):
        assert not hasattr(user, "_prefetched_objects_cache")
    with django_assert_num_queries(1):
        assert user.mark == "made with ann"
    assert not hasattr(user, "another_mark")
    assert not hasattr(user_in_request(ann), "another_mark")


def test_django_never_learns_of_the_hidden_class(user: Any) -> None:
    assert type(user) not in apps.get_models(include_auto_created=True, include_swapped=True)
    assert apps.get_model("auth.User") is User
    assert ContentType.objects.get_for_model(user).model_class() is User
    assert type(user).__qualname__ == "User"
    assert type(user).objects.model is User


def test_a_row_on_another_database_can_be_asked_for(user: Any, ann: User) -> None:
    user.email = "by hand"
    user.refresh_from_db(using="default")
    assert user.email == ann.email


class TestWithUserLoadingDatabase:
    @pytest.fixture(autouse=True)
    def _database(self, settings: Any) -> None:
        settings.JWTAUTH = {"USER_LOADING": "database"}

    def test_the_row_is_read_at_once(
        self, ann: User, django_assert_num_queries: Statements
    ) -> None:
        with django_assert_num_queries(1):
            user = user_in_request(ann)
            assert user.username == "ann"
        assert type(user) is User

    def test_a_gone_or_inactive_user_is_refused_at_once(self, ann: User) -> None:
        ann.is_active = False
        ann.save()
        with pytest.raises(UserInactive):
            user_in_request(ann)
        with pytest.raises(UserNotFound):
            users.user_of(token_for("4711"), LateError)

    def test_permissions_of_the_token_are_believed(
        self, ann: User, settings: Any, django_assert_num_queries: Statements
    ) -> None:
        settings.JWTAUTH = {"USER_LOADING": "database", "PERMISSIONS": "token"}
        with django_assert_num_queries(1):
            user = user_in_request(ann, perms="*")
            assert user.username == "ann"
            assert user.has_perm("notes.add_note")
        assert not user_in_request(ann).has_perm("notes.add_note")
