// How the deployment is, what ails it, and the command that mends it.

import { byId, el, say } from "./dom.js";
import { count, listed } from "./format.js";

export function show({ ready, ring }) {
  say(byId("health"), sentence(ready));
  byId("health").className = ready.ready ? "good" : "bad";
  const notes = Object.entries(ready.ailments);
  if (!ring.in_step) notes.push(["ring", "the data plane does not obey this ring yet"]);
  byId("ails").hidden = !notes.length;
  const text = JSON.stringify([notes, ready.remedies]);
  if (byId("ails-list").dataset.shown === text) return;
  byId("ails-list").dataset.shown = text;
  byId("ails-list").replaceChildren(...notes.flatMap(([part, reason]) => item(part, reason, ready.remedies?.[part])));
}

function sentence(ready) {
  const serve = `${ready.N} of ${count(ready.target, "server")}`;
  const silent = ready.silent.length ? `; silent: ${listed(ready.silent)}` : "";
  return `${ready.ready ? "✓ Ready" : "⚠ Not ready"}: ${serve}${silent}`;
}

function item(part, reason, remedy) {
  const told = [el("dt", {}, `⚠ ${part}`), el("dd", {}, reason)];
  return remedy ? [...told, el("dd", {}, el("span", { className: "quiet" }, "Mend it: "), ...withCommands(remedy))] : told;
}

/** What is in backticks is a command. */
const withCommands = (text) => text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
