"""The example, served as an issuer of its own, and what its clients need."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import ALGORITHMS, key_from_jwk
from tests.clients.npm import Missing, installed_node
from tests.example_project.servers import ROOT, Server, demo_server, free_port, new_database
from tests.key_material import private_jwk
from tests.left_out import left_out

ISSUER = "https://auth.example.com"

# For clients that percent-encode both, as RFC 6749 section 2.3.1 asks …
RESOURCE_SERVER = {
    "RESOURCE_SERVER_ID": "orders: api",
    "RESOURCE_SERVER_SECRET": "50% s:cret+/\u00e9",
}
# … and for those that do not.
SERVICE = ("orders", "secret")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make demo` serves, under the address that its tokens name as their issuer."""
    folder, port = tmp_path_factory.mktemp("issuer"), free_port()
    more = {
        "DJANGO_SETTINGS_MODULE": "tests.clients.settings",
        "PYTHONPATH": str(ROOT),
        "EXAMPLE_ISSUER": f"http://127.0.0.1:{port}",
        **RESOURCE_SERVER,
    }
    with (
        new_database(folder) as url,
        demo_server(url, folder, port, **more) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def node() -> str:
    """Return `node`, with the packages of package-lock.json installed, or skip."""
    try:
        return installed_node()
    except Missing as missing:
        left_out(str(missing))


@pytest.fixture(scope="session")
def signed() -> dict[str, Any]:
    """Return a JWKS with a key of each algorithm, and an access token signed with each."""
    keys = [key_from_jwk(private_jwk(name), kind="private") for name in ALGORITHMS]
    now = int(time.time())
    # Made once for all tests, in whatever order and however slowly they run.
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": "1", "iat": now, "exp": now + 86_400}
    return {
        "issuer": ISSUER,
        "jwks": KeyRing(keys).jwks(now),
        "tokens": {key.algorithm: access_token.make(claims, key) for key in keys},
    }
