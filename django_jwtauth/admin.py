"""The admin's pages: login sessions, signing keys, revocations. Shows, and writes nothing itself.

What services own cannot be added, edited or deleted by hand: the actions call the same functions
as endpoints and commands do. No page, filter or history holds a secret. Looking takes the
permission "view", acting takes "change".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import display_for_value
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.exceptions import JWTAuthError
from django_jwtauth.keystores.database import state_of
from django_jwtauth.models import (
    LoginSession,
    LoginSessionQuerySet,
    Revocation,
    SigningKey,
    from_sid,
    to_datetime,
)
from django_jwtauth.revocation import feed
from django_jwtauth.tokens.keys import KeyState

_STATES: Final = {
    KeyState.PENDING: pgettext_lazy("signing key", "pending"),
    KeyState.ACTIVE: pgettext_lazy("signing key", "active"),
    KeyState.RETIRING: pgettext_lazy("signing key", "retiring"),
    KeyState.EXPIRED: pgettext_lazy("signing key", "expired"),
}


class _ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Shows ``fields`` and nothing else; whoever may "change" a row may call the actions."""

    fields: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False  # another count of a table that may be large

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every field: a page without a form."""
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are made by what they stand for: a login, a rotation."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No form writes a row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """``prune_jwt`` deletes what can no longer matter."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are for this person."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse filters on what is not shown: they would answer guesses at it, byte by byte."""
        hidden = {field.name for field in self.opts.concrete_fields} - set(self.fields)
        shown = lookup.partition("__")[0] not in hidden
        return shown and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Refuse actions to whoever may only look, where Django would show the list again."""
        if request.method == "POST" and not self.has_act_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def log_act(self, request: HttpRequest, rows: Iterable[Model], what: Any) -> None:
        """Write into the admin's history who did it."""
        LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, str(what))  # type: ignore[arg-type]


