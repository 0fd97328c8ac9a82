import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores import remote_jwks
from django_jwtauth.keystores.remote_jwks import RemoteJWKSKeyStore
from django_jwtauth.tokens.keys import key_from_jwk
from tests.key_material import private_jwk, public_jwk
from tests.keystores.jwks_server import Handler, JWKSServer

EC = private_jwk(kid="ec")
RSA = private_jwk("RS256", kid="rsa")
SECOND = private_jwk("EdDSA", kid="second")


@pytest.fixture
def server() -> Iterator[JWKSServer]:
    with JWKSServer().running() as running:
        running.keys = [public_jwk(EC, use="sig")]
        yield running


@pytest.fixture
def store(server: JWKSServer) -> RemoteJWKSKeyStore:
    return make(server.url)


def make(url: Any, **options: Any) -> RemoteJWKSKeyStore:
    return RemoteJWKSKeyStore({"URL": url, **options}, conf.current())


def kids(store: RemoteJWKSKeyStore) -> list[str]:
    return [key.kid for key in store.load(0.0)]


def refused(store: RemoteJWKSKeyStore) -> str:
    with pytest.raises(NoSigningKey) as caught:
        store.load(0.0)
    return caught.value.reason


def test_the_public_keys_of_another_service_verify_and_do_not_sign(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.keys = [public_jwk(EC), public_jwk(RSA), public_jwk(SECOND)]
    ring = store.load(0.0)
    assert [(key.kid, key.algorithm) for key in ring] == [
        ("ec", "ES256"),
        ("rsa", "RS256"),
        ("second", "EdDSA"),
    ]
    assert ring.signing_key(0.0) is None
    signer = key_from_jwk(EC, kind="private").signer
    key = ring.verification_key("ec", 0.0)
    assert key is not None
    assert signer is not None
    assert key.verify(b"message", signer.sign(b"message"))


def test_a_request_says_what_it_wants_and_who_asks(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    store.load(0.0)
    (headers,) = server.requests
    assert headers["Accept"] == "application/jwk-set+json, application/json"
    assert headers["User-Agent"] == "django-jwtauth"


def test_a_set_that_has_not_changed_is_not_sent_again(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.headers["ETag"] = '"one"'
    ring = store.load(0.0)
    assert "If-None-Match" not in server.requests[0]
    server.status = 304
    assert store.load(0.0) is ring
    assert server.requests[1]["If-None-Match"] == '"one"'
    server.status, server.keys = 200, [public_jwk(SECOND)]
    assert kids(store) == ["second"]


def test_a_set_that_was_refused_is_asked_for_again_in_full(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.headers["ETag"] = '"one"'
    store.load(0.0)
    server.headers["ETag"], server.body = '"two"', b"nonsense"
    refused(store)
    server.body = None
    store.load(0.0)
    assert server.requests[2]["If-None-Match"] == '"one"'


def test_the_same_answer_is_read_and_logged_once(
    store: RemoteJWKSKeyStore, server: JWKSServer, caplog: Any
) -> None:
    server.keys.append({"kty": "oct", "k": "c2VjcmV0", "kid": "shared"})
    assert store.load(0.0) is store.load(0.0)
    assert caplog.text.count("left out") == 1


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({}, 300),
        ({"Cache-Control": "public, max-age=120"}, 120),
        ({"Cache-Control": 'MAX-AGE="120"'}, 120),
        ({"Cache-Control": "max-age=120", "Age": "50"}, 70),
        ({"Cache-Control": "max-age=120", "Age": "soon"}, 120),
        ({"Cache-Control": "max-age=0"}, 30),
        ({"Cache-Control": "max-age=120", "Age": "500"}, 30),
        ({"Cache-Control": "no-store, max-age=120"}, 30),
        ({"Cache-Control": "max-age=86400"}, 900),
        ({"Cache-Control": "s-maxage=5"}, 300),
        ({"Cache-Control": "max-age=-1"}, 300),
        ({"Cache-Control": "max-age=99999999999999999999"}, 900),
    ],
)
def test_a_set_is_fetched_again_before_it_is_too_old_within_bounds(
    store: RemoteJWKSKeyStore, server: JWKSServer, headers: dict[str, str], age: float
) -> None:
    server.headers |= headers
    store.load(0.0)
    assert store.reload_after == pytest.approx(age * 0.8)


HOSTILE_KEYS: dict[str, Any] = {
    "a private key": EC | {"kid": "hostile"},
    "a private RSA key": RSA | {"kid": "hostile"},
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "hostile"},
    "one for encryption": public_jwk(EC, kid="hostile", use="enc"),
    "one for another operation": public_jwk(EC, kid="hostile", key_ops=["encrypt"]),
    "a weak RSA key": {"kty": "RSA", "n": "_" * 170 + "w", "e": "AQAB", "kid": "hostile"},
    "a huge RSA key": {"kty": "RSA", "n": "_" * 9000 + "w", "e": "AQAB", "kid": "hostile"},
    "an algorithm that we do not verify": public_jwk(RSA, kid="hostile", alg="RSA-OAEP"),
    "HS256": public_jwk(RSA, kid="hostile", alg="HS256"),
    "none": public_jwk(EC, kid="hostile", alg="none"),
    "another key's algorithm": public_jwk(EC, kid="hostile", alg="RS256"),
    "one without a kid": {name: EC[name] for name in ("kty", "crv", "x", "y")},
    "a kid that is a number": public_jwk(EC, kid=7),
    "a kid that is too long": public_jwk(EC, kid="a" * 65),
    "an unknown type": {"kty": "AKP", "kid": "hostile"},
    "a text": "hostile",
    "null": None,
    "a list": [],
}


@pytest.mark.parametrize("hostile", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
def test_a_hostile_key_is_left_out_with_one_sentence_and_the_others_are_used(
    store: RemoteJWKSKeyStore, server: JWKSServer, hostile: Any, caplog: Any
) -> None:
    server.keys = [public_jwk(RSA), hostile, public_jwk(SECOND)]
    assert kids(store) == ["rsa", "second"]
    (message,) = caplog.messages
    assert message.startswith("The key keys[1] of the JWKS is left out: ")
    assert EC["d"] not in message


def test_keys_that_share_a_kid_are_all_left_out(
    store: RemoteJWKSKeyStore, server: JWKSServer, caplog: Any
) -> None:
    server.keys = [public_jwk(EC), public_jwk(RSA), public_jwk(SECOND, kid="ec")]
    assert kids(store) == ["rsa"]
    assert "The keys ec of the JWKS are left out: they share a kid." in caplog.text


def test_one_key_that_is_there_twice_is_one_key(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.keys = [public_jwk(EC), public_jwk(EC)]
    assert kids(store) == ["ec"]


HOSTILE_BODIES = {
    "nothing": b"",
    "HTML": b"<html>maintenance</html>",
    "a list": b"[]",
    "null": b"null",
    "no keys": b"{}",
    "keys that are an object": b'{"keys": {}}',
    "keys that are null": b'{"keys": null}',
    "keys twice": b'{"keys": [], "keys": []}',
    "no key at all": b'{"keys": []}',
    "hostile keys alone": json.dumps({"keys": [EC]}).encode(),
    "too many keys": json.dumps({"keys": [public_jwk(EC)] * 101}).encode(),
    "deep nesting": b'{"keys":' + b"[" * 100_000,
    "another encoding": '{"keys": []}'.encode("utf-16"),
    "NaN": b'{"keys": NaN}',
    "too large": b'{"keys": [' + b" " * 600_000 + b"]}",
}


@pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES)
def test_a_hostile_set_is_refused_with_one_sentence(
    store: RemoteJWKSKeyStore, server: JWKSServer, body: bytes
) -> None:
    server.body = body
    assert server.url in refused(store)


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 401, 403, 404, 418, 500, 503])
def test_another_status_is_refused(
    store: RemoteJWKSKeyStore, server: JWKSServer, status: int
) -> None:
    server.status = status
    server.headers["Location"] = server.url
    reason = refused(store)
    assert server.url in reason
    assert len(server.requests) == 1  # no redirect is followed


