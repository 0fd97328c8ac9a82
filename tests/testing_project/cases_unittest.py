"""How a project tests with ``unittest``. Each class would fail if another one left something."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import TestCase, TransactionTestCase, override_settings

from django_jwtauth import clock, sessions
from django_jwtauth.models import LoginSession, Revocation, SigningKey, to_datetime
from django_jwtauth.sessions import TokenPair
from django_jwtauth.testing import (
    JWTClient,
    access_token_for,
    at,
    expired_access_token_for,
    move_time,
    poll_revocations,
    revoked_access_token_for,
    without_throttles,
)


def call(raw: str, url: str = "/who/") -> Any:
    return JWTClient().get(url, headers={"Authorization": f"Bearer {raw}"})


def check_login_call_logout(client: JWTClient, user: User) -> None:
    pair = client.login_as(user)
    assert client.get("/who/").json()["pk"] == user.pk
    assert client.post("/auth/logout/").status_code == 204
    refused = client.get("/who/")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    assert LoginSession.objects.get(pk=pair.session.pk).end_reason == "logout"


class InTestCase(TestCase):
    client: JWTClient
    client_class = JWTClient
    user: User
    raw: str
    revoked: str

    @classmethod
    def setUpTestData(cls) -> None:
        cls.user = User.objects.create_user("demo", password="demo-password")
        cls.raw = access_token_for(cls.user)
        cls.revoked = revoked_access_token_for(cls.user)

    def test_a_call_makes_no_query(self) -> None:
        self.client.login_as(self.user)
        with self.assertNumQueries(0):
            for _ in range(3):
                assert self.client.get("/who/").status_code == 200

    def test_a_logout_is_effective_in_the_same_test(self) -> None:
        check_login_call_logout(self.client, self.user)

    def test_and_so_it_is_in_the_next_one(self) -> None:
        check_login_call_logout(self.client, self.user)

    def test_what_one_test_revokes_lives_in_the_next(self) -> None:
        with self.assertNumQueries(0):
            assert call(self.raw).status_code == 200
        sessions.revoke(self.raw)
        assert call(self.raw).status_code == 401

    test_and_the_other_way_round = test_what_one_test_revokes_lives_in_the_next

    def test_what_the_class_revoked_is_refused_in_each_test(self) -> None:
        with self.assertNumQueries(0):
            assert call(self.revoked).json()["code"] == "token_revoked"

    test_also_in_the_second = test_what_the_class_revoked_is_refused_in_each_test

    def test_a_poll_disturbs_nothing(self) -> None:
        sessions.revoke(self.raw)
        with self.assertNumQueries(0):
            poll_revocations()
        assert call(self.raw).status_code == 401


class TokensOfEverySort(TestCase):
    client: JWTClient
    client_class = JWTClient
    user: User

    def setUp(self) -> None:
        self.user = User.objects.create_user("demo", password="demo-password")

    def test_good_expired_revoked(self) -> None:
        assert call(access_token_for(self.user)).status_code == 200
        assert call(expired_access_token_for(self.user)).json()["code"] == "token_expired"
        assert call(revoked_access_token_for(self.user)).json()["code"] == "token_revoked"

    def test_claims_are_written_over_and_left_out(self) -> None:
        assert call(access_token_for(self.user), "/orders/").status_code == 403
        assert call(access_token_for(self.user, scope="orders:read"), "/orders/").status_code == 200
        for claims in ({"iss": "https://somebody.else"}, {"jti": None}, {"sub": "no key"}):
            assert call(access_token_for(self.user, **claims)).json()["code"] == "token_invalid"

    def test_the_scope_of_a_login_stays_when_it_is_refreshed(self) -> None:
        pair = self.client.login_as(self.user, scope="orders:read")
        assert self.client.get("/orders/").status_code == 200
        token = {"refresh_token": pair.refresh_token}
        answer = self.client.post("/auth/refresh/", token, format="json")
        assert call(answer.json()["access_token"], "/orders/").status_code == 200

    def test_the_client_sends_nothing_after_drfs_logout(self) -> None:
        self.client.login_as(self.user)
        self.client.logout()
        assert self.client.get("/who/").status_code == 401

    def test_another_login_takes_the_place_of_the_first(self) -> None:
        other = User.objects.create_user("other")
        self.client.login_as(self.user)
        self.client.login_as(other)
        assert self.client.get("/who/").json()["pk"] == other.pk

    def test_failures_are_not_counted_without_throttles(self) -> None:
        wrong = {"username": "demo", "password": "wrong"}
        with without_throttles():
            for _ in range(12):
                assert self.client.post("/auth/login/", wrong, format="json").status_code == 400

    test_nor_are_those_of_another_test = test_failures_are_not_counted_without_throttles


class MovingTime(TestCase):
    client: JWTClient
    client_class = JWTClient
    user: User

    def setUp(self) -> None:
        self.user = User.objects.create_user("demo")
        assert clock.offset() == 0

    def test_a_token_expires_as_time_moves(self) -> None:
        raw = access_token_for(self.user)
        with move_time(timedelta(minutes=6)):
            assert call(raw).json()["code"] == "token_expired"
        assert call(raw).status_code == 200

    def test_moves_add_up_and_end(self) -> None:
        with move_time(100), move_time(timedelta(seconds=50)):
            assert clock.offset() == 150
        assert clock.offset() == 0

    def test_an_error_ends_a_move_too(self) -> None:
        with self.assertRaises(ZeroDivisionError), move_time(100):  # noqa: PT027 (no pytest here)
            _ = 1 / 0
        assert clock.offset() == 0

    @move_time(timedelta(days=1))
    def test_it_decorates_a_test(self) -> None:
        assert clock.offset() == 86400

    def test_any_day_can_be_gone_to(self) -> None:
        for year in (1999, 2024, 2100):
            moment = datetime(year, 2, 28, 12, tzinfo=UTC)
            with at(moment):
                assert abs(clock.now() - moment.timestamp()) < 60
                assert call(access_token_for(self.user)).status_code == 200
                with move_time(timedelta(minutes=10)):
                    assert clock.now() > moment.timestamp() + 600
        assert clock.offset() == 0

    def test_a_naive_moment_is_in_the_current_time_zone(self) -> None:
        with override_settings(TIME_ZONE="Asia/Seoul"), at(datetime(2030, 1, 1, 9)):  # noqa: DTZ001
            assert abs(clock.now() - datetime(2030, 1, 1, tzinfo=UTC).timestamp()) < 60


@override_settings(JWTAUTH={"ACCESS_TOKEN_LIFETIME": timedelta(minutes=30)})
class SettingsOfAClass(TestCase):
    client: JWTClient
    client_class = JWTClient
    user: User
    pair: TokenPair

    @classmethod
    def setUpTestData(cls) -> None:
        cls.user = User.objects.create_user("demo")
        cls.pair = sessions.start(cls.user)

    def test_they_hold_from_the_start(self) -> None:
        assert 1700 <= self.pair.expires_in <= 1800

    @override_settings(JWTAUTH={"ISSUER": "https://auth.example.com"})
    def test_a_method_has_its_own(self) -> None:
        assert call(self.pair.access_token).json()["code"] == "token_invalid"
        check_login_call_logout(self.client, self.user)

    def test_a_block_has_its_own(self) -> None:
        with self.settings(JWTAUTH={"SUBJECT_FIELD": "username"}):
            assert call(access_token_for(self.user)).json()["pk"] == self.user.pk
            check_login_call_logout(self.client, self.user)
        assert call(self.pair.access_token).status_code == 200

    def test_users_may_be_read_at_each_call(self) -> None:
        with self.settings(JWTAUTH={"USER_LOADING": "database"}):
            raw = access_token_for(self.user)
            with self.assertNumQueries(1):
                assert call(raw).status_code == 200

    def test_another_secret_knows_no_refresh_token(self) -> None:
        with self.settings(SECRET_KEY="another-key-for-one-test-0123456789abcdef"):
            token = {"refresh_token": self.pair.refresh_token}
            answer = self.client.post("/auth/refresh/", token, format="json")
        assert answer.json()["code"] == "refresh_token_invalid"


class DefaultSettings(TestCase):
    def test_nobody_left_others_behind(self) -> None:
        pair = sessions.start(User.objects.create_user("demo"))
        assert pair.expires_in <= 300


class InTransactionTestCase(TransactionTestCase):
    client: JWTClient
    client_class = JWTClient
    user: User

    def setUp(self) -> None:
        self.user = User.objects.create_user("demo", password="demo-password")

    def test_a_logout_is_effective_at_once(self) -> None:
        check_login_call_logout(self.client, self.user)

    def test_and_so_it_is_after_the_tables_were_emptied(self) -> None:
        assert not Revocation.objects.filter(identifier__startswith="sid:").exists()
        assert SigningKey.objects.count() == 1
        check_login_call_logout(self.client, self.user)

    def test_what_another_process_writes_is_heard_after_a_poll(self) -> None:
        pair = self.client.login_as(self.user)
        assert self.client.get("/who/").status_code == 200
        now = to_datetime(clock.now())
        Revocation.objects.create(
            identifier=f"sid:{pair.session.sid}",
            revoked_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        poll_revocations()
        assert self.client.get("/who/").status_code == 401


class MoreInTransactionTestCase(InTransactionTestCase):
    """Once more: for the other process of a parallel run, and for what the first left behind."""
