"""Permissions in the token, end to end: from a login through a request to the next refresh."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_jwtauth import sessions
from django_jwtauth.permissions import HasScope
from tests.apps.notes.models import Note
from tests.devices import PASSWORD, Device
from tests.urls import urlpatterns as suite_urls

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

Statements = Callable[[int], Any]


class NoteSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "text")


class ReadersOnly(DjangoModelPermissions):
    """REST framework's own lets everybody read who is logged in."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}


class NotesView(ListAPIView):
    queryset = Note.objects.none()
    serializer_class = NoteSerializer
    permission_classes = (ReadersOnly,)


class HeldView(APIView):
    permission_classes = (HasScope("notes"),)

    def get(self, request: Request) -> Response:
        token: Any = request.auth
        held = sorted(request.user.get_all_permissions())
        return Response({"held": held, "groups": token.groups})


urlpatterns = [*suite_urls, path("notes/", NotesView.as_view()), path("held/", HeldView.as_view())]


@pytest.fixture
def ada(settings: Any) -> User:
    settings.JWTAUTH = {"PERMISSIONS": "token"}
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def reading() -> Permission:
    return Permission.objects.get(content_type__app_label="notes", codename="view_note")


def status(device: Device) -> int:
    answer: int = device.get("/notes/").status_code
    return answer


def test_a_request_asks_for_permissions_groups_and_scope_without_a_query(
    ada: User, reading: Permission, django_assert_num_queries: Statements
) -> None:
    readers = Group.objects.create(name="readers")
    readers.permissions.add(reading)
    ada.groups.add(readers)
    device = Device()
    with django_assert_num_queries(0):
        assert status(device) == 200
    device.access = sessions.start(ada, scope="notes").access_token
    with django_assert_num_queries(0):
        answer = device.get("/held/")
    assert answer.json() == {"held": ["notes.view_note"], "groups": ["readers"]}


def give(user: User, permission: Permission) -> None:
    user.user_permissions.add(permission)


def put_into_a_group(user: User, permission: Permission) -> None:
    group, _ = Group.objects.get_or_create(name="readers")
    group.permissions.add(permission)
    user.groups.add(group)


def make_superuser(user: User, _permission: Permission) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


def take(user: User, permission: Permission) -> None:
    user.user_permissions.remove(permission)


def take_out_of_the_group(user: User, _permission: Permission) -> None:
    user.groups.clear()


def take_from_the_group(_user: User, permission: Permission) -> None:
    Group.objects.get().permissions.remove(permission)


def make_plain(user: User, _permission: Permission) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=False)


CHANGES = [
    (give, take),
    (put_into_a_group, take_out_of_the_group),
    (put_into_a_group, take_from_the_group),
    (make_superuser, make_plain),
]


@pytest.mark.parametrize(("grant", "withdraw"), CHANGES)
def test_a_change_reaches_the_token_at_the_next_refresh(
    ada: User, reading: Permission, grant: Callable[..., None], withdraw: Callable[..., None]
) -> None:
    device = Device()
    assert status(device) == 403
    grant(ada, reading)
    assert status(device) == 403
    device.refreshed()
    assert status(device) == 200
    withdraw(ada, reading)
    assert status(device) == 200
    device.refreshed()
    assert status(device) == 403


@pytest.mark.parametrize(("grant", "withdraw"), CHANGES)
def test_to_revoke_makes_a_change_immediate(
    ada: User, reading: Permission, grant: Callable[..., None], withdraw: Callable[..., None]
) -> None:
    grant(ada, reading)
    device, other = Device(), Device()
    withdraw(ada, reading)
    call_command("revoke_jwt", "--user", "ada", verbosity=0)
    assert {status(device), status(other)} == {401}
    assert device.refresh().json()["code"] == "session_ended"
    assert status(Device()) == 403


def test_ending_the_sessions_in_code_does_as_well(ada: User, reading: Permission) -> None:
    give(ada, reading)
    device = Device()
    take(ada, reading)
    sessions.end_all(ada, "revoked")
    assert status(device) == 401
    assert status(Device()) == 403
