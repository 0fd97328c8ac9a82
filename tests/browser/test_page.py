"""docs/browser-client.md: its page, in a browser, under the policy that it names."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from django_jwtauth import exceptions
from django_jwtauth.models import LoginSession
from tests.browser.site import PASSWORD, Site
from tests.browser.tabs import Person
from tests.documentation.pages import README, blocks, fences, follow, run, write_block
from tests.example_project.servers import ROOT

PAGE = (ROOT / "docs" / "browser-client.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (code,) = (code for named, code in blocks(PAGE) if named == language)
    return code


@pytest.fixture(params=["cookie", "header"])
def page(
    request: pytest.FixtureRequest, site: Site, new_person: Callable[[Site, str], Person]
) -> Page:
    """Return the page, with the one word changed that makes it use headers."""
    script = block("js").replace('"cookie"', f'"{request.param}"')
    name, policy = block("text").strip().split(": ")

    def html(route: Route) -> None:
        route.fulfill(body=block("html"), content_type="text/html", headers={name: policy})

    def app(route: Route) -> None:
        route.fulfill(body=script, content_type="text/javascript")

    context = new_person(site, request.param).context
    context.route("**/app/", html)
    context.route("**/static/app.js", app)
    page = context.new_page()
    page.goto(site.at("/app/"))
    return page


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_the_page_logs_in_and_out(page: Page, site: Site) -> None:
    name = site.new_user()
    log_in(page, name, "wrong")
    page.get_by_text("No active account matches these credentials.").wait_for()
    log_in(page, name, PASSWORD)
    page.get_by_text(f"Hello, {name}. You are logged in on this many devices: 1").wait_for()
    assert page.get_by_label("Password").is_hidden()

    site.fault("/auth/logout/", status=503, times=1)
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("You are still logged in").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    assert page.get_by_role("alert").inner_text() == ""


def test_the_page_says_why_a_login_ended(page: Page, site: Site) -> None:
    name = site.new_user()
    log_in(page, name, PASSWORD)
    page.get_by_text(f"Hello, {name}.").wait_for()
    assert site.post(f"/users/{name}/password/").status_code == 204
    page.reload()
    page.get_by_text("The session has ended.").wait_for()
    page.get_by_role("button", name="Log in").wait_for()


def test_a_project_finds_the_module_with_the_pages_steps(tmp_path: Path) -> None:
    run(tmp_path, "django-admin", "startproject", "mysite", ".")
    for code in fences(README.read_text(encoding="utf-8"), "python"):
        write_block(tmp_path, code)
    ((_, found),) = follow(PAGE, tmp_path)
    assert "django_jwtauth/static/django_jwtauth/auth.js" in found.stdout


def test_the_page_names_every_end_that_the_server_knows() -> None:
    ends = exceptions.RefreshTokenError.__subclasses__()
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {end.code for end in ends} | {*LoginSession.EndReason.values} <= named
