"""How a project tests with pytest: the fixtures come by entry point."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("demo", password="demo-password")


@pytest.mark.parametrize("time", [1, 2])
def test_login_call_logout(
    jwt_client: Any, user: User, django_assert_num_queries: DjangoAssertNumQueries, time: int
) -> None:
    jwt_client.login_as(user)
    with django_assert_num_queries(0):
        assert jwt_client.get("/who/").json()["pk"] == user.pk
    assert jwt_client.post("/auth/logout/").status_code == 204
    assert jwt_client.get("/who/").json()["code"] == "token_revoked"


@pytest.mark.parametrize("time", [1, 2])
def test_time_moves_until_the_test_ends(
    jwt_client: Any, user: User, jwt_move_time: Callable[[Any], None], time: int
) -> None:
    pair = jwt_client.login_as(user)
    assert jwt_client.get("/who/").status_code == 200
    jwt_move_time(timedelta(minutes=4))
    jwt_move_time(120)
    assert jwt_client.get("/who/").json()["code"] == "token_expired"
    token = {"refresh_token": pair.refresh_token}
    answer = jwt_client.post("/auth/refresh/", token, format="json")
    assert answer.status_code == 200


@pytest.mark.parametrize("time", [1, 2])
def test_failures_of_one_test_do_not_refuse_another(
    jwt_client: Any, user: User, jwt_without_throttles: None, time: int
) -> None:
    wrong = {"username": "demo", "password": "wrong"}
    answers = [jwt_client.post("/auth/login/", wrong, format="json") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [400] * 8


@pytest.mark.parametrize("time", [1, 2])
def test_settings_are_those_of_one_test(
    jwt_client: Any, user: User, settings: Any, time: int
) -> None:
    assert jwt_client.login_as(user).expires_in <= 300
    settings.JWTAUTH = {"ACCESS_TOKEN_LIFETIME": 3600}
    assert jwt_client.login_as(user).expires_in > 3000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_a_logout_is_effective_where_things_are_committed(
    jwt_client: Any, user: User, time: int
) -> None:
    jwt_client.login_as(user)
    assert jwt_client.post("/auth/logout/").status_code == 204
    assert jwt_client.get("/who/").json()["code"] == "token_revoked"