def test_a_304_that_nobody_asked_for_is_refused(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.status = 304
    assert "status 304" in refused(store)


def test_a_redirect_to_a_file_is_not_followed(
    store: RemoteJWKSKeyStore, server: JWKSServer
) -> None:
    server.status, server.headers["Location"] = 302, "file:///etc/passwd"
    assert "no redirect is followed" in refused(store)


def test_who_does_not_answer_is_not_waited_for(server: JWKSServer) -> None:
    def hang(handler: Handler) -> None:
        time.sleep(1)

    server.answer = hang
    began = time.monotonic()
    assert "timed out" in refused(make(server.url, TIMEOUT=0.1))
    assert time.monotonic() - began < 0.9


def test_a_trickle_of_bytes_is_not_waited_for(server: JWKSServer) -> None:
    def trickle(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    server.answer = trickle
    began = time.monotonic()
    assert "longer than 0.2 s" in refused(make(server.url, TIMEOUT=0.2))
    assert time.monotonic() - began < 1.5


def test_an_endless_answer_is_cut_off(store: RemoteJWKSKeyStore, server: JWKSServer) -> None:
    def flood(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            try:
                handler.wfile.write(b" " * 65536)
            except OSError:
                return

    server.answer = flood
    assert "larger than" in refused(store)


def test_what_is_no_http_is_refused(store: RemoteJWKSKeyStore, server: JWKSServer) -> None:
    server.answer = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    assert server.url in refused(store)


def test_nobody_there_is_one_sentence() -> None:
    assert "was not read" in refused(make("http://127.0.0.1:1/jwks.json"))


def test_no_proxy_stands_between_loopback_hosts(
    store: RemoteJWKSKeyStore, monkeypatch: Any
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert kids(store) == ["ec"]


def test_another_host_is_reached_through_the_proxy_of_the_environment(
    server: JWKSServer, monkeypatch: Any
) -> None:
    monkeypatch.setenv("https_proxy", server.url.removesuffix("/jwks.json"))
    monkeypatch.setenv("no_proxy", "")
    # This proxy opens no tunnel, which nobody else could have said.
    assert "Tunnel connection failed: 501" in refused(make("https://auth.example.com/jwks.json"))


def test_the_query_of_the_url_is_sent_and_not_shown(server: JWKSServer) -> None:
    server.status = 500
    assert "hunter2" not in refused(make(f"{server.url}?token=hunter2"))


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example.com/.well-known/jwks.json",
        "https://auth.example.com:8443/jwks?x=y",
        "http://localhost:8000/jwks.json",
        "http://127.0.0.1/jwks.json",
        "http://[::1]:8000/jwks.json",
    ],
)
def test_https_is_taken_and_http_from_loopback_hosts(url: str, settings: Any) -> None:
    settings.JWTAUTH = {"ISSUER": "https://auth.example.com", "AUDIENCE": "api"}
    assert make(url).check() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "needs the option URL"),
        ("", "needs the option URL"),
        (7, "needs the option URL"),
        ("auth.example.com/jwks.json", "not an https URL"),
        ("file:///etc/jwks.json", "not an https URL"),
        ("ftp://auth.example.com/jwks.json", "not an https URL"),
        ("https:///jwks.json", "not an https URL"),
        ("https://auth.example.com/a b", "not an https URL"),
        ("https://auth.example.com/\r\nX:y", "not an https URL"),
        ("https://m\u00fcller.example/", "not an https URL"),
        ("http://auth.example.com/jwks.json", "over http anyone can forge it"),
        ("http://127.0.0.1.example.com/jwks.json", "over http anyone can forge it"),
        ("https://user:hunter2@auth.example.com/", "user name or password"),
        ("https://auth.example.com:port/", "malformed"),
        ("https://[::1/", "malformed"),
    ],
)
def test_another_url_is_refused_by_the_check_and_by_a_load(
    url: Any, words: str, settings: Any
) -> None:
    settings.JWTAUTH = {"ISSUER": "https://auth.example.com", "AUDIENCE": "api"}
    store = make(url)
    (message,) = store.check()
    assert message.id == "django_jwtauth.E204"
    assert words in message.msg
    assert "hunter2" not in message.msg
    with pytest.raises(ImproperlyConfigured, match=words):
        store.load(0.0)


