"""The admin's list of signing keys, and the actions that rotate and revoke."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.exceptions import TokenRevoked
from django_jwtauth.models import SigningKey, to_datetime
from django_jwtauth.tokens.keys import generate_private_jwk
from tests.admin.people import act, listed, page, said, staff, superuser, text_of
from tests.moments import move_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> SigningKey:
    """Return the key that `migrate` has made."""
    return SigningKey.objects.get()


def states(answer: Any) -> dict[str, str]:
    """Return what the list says of each key."""
    cells = {}
    for row in answer.context["cl"].result_list:
        cells[row.kid] = answer.context["cl"].model_admin.state(row)
        assert cells[row.kid] in text_of(answer)
    return cells


def test_the_list_tells_the_state_and_the_times_of_each_key(first: SigningKey) -> None:
    client = superuser()
    assert states(client.get(page(SigningKey))) == {first.kid: "active"}
    second = key_rotation.rotate(clock.now()).kid
    assert states(client.get(page(SigningKey))) == {first.kid: "active", second: "pending"}
    move_on(901)
    assert states(client.get(page(SigningKey))) == {first.kid: "retiring", second: "active"}
    move_on(3600)
    assert states(client.get(page(SigningKey))) == {first.kid: "expired", second: "active"}
    third = key_rotation.revoke_key(second, clock.now()).signs_now
    told = states(client.get(page(SigningKey)))
    assert told == {first.kid: "expired", second: "revoked", third: "active"}


def test_the_page_of_a_key_shows_its_public_half_and_has_no_form(first: SigningKey) -> None:
    answer = superuser().get(page(SigningKey, first))
    shown = text_of(answer)
    assert first.public_jwk["x"] in shown
    assert "active" in shown
    assert not answer.context["adminform"].form.fields
    assert 'name="_save"' not in answer.content.decode()


def test_a_list_makes_as_many_statements_for_many_keys_as_for_one() -> None:
    client = superuser()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(SigningKey)).status_code == 200
        return len(captured)

    statements()
    one = statements()
    for _ in range(10):
        key_rotation.rotate(clock.now(), immediately=True)
        move_on(60)
    statements()
    assert len(listed(client.get(page(SigningKey)))) == 11
    assert statements() == one


@pytest.mark.parametrize("ticked", [True, False])
def test_rotate_makes_the_next_key_whatever_is_ticked(first: SigningKey, ticked: bool) -> None:
    client = staff("django_jwtauth.change_signingkey")
    answer = act(client, SigningKey, "rotate", *[first] * ticked)
    (second,) = SigningKey.objects.exclude(pk=first.pk)
    (told,) = said(answer)
    assert told.startswith(f"The key {second.kid} was made. It signs from ")
    assert second.active_at - to_datetime(clock.now()) > timedelta(minutes=14)
    assert states(answer) == {first.kid: "active", second.kid: "pending"}
    (told,) = said(act(client, SigningKey, "rotate", first))
    assert told.startswith(f"The key {second.kid} is there already, and signs from ")
    assert SigningKey.objects.count() == 2
    assert LogEntry.objects.get().object_id == second.kid


def test_revoking_the_key_that_signs_makes_another_one_sign(first: SigningKey) -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    answer = act(staff("django_jwtauth.change_signingkey"), SigningKey, "revoke", first)
    (second,) = SigningKey.objects.exclude(pk=first.pk)
    assert said(answer) == [f"The key {first.kid} is revoked. The key {second.kid} signs now."]
    assert states(answer) == {first.kid: "revoked", second.kid: "active"}
    with pytest.raises(TokenRevoked):
        sessions.authenticate(pair.access_token)
    sessions.authenticate(sessions.refresh(pair.refresh_token).access_token)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (first.kid, "Revoked")


def test_several_keys_are_revoked_and_one_signs_still(first: SigningKey) -> None:
    key_rotation.rotate(clock.now())
    both = list(SigningKey.objects.all())
    answer = act(superuser(), SigningKey, "revoke", *both)
    assert len(said(answer)) == 2
    told = states(answer)
    assert [told[row.kid] for row in both] == ["revoked", "revoked"]
    assert list(told.values()).count("active") == 1


def test_a_store_that_makes_no_keys_says_so(settings: Any, first: SigningKey) -> None:
    keys = [{"private_key": generate_private_jwk("ES256")}]
    backend = "django_jwtauth.keystores.static.StaticKeyStore"
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": backend, "OPTIONS": {"KEYS": keys}}}
    client = superuser()
    (told,) = said(act(client, SigningKey, "rotate", first))
    assert told.startswith("StaticKeyStore cannot make keys")
    (told,) = said(act(client, SigningKey, "revoke", first))
    assert told.startswith(f"There is no signing key {first.kid}")


def test_a_key_is_never_deleted_by_hand(first: SigningKey) -> None:
    client = superuser()
    address = page(SigningKey, first).replace("/change/", "/delete/")
    assert client.get(address).status_code == 403
    assert client.post(address, {"post": "yes"}).status_code == 403
    act(client, SigningKey, "delete_selected", first, post="yes")
    assert SigningKey.objects.get() == first
