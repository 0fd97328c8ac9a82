"""Every check of ``manage.py check`` by its id: one sentence, and one fix.

Those of key stores (E2xx, W20x) and revocation feeds (E3xx) stand with the classes that they are
about, for each checks its own options.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's name for it)


class Row(NamedTuple):
    """A check: what is wrong, and what to do; ``{…}`` stands for what was found."""

    sentence: str
    fix: str


_SHORTEN: Final = (
    "Put less into it: fewer or shorter claims and names of groups (JWTAUTH['EXTRA_CLAIMS'] may "
    "return 'groups' of its own), or set PERMISSIONS to 'database', which leaves groups out."
)

#: Of settings: 0xx, of the project around: 1xx, of keys: 2xx, of cookies: 4xx, of tokens: 5xx.
TABLE: Final[dict[str, Row]] = {
    "E001": Row(
        "JWTAUTH has no setting {name!r}.",
        "{fix}",
    ),
    "E002": Row(
        "{sentence}",
        "Set it as the settings table of the documentation says, or leave it out.",
    ),
    "E003": Row(
        "{sentence}",
        "Name a class by its dotted path, such as {example}.",
    ),
    "E004": Row(
        "{sentence}",
        "Name a field of the user model that is unique and never changes, or leave it out.",
    ),
    "E005": Row(
        "JWTAUTH['EXTRA_CLAIMS'] names {path!r}, which cannot be imported: {error}.",
        "Name a function f(user, session) -> dict by its dotted path.",
    ),
    "E006": Row(
        "REFRESH_RETRY_WINDOW ({window:g} s) is half of ACCESS_TOKEN_LIFETIME ({lifetime} s) or "
        "more: a thief who refreshes in step with the victim would never be noticed.",
        "Lower REFRESH_RETRY_WINDOW; 30 seconds are enough for retries and parallel tabs.",
    ),
    "E007": Row(
        "JWTAUTH['SUBJECT_FIELD'] names {name!r}, which is not unique: a token could open the "
        "account of another user.",
        "Add unique=True to the field, or name one that is unique.",
    ),
    "W001": Row(
        "ISSUER {issuer!r} is no https URL: other services cannot discover the keys, and tokens "
        "of two deployments look alike.",
        "Set JWTAUTH['ISSUER'] to the URL of this deployment, such as https://api.example.com.",
    ),
    "W002": Row(
        "REFRESH_RETRY_WINDOW ({window:g} s) is more than a fifth of ACCESS_TOKEN_LIFETIME "
        "({lifetime} s): a stolen refresh token is noticed later.",
        "Lower REFRESH_RETRY_WINDOW; 30 seconds are enough for retries and parallel tabs.",
    ),
    "E101": Row(
        "The database {alias!r}, which holds the login sessions, has AUTOCOMMIT off: a logout "
        "would be undone when its connection closes.",
        "Remove AUTOCOMMIT from DATABASES[{alias!r}].",
    ),
    "W101": Row(
        "JWTAuthentication is not among REST framework's DEFAULT_AUTHENTICATION_CLASSES: views "
        "that name no classes of their own take no access token.",
        "Put 'django_jwtauth.authentication.JWTAuthentication' first in the list, or silence "
        "this check where your views name it.",
    ),
    "W102": Row(
        "{first} stands before JWTAuthentication in DEFAULT_AUTHENTICATION_CLASSES, and REST "
        "framework answers with the challenge of the first: without one, 401 becomes 403 and "
        "clients do not refresh.",
        "Put 'django_jwtauth.authentication.JWTAuthentication' first in the list.",
    ),
    "W103": Row(
        "The endpoints (login, refresh, logout) are not in the project's URLs.",
        'Add path("auth/", include("django_jwtauth.urls")), or silence this check where another '
        "project serves them.",
    ),
    "W104": Row(
        "The public keys are served at {path}, where no client looks for them.",
        'Add path(".well-known/", include("django_jwtauth.well_known_urls")) to the root of the '
        "site.",
    ),
    "W105": Row(
        "The default cache is {backend}, which each process has for itself: N processes let N "
        "times as many guesses of a password through the throttles, or any number.",
        "Set CACHES['default'] to one that all processes share, such as Redis or Memcached.",
    ),
    "W106": Row(
        "The default cache is {backend}, which counts in two steps: of parallel guesses of a "
        "password, the throttles miss some.",
        "Set CACHES['default'] to one that counts in a single step, such as Redis or Memcached.",
    ),
    "W107": Row(
        "The database {alias!r} lacks the migrations {names} of django_jwtauth.",
        "Run manage.py migrate.",
    ),
    "W211": Row(
        "{sentence}",
        "manage.py list_jwt_keys shows every key with its state and times.",
    ),
    "W212": Row(
        "From {moment} on no key can sign: the last one ends then.",
        "Add the next key where the key store reads it; keep the old one until its tokens expire.",
    ),
    "W213": Row(
        "The key {kid} has been signing for {days} days.",
        "Run manage.py rotate_jwt_keys, best by a daily job: rotate_jwt_keys --if-older-than 30d.",
    ),
    "W214": Row(
        "The private key {kids} lies under a former SECRET_KEY: without SECRET_KEY_FALLBACKS it "
        "could not be decrypted.",
        "Run manage.py rotate_jwt_keys --if-older-than 30d, which encrypts it anew, before you "
        "drop the former one.",
    ),
    "E401": Row(
        "The cookie {name!r} bears the prefix __Host-, and its path is not /: browsers refuse it.",
        "Begin JWTAUTH['COOKIES']['REFRESH_NAME'] with __Secure-, or set PATH to '/'.",
    ),
    "E402": Row(
        "The cookie name {name!r} belongs to two cookies.",
        "Give ACCESS_NAME and REFRESH_NAME names that no other cookie of the site has.",
    ),
    "E403": Row(
        "{name!r} is no name for a cookie.",
        "Use letters, digits, - and _ in JWTAUTH['COOKIES'].",
    ),
    "E404": Row(
        "The cookie path {path!r} does not begin with a slash, or has a semicolon in it.",
        "Leave JWTAUTH['COOKIES']['PATH'] out, or set it to where the endpoints stand: '/auth/'.",
    ),
    "E405": Row(
        "CSRF_USE_SESSIONS is on, and SessionMiddleware is not in MIDDLEWARE: a login that asks "
        "for cookies fails.",
        "Remove CSRF_USE_SESSIONS, or add django.contrib.sessions.middleware.SessionMiddleware.",
    ),
    "W401": Row(
        "JWTAUTH['COOKIES']['SAMESITE'] is 'None', for pages of other sites, and {lacking}: such "
        "a page cannot pass the CSRF check, and reads 403.",
        "Set CSRF_COOKIE_SAMESITE = 'None', CSRF_COOKIE_SECURE = True, and CSRF_TRUSTED_ORIGINS "
        "to the origins of those pages; or SAMESITE to 'Lax' where there are none.",
    ),
    "W402": Row(
        "The cookie name {name!r} has no prefix: a page of a sibling domain, or of plain http, "
        "can put a cookie of its own in its place.",
        "Begin ACCESS_NAME with __Host- and REFRESH_NAME with __Secure-, as they do by default; "
        "only __Host-, with PATH = '/', keeps a sibling domain out.",
    ),
    "W403": Row(
        "Cookies carry the tokens and CSRF_COOKIE_SECURE is off: the CSRF token travels over "
        "plain http.",
        "Set CSRF_COOKIE_SECURE = True.",
    ),
    "W404": Row(
        "JWTAUTH['COOKIES']['SAMESITE'] is 'None', which browsers accept over https alone: in "
        "development over plain http the cookies are refused.",
        "Serve development over https, or set SAMESITE to 'Lax' where DEBUG is on.",
    ),
    "W501": Row(
        "The access token of user {user} takes {size} bytes, and browsers drop a cookie of which "
        "name and value take more than {limit}: this user cannot stay logged in.",
        _SHORTEN,
    ),
    "W502": Row(
        "The access token of user {user} takes {size} bytes, and servers commonly refuse a header "
        "line of more than {limit}: this user's requests fail.",
        _SHORTEN,
    ),
}


def message(number: str, /, **facts: Any) -> CheckMessage:
    """Return the message of the id ``django_jwtauth.<number>``, with ``facts`` in its sentence."""
    kind = Error if number.startswith("E") else Warning
    row = TABLE[number]
    sentence, fix = row.sentence.format(**facts), row.fix.format(**facts)
    return kind(sentence, hint=fix, id=f"django_jwtauth.{number}")
