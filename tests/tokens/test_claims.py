"""The claims of a token: what is demanded of each, and to the second when they hold."""

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_jwtauth.exceptions import TokenExpired, TokenInvalid
from django_jwtauth.tokens.claims import RESERVED, AccessToken, Expected, check_claims
from tests.tokens.test_encoding import json_values

EXPECTED = Expected(
    issuers=frozenset({"https://a", "https://b"}),
    audiences=frozenset({"api", "shop"}),
    lifetime=300,
    leeway=10,
)
IAT = 1_700_000_000
CLAIMS = {
    "iss": "https://a",
    "aud": "api",
    "sub": "1",
    "client_id": "web",
    "iat": IAT,
    "exp": IAT + 290,
    "jti": "j",
    "sid": "s",
}


def token(**claims: Any) -> AccessToken:
    changed = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    check_claims(changed, EXPECTED)
    return AccessToken(changed, "kid", EXPECTED)


def state(now: float, **claims: Any) -> str:
    try:
        token(**claims).check_time(now)
    except TokenExpired:
        return "expired"
    except TokenInvalid:
        return "not yet"
    return "good"


# Time, to the second and less.


@pytest.mark.parametrize(
    ("claims", "moment", "expected"),
    [
        # exp and the leeway behind it.
        ({}, IAT + 289, "good"),
        ({}, IAT + 290, "good"),
        ({}, IAT + 299.999, "good"),
        ({}, IAT + 300, "expired"),
        ({}, IAT + 300.001, "expired"),
        ({"exp": IAT}, IAT + 9.9, "good"),
        ({"exp": IAT}, IAT + 10, "expired"),
        # The greatest age, whatever exp says.
        ({"exp": IAT + 10**9}, IAT + 309.999, "good"),
        ({"exp": IAT + 10**9}, IAT + 310, "expired"),
        ({"exp": IAT + 300}, IAT + 309.999, "good"),
        ({"exp": IAT + 300}, IAT + 310, "expired"),
        # iat and the leeway before it.
        ({}, IAT, "good"),
        ({}, IAT - 10, "good"),
        ({}, IAT - 10.001, "not yet"),
        ({}, IAT - 3600, "not yet"),
        # nbf likewise; the later of the two counts.
        ({"nbf": IAT + 60}, IAT + 50, "good"),
        ({"nbf": IAT + 60}, IAT + 49.999, "not yet"),
        ({"nbf": IAT - 60}, IAT - 10.001, "not yet"),
        ({"nbf": 0}, IAT, "good"),
        # Never good at all.
        ({"nbf": IAT + 400}, IAT + 389, "expired"),
        ({"exp": 0}, IAT, "expired"),
        ({"exp": 0, "iat": 0}, 9, "good"),
    ],
)
def test_a_token_is_good_in_its_time(claims: Any, moment: float, expected: str) -> None:
    assert state(moment, **claims) == expected


def test_without_a_leeway_the_second_counts() -> None:
    strict = Expected(EXPECTED.issuers, EXPECTED.audiences, lifetime=300, leeway=0)
    exact = AccessToken(dict(CLAIMS), "kid", strict)
    exact.check_time(IAT)
    exact.check_time(IAT + 289.999)
    with pytest.raises(TokenExpired):
        exact.check_time(IAT + 290)
    with pytest.raises(TokenInvalid):
        exact.check_time(IAT - 0.001)


def test_it_is_over_when_its_check_says_so() -> None:
    assert [token().is_over(IAT + age) for age in (299.999, 300, 300.001)] == [False, True, True]


def test_a_token_without_nbf_holds_from_its_iat_on() -> None:
    strict = Expected(EXPECTED.issuers, EXPECTED.audiences, lifetime=300, leeway=0)
    AccessToken({**CLAIMS, "iat": 0}, "kid", strict).check_time(0.5)


def test_a_clock_that_jumps_back_and_forth_changes_nothing() -> None:
    moments = [IAT, IAT + 301, IAT + 5, IAT - 11, IAT + 5]
    assert [state(moment) for moment in moments] == ["good", "expired", "good", "not yet", "good"]


@given(
    st.integers(0, 2**33), st.integers(0, 2**33), st.integers(0, 2**33), st.floats(0, float(2**34))
)
def test_no_token_is_good_for_longer_than_the_lifetime(
    iat: int, exp: int, nbf: int, now: float
) -> None:
    if state(now, iat=iat, exp=exp, nbf=nbf) == "good":
        assert iat - 10 <= now < iat + 310
        assert now < exp + 10
        assert now >= nbf - 10


# Presence, type and content.


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"])
def test_every_claim_but_sid_is_required(name: str) -> None:
    with pytest.raises(TokenInvalid, match=f"claim {name} is missing"):
        token(**{name: None})
    token(sid=None)


