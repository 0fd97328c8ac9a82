"""``revoke_jwt`` ends what it was told to end, says how much that was, and nothing else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_jwtauth import sessions
from django_jwtauth.exceptions import SessionEnded, TokenRevoked
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.testing import access_token_for, expired_access_token_for, move_time
from tests.management.commands import run, run_process

NO_FEED = {"REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"}}


def is_refused(raw: str) -> bool:
    try:
        sessions.authenticate(raw)
    except TokenRevoked:
        return True
    return False


class TestUser:
    def test_every_session_of_the_user_ends_and_nobody_elses(self, user: User) -> None:
        other = sessions.start(User.objects.create_user("other"))
        pairs = [sessions.start(user), sessions.start(user)]
        ran = run("revoke_jwt", "--user", "demo")
        assert (ran.code, ran.out) == (0, "Ended 2 login sessions of demo.\n")
        for pair in pairs:
            assert is_refused(pair.access_token)
            with pytest.raises(SessionEnded) as refusal:
                sessions.refresh(pair.refresh_token)
            assert refusal.value.end_reason == "revoked"
        assert not is_refused(other.access_token)

    def test_a_user_without_sessions_is_no_mistake(self, user: User) -> None:
        assert run("revoke_jwt", "--user", "demo").out == "Ended 0 login sessions of demo.\n"

    def test_a_user_whom_nobody_knows_is_named(self, user: User) -> None:
        ran = run("revoke_jwt", "--user", "dmeo")
        assert (ran.code, ran.error) == (1, "There is no user whose username is 'dmeo'.")


class TestSession:
    def test_one_session_ends_and_the_others_go_on(self, user: User) -> None:
        ended, kept = sessions.start(user), sessions.start(user)
        ran = run("revoke_jwt", f"--session={ended.session.sid}")
        assert (ran.code, ran.out) == (0, "Ended 1 login session.\n")
        assert is_refused(ended.access_token)
        assert not is_refused(kept.access_token)

    def test_the_id_may_be_spelled_as_the_database_shows_it(self, user: User) -> None:
        pair = sessions.start(user)
        assert run("revoke_jwt", "--session", str(pair.session.pk)).code == 0
        assert is_refused(pair.access_token)

    def test_one_that_was_over_is_said_to_be(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.end(pair.session.sid)
        ran = run("revoke_jwt", f"--session={pair.session.sid}")
        assert (ran.code, ran.out) == (0, "Ended 0 login sessions: it was over before.\n")

    @pytest.mark.parametrize("sid", ["mistyped", "", "A" * 22, "ä" * 22])
    def test_a_mistyped_id_is_a_mistake_and_not_a_session_that_is_over(
        self, user: User, sid: str
    ) -> None:
        ran = run("revoke_jwt", f"--session={sid}")
        assert ran.code == 1
        assert ran.error.startswith(f"There is no login session {sid!r}")


class TestToken:
    def test_an_access_token_is_refused_and_its_session_goes_on(self, user: User) -> None:
        pair = sessions.start(user)
        ran = run("revoke_jwt", "--token", "-", stdin=f"{pair.access_token}\n")
        assert ran.code == 0
        assert ran.out.startswith("The access token is revoked. Its login session goes on")
        assert is_refused(pair.access_token)
        assert not is_refused(sessions.refresh(pair.refresh_token).access_token)

    def test_a_refresh_token_ends_its_session(self, user: User) -> None:
        pair = sessions.start(user)
        ran = run("revoke_jwt", "--token", "-", stdin=pair.refresh_token)
        assert (ran.code, ran.out[:23]) == (0, "Ended 1 login session: ")
        assert is_refused(pair.access_token)

    def test_a_token_may_stand_on_the_command_line(self, user: User) -> None:
        raw = access_token_for(user)
        assert run("revoke_jwt", "--token", raw).code == 0
        assert is_refused(raw)

    def test_a_dead_token_is_no_mistake(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.end(pair.session.sid)
        for raw in (expired_access_token_for(user), pair.access_token, pair.refresh_token):
            ran = run("revoke_jwt", "--token", "-", stdin=raw)
            assert (ran.code, ran.out) == (0, "Nothing to do: the token was dead before.\n")

    @pytest.mark.parametrize("raw", ["rubbish", "a.b.c", "jrt_rubbish", "jrt_" + "A" * 64])
    def test_what_is_not_ours_is_a_mistake(self, user: User, raw: str) -> None:
        ran = run("revoke_jwt", "--token", "-", stdin=raw)
        assert ran.code == 1
        assert ran.error
        assert raw not in ran.error

    def test_an_empty_stdin_is_a_mistake(self, db: None) -> None:
        ran = run("revoke_jwt", "--token", "-")
        assert (ran.code, ran.error) == (1, "There was no token on stdin.")

    def test_where_the_feed_revokes_nothing_it_says_so_and_fails(self, user: User) -> None:
        with override_settings(JWTAUTH=NO_FEED):
            ran = run("revoke_jwt", "--token", "-", stdin=access_token_for(user))
        assert ran.code == 1
        assert "lives until it expires" in ran.error


class TestAll:
    def test_everybody_is_logged_out_without_a_revocation_each(self, user: User) -> None:
        pairs = [sessions.start(user) for _ in range(3)]
        pairs.append(sessions.start(User.objects.create_user("other")))
        ran = run("revoke_jwt", "--all", "--no-input")
        assert (ran.code, ran.out) == (0, "Ended 4 login sessions of everybody.\n")
        assert all(is_refused(pair.access_token) for pair in pairs)
        assert not LoginSession.objects.filter(ended_at=None).exists()
        assert not Revocation.objects.filter(identifier__startswith="sid:").exists()

    def test_who_logs_in_afterwards_is_let_in(self, user: User) -> None:
        run("revoke_jwt", "--all", "--no-input")
        assert not is_refused(sessions.start(user).access_token)

    @pytest.mark.parametrize("answer", ["no\n", "y\n", "\n"])
    def test_it_asks_first_and_anything_but_yes_ends_nothing(self, user: User, answer: str) -> None:
        pair = sessions.start(user)
        ran = run("revoke_jwt", "--all", stdin=answer)
        assert (ran.code, ran.error) == (1, "Nothing was ended.")
        assert not is_refused(pair.access_token)

    def test_yes_ends_them(self, user: User) -> None:
        pair = sessions.start(user)
        assert run("revoke_jwt", "--all", stdin="yes\n").code == 0
        assert is_refused(pair.access_token)

    def test_where_nobody_is_there_to_ask_it_names_the_option(self, user: User) -> None:
        ran = run("revoke_jwt", "--all", stdin="")
        assert ran.code == 1
        assert "--no-input" in ran.error


@pytest.mark.parametrize(
    "arguments",
    ["", "--user demo --all", "--session x --token -", "--token - --all", "--no-input"],
)
def test_exactly_one_thing_is_revoked(user: User, arguments: str) -> None:
    pair = sessions.start(user)
    ran = run("revoke_jwt", *arguments.split(), stdin=pair.access_token)
    assert ran.code == 1
    assert not is_refused(pair.access_token)


@pytest.mark.django_db(transaction=True)
def test_another_process_revokes_what_comes_by_stdin() -> None:
    user = User.objects.create_user("demo")
    raw = access_token_for(user)
    ran = run_process("revoke_jwt", "--token", "-", stdin=raw)
    assert (ran.code, ran.error) == (0, "")
    again = run_process("revoke_jwt", "--token", "-", stdin=raw)
    assert (again.code, again.out) == (0, "Nothing to do: the token was dead before.\n")
    foreign = run_process("revoke_jwt", "--token", "-", stdin="rubbish")
    assert (foreign.code, foreign.out) == (1, "")
    assert foreign.error == "CommandError: The token is not a signed JWT.\n"


def test_a_session_that_only_looks_live_is_ended_too(user: User) -> None:
    pair = sessions.start(user)
    with move_time(timedelta(days=15)):
        assert run("revoke_jwt", f"--session={pair.session.sid}").code == 0
