// Watches each call of this page, as the network panel of a browser does, and shows it with its
// answer. Import it before whatever calls `fetch`.

import { byId, make } from "./dom.js";

const KEPT = 40;
const LINE = 64; // what is no longer than this stands on one line
const SECRET = /password|token|secret|signature/;
const listeners = new Set();
const untouched = window.fetch.bind(window);

window.fetch = async (input, init) => (await observe("", new Request(input, init))).response;

/** Calls `listener` with each call that has been answered, until the function it returns is run. */
export function onCall(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sends a request in somebody else's name: no cookie of this page goes along. */
export async function sendAs(by, method, path, { token, body } = {}) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = new Request(path, {
    method,
    headers,
    body: body && JSON.stringify(body),
    credentials: "omit",
  });
  return (await observe(by, request)).call;
}

async function observe(by, request) {
  const { method } = request;
  const call = { by, method, path: new URL(request.url).pathname, status: 0, body: null };
  const copy = request.clone();
  const started = performance.now();
  try {
    const [response, sent] = await Promise.all([untouched(request), copy.text()]);
    call.sent = parsed(sent);
    call.status = response.status;
    call.body = parsed(await response.clone().text());
    return { call, response };
  } finally {
    call.ms = Math.round(performance.now() - started);
    for (const listener of listeners) listener(call);
  }
}

/** A body as JSON, or the beginning of what is none. */
export function parsed(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text.slice(0, 400);
  }
}

/** Shows a body: passwords hidden, tokens shortened. */
function shown(body) {
  const shorten = (name, value) => {
    if (typeof value !== "string" || !SECRET.test(name)) return value;
    if (/password/.test(name)) return "••••••••";
    return value.length > 24 ? shortened(value) : value;
  };
  if (typeof body === "string") return body;
  const line = JSON.stringify(body, shorten, 1).replaceAll(/\n\s*/g, " ");
  return line.length <= LINE ? line : JSON.stringify(body, shorten, 2);
}

export const shortened = (token) => `${token.slice(0, 4)}…${token.slice(-6)}`;

/** One call as an element: its line, and what was sent and answered. */
export function callView(call, { open = false } = {}) {
  const refused = call.status === 0 || call.status >= 400;
  const line = make(
    "summary",
    {},
    make("span", { class: "verb" }, call.method),
    make("span", { class: "path" }, call.path),
    make("span", { class: `status${refused ? " refused" : ""}` }, call.status || "no answer"),
    call.body?.code ? make("span", { class: "error-code" }, call.body.code) : null,
    make("span", { class: "ms" }, `${call.by ? `${call.by}, ` : ""}${call.ms} ms`),
  );
  const bodies = [["sent", call.sent], ["answered", call.body]]
    .filter(([, body]) => body !== null && body !== undefined)
    .flatMap(([what, body]) => [
      make("p", { class: "what" }, what),
      make("pre", {}, shown(body)),
    ]);
  if (!bodies.length) bodies.push(make("p", { class: "what" }, "no body"));
  return make("details", { class: "call", open }, line, ...bodies);
}

export function startWire() {
  const list = byId("wire");
  onCall((call) => {
    byId("wire-empty").hidden = true;
    list.prepend(make("li", {}, callView(call)));
    while (list.children.length > KEPT) list.lastChild.remove();
  });
  byId("wire-clear").addEventListener("click", () => {
    list.replaceChildren();
    byId("wire-empty").hidden = false;
  });
}
