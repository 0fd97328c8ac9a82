"""The example's start page in a browser; what a test leaves on it must fit a phone as well."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.console import PASSWORDS, Console
from tests.browser.tabs import LIMIT
from tests.example_project.servers import ROOT, Server, demo_server

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.browser.console_settings", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("console")
    url = f"sqlite:///{folder / 'console.sqlite3'}"
    with demo_server(url, folder, None, **SETTINGS) as server:
        yield server


@pytest.fixture
def new_console(chromium: Browser, server: Server) -> Iterator[Callable[[], Console]]:
    """Return what opens the page in one more browser; none may have complained in the end."""
    opened: list[Console] = []

    def make() -> Console:
        opened.append(Console.open(chromium.new_context(base_url=server.url)))
        return opened[-1]

    yield make
    too_wide = [console.is_too_wide for console in opened]
    for console in opened:
        console.page.context.close()
    assert [line for console in opened for line in console.complaints] == []
    assert not any(too_wide)


@pytest.fixture
def console(new_console: Callable[[], Console]) -> Console:
    return new_console()


def end_everything(server: Server, username: str = "demo") -> None:
    """Log out everywhere, on a device that the page knows nothing of."""
    token = server.login(username, PASSWORDS[username])["access_token"]
    assert server.call("POST", "/auth/logout/all/", token).status_code == 200


def test_a_wrong_password_is_told_in_words_with_its_code(console: Console) -> None:
    console.page.get_by_label("User name").fill("demo")
    console.page.get_by_label("Password").fill("a guess")
    console.button("Log in").click()
    problem = console.page.get_by_role("alert").filter(has_text="400 invalid_credentials")
    expect(problem).to_contain_text("credentials", timeout=LIMIT)
    expect(console.page.get_by_label("Password")).to_be_focused()
    console.button("demo demo-password fill in").click()
    console.button("Log in").click()
    console.is_in()


def test_an_empty_form_names_the_fields(console: Console) -> None:
    console.button("Log in").click()
    console.says("#login-problem", "username:", "password:", "400 invalid_request")


def test_the_token_is_taken_apart_and_counts_down(console: Console, server: Server) -> None:
    console.log_in()
    token = console.find("#token-text").inner_text()
    assert server.call("GET", "/auth/me/", token).json()["username"] == "demo"
    assert console.find("#token-bytes").inner_text() == f"{len(token)} bytes"
    assert console.claim("typ", "header") == "at+jwt"
    assert int(console.claim("exp")) - int(console.claim("iat")) <= 300
    before = console.find("#countdown").inner_text()
    assert re.fullmatch(r"[45]:\d\d", before)
    expect(console.find("#countdown")).not_to_have_text(before, timeout=LIMIT)
    assert console.find("#countdown").inner_text() < before
    console.button("Verify in this browser").click()
    console.says("#verify-result", "Verified with the public key alone")
    wire = console.find("#wire").text_content() or ""
    assert "/console/token/" in wire
    assert token.rsplit(".", 1)[1] not in wire


def test_of_a_token_in_a_cookie_no_script_sees_the_signature(console: Console) -> None:
    console.log_in(transport="cookie")
    header, claims, signature = console.find("#token-text").inner_text().split(".")
    assert (set(signature), len(signature)) == ({"•"}, 86)
    cookies = {cookie["name"]: cookie for cookie in console.page.context.cookies()}
    real = cookies["access"]["value"].split(".")
    assert real[:2] == [header, claims]
    seen = console.page.evaluate("document.cookie + JSON.stringify(localStorage)")
    seen += console.page.content()
    assert real[2] not in seen
    assert cookies["refresh"]["value"] not in seen
    expect(console.button("Verify in this browser")).to_be_hidden()


@pytest.mark.parametrize("transport", ["header", "cookie"])
def test_the_api_is_called_and_the_login_outlives_a_reload(
    console: Console, transport: str
) -> None:
    console.log_in(transport=transport)
    answer = "#call-answer"
    console.button("Who am I?").click()
    console.says(answer, "/auth/me/", "200", '"username": "demo"')
    console.page.get_by_label("Text of a note").fill(f"bread, by {transport}")
    console.page.keyboard.press("Enter")
    console.says(answer, "POST", "201")
    console.page.reload()
    console.is_in()
    console.button("My notes").click()
    console.says(answer, "200", f"bread, by {transport}")
    console.button("Without a token").click()
    console.says(answer, "401", "Authentication credentials were not provided.")
    console.button("Log out").click()
    console.is_out()
    expect(console.find("#wire li").first).to_contain_text("/auth/logout/")


@pytest.mark.parametrize("transport", ["header", "cookie"])
def test_another_device_is_logged_out_there(console: Console, transport: str) -> None:
    console.log_in(transport=transport)
    console.button("Log in on another device").click()
    there = console.button("Log out there: Another device, played by this page")
    there.click()
    console.says(
        "#sessions-message", "Logged out there", "would be good for another 4:", "401 token_revoked"
    )
    expect(there).to_have_count(0)
    console.button("Who am I?").click()
    console.says("#call-answer", "200")


def test_logging_out_everywhere_else_spares_this_page_and_everywhere_does_not(
    console: Console, new_console: Callable[[], Console]
) -> None:
    other = new_console()
    for each in (console, other):
        each.log_in()
    console.button("Log out everywhere …").click()
    console.button("Everywhere else").click()
    console.says("#sessions-message", "Logged out everywhere else")
    other.button("Who am I?").click()
    other.is_out()
    other.says(
        "#news", "You were logged out everywhere. Log in again.", "session_ended, logout_all"
    )

    console.button("Log out everywhere …").click()
    console.button("Everywhere").click()
    console.is_out()
    expect(console.find("#news")).to_be_hidden()


def test_a_login_that_was_ended_elsewhere_is_told_with_its_reason(
    console: Console, server: Server
) -> None:
    console.log_in("operator", "cookie")
    end_everything(server, "operator")
    console.button("Who am I?").click()
    console.is_out()
    console.says("#news", "session_ended, logout_all")
    expect(console.find("#login-title")).to_be_focused()
    console.log_in("operator")
    expect(console.find("#news")).to_be_hidden()


def test_the_keys_are_not_shown_to_others_than_staff(console: Console) -> None:
    console.log_in("demo")
    expect(console.find("#sessions li").first).to_be_visible(timeout=LIMIT)
    expect(console.find("#keys")).to_be_hidden()
    assert "/console/keys/" not in console.find("#wire").inner_text()


@pytest.mark.parametrize("transport", ["header", "cookie"])
def test_staff_revokes_the_key_that_signs_and_stays_logged_in(
    console: Console, server: Server, transport: str
) -> None:
    console.log_in("operator", transport)
    kid = console.claim("kid", "header")
    console.button(f"Revoke {kid}").click()
    console.page.keyboard.press("Escape")
    expect(console.button(f"Revoke {kid}")).to_be_focused()
    console.button(f"Revoke {kid}").click()
    console.button("Revoke").click()
    console.says(
        "#keys-message", f"The key {kid} is revoked", "you are still logged in", "refresh 200"
    )
    expect(console.find(f".key:has-text('{kid}')")).to_have_attribute("data-state", "revoked")
    assert console.claim("kid", "header") != kid
    published = server.call("GET", "/.well-known/jwks.json").text
    assert kid not in published
    assert console.claim("kid", "header") in published


def test_staff_rotates_and_the_timeline_follows(console: Console) -> None:
    console.log_in("operator")
    console.button("Rotate").click()
    console.says("#keys-message", "It is published now")
    pending = console.find(".key[data-state=pending]")
    expect(pending).to_contain_text("signs from")
    assert pending.locator(".lane .span").count() == 2  # pending, and active after that
    console.button("Rotate").click()
    console.says("#keys-message", "waits to sign already")
    console.button("Rotate now, in 5 seconds").click()
    console.says("#keys-message", "signs sooner")
    # Without a click: the page knows when the next state comes.
    expect(console.find(".key[data-state=retiring]").first).to_be_visible(timeout=LIMIT)
    expect(pending).to_have_count(0)


def test_a_stolen_token_is_caught_step_by_step(console: Console) -> None:
    console.log_in()
    step = console.find("#replay-next")
    expect(step).to_have_text("Begin")
    for done in range(1, 8):
        step.click()
        console.says("#replay-message", f"Step {done} of 8")
    step.click()
    console.says("#replay-message", "Caught")
    calls = console.find("#replay-steps summary")
    shown = [re.sub(r"\s+", " ", text) for text in calls.all_inner_texts()]
    patterns = [
        r"POST /auth/login/ 200 victim",
        r"POST /auth/refresh/ 200 victim",
        r"POST /auth/refresh/ 200 victim",
        r"POST /auth/refresh/ 400 refresh_token_reused thief",
        r"POST /auth/refresh/ 400 session_ended victim",
        r"GET /auth/me/ 401 token_revoked victim",
    ]
    assert len(shown) == len(patterns)
    for text, pattern in zip(shown, patterns, strict=True):
        assert re.search(pattern, text), text
    console.says("#replay-steps", "The identical refresh token came back.")
    expect(console.find("#replay-tokens .dead")).to_have_count(3)
    expect(console.button("Log out there: The victim of the replay")).to_have_count(0)
    console.button("Begin again").click()
    expect(step).to_be_focused()
    console.is_in()


def test_the_keyboard_alone_logs_in_and_answers_a_question(console: Console) -> None:
    keys = console.page.keyboard

    def press(key: str, wanted: str) -> None:
        """Press the key, and see the focus on what it must lead to."""
        keys.press(key)
        expect(console.find(wanted)).to_be_focused()
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert console.page.evaluate(outline) == "solid", wanted

    press("Tab", ".skip")
    press("Tab", "#username")
    keys.type("demo")
    press("Tab", "#password")
    keys.type(PASSWORDS["demo"])
    press("Tab", "input[value=header]")
    press("ArrowRight", "input[value=cookie]")
    press("Tab", "#login [type=submit]")
    keys.press("Enter")
    console.is_in()
    expect(console.find("#token-title")).to_be_focused()
    console.find("#logout-all").focus()
    press("Enter", "#ask button:text-is('Cancel')")
    press("Tab", "#ask button:text-is('Everywhere else')")
    press("Escape", "#logout-all")
    press("Enter", "#ask button:text-is('Cancel')")
    press("Tab", "#ask button:text-is('Everywhere else')")
    press("Tab", "#ask button:text-is('Everywhere')")
    keys.press("Enter")
    console.is_out()
    expect(console.find("#login-title")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_text_can_be_read(console: Console, scheme: str) -> None:
    console.button("Log in").click()
    console.says("#login-problem", "400")
    assert console.low_contrasts(scheme) == []
    console.log_in("operator")
    console.button("Without a token").click()
    expect(console.find(".key").first).to_be_visible(timeout=LIMIT)
    console.find("#replay-next").click()
    console.says("#replay-message", "Step 1")
    assert console.low_contrasts(scheme) == []


def test_each_address_is_our_own(console: Console, server: Server) -> None:
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.url))
    console.page.reload()
    console.log_in("operator")
    expect(console.find(".key").first).to_be_visible(timeout=LIMIT)
    assert len(asked) > 10
    assert all(url.startswith(server.url + "/") for url in asked)


def test_what_a_thief_wrote_into_a_user_agent_stays_text(console: Console, server: Server) -> None:
    body = {"username": "demo", "password": PASSWORDS["demo"]}
    evil = {"User-Agent": "<img src=x onerror=alert(1)>"}
    answer = requests.post(f"{server.url}/auth/login/", json=body, headers=evil, timeout=30)
    assert answer.status_code == 200
    console.log_in()
    expect(console.find("#session-list")).to_contain_text(evil["User-Agent"], timeout=LIMIT)
    assert console.find("#session-list img").count() == 0
