// One dialog for all questions. Escape, and the first choice, do nothing.

import { byId, make } from "./dom.js";

/** Resolves with the value of the choice: `[label, value, class]`. */
export function ask(title, text, ...choices) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-text").textContent = text;
  const buttons = [["Cancel", "", "quiet"], ...choices].map(([label, value, look]) =>
    make("button", { class: look ?? "", value }, label),
  );
  byId("ask-choices").replaceChildren(...buttons);
  const choice = new Promise((resolve) => {
    for (const button of buttons) button.onclick = () => resolve(button.value);
    // It is told late: the next question may be open by then.
    dialog.onclose = () => dialog.open || resolve("");
  });
  dialog.showModal();
  buttons[0].focus();
  return choice;
}
