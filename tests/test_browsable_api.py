"""Pages are rendered after the view, when 401 can be answered no more: the user is read first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.test import override_settings
from django.urls import include, path
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth.models import LoginSession
from tests.devices import PASSWORD, Device

COOKIES = {"COOKIES": {"ENABLED": True}}


class Browsable(APIView):
    """Reads nothing of its user; the page around the answer names it."""

    permission_classes: tuple[Any, ...] = (IsAuthenticated,)
    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)

    def get(self, request: Request) -> Response:
        return Response({"pk": request.user.pk})


class Open(Browsable):
    permission_classes = (AllowAny,)


class Page(APIView):
    """A project's own page."""

    renderer_classes = (TemplateHTMLRenderer,)

    def get(self, request: Request) -> Response:
        return Response({"who": request.user}, template_name="page")


class OwnTemplate(TemplateHTMLRenderer):
    def resolve_template(self, template_names: Any) -> Any:
        return engines["django"].from_string("For {{ who }}{{ detail }}")


urlpatterns = [
    path("auth/", include("django_jwtauth.urls")),
    path("browsable/", Browsable.as_view()),
    path("open/", Open.as_view()),
    path("page/", Page.as_view(renderer_classes=[OwnTemplate])),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def delete_row() -> None:
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")


def deactivate_row() -> None:
    User.objects.update(is_active=False)


CHANGES = pytest.mark.parametrize("change", [delete_row, deactivate_row])


@pytest.fixture
def device(db: None) -> Device:
    User.objects.create_user("ada", password=PASSWORD)
    return Device()


def html(api: APIClient, address: str, **headers: str) -> Any:
    answer = api.get(address, headers={"accept": "text/html", **headers})
    assert answer["Content-Type"].startswith("text/html")
    return answer


@pytest.mark.parametrize("address", ["/browsable/", "/open/", "/page/"])
def test_a_page_names_its_user_with_one_statement(
    device: Device, address: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        answer = html(device.api, address, **device.bearer)
    assert answer.status_code == 200
    assert "ada" in answer.content.decode()


@CHANGES
@pytest.mark.parametrize("address", ["/browsable/", "/open/", "/page/"])
def test_a_page_for_a_user_who_is_gone_or_inactive_is_401(
    device: Device, address: str, change: Callable[[], None]
) -> None:
    change()
    answer = html(device.api, address, **device.bearer)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert "ada" not in answer.content.decode()


def test_json_costs_no_statement_still(device: Device, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert device.get("/browsable/").status_code == 200


@CHANGES
@override_settings(JWTAUTH=COOKIES)
def test_a_cookie_of_a_user_who_is_gone_or_inactive_counts_as_none(
    device: Device, change: Callable[[], None]
) -> None:
    device.api.cookies["__Host-access"] = device.access
    assert "ada" in html(device.api, "/open/").content.decode()
    change()
    answer = html(device.api, "/open/")
    assert answer.status_code == 200
    assert "ada" not in answer.content.decode()
    assert html(device.api, "/browsable/").status_code == 401
