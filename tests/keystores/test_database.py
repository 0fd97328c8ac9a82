from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from django_jwtauth import clock, conf, key_rotation, keystores
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.base import OpenTransaction
from django_jwtauth.keystores.database import DatabaseKeyStore, encrypt, reencrypted
from django_jwtauth.models import SigningKey
from tests.key_material import only_key, private_jwk
from tests.processes.commands import command

pytestmark = pytest.mark.django_db

OTHER_SECRET = "another-secret-key-of-the-same-project-0123456789"


@pytest.fixture
def kid(db: None) -> Iterator[str]:
    """The one key that is there, made under the suite's SECRET_KEY."""
    yield from only_key()


def store() -> DatabaseKeyStore:
    made = keystores.store()
    assert isinstance(made, DatabaseKeyStore)
    return made


def test_a_ring_is_loaded_with_one_statement(kid: str, django_assert_num_queries: Any) -> None:
    key_rotation.rotate(clock.now())
    with django_assert_num_queries(1):
        ring = store().load(clock.now())
    assert len(ring) == 2
    assert ring.unreadable == ()


def test_a_loaded_key_is_the_one_that_was_written(kid: str) -> None:
    row = SigningKey.objects.get()
    key = store().load(clock.now()).find(kid)
    assert key is not None
    assert key.signer is not None
    assert key.public_jwk() == row.public_jwk
    assert key.created_at == row.created_at.timestamp()
    assert key.active_at == row.active_at.timestamp()
    assert (key.retire_at, key.expire_at) == (None, None)
    assert key.verify(b"message", key.signer.sign(b"message"))


