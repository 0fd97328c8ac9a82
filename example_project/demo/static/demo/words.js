// Says what happened: the server's own sentence, with the code that a program would look at.

import { make } from "./dom.js";

const ENDED = {
  logout: "You have logged out.",
  logout_all: "You were logged out everywhere.",
  revoked: "This login was ended from another device.",
  password_changed: "The password has been changed.",
  user_inactive: "This user has been deactivated.",
  reuse: "An old copy of your refresh token was used, so somebody may have stolen it.",
};

/** What to tell of a refused answer. */
export function refusal(status, body) {
  const fields = Object.entries(Object(body));
  const messages = fields
    .filter(([, value]) => Array.isArray(value))
    .map(([name, value]) => `${name}: ${value.join(" ")}`);
  const text = messages.join(" ") || body?.detail || "The server refused.";
  return { text, code: [status, body?.code].filter(Boolean).join(" ") };
}

/** What to tell of an error that `auth` or `fetch` has thrown; without a status nothing answered. */
export function failure(error) {
  if (error?.status) return refusal(error.status, error);
  return { text: "The server does not answer. Nothing is lost: try again.", code: "no answer" };
}

/** What to tell of a login that has ended. */
export function ending({ code, reason, detail }) {
  const text = ENDED[reason] ?? detail ?? "Your login has ended.";
  return { text: `${text} Log in again.`, code: [code, reason].filter(Boolean).join(", ") };
}

/** Fills a message: its kind is "", "warn" or "error". */
export function tell(element, { text, code }, kind = "") {
  const shown = code ? make("code", { class: "code" }, code) : null;
  element.replaceChildren(...[text, shown].filter(Boolean));
  element.className = `message ${kind}`;
  element.hidden = false;
}

export function hush(element) {
  element.hidden = true;
  element.replaceChildren();
}
