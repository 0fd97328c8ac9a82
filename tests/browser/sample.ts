// How a typed page uses the client; `tsc --strict` has to accept all of it, and no `@ts-expect-error`
// may be without its error.
import {
  type Auth,
  type AuthEnd,
  type AuthError,
  type AuthUser,
  createAuth,
} from "../../django_jwtauth/static/django_jwtauth/auth.js";

const auth: Auth = createAuth({ baseUrl: "/auth/" });
createAuth({ baseUrl: "/auth/", transport: "cookie", origins: ["https://api.example.com"] });

export async function use(): Promise<number> {
  const user: AuthUser = await auth.login({ username: "ada", password: "secret" });
  await auth.login({ otp: "123456" }, "/second-step/");
  const stop: () => void = auth.onChange(({ user, ended }, before) => {
    const name: unknown = user?.username;
    const end: AuthEnd | null = ended;
    const reason: string | undefined = end?.reason;
    console.log(name, end?.code, end?.detail, reason, before?.user?.id);
  });
  const answer: Response = await auth.fetch(new Request("/api/"), { method: "POST" });
  await auth.fetch(new URL("https://api.example.com/"), { signal: AbortSignal.timeout(1000) });
  const token: string | undefined = auth.accessToken;
  await auth.logout().catch((error: AuthError) => console.log(error.status, error.code, token));
  stop();
  return answer.status + String(user.id).length + (auth.user === null ? 0 : 1);
}

// @ts-expect-error: the address is needed
createAuth({});
// @ts-expect-error: there is no such transport
createAuth({ baseUrl: "/auth/", transport: "cookies" });
// @ts-expect-error: who is logged in is not for the page to say
auth.user = null;
