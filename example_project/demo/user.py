"""The users of the demonstrations, and the lines with which a terminal logs in and out."""

from django.contrib.auth.models import Group, User

USERNAME = "demo"
PASSWORD = "demo-password"

# Staff, who may rotate and revoke signing keys on the start page, and nothing in the admin.
STAFF_USERNAME = "operator"
STAFF_PASSWORD = "operator-password"

BEARER = '-H "Authorization: Bearer $TOKEN"'


def demo_user(*groups: str) -> User:
    """Return the user, made where there is none; it joins these groups."""
    user = _user(USERNAME, PASSWORD)
    user.groups.add(*[Group.objects.get_or_create(name=name)[0] for name in groups])
    return user


def staff_user() -> User:
    """Return the user of the staff, made where there is none."""
    return _user(STAFF_USERNAME, STAFF_PASSWORD, is_staff=True)


def _user(username: str, password: str, *, is_staff: bool = False) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User.objects.create_user(username, password=password, is_staff=is_staff)
    return user


def login_line(url: str) -> str:
    credentials = f"-d username={USERNAME} -d password={PASSWORD}"
    return f"TOKEN=$(curl -s {url}/auth/login/ {credentials} | cut -d '\"' -f 4)"


def logout_line(url: str) -> str:
    return f"curl -w '%{{http_code}}\\n' -X POST {url}/auth/logout/ {BEARER}"