def test_issuer_and_audience_must_be_set(settings: Any) -> None:
    def missing() -> list[str]:
        messages = make("https://auth.example.com/").check()
        assert all(message.id == "django_jwtauth.E205" for message in messages)
        return [message.msg.split("'")[1] for message in messages]

    assert missing() == ["ISSUER", "AUDIENCE"]
    settings.JWTAUTH = {"ISSUER": "https://auth.example.com"}
    assert missing() == ["AUDIENCE"]
    settings.JWTAUTH = {"ISSUER": "django-jwtauth", "AUDIENCE": "django-jwtauth"}
    assert missing() == []


@pytest.mark.parametrize("timeout", [0, -1, None, "5", True, float("inf")])
def test_a_timeout_is_a_positive_number_of_seconds(timeout: Any, settings: Any) -> None:
    settings.JWTAUTH = {"ISSUER": "a", "AUDIENCE": "b"}
    (message,) = make("https://auth.example.com/", TIMEOUT=timeout).check()
    assert message.id == "django_jwtauth.E202"


@pytest.fixture
def _in_force(server: JWKSServer, settings: Any) -> None:
    """This process trusts the server, and has no database."""
    settings.JWTAUTH = {
        "ISSUER": "https://auth.example.com",
        "AUDIENCE": "api",
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.remote_jwks.RemoteJWKSKeyStore",
            "OPTIONS": {"URL": server.url},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
    }


