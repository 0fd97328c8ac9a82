// The access token, taken apart, with the time that it has left.

import { byId, clock, make, place } from "./dom.js";
import { hush, tell } from "./words.js";

const MEANINGS = {
  typ: "an access token (RFC 9068)",
  alg: "how it is signed",
  kid: "the key that signed it",
  iss: "who issued it",
  aud: "whom it is for",
  sub: "the user",
  client_id: "the client that logged in",
  iat: "issued",
  exp: "expires",
  jti: "this token, to revoke it alone",
  sid: "the login session, to end it",
  scope: "what it may be used for",
  groups: "groups of the user",
};
const TIMES = new Set(["iat", "exp"]);

let shown; // the token that is on the page: its parts, header, claims, and how far clocks differ

function bytesOf(part) {
  const text = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const decoded = (part) => JSON.parse(new TextDecoder().decode(bytesOf(part)));

export const claimsOf = (token) => decoded(token.split(".")[1]);

/** Shows what `parts`, the answer of the server, says about the token. */
export function showToken(parts) {
  const before = shown?.claims.jti;
  const ahead = parts.now - Date.now() / 1000;
  shown = { parts, header: decoded(parts.header), claims: decoded(parts.claims), ahead };
  showText(parts);
  showSizes(parts);
  fill(byId("token-header"), shown.header);
  fill(byId("token-claims"), shown.claims);
  const hidden = parts.signature === null;
  byId("token-note").textContent = hidden
    ? "It lies in a cookie that no script can read. The server shows what it says, without the signature."
    : "This page holds it, and sends it in the Authorization header.";
  byId("token-signature").textContent =
    `${shown.header.alg} over the two other parts: ${Math.floor((parts.signature_length * 3) / 4)} bytes` +
    (hidden ? ", kept back here." : ".");
  byId("verify").hidden = hidden || !crypto.subtle;
  hush(byId("verify-result"));
  if (before && before !== shown.claims.jti) refreshed();
  tick();
}

export function forgetToken() {
  shown = undefined;
}

/** Seconds that the token on the page has left. */
export function secondsLeft() {
  return shown ? shown.claims.exp - (Date.now() / 1000 + shown.ahead) : Infinity;
}

function refreshed() {
  const text = byId("token-text");
  text.classList.remove("fresh");
  requestAnimationFrame(() => text.classList.add("fresh"));
}

function showText({ header, claims, signature, signature_length }) {
  byId("token-text").replaceChildren(
    make("span", { class: "in-header" }, header), ".",
    make("span", { class: "in-claims" }, claims), ".",
    make("span", { class: "in-signature" }, signature ?? "•".repeat(signature_length)),
  );
}

function showSizes({ header, claims, signature_length }) {
  const sizes = { header: header.length, claims: claims.length, signature: signature_length };
  byId("token-sizes").replaceChildren(
    ...Object.entries(sizes).map(([name, bytes]) => {
      const bar = make("span", { class: `in-${name}` });
      place(bar, { bytes });
      return bar;
    }),
  );
  const total = header.length + claims.length + signature_length + 2;
  byId("token-size").replaceChildren(
    make("strong", { id: "token-bytes" }, `${total} bytes`),
    `: header ${sizes.header}, claims ${sizes.claims}, signature ${sizes.signature}, two dots`,
  );
}

function fill(list, members) {
  list.replaceChildren(
    ...Object.entries(members).map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const time = TIMES.has(name) ? ` ${new Date(value * 1000).toLocaleTimeString("en-GB")}` : "";
      const meaning = MEANINGS[name] ? make("small", {}, `${MEANINGS[name]}${time}`) : null;
      return make("div", {}, make("dt", {}, name), make("dd", {}, make("code", {}, text), meaning));
    }),
  );
}

/** Moves the countdown. */
export function tick() {
  if (!shown) return;
  const left = secondsLeft();
  const share = Math.max(0, left / (shown.claims.exp - shown.claims.iat));
  byId("countdown").textContent = clock(left);
  place(byId("countdown-bar"), { left: share });
  byId("countdown").closest(".countdown").classList.toggle("soon", share < 0.2);
}

/** Checks the signature with the public key, as any other service may. */
export async function verify(jwksUrl) {
  const { parts, header } = shown;
  const result = byId("verify-result");
  const { keys } = await (await fetch(jwksUrl)).json();
  const jwk = keys.find((key) => key.kid === header.kid);
  if (!jwk) return tell(result, { text: `The public keys hold no ${header.kid}.` }, "error");
  if (jwk.alg !== "ES256") return tell(result, { text: `This page verifies ES256 alone.` }, "warn");
  const key = await crypto.subtle.importKey(
    "jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"],
  );
  const good = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    key,
    bytesOf(parts.signature),
    new TextEncoder().encode(`${parts.header}.${parts.claims}`),
  );
  if (good) tell(result, { text: "Verified with the public key alone. Any service can do that." });
  else tell(result, { text: "The signature does not fit." }, "error");
}
