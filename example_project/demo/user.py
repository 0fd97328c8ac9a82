"""The user of the demonstrations, and the lines with which a terminal logs in and out."""

from django.contrib.auth.models import Group, User

USERNAME = "demo"
PASSWORD = "demo-password"

BEARER = '-H "Authorization: Bearer $TOKEN"'


def demo_user(*groups: str) -> User:
    """Return the user, made where there is none; it joins these groups."""
    user = User.objects.filter(username=USERNAME).first()
    if user is None:
        user = User.objects.create_user(USERNAME, password=PASSWORD)
    user.groups.add(*[Group.objects.get_or_create(name=name)[0] for name in groups])
    return user


def login_line(url: str) -> str:
    credentials = f"-d username={USERNAME} -d password={PASSWORD}"
    return f"TOKEN=$(curl -s {url}/auth/login/ {credentials} | cut -d '\"' -f 4)"


def logout_line(url: str) -> str:
    return f"curl -w '%{{http_code}}\\n' -X POST {url}/auth/logout/ {BEARER}"
