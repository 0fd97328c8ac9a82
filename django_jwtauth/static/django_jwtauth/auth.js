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
 * it for those that open later. A Web Lock lets one tab at a time log in, refresh or log out. Where
 * a browser has no locks the tabs refresh side by side, and the server's retry window answers all of
 * them alike; without BroadcastChannel the `storage` event tells of changes.
 *
 * auth.d.ts says what each name takes and promises, docs/browser-client.md how to use it.
 */

// Milliseconds to wait for an auth endpoint. A lost answer has to be asked for again within the
// server's REFRESH_RETRY_WINDOW (30 s): after that the old token looks stolen.
const PATIENCE = 10_000;
// The longest time between two looks at the clock, for timers stand still while a laptop sleeps.
const TICK = 30_000;

export function createAuth({ baseUrl, transport = "header", storage = "local", origins = [] }) {
  const cookie = transport === "cookie";
  const base = new URL(baseUrl.replace(/\/?$/, "/"), document.baseURI);
  const trusted = [base, ...origins].map((url) => new URL(url).origin);
  const key = `jwtauth ${transport} ${base}`;
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(key);
  const listeners = new Set();
  const now = () => Date.now();

  let record = { n: 0, user: null, ended: null }; // n grows with each change: the newest wins
  let csrf; // what to send as X-CSRFToken in the cookie transport
  let refreshing; // this tab's refresh while it is under way
  let timer;

  // --- the record that all tabs share --------------------------------------------------------

  const stateOf = ({ user, ended }) => ({ user, ended });

  function adopt(other) {
    if (!(other?.n > record.n)) return;
    const before = stateOf(record);
    record = other;
    csrf = record.csrf ?? csrf;
    plan();
    const state = stateOf(record);
    if (JSON.stringify(state) !== JSON.stringify(before))
      // Each on its own, so that one that throws harms nobody else.
      for (const listener of listeners) queueMicrotask(() => listener(state, before));
  }

  function reread() {
    try {
      if (storage === "local") adopt(JSON.parse(localStorage.getItem(key)));
    } catch {
      // This page may store nothing: the login lives as long as its tabs.
    }
  }

  function save(changed) {
    const next = { user: null, ended: null, ...changed, n: Math.max(record.n + 1, now()) };
    try {
      if (storage === "local") localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // As above.
    }
    channel?.postMessage(next);
    adopt(next);
  }

  /** Keeps what login and refresh answer; due is a tenth of the token's life before its end. */
  function keep(user, { expires_in, access_token, refresh_token, csrf_token }) {
    save({
      user,
      expires: now() + expires_in * 1000,
      due: now() + expires_in * 900,
      access: access_token,
      refresh: refresh_token,
      csrf: csrf_token,
    });
  }

  // --- requests ------------------------------------------------------------------------------

  /** Runs `work` in one tab at a time; without a lock where none is to be had. */
  async function exclusively(work) {
    let entered;
    const enter = () => {
      entered = true;
      reread();
      return work();
    };
    try {
      const signal = AbortSignal.timeout(2 * PATIENCE);
      return await navigator.locks.request(key, { signal }, enter);
    } catch (error) {
      if (entered) throw error;
      return enter();
    }
  }

  /** Reads JSON; rejects where the answer breaks off, and is empty where it is something else. */
  async function bodyOf(response) {
    const text = await response.text();
    try {
      return JSON.parse(text) ?? {};
    } catch {
      return {};
    }
  }

  /** Sends a copy of the request with what proves the login; renews a CSRF token that fails. */
  async function send(request, access, again) {
    const copy = new Request(request.clone(), cookie ? { credentials: "include" } : {});
    if (access) copy.headers.set("Authorization", `Bearer ${access}`);
    if (cookie && !/^(GET|HEAD|OPTIONS)$/.test(copy.method)) {
      csrf ??= (await bodyOf(await fetch(new URL("csrf/", base), { credentials: "include" }))).csrf_token;
      copy.headers.set("X-CSRFToken", csrf);
    }
    const response = await fetch(copy);
    if (!cookie || again || response.status !== 403) return response;
    if ((await bodyOf(response.clone())).code !== "csrf_failed") return response;
    csrf = undefined;
    return send(request, access, true);
  }

  const post = (path, fields) =>
    send(
      new Request(new URL(path, base), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(fields),
        keepalive: cookie, // a page that closes meanwhile still takes the new cookies
        signal: AbortSignal.timeout(PATIENCE),
      }),
    );

  const refusal = (response, body) =>
    Object.assign(new Error(body.detail), body, { status: response.status });

  // --- refresh -------------------------------------------------------------------------------

  /** Refreshes `used`, unless a tab has tried that meanwhile; never rejects. */
  function refresh(used = record) {
    refreshing ??= exclusively(async () => {
      // While `pause` lasts the server wants to be left alone.
      if (!record.user || record.due !== used.due || record.pause > now()) return;
      let answer = {};
      let after = 0;
      try {
        const response = await post("refresh/", { refresh_token: record.refresh });
        after = response.headers.get("Retry-After") * 1000 || 0;
        answer = await bodyOf(response);
      } catch {
        // No answer.
      }
      // Without its cookie: the browser has forgotten it, for its time is over.
      if (cookie && answer.code === "invalid_request")
        answer = { error: "invalid_grant", code: "refresh_token_expired" };
      if (answer.expires_in) keep(record.user, answer);
      else if (answer.error === "invalid_grant") save({ ended: answer });
      else retryLater(after);
    }).finally(() => (refreshing = null));
    return refreshing;
  }

  /** Nothing says that the login has ended: it goes on, and all tabs wait before the next try. */
  function retryLater(after) {
    const failures = (record.failures ?? 0) + 1;
    const pause = now() + after;
    const wait = Math.min(60_000, 2 ** failures * 500) * (1 - Math.random() / 2);
    save({ ...record, failures, pause, due: Math.max(pause, now() + wait) });
  }

  function plan() {
    clearTimeout(timer);
    if (record.user) timer = setTimeout(tick, Math.min(TICK, record.due - now()));
  }

  /** Refreshes where it is time. A page out of sight waits, unless an answer may be lost. */
  function tick() {
    if (now() >= record.due && (record.failures || !document.hidden)) refresh();
    else plan();
  }

  function wake() {
    reread();
    if (record.failures) refresh();
    else tick();
  }

  /** Refreshes for a request, which goes on (and fails) at once when it is aborted. */
  const refreshFor = ({ signal }, used) =>
    Promise.race([refresh(used), new Promise((stop) => (signal.onabort = stop))]);

  for (const event of ["online", "pageshow", "visibilitychange", "storage"])
    addEventListener(event, wake);
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data) adopt(data);
      else if (record.n) channel.postMessage(record);
    };
    channel.postMessage(null); // asks the other tabs for the record
  }
  wake();

  // --- what the page calls -------------------------------------------------------------------

  return {
    get user() {
      return record.user;
    },

    get accessToken() {
      return record.access;
    },

    login: (fields, path = "login/") =>
      exclusively(async () => {
        const response = await post(path, { ...fields, transport });
        const answer = await bodyOf(response);
        if (!answer.expires_in) throw refusal(response, answer);
        csrf = answer.csrf_token;
        const me = await send(new Request(new URL("me/", base)), answer.access_token);
        const user = await bodyOf(me);
        if (!me.ok) throw refusal(me, user);
        keep(user, answer);
        return user;
      }),

    logout: () =>
      exclusively(async () => {
        const response = await post("logout/", { refresh_token: record.refresh });
        // 401: there was nothing to end.
        if (!response.ok && response.status !== 401)
          throw refusal(response, await bodyOf(response));
        save();
      }),

    async fetch(input, init) {
      const request = new Request(input, init);
      const foreign = !trusted.includes(new URL(request.url).origin);
      if (foreign || request.headers.has("Authorization")) return fetch(request);
      if (now() >= record.expires) await refreshFor(request);
      const used = record;
      const response = await send(request, used.access);
      if (response.status !== 401 || !/bearer/i.test(response.headers.get("WWW-Authenticate")))
        return response;
      await refreshFor(request, used);
      // Once more with a newer token, but never in another user's name.
      return record.expires !== used.expires && record.user?.id === used.user?.id
        ? send(request, record.access)
        : response;
    },

    onChange(listener) {
      listeners.add(listener);
      listener(stateOf(record));
      return () => listeners.delete(listener);
    },
  };
}
