// A theft, step by step: each call is made, and each answer is the server's own.

import { byId, clock, make, place } from "./dom.js";
import { nickname } from "./sessions.js";
import { callView, sendAs, shortened } from "./wire.js";
import { failure, hush, refusal, tell } from "./words.js";

/** The panel. `account` is the user whom the victim and the thief both play. */
export function replayPanel({ authUrl, retryWindow, account }) {
  const list = byId("replay-steps");
  const next = byId("replay-next");
  const message = byId("replay-message");
  let story; // how far it has come, and the tokens so far

  const refresh = (by, refresh_token) =>
    sendAs(by, "POST", `${authUrl}refresh/`, { body: { refresh_token } });

  // What each step does, and what has to come of it for the next one to make sense.
  const steps = [
    {
      who: "victim",
      title: "logs in",
      why: "The app gets an access token for minutes, and a refresh token that buys the next pair.",
      async act(story) {
        const body = { username: account.username, password: account.password, client_id: "victim" };
        const call = await sendAs("victim", "POST", `${authUrl}login/`, { body });
        if (call.status === 200) {
          nickname(call.body.access_token, "The victim of the replay");
          took(story, call, "first");
        }
        return { call, wanted: 200 };
      },
    },
    {
      who: "thief",
      title: "copies the refresh token",
      why: "An injected script read it, or it stood in a backup or a log. No call is made, and nobody notices.",
      async act(story) {
        story.copy = story.tokens[0];
        return {};
      },
    },
    {
      who: "victim",
      title: "refreshes, as its app does every few minutes",
      why: "The first token is superseded. The server has stored neither of them, only the number of the generation.",
      async act(story) {
        const call = await refresh("victim", story.tokens[0].text);
        if (call.status === 200) took(story, call, "second");
        return { call, wanted: 200 };
      },
    },
    {
      who: "victim",
      title: "asks once more with the first token, as if the answer was lost",
      why: `For ${retryWindow} seconds that counts as a retry: the same second token again, and no third one. So two tabs, or a bad network, log nobody out.`,
      async act(story) {
        const call = await refresh("victim", story.tokens[0].text);
        const same = call.body?.refresh_token === story.tokens[1].text;
        return { call, wanted: 200, note: same ? "The identical refresh token came back." : "" };
      },
    },
    {
      who: "time",
      title: `the retry window of ${retryWindow} seconds passes`,
      why: `A thief who is quicker gets the same second token as the victim. Then both hold it, until one of them refreshes and the other comes more than ${retryWindow} seconds later: the login ends all the same.`,
      async act(story, view) {
        await wait(view, story.rotatedAt + retryWindow * 1000 + 300);
        return {};
      },
    },
    {
      who: "thief",
      title: "plays the copy",
      why: "The token is genuine, but was superseded long ago. Somebody holds a copy, and the server cannot tell who: it ends the login session.",
      async act(story) {
        const call = await refresh("thief", story.copy.text);
        if (call.status !== 200) story.tokens.forEach((token) => (token.state = "dead"));
        return { call, wanted: 400 };
      },
    },
    {
      who: "victim",
      title: "comes with the newest token",
      why: "It is worth nothing either, and the victim's app learns the reason: it can tell its user, who logs in again.",
      async act(story) {
        return { call: await refresh("victim", story.tokens.at(-1).text), wanted: 400 };
      },
    },
    {
      who: "victim",
      title: "tries the access token that has not expired",
      why: "Its login session has ended, so every process refuses it as well, whoever sends it.",
      async act(story) {
        const call = await sendAs("victim", "GET", `${authUrl}me/`, { token: story.access });
        return { call, wanted: 401 };
      },
    },
  ];

  /** Keeps what a login or refresh has answered. */
  function took(story, call, name) {
    story.tokens.forEach((token) => (token.state = "superseded"));
    story.tokens.push({ name, text: call.body.refresh_token, state: "current" });
    story.access = call.body.access_token;
    story.rotatedAt = Date.now();
  }

  function showTokens() {
    const looks = { current: "good", dead: "dead" };
    const chips = story.tokens.map(({ name, text, state }) => {
      const look = `chip ${looks[state] ?? ""}`;
      return make("li", { class: look }, `${name}: ${state}`, make("code", {}, shortened(text)));
    });
    if (story.copy) {
      const chip = make("li", { class: `chip ${looks[story.copy.state] ?? ""}` });
      chip.append("the thief's copy: ", make("code", {}, shortened(story.copy.text)));
      chips.push(chip);
    }
    byId("replay-tokens").replaceChildren(...chips);
    byId("replay-tokens").hidden = !chips.length;
  }

  function stepView({ who, title, why }, done) {
    const head = make(
      "p",
      { class: "step-title" },
      make("span", { class: "actor" }, who),
      make("span", {}, title),
    );
    const look = `step ${who}${done ? "" : " todo"}`;
    return make("li", { class: look }, head, done ? make("p", {}, why) : null);
  }

  async function wait(view, until) {
    const left = make("span", { class: "clock" });
    const bar = make("span", { class: "track", "aria-hidden": "true" });
    const both = make("p", { class: "waiting" }, left, bar);
    view.append(both);
    const all = until - Date.now();
    for (let rest = all; rest > 0; rest = until - Date.now()) {
      left.textContent = clock(rest / 1000);
      place(bar, { left: rest / all });
      await new Promise((resolve) => setTimeout(resolve, Math.min(200, rest)));
    }
    both.remove();
  }

  function begin() {
    story = { step: 0, tokens: [], copy: null, access: null, rotatedAt: 0 };
    list.replaceChildren(...steps.map((step) => stepView(step, false)));
    next.textContent = "Begin";
    next.hidden = false;
    next.ariaDisabled = "false";
    byId("replay-again").hidden = true;
    byId("replay").classList.remove("begun");
    hush(message);
    showTokens();
  }

  async function goOn() {
    if (next.ariaDisabled === "true") return;
    next.ariaDisabled = "true";
    byId("replay").classList.add("begun");
    const told = story; // "Begin again" may start another meanwhile
    const step = steps[told.step];
    const view = stepView(step, true);
    list.querySelectorAll("details").forEach((call) => (call.open = false));
    list.children[told.step].replaceWith(view);
    const outcome = await step.act(told, view).catch(() => null);
    if (story !== told) return;
    next.ariaDisabled = "false";
    if (outcome) showOutcome(view, outcome);
    else tell(message, failure(), "error");
  }

  function showOutcome(view, { call, wanted, note }) {
    if (call) view.append(callView(call, { open: true }));
    if (note) view.append(make("p", {}, make("strong", {}, note)));
    view.scrollIntoView({ block: "nearest" });
    showTokens();
    byId("replay-again").hidden = false;
    if (call && call.status !== wanted) {
      tell(message, refusal(call.status, call.body), "error");
      next.hidden = true;
      byId("replay-again").focus();
      return;
    }
    story.step += 1;
    next.textContent = "Next step";
    if (story.step < steps.length) {
      const summary = call ? `${call.method} ${call.path} was answered` : "Done.";
      tell(message, {
        text: `Step ${story.step} of ${steps.length}. ${summary}`,
        code: call ? [call.status, call.body?.code].filter(Boolean).join(" ") : "",
      });
      return;
    }
    next.hidden = true;
    byId("replay").classList.remove("begun");
    byId("replay-again").focus();
    tell(message, {
      text: "Caught: the copy is worthless, the login session has ended, and the victim knows why.",
    });
  }

  next.addEventListener("click", goOn);
  byId("replay-again").addEventListener("click", () => {
    begin();
    next.focus();
  });
  begin();
}
