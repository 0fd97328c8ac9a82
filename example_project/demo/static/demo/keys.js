// The signing keys on a timeline, for staff.

import { ask } from "./ask.js";
import { byId, clock, make, place, timeOfDay } from "./dom.js";
import { onCall } from "./wire.js";
import { refusal, tell } from "./words.js";

const BEFORE = 10 * 60; // seconds of the timeline to the left of now
const AFTER = 25 * 60;
const MARKS = [-5, 0, 10, 20]; // minutes

const seconds = (text) => (text === null ? Infinity : Date.parse(text) / 1000);

/** The parts of a key's life: `[state, from, to]`, in seconds since the epoch. */
function life(key) {
  const end = key.revoked_at === null ? Infinity : seconds(key.revoked_at);
  const [made, active, retire, expire] = ["created_at", "active_at", "retire_at", "expire_at"].map(
    (name) => seconds(key[name]),
  );
  const parts = [
    ["pending", made, Math.min(active, retire)],
    ["active", active, retire],
    ["retiring", retire, expire],
  ].map(([state, from, to]) => [state, from, Math.min(to, end)]);
  return [...parts, ["revoked", end, Infinity]].filter(([, from, to]) => from < to);
}

/** The panel. `api` sends in the name of the user; `afterwards` is run when a key has changed. */
export function keyPanel({ keysUrl, api, afterwards }) {
  const message = byId("keys-message");
  let drawn = []; // what moves as time goes on
  let ahead = 0; // by how much the server's clock runs ahead of ours, in seconds
  let timer;

  const now = () => Date.now() / 1000 + ahead;
  const at = (moment) => Math.min(1, Math.max(0, (moment - now() + BEFORE) / (BEFORE + AFTER)));

  async function show() {
    clearTimeout(timer);
    const answer = await api(keysUrl);
    if (!answer) return;
    if (!answer.ok) return tell(message, refusal(answer.status, answer.body), "error");
    ahead = seconds(answer.body.now) - Date.now() / 1000;
    const { keys } = answer.body;
    const recent = keys.filter(isRecent);
    const focused = document.activeElement?.dataset.kid;
    drawn = [];
    byId("key-list").replaceChildren(...recent.map(row), axis(keys.length - recent.length));
    if (focused) byId("key-list").querySelector(`[data-kid="${focused}"]`)?.focus();
    draw();
    planNext(recent);
  }

  const isRecent = (key) =>
    key.state === "revoked"
      ? seconds(key.revoked_at) > now() - BEFORE
      : seconds(key.expire_at) > now() - BEFORE;

  /** Shows the keys again when the next one changes its state. */
  function planNext(keys) {
    const changes = keys
      .flatMap((key) => [key.active_at, key.retire_at, key.expire_at].map(seconds))
      .filter((moment) => moment > now());
    const next = Math.min(...changes);
    if (next < now() + 86400) timer = setTimeout(show, (next - now()) * 1000 + 200);
  }

  function row(key) {
    const spans = life(key).map(([state, from, to]) => {
      const span = make("span", { class: `span ${state}` });
      drawn.push(() => place(span, { from: at(from), to: at(to) }));
      return span;
    });
    const facts = make("span", { class: "facts" });
    drawn.push(() => (facts.textContent = told(key)));
    const look = key.state === "revoked" ? " bad" : key.signs ? " good" : "";
    const state = make("span", { class: `tag${look}` }, key.signs ? "active, signs" : key.state);
    return make(
      "li",
      { class: "key", "data-state": key.state },
      make(
        "div",
        { class: "key-line" },
        make("span", { class: "kid" }, key.kid),
        state,
        facts,
        ["revoked", "expired"].includes(key.state) ? null : revokeButton(key),
      ),
      make("div", { class: "lane", "aria-hidden": "true" }, ...spans, nowLine()),
    );
  }

  function nowLine() {
    const line = make("span", { class: "now" });
    drawn.push(() => place(line, { at: at(now()) }));
    return line;
  }

  function revokeButton(key) {
    const button = make(
      "button",
      { type: "button", class: "quiet", "data-kid": key.kid, "aria-label": `Revoke ${key.kid}` },
      "Revoke …",
    );
    button.addEventListener("click", () => revoke(key));
    return button;
  }

  /** When the key does what, in words. */
  function told(key) {
    const when = (moment) => `${timeOfDay(new Date(moment * 1000))}, in ${clock(moment - now())}`;
    const [active, retire, expire] = [key.active_at, key.retire_at, key.expire_at].map(seconds);
    if (key.state === "revoked") return "refused for good, with each token that it signed";
    if (key.state === "expired") return "its last token has run out";
    if (key.state === "pending") return `signs from ${when(active)}`;
    if (key.state === "retiring") return `verifies until ${when(expire)}`;
    return retire < Infinity ? `signs until ${when(retire)}` : `${key.algorithm}, no end is set`;
  }

  function axis(hidden) {
    const marks = MARKS.map((minutes) => {
      const text = minutes === 0 ? "now" : `${minutes > 0 ? "+" : "−"}${Math.abs(minutes)} min`;
      const mark = make("span", { class: minutes === 0 ? "at-now" : "" }, text);
      place(mark, { at: (minutes * 60 + BEFORE) / (BEFORE + AFTER) });
      return mark;
    });
    const more = hidden ? make("p", { class: "small" }, `${hidden} older ones are over.`) : null;
    return make(
      "li",
      {},
      make("div", { class: "axis", "aria-hidden": "true" }, ...marks),
      more,
    );
  }

  const draw = () => drawn.forEach((move) => move());

  async function post(path, body) {
    const answer = await api(keysUrl + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer && !answer.ok) tell(message, refusal(answer.status, answer.body), "error");
    return answer?.ok ? answer.body : null;
  }

  async function rotate(immediately) {
    const result = await post("rotate/", { immediately });
    if (!result) return;
    const from = `${timeOfDay(new Date(result.active_at))}`;
    let text = `The key ${result.kid} waits to sign already, from ${from} on: none was made.`;
    if (result.made) text = `Made the key ${result.kid}. It is published now, and signs from ${from} on.`;
    if (result.promoted) text = `The key ${result.kid} was waiting, and signs sooner: from ${from} on.`;
    tell(message, { text });
    await show();
  }

  async function revoke(key) {
    const heir = key.signs ? " Another key signs at once." : "";
    const choice = await ask(
      `Revoke the key ${key.kid}?`,
      `Each access token that it signed is refused everywhere, for good.${heir} Nobody is logged out.`,
      ["Revoke", "revoke", "danger"],
    );
    if (choice !== "revoke") return;
    const result = await post(`${encodeURIComponent(key.kid)}/revoke/`, {});
    if (!result) return;
    const seen = [];
    const stop = onCall((call) => seen.push(call));
    await afterwards();
    stop();
    byId("rotate").focus();
    const text = `The key ${result.kid} is revoked, and ${result.signs_now || "none"} signs now.`;
    const refused = seen.find((call) => call.status === 401);
    const renewed = seen.find((call) => call.path.endsWith("/refresh/") && call.status === 200);
    if (!refused || !renewed) return tell(message, { text });
    const codes = [refused.status, refused.body?.code, "refresh", renewed.status];
    tell(message, {
      text: `${text} Your own token was refused, this page refreshed, and you are still logged in:`,
      code: codes.filter(Boolean).join(" "),
    });
  }

  byId("rotate").addEventListener("click", () => rotate(false));
  byId("rotate-now").addEventListener("click", () => rotate(true));
  return { show, draw, stop: () => clearTimeout(timer) };
}
