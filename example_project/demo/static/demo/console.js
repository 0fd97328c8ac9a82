// The start page: puts the panels together, and shows who is logged in.

import { onCall, startWire } from "./wire.js"; // first: it watches what the others send
import { createAuth } from "../django_jwtauth/auth.js";
import { byId } from "./dom.js";
import { keyPanel } from "./keys.js";
import { replayPanel } from "./replay.js";
import { sessionPanel } from "./sessions.js";
import { forgetToken, secondsLeft, showToken, tick, verify } from "./token.js";
import { callView, parsed, sendAs } from "./wire.js";
import { ending, failure, hush, refusal, tell } from "./words.js";

const { authUrl, tokenUrl, keysUrl, notesUrl, jwksUrl, retryWindow } = document.body.dataset;
const accounts = Array.from(document.querySelectorAll(".account"), ({ dataset }) => ({ ...dataset }));
const news = byId("news");
const RETRY_AFTER = 10_000; // milliseconds

// One for each transport: the login form chooses, and after a reload one of them knows the user.
const auths = {
  header: createAuth({ baseUrl: authUrl, transport: "header" }),
  cookie: createAuth({ baseUrl: authUrl, transport: "cookie" }),
};
const users = {}; // who is logged in, by transport
const transport = () => Object.keys(users).find((name) => users[name]);
const auth = () => auths[transport()];
const user = () => users[transport()];

/** Sends in the user's name; `null` where no answer came, which is told at the top. */
async function api(path, init) {
  try {
    const response = await auth().fetch(path, init);
    return { ok: response.ok, status: response.status, body: parsed(await response.text()) };
  } catch (error) {
    if (auth()) tell(news, failure(error), "error");
    return null;
  }
}

// --- the panels --------------------------------------------------------------------------------

const account = () => accounts.find(({ username }) => username === user()?.username);
const sessions = sessionPanel({ authUrl, api, account, leave });
const keys = keyPanel({ keysUrl, api, afterwards: showEverything });
if (accounts.length) {
  replayPanel({ authUrl, retryWindow: Number(retryWindow), account: accounts[0] });
}
startWire();

let showing; // the token is being asked for
let askedAt = 0;

function showAccessToken() {
  const who = user();
  askedAt = Date.now();
  showing ??= api(tokenUrl).then((answer) => {
    showing = undefined;
    if (!answer?.ok || user() !== who) return;
    showToken(answer.body);
    document.body.toggleAttribute("data-staff", answer.body.is_staff);
  });
  return showing;
}

async function showEverything() {
  await showAccessToken();
  await sessions.show();
  if (document.body.hasAttribute("data-staff")) await keys.show();
}

setInterval(() => {
  if (!auth()) return;
  tick();
  keys.draw();
  const isLate = secondsLeft() < 0 && Date.now() - askedAt > RETRY_AFTER;
  if (isLate && !document.hidden) showAccessToken();
}, 1000);

// Other tabs and devices may have changed anything meanwhile.
document.addEventListener("visibilitychange", () => {
  if (auth() && !document.hidden) showEverything();
});

// What another call has changed is shown: the module refreshes by itself, the replay begins and ends
// a login.
onCall(({ by, path, status }) => {
  if (!auth()) return;
  if (!by && path === `${authUrl}refresh/` && status === 200) setTimeout(showAccessToken);
  const isTurn = path === `${authUrl}login/` || status === 400;
  if (["victim", "thief"].includes(by) && isTurn) setTimeout(sessions.show);
});

// --- logging in and out ------------------------------------------------------------------------

const form = byId("login");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  logIn().finally(() => (button.ariaDisabled = "false"));
});

async function logIn() {
  const problem = byId("login-problem");
  hush(problem);
  const { username, password, transport: chosen } = Object.fromEntries(new FormData(form));
  const inputs = [form.username, form.password];
  inputs.forEach((input) => input.removeAttribute("aria-invalid"));
  try {
    await auths[chosen].login({ username, password });
    form.password.value = "";
  } catch (error) {
    tell(problem, failure(error), "error");
    if (error.status === 400) inputs.forEach((input) => input.setAttribute("aria-invalid", "true"));
    form.password.focus();
  }
}

for (const button of document.querySelectorAll(".account")) {
  button.addEventListener("click", () => {
    form.username.value = button.dataset.username;
    form.password.value = button.dataset.password;
    form.querySelector("[type=submit]").focus();
  });
}

/** Logs out here, or everywhere; the module then forgets the tokens in all tabs. */
async function leave({ everywhere = false } = {}) {
  if (everywhere) {
    const answer = await api(`${authUrl}logout/all/`, { method: "POST" });
    if (!answer) return;
    if (!answer.ok) return tell(news, refusal(answer.status, answer.body), "error");
  }
  try {
    await auth()?.logout();
  } catch (error) {
    tell(news, failure(error), "error");
  }
}

byId("logout").addEventListener("click", () => leave());

let started = false; // what is known at the start is no news, and moves no focus

for (const [name, each] of Object.entries(auths)) {
  each.onChange((state) => changed(name, state));
}
started = true;

function changed(name, state) {
  const isNew = state.user?.id !== users[name]?.id;
  users[name] = state.user;
  document.body.dataset.state = user() ? "in" : "out";
  if (!user() && state.ended) tell(news, ending(state.ended), "error");
  else if (isNew) hush(news);
  if (!user()) return forget();
  byId("who-name").textContent = user().username;
  byId("who-transport").textContent = `${transport()} transport`;
  if (!isNew) return;
  if (started) byId("token-title").focus();
  showEverything();
}

/** Takes from the page what belongs to a user who is logged out. */
function forget() {
  forgetToken();
  keys.stop();
  document.body.removeAttribute("data-staff");
  byId("call-answer").replaceChildren();
  document.querySelectorAll(".signed-in-only .message, .staff-only .message").forEach(hush);
  if (started) byId("login-title").focus();
}

// --- calling the API ---------------------------------------------------------------------------

/** Shows the last of the calls that `work` makes: the one before may have been a refresh. */
async function showCall(work) {
  let last;
  const stop = onCall((call) => {
    if (!call.path.startsWith(`${authUrl}refresh/`)) last = call;
  });
  await work();
  stop();
  if (last) byId("call-answer").replaceChildren(callView(last, { open: true }));
}

byId("call-me").addEventListener("click", () => showCall(() => api(`${authUrl}me/`)));
byId("call-notes").addEventListener("click", () => showCall(() => api(notesUrl)));
byId("call-none").addEventListener("click", () => showCall(() => sendAs("nobody", "GET", notesUrl)));
byId("note").addEventListener("submit", (event) => {
  event.preventDefault();
  showCall(async () => {
    const answer = await api(notesUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: byId("note-text").value }),
    });
    if (answer?.ok) byId("note-text").value = "";
  });
});
byId("verify").addEventListener("click", () => verify(jwksUrl));
