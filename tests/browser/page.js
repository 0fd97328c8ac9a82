// A page as a project would have it. What stands in its address goes to `createAuth`; with `wait`
// it does so once it is told to, so that many tabs can start at the same moment.
import { createAuth } from "/static/django_jwtauth/auth.js";

const { wait, origins, ...options } = Object.fromEntries(new URLSearchParams(location.search));
const line = document.querySelector("[role=status]");

function start() {
  const auth = createAuth({ baseUrl: "/auth/", origins: origins?.split(" "), ...options });
  window.auth = auth;
  window.seen = [];
  auth.onChange((state, before) => {
    window.seen.push({ ...state, before });
    const { user, ended } = state;
    if (user) line.textContent = `Logged in as ${user.username}.`;
    else line.textContent = ended ? `Logged out: ${ended.detail ?? ended.code}` : "Logged out.";
  });
}

if (wait) new BroadcastChannel("start").onmessage = start;
else start();
