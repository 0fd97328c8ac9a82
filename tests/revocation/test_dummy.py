"""The feed that revokes nothing."""

from django.test import TestCase, override_settings

from django_jwtauth.models import Revocation
from django_jwtauth.revocation import feed
from tests.revocation.tokens import a_token

DUMMY = {"REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"}}


@override_settings(JWTAUTH=DUMMY)
class DummyFeedTests(TestCase):
    def test_it_revokes_nothing_and_writes_nothing(self) -> None:
        before = Revocation.objects.count()
        dummy = feed()
        with self.assertNumQueries(0):
            dummy.ensure_current()
            dummy.revoke(["jti:jti-1", "*3000000000"], expires_at=None)
            dummy.learn_key("kid-1")
            dummy.forget()
            assert not dummy.is_revoked(a_token())
        assert Revocation.objects.count() == before
        assert (set(dummy.revoked_kids()), dummy.revoked_until(), dummy.age()) == (set(), 0, 0.0)
        assert (dummy.ring_suspected(), dummy.check()) == (False, [])
