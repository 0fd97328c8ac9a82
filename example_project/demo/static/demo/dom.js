// Finds, makes and fills elements. Text goes in as text and never as markup.

export const byId = (id) => document.getElementById(id);

/** Makes an element; what is no property of it becomes an attribute. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets CSS variables, which the policy of the page allows where it forbids style attributes. */
export function place(element, variables) {
  for (const [name, value] of Object.entries(variables)) {
    element.style.setProperty(`--${name}`, value);
  }
}

/** Minutes and seconds, as a clock shows them: 4:07. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const WORDS = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A moment in words relative to now, with its exact time for whoever points at it. */
export function ago(moment, now = Date.now()) {
  const seconds = Math.round((moment - now) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
  const words = Math.abs(seconds) < 5 ? "just now" : WORDS.format(Math.trunc(seconds / size), unit);
  return make("time", { dateTime: moment.toISOString(), title: moment.toLocaleString() }, words);
}

export const timeOfDay = (moment) => moment.toLocaleTimeString("en-GB");