def test_the_table_shows_no_private_key(kid: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {SigningKey._meta.db_table}")
        (columns,) = cursor.fetchall()
    assert '"d"' not in str(columns)
    assert SigningKey.objects.get().private_jwk.startswith("gAAAA")  # Fernet


def test_who_has_the_table_and_not_the_secret_has_no_private_key(
    kid: str, settings: Any, caplog: Any
) -> None:
    settings.SECRET_KEY = OTHER_SECRET
    ring = store().load(clock.now())
    key = ring.find(kid)
    assert key is not None
    assert key.signer is None
    assert ring.unreadable == (kid,)
    assert f"The signing key {kid} cannot sign" in caplog.text
    assert "SECRET_KEY_FALLBACKS" in caplog.text


def test_a_key_that_cannot_be_decrypted_verifies_and_nothing_signs_for_it(
    kid: str, settings: Any
) -> None:
    now = clock.now()
    key = key_rotation.signing_key(now)
    assert key.signer is not None
    signature = key.signer.sign(b"message")
    settings.SECRET_KEY = OTHER_SECRET
    verifying = key_rotation.key_ring(now).verification_key(kid, now)
    assert verifying is not None
    assert verifying.verify(b"message", signature)
    with pytest.raises(NoSigningKey, match="SECRET_KEY_FALLBACKS"):
        key_rotation.signing_key(now)
    assert SigningKey.objects.count() == 1  # never silently a new one


def test_a_former_secret_still_reads_and_a_rotation_writes_under_the_new_one(
    kid: str, settings: Any
) -> None:
    former = settings.SECRET_KEY
    settings.SECRET_KEY = OTHER_SECRET
    settings.SECRET_KEY_FALLBACKS = ["unrelated", former]
    now = clock.now()
    assert key_rotation.signing_key(now).kid == kid
    assert key_rotation.rotate(now, dry_run=True).reencrypted == 1
    assert key_rotation.rotate(now).reencrypted == 1
    assert key_rotation.rotate(now).reencrypted == 0
    settings.SECRET_KEY_FALLBACKS = []
    assert key_rotation.signing_key(now).kid == kid
    assert store().load(now).unreadable == ()


def test_what_is_encrypted_twice_is_not_the_same_and_reads_the_same() -> None:
    jwk = private_jwk()
    assert encrypt(jwk) != encrypt(jwk)


@pytest.mark.parametrize("broken", ["", "no Fernet", "gAAAA", "é", "\0"])
def test_a_broken_row_cannot_be_encrypted_anew_and_breaks_nothing(kid: str, broken: str) -> None:
    assert reencrypted(broken) is None
    if broken != "\0":  # PostgreSQL has no such text
        SigningKey.objects.update(private_jwk=broken)
        ring = store().load(clock.now())
        assert ring.unreadable == (kid,)
        assert ring.verification_key(kid, clock.now()) is not None


@pytest.mark.parametrize(
    "private",
    [{}, {"kty": "EC"}, {"kty": "oct", "k": "eA"}, {"kty": ["EC"]}, private_jwk("EdDSA")],
    ids=["nothing", "no numbers", "a shared secret", "a type that is a list", "another curve"],
)
def test_a_row_that_decrypts_to_another_kind_of_key_does_not_sign(
    kid: str, private: dict[str, Any]
) -> None:
    SigningKey.objects.update(private_jwk=encrypt(private))
    key = store().load(clock.now()).find(kid)
    assert key is not None
    assert key.signer is None


def test_a_row_of_which_nothing_can_be_read_is_named_and_left_out(kid: str, caplog: Any) -> None:
    now = clock.now()
    key_rotation.rotate(now, immediately=True)
    SigningKey.objects.filter(kid=kid).update(private_jwk="x", public_jwk={"kty": "EC"})
    ring = store().load(now)
    assert ring.unreadable == (kid,)
    assert ring.find(kid) is None
    assert len(ring) == 1
    assert f"The signing key {kid} cannot verify" in caplog.text


@pytest.mark.parametrize("public", [{}, [], "text", 7])
def test_a_public_half_that_is_no_key_breaks_nothing(kid: str, public: Any) -> None:
    SigningKey.objects.update(private_jwk="x", public_jwk=public)
    assert store().load(clock.now()).unreadable == (kid,)


def test_the_public_half_of_a_row_counts_for_nothing_where_the_private_one_is_read(
    kid: str,
) -> None:
    # Who can write the table could else have his own tokens accepted under our kid.
    forged = private_jwk()
    SigningKey.objects.update(
        public_jwk={name: forged[name] for name in ("kty", "crv", "x", "y")} | {"alg": "ES256"}
    )
    key = store().load(clock.now()).find(kid)
    assert key is not None
    assert key.public_jwk()["x"] != forged["x"]


def test_it_tells_a_test_s_transaction_from_another(kid: str) -> None:
    assert store().transaction() is OpenTransaction.TESTCASE
    with transaction.atomic():
        assert store().transaction() is OpenTransaction.TESTCASE


@pytest.mark.django_db(transaction=True)
def test_it_tells_a_block_from_autocommit() -> None:
    assert store().transaction() is OpenTransaction.NONE
    with transaction.atomic():
        assert store().transaction() is OpenTransaction.BLOCK


@pytest.mark.django_db(transaction=True)
def test_a_missing_table_is_one_sentence_that_says_migrate() -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(SigningKey)
    try:
        key_rotation.forget_ring()
        assert not store().has_table()
        with pytest.raises(NoSigningKey, match=r"run manage\.py migrate"):
            store().load(clock.now())
        with pytest.raises(NoSigningKey, match=r"run manage\.py migrate"):
            key_rotation.signing_key(clock.now())
        with pytest.raises(NoSigningKey, match=r"run manage\.py migrate"):
            key_rotation.rotate(clock.now())
        # Another app's migrate comes before ours.
        key_rotation.ensure_signing_key(clock.now(), using="default")
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(SigningKey)
    key_rotation.forget_ring()
    assert key_rotation.signing_key(clock.now()).algorithm == "ES256"


def test_a_database_that_does_not_answer_is_told_in_its_own_words() -> None:
    ran = command("/no/such/database", "list_jwt_keys")
    assert ran.returncode == 1
    assert "The signing keys could not be read from the database: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "migrate" not in ran.stderr


@pytest.mark.parametrize("ahead", [0, 900, 12.5])
def test_publish_ahead_is_a_number_of_seconds(ahead: Any) -> None:
    checked = DatabaseKeyStore({"PUBLISH_AHEAD": ahead}, conf.current())
    assert checked.check() == []
    assert checked.publish_ahead == ahead


@pytest.mark.parametrize("ahead", [-1, "900", None, True, float("inf"), float("nan")])
def test_another_publish_ahead_is_an_error(ahead: Any) -> None:
    (message,) = DatabaseKeyStore({"PUBLISH_AHEAD": ahead}, conf.current()).check()
    assert message.id == "django_jwtauth.E202"
    assert "PUBLISH_AHEAD" in message.msg
    assert "seconds" in message.msg


def test_a_misspelt_option_is_an_error() -> None:
    (message,) = DatabaseKeyStore({"PUBLISHAHEAD": 1}, conf.current()).check()
    assert message.hint == "Did you mean 'PUBLISH_AHEAD'?"