@pytest.mark.usefixtures("_in_force")
def test_a_service_verifies_with_another_s_keys_and_without_a_database(server: JWKSServer) -> None:
    now = clock.now()
    for _ in range(5):
        assert key_rotation.key_ring(now).verification_key("ec", now) is not None
    assert len(server.requests) == 1
    assert [jwk["kid"] for jwk in key_rotation.jwks(now)["keys"]] == ["ec"]
    assert key_rotation.ring_problem(key_rotation.key_ring(now), now) is None
    with pytest.raises(NoSigningKey, match="another service makes the tokens"):
        key_rotation.signing_key(now)


@pytest.mark.usefixtures("_in_force")
def test_unknown_kids_are_asked_for_once_in_thirty_seconds(server: JWKSServer) -> None:
    now = clock.now()
    key_rotation.key_ring(now)
    for _ in range(20):
        key_rotation.ring_for_unknown_kid(now)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("_in_force")
def test_a_new_key_is_found_by_its_unknown_kid(server: JWKSServer, monkeypatch: Any) -> None:
    now = clock.now()
    key_rotation.key_ring(now)
    monkeypatch.setattr(RemoteJWKSKeyStore, "unknown_kid_interval", 0.0)
    server.keys.append(public_jwk(SECOND))
    assert key_rotation.ring_for_unknown_kid(now).find("second") is not None
    assert key_rotation.key_ring(now).find("second") is not None


@pytest.mark.usefixtures("_in_force")
def test_while_the_other_side_is_down_the_known_keys_go_on(
    server: JWKSServer, monkeypatch: Any, caplog: Any
) -> None:
    now = clock.now()
    key_rotation.key_ring(now)
    monkeypatch.setattr(RemoteJWKSKeyStore, "unknown_kid_interval", 0.0)
    for status, body in ((503, None), (200, b"nonsense"), (200, b'{"keys": []}')):
        server.status, server.body = status, body
        ring = key_rotation.ring_for_unknown_kid(now)
        assert ring.verification_key("ec", now + 3600) is not None
    assert caplog.text.count("The keys could not be loaded") == 3


@pytest.mark.usefixtures("_in_force")
def test_a_set_is_refreshed_in_the_background(server: JWKSServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(remote_jwks, "MIN_AGE", 0.0)
    server.headers["Cache-Control"] = "max-age=0"
    now = clock.now()
    assert key_rotation.key_ring(now).find("second") is None
    server.keys.append(public_jwk(SECOND))
    server.headers["Cache-Control"] = "max-age=300"
    assert key_rotation.key_ring(now).find("second") is None  # nobody waited for this one
    for _ in range(500):
        if key_rotation.key_ring(now).find("second") is not None:
            break
        time.sleep(0.01)
    assert key_rotation.key_ring(now).find("second") is not None
    assert len(server.requests) == 2


@pytest.mark.usefixtures("_in_force")
def test_a_service_that_cannot_be_reached_at_the_start_is_a_503_and_recovers(
    server: JWKSServer, monkeypatch: Any
) -> None:
    now = clock.now()
    server.status = 500
    with pytest.raises(NoSigningKey, match="status 500"):
        key_rotation.key_ring(now)
    server.status = 200
    with pytest.raises(NoSigningKey):
        key_rotation.key_ring(now)  # not at each request
    key_rotation.forget_ring()
    assert key_rotation.key_ring(now).find("ec") is not None