class SessionStateFilter(admin.SimpleListFilter):
    """Live, expired, ended: computed from the times, as ``LoginSession.state`` does."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Return the states."""
        return LoginSession.State.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the sessions in the state that was chosen."""
        state = self.value()
        known = state in LoginSession.State.values
        return queryset.in_state(state, clock.now()) if known else queryset


@admin.register(LoginSession)
class LoginSessionAdmin(_ReadOnlyAdmin):
    """Who is logged in where. A session is ended here, and goes only together with its user."""

    list_display = (
        *("user", "device", "ip_address", "created_at", "last_used_at"),
        *("state", "end_reason"),
    )
    list_filter = (SessionStateFilter, "end_reason", "created_at", "last_used_at")
    list_select_related = ("user",)
    ordering = ("-expires_at",)  # the newest logins first, and by an index
    actions = ("end_selected",)
    search_help_text = _("User name, device, address, or the sid of a token.")
    fields = (
        *("user", "sid", "label", "user_agent", "ip_address", "client_id", "scope", "amr"),
        *("created_at", "last_used_at", "rotated_at", "generation"),
        *("idle_expires_at", "expires_at", "state", "ended_at", "end_reason"),
    )

    @admin.display(description=_("device"), ordering="user_agent")
    def device(self, session: LoginSession) -> str:
        """What its owner named it, else what it calls itself."""
        return str(session)

    @admin.display(description=_("state"))
    def state(self, session: LoginSession) -> str:
        """What has become of it."""
        return str(session.state(clock.now()).label)

    @admin.display(description=_("sid in tokens and logs"))
    def sid(self, session: LoginSession) -> str:
        """The id as tokens spell it."""
        return session.sid

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Return what is searched: the user model's own name for a user name among it."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "label", "user_agent", "ip_address")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the session that the security log names by its sid, else search."""
        try:
            found = queryset.filter(pk=from_sid(search_term.strip()))
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return found, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let sessions go with their user, whoever may delete that; never by themselves.

        Django asks for it before it deletes a user, and gives the session then.
        """
        match = request.resolver_match
        own_pages = f"{self.opts.app_label}_{self.opts.model_name}_"
        is_own = match is not None and (match.url_name or "").startswith(own_pages)
        return obj is not None and not is_own

    @admin.action(permissions=["act"], description=_("End selected login sessions"))
    def end_selected(self, request: HttpRequest, queryset: LoginSessionQuerySet) -> None:
        """End them, and tell how many had not ended before."""
        reason = LoginSession.EndReason.REVOKED
        rows = list(queryset.only("pk", "label", "user_agent").select_related(None))
        ended = [session for session in rows if sessions.end(session.pk, reason)]
        self.log_act(request, ended, _("Ended"))
        told = ngettext(
            "%(count)d login session has been ended.",
            "%(count)d login sessions have been ended.",
            len(ended),
        )
        self.message_user(request, told % {"count": len(ended)}, messages.SUCCESS)


@admin.register(SigningKey)
class SigningKeyAdmin(_ReadOnlyAdmin):
    """Every key of the database key store with its state and times."""

    list_display = (
        "kid",
        "algorithm",
        "state",
        "created_at",
        "active_at",
        "retire_at",
        "expire_at",
    )
    ordering = ("-active_at",)
    actions = ("rotate", "revoke")
    fields = (
        *("kid", "algorithm", "state", "created_at", "active_at", "retire_at", "expire_at"),
        *("predecessor", "public_jwk"),
    )

    @admin.display(description=_("state"))
    def state(self, row: SigningKey) -> str:
        """Which part of its life the key is in; a revoked one is refused for good."""
        feed().ensure_current()
        is_revoked = row.kid in feed().revoked_kids()
        return gettext("revoked") if is_revoked else str(_STATES[state_of(row, clock.now())])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Let "rotate" be called whatever is ticked: it makes a key and changes none."""
        if "rotate" in request.POST.getlist("action") and not request.POST.get(
            ACTION_CHECKBOX_NAME
        ):
            chosen = request.POST.copy()
            chosen.update({ACTION_CHECKBOX_NAME: "-", "select_across": "1"})
            request.POST = chosen  # type: ignore[assignment]  # a mutable QueryDict is one, too
        return super().changelist_view(request, extra_context)

    @admin.action(permissions=["act"], description=_("Rotate: make the key that signs next"))
    def rotate(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Make the next key, published first, and tell from when on it signs."""
        now = clock.now()
        try:
            rotation = key_rotation.rotate(now)
        except (JWTAuthError, ImproperlyConfigured) as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        moment = display_for_value(to_datetime(rotation.active_at), "-")
        if rotation.made:
            self.log_act(request, SigningKey.objects.filter(pk=rotation.kid), _("Rotated"))
            told = gettext("The key %(kid)s was made. It signs from %(moment)s on.")
        else:
            told = gettext("The key %(kid)s is there already, and signs from %(moment)s on.")
        facts = {"kid": rotation.kid, "moment": moment}
        self.message_user(request, told % facts, messages.SUCCESS)

    @admin.action(permissions=["act"], description=_("Revoke selected keys, and all they signed"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> None:
        """Refuse them and every access token that they signed; another one signs at once."""
        for row in list(queryset):
            try:
                result = key_rotation.revoke_key(row.kid, clock.now())
            except (JWTAuthError, ImproperlyConfigured) as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.log_act(request, [row], _("Revoked"))
            facts = {"kid": result.kid, "heir": result.signs_now}
            if result.signs_now:
                told = gettext("The key %(kid)s is revoked. The key %(heir)s signs now.")
                self.message_user(request, told % facts, messages.SUCCESS)
            else:
                told = gettext("The key %(kid)s is revoked, and no key can sign now.")
                self.message_user(request, told % facts, messages.WARNING)


@admin.register(Revocation)
class RevocationAdmin(_ReadOnlyAdmin):
    """What is refused at this moment, and until when."""

    list_display = ("identifier", "revoked_at", "expires_at")
    ordering = ("-revoked_at",)
    search_fields = ("identifier",)
    fields = ("identifier", "revoked_at", "expires_at")
