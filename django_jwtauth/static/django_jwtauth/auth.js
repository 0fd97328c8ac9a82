/**
 * Login with django_jwtauth from a page in a browser: one module, no dependencies.
 *
 *     import { createAuth } from "/static/django_jwtauth/auth.js";
 *     const auth = createAuth({ baseUrl: "/auth/", transport: "cookie" });
 *     auth.onChange(({ user, ended }) => show(user, ended));
 *     await auth.login({ username, password });
 *     const answer = await auth.fetch("/api/notes/");
 *
 * All tabs share one record: who is logged in, until when, and in the header transport both tokens.
 * It lies in the memory of each tab; BroadcastChannel keeps the tabs alike, and localStorage keeps
 * it for those that open later. A Web Lock lets one tab at a time log in, refresh or log out.
 *
 * auth.d.ts says what each name takes and promises, docs/browser-client.md how to use it.
 */

const { now } = Date;
const { parse, stringify } = JSON;

export function createAuth({ baseUrl, transport = "header", origins = [] }) {
  const cookie = transport === "cookie";
  const base = new URL(baseUrl.replace(/\/?$/, "/"), location);
  const trusted = [base.origin, ...origins];
  const key = `jwtauth ${transport} ${base}`;
  const channel = new BroadcastChannel(key);
  const listeners = new Set();

  let record = { n: 0 }; // n grows with each change: the newest wins
  let state = { user: null, ended: null }; // what listeners see of it
  let csrf; // what to send as X-CSRFToken in the cookie transport
  let refreshing; // this tab's refresh while it is under way

  // --- the record that all tabs share --------------------------------------------------------

  function adopt(other) {
    if (other.n <= record.n) return;
    record = other;
    csrf = other.csrf_token ?? csrf;
    const before = state;
    const after = { user: other.user, ended: other.ended };
    if (stringify(after) === stringify(before)) return;
    state = after;
    // Each on its own, so that one that throws harms nobody else.
    for (const listener of listeners) queueMicrotask(() => listener(after, before));
  }

  function reread() {
    try {
      adopt(parse(localStorage[key]));
    } catch {
      // Nothing is there, or this page may store nothing: then the login lives as long as its tabs.
    }
  }

  function save(changed) {
    const next = { user: null, ended: null, ...changed, n: Math.max(record.n + 1, now()) };
    try {
      localStorage[key] = stringify(next);
    } catch {
      // As above, or the storage is full.
    }
    channel.postMessage(next);
    adopt(next);
  }

  /** Keeps what login and refresh answer; due is a tenth of the token's life before its end. */
  function keep(user, answer) {
    const life = answer.expires_in * 1000;
    save({ ...answer, user, expires: now() + life, due: now() + life * 0.9 });
  }

  // --- requests ------------------------------------------------------------------------------

  /**
   * Runs `work` in one tab at a time. Browsers have locks over https and on localhost only;
   * elsewhere tabs refresh side by side, and the server's retry window answers all of them alike.
   */
  const exclusively = async (work) =>
    navigator.locks ? navigator.locks.request(key, work) : work();

  const bodyOf = (response) => response.json().catch(() => null);

  /** Sends a copy of the request with what proves the login; once more where CSRF failed. */
  async function send(request, access, again) {
    if (access) request.headers.set("Authorization", `Bearer ${access}`);
    if (cookie && request.method !== "GET") {
      csrf ??= (await ask("csrf/")).csrf_token;
      request.headers.set("X-CSRFToken", csrf);
    }
    const response = await fetch(request.clone(), cookie ? { credentials: "include" } : {});
    if (!cookie || again || response.status !== 403) return response;
    const body = await bodyOf(response.clone());
    if (body?.code !== "csrf_failed") return response;
    csrf = null;
    return send(request, access, true);
  }

  /** Asks an auth endpoint; rejects where it refuses, with what the answer says. */
  async function ask(path, fields, access) {
    const request = new Request(new URL(path, base), {
      method: fields ? "POST" : "GET",
      headers: { "Content-Type": "application/json" },
      body: stringify(fields),
      keepalive: cookie, // a page that closes meanwhile still takes the new cookies
      // A lost answer has to be asked for again within the server's REFRESH_RETRY_WINDOW (30 s):
      // after that the old token looks stolen.
      signal: AbortSignal.timeout(10_000),
    });
    const response = await send(request, access);
    const { ok, status } = response;
    const body = await bodyOf(response);
    if (ok && (body || status === 204)) return body;
    const retryAfter = response.headers.get("Retry-After");
    throw Object.assign(new Error(body?.detail), body, { status, retryAfter });
  }

  // --- refresh -------------------------------------------------------------------------------

  /** Refreshes `used`, unless a tab has tried that meanwhile; never rejects. */
  function refresh(used = record) {
    refreshing ??= exclusively(async () => {
      reread();
      if (!record.user || record.due !== used.due || (record.held && record.due > now())) return;
      try {
        keep(record.user, await ask("refresh/", { refresh_token: record.refresh_token }));
        // The tab that comes next may be in another process, whose storage learns of it later.
        await new Promise((go) => setTimeout(go, 50));
      } catch (refused) {
        failed({ ...refused });
      }
    }).finally(() => (refreshing = null));
    return refreshing;
  }

  function failed(refused) {
    const { error, code, retryAfter } = refused;
    if (error === "invalid_grant") return save({ ended: refused });
    // No cookie: the browser has forgotten it when its time was over.
    if (cookie && code === "invalid_request")
      return save({ ended: { code: "refresh_token_expired" } });
    // Nothing said that the login has ended: it goes on, and all tabs wait before the next try.
    const wait = Math.min(60_000, record.wait * 2 || 1000);
    save({ ...record, wait, due: now() + (retryAfter * 1000 || wait), held: retryAfter > 0 });
  }

  /** Refreshes where it is time. A page out of sight waits, unless an answer may be lost. */
  function wake(event) {
    reread();
    const { due, wait } = record;
    if ((event && wait) || (now() >= due && (wait || !document.hidden))) refresh();
  }

  // Timers stand still while a laptop sleeps, so the clock is looked at often.
  setInterval(wake, 1000);
  for (const event of ["online", "pageshow", "visibilitychange"]) addEventListener(event, wake);
  channel.onmessage = ({ data }) => adopt(data);
  wake();

  // --- what the page calls -------------------------------------------------------------------

  return {
    get user() {
      return state.user;
    },

    get accessToken() {
      return record.access_token;
    },

    login: (fields, path = "login/") =>
      exclusively(async () => {
        const answer = await ask(path, { ...fields, transport });
        save(); // whoever it was
        const user = await ask("me/", undefined, answer.access_token);
        keep(user, answer);
        return user;
      }),

    logout: () =>
      exclusively(async () => {
        await ask("logout/", { refresh_token: record.refresh_token }).catch((refused) => {
          if (refused.status !== 401) throw refused; // 401: there was nothing to end
        });
        save();
      }),

    async fetch(input, init) {
      const request = new Request(input, init);
      const { signal, url } = request;
      if (!trusted.includes(new URL(url).origin)) return fetch(request);
      const renew = (used) =>
        Promise.race([refresh(used), new Promise((stop) => (signal.onabort = stop))]);
      if (now() >= record.expires) await renew(record);
      const used = record;
      const response = await send(request, used.access_token);
      if (response.status !== 401 || !/bearer/i.test(response.headers.get("WWW-Authenticate")))
        return response;
      await renew(used);
      // Once more with a newer token, but never in another user's name.
      const renewed = record.expires !== used.expires && record.user?.id === used.user?.id;
      return renewed || signal.aborted ? send(request, record.access_token) : response;
    },

    onChange(listener) {
      listeners.add(listener);
      listener(state);
      return () => listeners.delete(listener);
    },
  };
}