@given(st.sampled_from(sorted({*CLAIMS, "nbf", "scope", "groups", "perms"})), json_values)
def test_whatever_a_claim_holds_it_is_right_or_refused(name: str, value: Any) -> None:
    changed = {**CLAIMS, name: value}
    reason = ""
    try:
        check_claims(changed, EXPECTED)
    except TokenInvalid as error:
        reason = error.reason
    if reason:
        # It goes into a response header.
        assert reason.isascii()
        assert reason.isprintable()
        assert '"' not in reason
        return
    made = AccessToken(changed, "kid", EXPECTED)
    assert type(made.issued_at) is int
    assert type(made.expires_at) is int
    for text in (made.jti, made.subject, made["client_id"], made.session_id, made.scope):
        assert type(text) is str


@pytest.mark.parametrize("aud", ["api", "shop", ["api"], ["x", "shop"], ["api", "api"]])
@pytest.mark.parametrize("iss", ["https://a", "https://b"])
def test_each_issuer_and_audience_of_the_list_is_accepted(iss: str, aud: Any) -> None:
    assert token(iss=iss, aud=aud)["iss"] == iss


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://c"}, "another issuer"),
        ({"iss": "https://a/"}, "another issuer"),
        ({"aud": "other"}, "another audience"),
        ({"aud": ["other", "API"]}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": ["api", 1]}, "aud is missing or malformed"),
        ({"aud": {"api": 1}}, "aud is missing or malformed"),
        ({"scope": ["a"]}, "scope is malformed"),
        ({"perms": 1}, "perms is malformed"),
        ({"groups": "staff"}, "groups is malformed"),
        ({"groups": [1]}, "groups is malformed"),
    ],
)
def test_what_is_not_for_us_or_not_of_its_type_is_refused(
    claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenInvalid, match=reason):
        token(**claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"jti": "x" * 64, "sid": "y" * 64},
        {"sub": "x" * 255},
        {"client_id": "x" * 255},
        {"exp": 253_402_300_799},
        {"groups": [], "scope": "", "perms": ""},
    ],
)
def test_the_greatest_of_each_is_accepted(claims: dict[str, Any]) -> None:
    assert token(**claims)["sub"]


@pytest.mark.parametrize(
    "claims",
    [
        {"jti": "x" * 65},
        {"sid": "y" * 65},
        {"sub": "x" * 256},
        {"client_id": "x" * 256},
        {"exp": 253_402_300_800},
        {"iat": True},
        {"nbf": False},
    ],
)
def test_one_more_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        token(**claims)


# The mapping that a view gets to see.


def test_it_is_a_read_only_mapping_of_its_claims() -> None:
    made = token(scope="a b", groups=["staff"], x={"y": [1]})
    assert dict(made) == {**CLAIMS, "scope": "a b", "groups": ["staff"], "x": {"y": [1]}}
    assert len(made) == 11
    assert made.get("nothing") is None
    assert (made.scope, made.groups, made.permissions) == ("a b", ["staff"], None)
    assert token(perms="f.b").permissions == "f.b"
    assert (made.session_id, made.jti, made.subject, made.kid) == ("s", "j", "1", "kid")
    with pytest.raises(AttributeError):
        made.extra = 1  # type: ignore[attr-defined]  # that is the test


def test_no_request_can_change_it_for_the_others() -> None:
    made = token(groups=["staff"], x={"y": [1]}, aud=["api"])
    made["x"]["y"].append(2)
    made["aud"].append("evil")
    made["groups"].append("root")
    made.groups.append("root")
    assert made["x"] == {"y": [1]}
    assert made["aud"] == ["api"]
    assert made.groups == ["staff"]


@pytest.mark.parametrize(
    ("scope", "name", "granted"),
    [
        ("orders:read", "orders:read", True),
        ("a b c", "b", True),
        ("a  b", "b", True),
        ("orders:read", "orders", False),
        ("a\tb", "b", False),
        ("", "orders", False),
        ("A", "a", False),
    ],
)
def test_a_scope_is_a_whole_word(scope: str, name: str, granted: bool) -> None:
    assert token(scope=scope).has_scope(name) is granted


def test_it_can_be_copied_and_pickled() -> None:
    made = token()
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert dict(twin) == dict(made)
        assert twin.kid == "kid"


def test_its_repr_shows_no_more_than_whose_it_is() -> None:
    assert repr(token(email="a@example.com")) == "<AccessToken sub='1' jti='j'>"


def test_the_package_keeps_for_itself_what_it_writes() -> None:
    assert set(CLAIMS) | {"nbf", "perms"} == RESERVED
