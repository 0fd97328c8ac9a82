from typing import Any

import pytest

from django_jwtauth import clock, key_rotation
from django_jwtauth.exceptions import NoSigningKey


@pytest.mark.django_db
def test_the_dummy_store_signs_nothing_verifies_nothing_and_says_that_it_was_chosen(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}}
    now = clock.now()
    with django_assert_num_queries(0):
        assert key_rotation.key_ring(now).verification_key("any", now) is None
        assert key_rotation.jwks(now) == {"keys": []}
        with pytest.raises(NoSigningKey, match="dummy key store is chosen"):
            key_rotation.signing_key(now)
