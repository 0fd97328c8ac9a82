"""Every error of this package. Plain Python: knows neither Django nor DRF.

    JWTAuthError
    ├── InvalidCredentials            400  login refused
    ├── InvalidRequest                400  a field is missing or malformed
    │   └── UnsupportedGrantType
    ├── AccessTokenError              401  the client refreshes, then tries once more
    │   ├── NotAuthenticated
    │   ├── TokenInvalid
    │   │   └── UnknownSigningKey
    │   ├── TokenExpired
    │   ├── TokenRevoked
    │   ├── UserInactive
    │   └── UserNotFound
    ├── RefreshTokenError             400  the client logs in again
    │   ├── RefreshTokenInvalid
    │   ├── RefreshTokenExpired
    │   ├── RefreshTokenReused
    │   └── SessionEnded              carries the reason
    ├── InsufficientScope             403
    ├── CSRFFailed                    403  the credential came by cookie, unproven
    ├── InvalidClient                 401  a resource server that did not prove itself
    ├── SessionNotFound               404
    ├── TemporarilyUnavailable        503  the client keeps its tokens and tries later
    │   ├── NoSigningKey
    │   ├── NoUserDatabase
    │   └── RevocationsUnknown
    └── InvalidKey                    a key that cannot be used; never reaches a client

``code`` is this package's stable word for the error, ``oauth_error`` the word that the body
shows beside it where RFC 6749 section 5.2 has one, ``detail`` the sentence that a person reads.
Details are written in English here and translated where they leave the process.
"""

from __future__ import annotations

from typing import ClassVar


def _(text: str) -> str:
    """Mark a sentence for ``makemessages``; the translation happens in ``api_exceptions``."""
    return text


class JWTAuthError(Exception):
    """The root of the tree; ``reason`` tells operators more than the client may read."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    oauth_error: ClassVar[str | None] = None
    detail: ClassVar[str] = ""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or self.detail)
        self.reason = reason


class InvalidCredentials(JWTAuthError):
    """Wrong password, unknown user and inactive user look alike from outside."""

    status = 400
    code = "invalid_credentials"
    oauth_error = "invalid_grant"
    detail = _("No active account matches these credentials.")


class InvalidRequest(JWTAuthError):
    """A parameter is missing or malformed (RFC 6749 section 5.2)."""

    status = 400
    code = "invalid_request"
    oauth_error = "invalid_request"
    detail = _("The request is missing a parameter or has a malformed one.")


class UnsupportedGrantType(InvalidRequest):
    """Only ``grant_type=refresh_token`` is served here."""

    code = "unsupported_grant_type"
    oauth_error = "unsupported_grant_type"
    detail = _("This endpoint accepts the grant type refresh_token only.")


class AccessTokenError(JWTAuthError):
    """The access token does not open this door (RFC 6750 section 3.1)."""

    status = 401


class NotAuthenticated(AccessTokenError):
    """Nothing was sent that proves who calls."""

    code = "not_authenticated"
    detail = _("Authentication credentials were not provided.")


class TokenInvalid(AccessTokenError):
    """Not a token of ours, or not one that we would make."""

    code = "token_invalid"
    detail = _("The access token is invalid.")


class UnknownSigningKey(TokenInvalid):
    """The token names a key that the ring does not hold: perhaps a newer one than we know."""

    def __init__(self) -> None:
        super().__init__("The token was signed with an unknown key.")


class TokenExpired(AccessTokenError):
    """A good token whose time has run out."""

    code = "token_expired"
    detail = _("The access token has expired.")


class TokenRevoked(AccessTokenError):
    """A good token that was forced to expire: itself, its login session or its key."""

    code = "token_revoked"
    detail = _("The access token has been revoked.")


class UserInactive(AccessTokenError):
    """The user of the token has been deactivated."""

    code = "user_inactive"
    detail = _("The user account is inactive.")


class UserNotFound(AccessTokenError):
    """The user of the token no longer exists."""

    code = "user_not_found"
    detail = _("The user account no longer exists.")


class RefreshTokenError(JWTAuthError):
    """The refresh token buys nothing any more; the user has to log in again."""

    status = 400
    oauth_error = "invalid_grant"


class RefreshTokenInvalid(RefreshTokenError):
    """Not a refresh token of ours, or one whose login session is gone."""

    code = "refresh_token_invalid"
    detail = _("The refresh token is invalid.")


class RefreshTokenExpired(RefreshTokenError):
    """The login session was idle too long or has reached its absolute end."""

    code = "refresh_token_expired"
    detail = _("The refresh token has expired.")


class RefreshTokenReused(RefreshTokenError):
    """A superseded refresh token came back: the login session has been ended."""

    code = "refresh_token_reused"
    detail = _("The refresh token was used before. The session has been ended for safety.")


class SessionEnded(RefreshTokenError):
    """The login session was ended; ``end_reason`` is the row's ``end_reason``."""

    code = "session_ended"
    detail = _("The session has ended.")

    def __init__(self, end_reason: str) -> None:
        super().__init__(f"session ended: {end_reason}")
        self.end_reason = end_reason


class InsufficientScope(JWTAuthError):
    """The token is good but was not granted the scope ``scope`` (RFC 6750 section 3.1)."""

    status = 403
    code = "insufficient_scope"
    detail = _("The access token does not have the required scope.")

    def __init__(self, scope: str) -> None:
        super().__init__(f"scope required: {scope}")
        self.scope = scope


class CSRFFailed(JWTAuthError):
    """The credential came by cookie, and nothing shows that the page meant to send it."""

    status = 403
    code = "csrf_failed"
    detail = _("The CSRF token is missing or wrong.")


class InvalidClient(JWTAuthError):
    """The caller is no resource server that we know (RFC 6749 section 5.2)."""

    status = 401
    code = "invalid_client"
    oauth_error = "invalid_client"
    detail = _("Client authentication failed.")


class SessionNotFound(JWTAuthError):
    """No such login session, or another user's: from outside they look alike."""

    status = 404
    code = "not_found"
    detail = _("No such session.")


class TemporarilyUnavailable(JWTAuthError):
    """Nothing is wrong with the caller; ``retry_after`` is in seconds."""

    status = 503
    code = "temporarily_unavailable"
    detail = _("The service is temporarily unavailable. Please try again.")
    retry_after: ClassVar[int] = 5


class NoSigningKey(TemporarilyUnavailable):
    """No key can sign at this moment; the reason says what the operator has to do."""


class NoUserDatabase(TemporarilyUnavailable):
    """A field of the user was asked for in a service that has no database to read it from."""

    def __init__(self) -> None:
        super().__init__(
            "A view asked for a field of the user, and this service has no database: it knows "
            "the user's key, and what stands in request.auth."
        )


class RevocationsUnknown(TemporarilyUnavailable):
    """The revocation feed has not answered for longer than ``MAX_STALENESS``: fail closed."""


class InvalidKey(JWTAuthError):
    """A key that cannot be used; the reason is one sentence that names the fault."""

    code = "invalid_key"
    detail = _("The key cannot be used.")
