import json
import os
from pathlib import Path
from typing import Any

import pytest

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.directory import DirectoryKeyStore
from django_jwtauth.tokens.keyring import KeyRing
from tests.key_material import USABLE, private_jwk, private_pem, public_jwk, public_pem

EC = private_jwk(kid="ec")
OTHER = private_jwk(kid="other")


@pytest.fixture
def store(tmp_path: Path) -> DirectoryKeyStore:
    return DirectoryKeyStore({"PATH": tmp_path}, conf.current())


def put(path: Path, content: Any, mode: int = 0o600) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    path.chmod(mode)


def signs(ring: KeyRing) -> str | None:
    key = ring.signing_key(0.0)
    return None if key is None else key.kid


def test_pem_and_jwk_files_are_keys_and_others_are_not(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    put(tmp_path / "a.pem", private_pem(USABLE["EdDSA"]))
    put(tmp_path / "b.jwk", EC)
    put(tmp_path / "c.json", public_jwk(OTHER))
    put(tmp_path / "d.PEM", public_pem(USABLE["ES384"]))
    put(tmp_path / "README.md", "how to rotate")
    put(tmp_path / ".hidden.pem", "an editor's")
    (tmp_path / "folder").mkdir()
    ring = store.load(0.0)
    assert ring.unreadable == ()
    assert {key.algorithm for key in ring} == {"EdDSA", "ES256", "ES384"}
    assert {key.kid for key in ring if key.signer} >= {"ec"}
    assert len(ring) == 4


def test_the_private_key_whose_name_sorts_last_signs(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    put(tmp_path / "2030-01.jwk", EC)
    put(tmp_path / "2030-02.jwk", OTHER)
    put(tmp_path / "2030-03.jwk", public_jwk(private_jwk(kid="next")))
    assert signs(store.load(0.0)) == "other"


def test_a_key_is_rotated_by_files_alone(store: DirectoryKeyStore, tmp_path: Path) -> None:
    put(tmp_path / "1.jwk", EC)
    put(tmp_path / "2.jwk", public_jwk(OTHER))  # published
    assert signs(store.load(0.0)) == "ec"
    put(tmp_path / "2.jwk", OTHER)
    assert signs(store.load(0.0)) == "other"
    (tmp_path / "1.jwk").unlink()
    assert [key.kid for key in store.load(0.0)] == ["other"]


def test_a_half_written_file_is_logged_and_left_out_until_it_is_whole(
    store: DirectoryKeyStore, tmp_path: Path, caplog: Any
) -> None:
    put(tmp_path / "1.jwk", EC)
    put(tmp_path / "2.pem", private_pem(USABLE["ES256"])[:100])
    ring = store.load(0.0)
    assert (signs(ring), ring.unreadable) == ("ec", ("2.pem",))
    assert "2.pem cannot be used" in caplog.text
    assert store.reload_after < 60
    put(tmp_path / "2.pem", private_pem(USABLE["ES256"]))
    ring = store.load(0.0)
    assert (signs(ring) != "ec", ring.unreadable) == (True, ())
    assert store.reload_after == 60


@pytest.mark.parametrize("half", ["", "{", '{"kty": "EC"', "-----BEGIN PRIVATE KEY-----\n"])
def test_a_file_that_is_being_rewritten_keeps_its_key(
    store: DirectoryKeyStore, tmp_path: Path, half: str
) -> None:
    put(tmp_path / "1.jwk", EC)
    store.load(0.0)
    put(tmp_path / "1.jwk", half)
    assert signs(store.load(0.0)) == "ec"
    assert signs(store.load(0.0)) == "ec"
    (tmp_path / "1.jwk").unlink()
    assert len(store.load(0.0)) == 0


def test_a_removed_key_verifies_no_more(store: DirectoryKeyStore, tmp_path: Path) -> None:
    put(tmp_path / "1.jwk", EC)
    assert store.load(0.0).verification_key("ec", 0.0) is not None
    (tmp_path / "1.jwk").unlink()
    assert store.load(0.0).verification_key("ec", 0.0) is None


def test_both_halves_of_a_key_may_lie_there_and_the_private_one_counts(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    put(tmp_path / "1-private.jwk", EC)
    put(tmp_path / "2.jwk", OTHER)
    put(tmp_path / "3-public.jwk", public_jwk(EC))
    ring = store.load(0.0)
    assert (len(ring), signs(ring)) == (2, "other")
    assert all(key.signer for key in ring)


def test_two_keys_of_one_kid_are_logged_and_the_last_name_counts(
    store: DirectoryKeyStore, tmp_path: Path, caplog: Any
) -> None:
    put(tmp_path / "1.jwk", EC)
    put(tmp_path / "2.jwk", {**OTHER, "kid": "ec"})
    (key,) = store.load(0.0)
    assert key.public_jwk()["x"] == OTHER["x"]
    assert "1.jwk is left out" in caplog.text


@pytest.mark.parametrize("names", [("1.jwk", "2.jwk"), ("2.jwk", "1.jwk")])
def test_both_halves_of_a_key_are_one_key_that_signs(
    store: DirectoryKeyStore, tmp_path: Path, names: tuple[str, str]
) -> None:
    for name, content in zip(names, (EC, public_jwk(EC)), strict=True):
        put(tmp_path / name, content)
    ring = store.load(0.0)
    assert len(ring) == 1
    assert signs(ring) == "ec"


def test_what_is_no_text_or_too_large_is_left_out(
    store: DirectoryKeyStore, tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "binary.pem").write_bytes(b"\x30\x82\xff\xfe")
    (tmp_path / "large.pem").write_bytes(b"A" * 100_000)
    (tmp_path / "folder.pem").mkdir()
    (tmp_path / "dangling.pem").symlink_to(tmp_path / "nowhere")
    put(tmp_path / "1.jwk", EC)
    ring = store.load(0.0)
    assert signs(ring) == "ec"
    assert set(ring.unreadable) == {"binary.pem", "large.pem", "folder.pem"}


def test_symbolic_links_are_followed_as_mounted_secrets_need(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    (tmp_path / "..data").mkdir()
    put(tmp_path / "..data" / "1.jwk", EC)
    (tmp_path / "1.jwk").symlink_to(tmp_path / "..data" / "1.jwk")
    assert signs(store.load(0.0)) == "ec"


def test_a_directory_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    store = DirectoryKeyStore({"PATH": str(tmp_path / "gone")}, conf.current())
    with pytest.raises(NoSigningKey, match=r"gone cannot be read: No such file"):
        store.load(0.0)
    (message,) = store.check()
    assert message.id == "django_jwtauth.W201"
    assert not message.is_serious()


@pytest.mark.parametrize("path", [None, "", 7, b"/keys"])
def test_a_path_that_is_none_is_an_error(path: Any) -> None:
    (message,) = DirectoryKeyStore({"PATH": path}, conf.current()).check()
    assert message.id == "django_jwtauth.E202"
    assert "PATH" in message.msg


def test_the_check_warns_of_files_that_cannot_be_used(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    put(tmp_path / "1.pem", "nonsense")
    (message,) = store.check()
    assert message.id == "django_jwtauth.W202"
    assert "1.pem" in message.msg


def test_the_check_warns_of_a_private_key_that_everybody_can_read(
    store: DirectoryKeyStore, tmp_path: Path
) -> None:
    put(tmp_path / "1.jwk", EC, mode=0o644)
    put(tmp_path / "2.jwk", OTHER, mode=0o640)
    put(tmp_path / "3.jwk", public_jwk(private_jwk()), mode=0o644)
    (message,) = store.check()
    assert message.id == "django_jwtauth.W203"
    assert str(tmp_path / "1.jwk") in message.msg
    assert message.hint == f"chmod 600 {tmp_path / '1.jwk'}"


def test_an_unknown_option_is_an_error(tmp_path: Path) -> None:
    (message,) = DirectoryKeyStore({"PATH": tmp_path, "DIR": "/"}, conf.current()).check()
    assert message.id == "django_jwtauth.E201"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_left_out(store: DirectoryKeyStore, tmp_path: Path) -> None:
    put(tmp_path / "1.jwk", EC)
    put(tmp_path / "2.jwk", OTHER, mode=0)
    assert store.load(0.0).unreadable == ("2.jwk",)


def test_files_come_and_go_while_the_process_runs(settings: Any, tmp_path: Path) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.directory.DirectoryKeyStore",
            "OPTIONS": {"PATH": tmp_path},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
    }
    now = clock.now()
    with pytest.raises(NoSigningKey, match="key directory holds no private key"):
        key_rotation.signing_key(now)
    put(tmp_path / "1.jwk", EC)
    key_rotation.forget_ring()
    assert key_rotation.signing_key(now).kid == "ec"
    put(tmp_path / "2.jwk", OTHER)
    key_rotation.forget_ring()
    assert key_rotation.signing_key(now).kid == "other"
    assert len(key_rotation.jwks(now)["keys"]) == 2
