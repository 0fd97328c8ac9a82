/** The types of auth.js, and what each name promises. */

export interface AuthOptions {
  /** Where the auth endpoints stand: "/auth/", or "https://api.example.com/auth/". */
  baseUrl: string;
  /**
   * "header" (the default): the page holds both tokens. "cookie": the browser holds them in cookies
   * that no script can read; the better choice, where the server sets `COOKIES.ENABLED`.
   */
  transport?: "header" | "cookie";
  /**
   * Origins that `fetch` sends the login to, beside the one of `baseUrl`, as `location.origin` spells
   * them: "https://api.example.com".
   */
  origins?: string[];
}

/** Who is logged in, as `me/` tells: `id`, and the user model's `USERNAME_FIELD`. */
export interface AuthUser {
  id: string | number;
  [field: string]: unknown;
}

/** Why a login ended, in the server's words. */
export interface AuthEnd {
  /** Such as "refresh_token_reused", "refresh_token_expired" or "session_ended". */
  code: string;
  /** With "session_ended": "logout_all", "revoked", "password_changed", "reuse", … */
  reason?: string;
  /** A sentence for the user. */
  detail?: string;
}

export interface AuthState {
  /** `null`: nobody is logged in. */
  user: AuthUser | null;
  /** Set where the server ended the login; `null` after a login or the user's own logout. */
  ended: AuthEnd | null;
}

/** What `login` and `logout` reject with where the server refuses: its answer's members, too. */
export interface AuthError extends Error {
  status: number;
  /** Such as "invalid_credentials", "throttled" or "invalid_request". */
  code?: string;
  detail?: string;
  /** What the server's `Retry-After` says, as it came. */
  retryAfter: string | null;
  [field: string]: unknown;
}

export interface Auth {
  /** Who is logged in at this moment. */
  readonly user: AuthUser | null;

  /**
   * The access token that this tab holds, for what `fetch` cannot do, such as a WebSocket. It may
   * have expired. `undefined` in the cookie transport and where nobody is logged in.
   */
  readonly accessToken: string | undefined;

  /**
   * Logs in with the user model's `USERNAME_FIELD` and `password`, in all tabs. `path`, relative to
   * `baseUrl`, names another view that answers as `login/` does, such as a second step.
   */
  login(fields: Record<string, unknown>, path?: string): Promise<AuthUser>;

  /** Ends the login session, in all tabs. Rejects, and ends nothing, where the server is away. */
  logout(): Promise<void>;

  /**
   * As the browser's `fetch`, with the login where the request is for a trusted origin. After a 401
   * with a Bearer challenge it refreshes and tries once more; after a 403 `csrf_failed` it asks for a
   * CSRF token and tries once more. Every other answer is the caller's.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /**
   * Calls the listener now, and whenever another user or nobody is logged in, wherever that
   * happened. Returns what takes the listener away again.
   */
  onChange(listener: (state: AuthState, before?: AuthState) => void): () => void;
}

export function createAuth(options: AuthOptions): Auth;
