"""Two transactions meet: the one that has to give way comes again, and nobody hears of it."""

import pytest
from django.contrib.auth.models import User

from django_jwtauth import sessions
from tests.transactions.interference import meanwhile


@pytest.mark.django_db(transaction=True)
def test_all_sessions_of_a_user_end_however_often_another_one_writes_in_between() -> None:
    user = User.objects.create_user("ann")
    others = [sessions.start(User.objects.create_user(f"other-{n}")) for n in range(10)]
    for _ in range(3):
        sessions.start(user)

    def refresh_another_session() -> None:
        sessions.refresh(others.pop().refresh_token)

    with meanwhile(refresh_another_session, before=("UPDATE", "loginsession"), times=5):
        assert sessions.end_all(user) == 3

    assert not sessions.active(user).exists()
