// The login sessions of the user: where they are, and their end.

import { ask } from "./ask.js";
import { ago, byId, clock, make } from "./dom.js";
import { claimsOf } from "./token.js";
import { sendAs } from "./wire.js";
import { refusal, tell } from "./words.js";

const OTHER = "the other device";
const BROWSERS = [
  ["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["HeadlessChrome", "Chromium"],
  ["Chrome", "Chrome"], ["Safari", "Safari"], ["curl", "curl"], ["python", "Python"],
];
const SYSTEMS = [
  ["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"],
  ["Mac OS X", "macOS"], ["Linux", "Linux"],
];

const startedHere = new Map(); // sid -> the access token of a device that this page plays
const nicknames = new Map(); // sid -> what that device is

/** Names a login session that this page has started in another name. */
export function nickname(accessToken, name) {
  nicknames.set(claimsOf(accessToken).sid, name);
}

function device(userAgent) {
  const found = (names) => names.find(([mark]) => userAgent.includes(mark))?.[1];
  const [browser, system] = [found(BROWSERS), found(SYSTEMS)];
  return [browser, system].filter(Boolean).join(" on ") || userAgent || "Unknown device";
}

/**
 * The panel. `api` sends in the name of the user; `account` has the password of a user of the
 * demonstration, or is undefined; `leave` logs out here.
 */
export function sessionPanel({ authUrl, api, account, leave }) {
  const list = byId("session-list");
  const message = byId("sessions-message");

  async function show() {
    const answer = await api(`${authUrl}sessions/`);
    if (!answer) return;
    if (!answer.ok) return tell(message, refusal(answer.status, answer.body), "error");
    list.replaceChildren(...answer.body.map(row));
    byId("another-device").hidden = !account();
  }

  function row(session) {
    const name = nicknames.get(session.sid) ?? device(session.user_agent);
    const label = session.current ? "Log out here" : "Log out there";
    const button = make("button", { type: "button", "aria-label": `${label}: ${name}` }, label);
    button.addEventListener("click", () => (session.current ? leave() : end(session.sid, button)));
    const facts = make(
      "p",
      { class: "facts" },
      "logged in ", ago(new Date(session.created_at)),
      ", last used ", ago(new Date(session.last_used_at)),
      session.ip_address ? `, from ${session.ip_address}` : "",
    );
    const tag = session.current ? make("span", { class: "tag good" }, "this one") : null;
    return make(
      "li",
      { class: session.current ? "current" : "", "data-sid": session.sid },
      make(
        "div",
        { class: "what" },
        make("p", { class: "device", title: session.user_agent }, name, tag),
        facts,
        make("p", { class: "facts" }, "sid ", make("code", {}, session.sid)),
      ),
      button,
    );
  }

  async function end(sid, button) {
    const next = button.closest("li").nextElementSibling?.querySelector("button");
    const answer = await api(`${authUrl}sessions/${sid}/`, { method: "DELETE" });
    if (!answer) return;
    if (!answer.ok) return tell(message, refusal(answer.status, answer.body), "error");
    const nextSid = next?.closest("li").dataset.sid;
    await show();
    (list.querySelector(`[data-sid="${nextSid}"] button`) ?? byId("another-device")).focus();
    await prove(sid);
  }

  /** Calls with the token of the device that was just logged out, where this page has it. */
  async function prove(sid) {
    const token = startedHere.get(sid);
    if (!token) return tell(message, { text: "Logged out there." });
    const { exp } = claimsOf(token);
    const call = await sendAs(OTHER, "GET", `${authUrl}me/`, { token });
    const left = clock(exp - Date.now() / 1000);
    tell(message, {
      text: `Logged out there. Its access token would be good for another ${left}, and is answered:`,
      code: `${call.status} ${call.body?.code ?? ""}`,
    });
  }

  async function startAnother() {
    const { username, password } = account();
    const body = { username, password, client_id: "another-device" };
    const call = await sendAs(OTHER, "POST", `${authUrl}login/`, { body });
    if (call.status !== 200) return tell(message, refusal(call.status, call.body), "error");
    const { access_token } = call.body;
    startedHere.set(claimsOf(access_token).sid, access_token);
    nickname(access_token, "Another device, played by this page");
    await show();
    tell(message, { text: "Logged in on another device. Its tokens are its own: log it out from here." });
  }

  async function endAll() {
    const choice = await ask(
      "Log out everywhere?",
      "Each login session ends, and its tokens are refused from then on.",
      ["Everywhere else", "others"],
      ["Everywhere", "all", "danger"],
    );
    if (choice === "all") return leave({ everywhere: true });
    if (choice !== "others") return;
    const answer = await api(`${authUrl}logout/all/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ keep_current: true }),
    });
    if (!answer) return;
    if (!answer.ok) return tell(message, refusal(answer.status, answer.body), "error");
    await show();
    tell(message, { text: `Logged out everywhere else: ${answer.body.ended} ended.` });
  }

  byId("another-device").addEventListener("click", startAnother);
  byId("logout-all").addEventListener("click", endAll);
  return { show };
}
