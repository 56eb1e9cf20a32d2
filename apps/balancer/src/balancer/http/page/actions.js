// Changes of the deployment: said exactly, confirmed, carried out one after the other, and what the API answered.

import { ask } from "./api.js";
import { byId, el } from "./dom.js";
import { count, listed } from "./format.js";

const SHOWN = 5;

const underway = new Set(); // the calls that have no answer yet, as JSON
let after = () => {};

/** `changed` is called after each change. */
export function begin(changed) {
  after = changed;
  byId("answers-close").addEventListener("click", close);
}

export function close() {
  byId("answers").hidden = true;
  byId("answer-list").replaceChildren();
}


/** Asks for confirmation and carries the calls, [method, path, body], out; the first that is refused is the last.
 * Returns whether all were carried out. */
export async function carryOut({ title, text, yes, calls }) {
  if (!(await isConfirmed(title, text, yes, calls))) return false;
  for (const [at, call] of calls.entries()) {
    if (await isDone(call)) continue;
    if (at + 1 < calls.length) tell(`Left out after that: ${listed(calls.slice(at + 1).map(written))}`);
    return false;
  }
  return true;
}

export function tell(text, isBad = false) {
  const line = el("li", { className: isBad ? "wrong" : "" }, text);
  byId("answer-list").append(line);
  while (byId("answer-list").children.length > SHOWN) byId("answer-list").firstChild.remove();
  byId("answers").hidden = false;
  return line;
}

function isConfirmed(title, text, yes, calls) {
  const dialog = byId("confirm");
  byId("confirm-head").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  byId("confirm-calls").replaceChildren(...calls.map((call) => el("li", {}, el("code", {}, written(call)))));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function isDone(call) {
  const what = JSON.stringify(call);
  if (underway.has(what)) {
    tell(`Nothing was sent: ${written(call)} is underway already`, true);
    return false;
  }
  const line = tell(`${written(call)}: waiting for the answer …`);
  underway.add(what);
  try {
    line.textContent = `✓ ${written(call)}: ${told(await ask(...call))}`;
    return true;
  } catch (refused) {
    line.textContent = `✕ ${written(call)}: ${refused.status || ""} ${refused.message}`;
    line.className = "wrong";
    return false;
  } finally {
    underway.delete(what);
    after();
  }
}

const written = ([method, path, body]) => `${method} ${path}${body ? ` ${JSON.stringify(body, withoutSecrets)}` : ""}`;

/** Values of an environment may be secrets, which no screen shows. */
const withoutSecrets = (name, value) =>
  name === "environment" ? Object.fromEntries(Object.keys(value).map((variable) => [variable, "…"])) : value;

function told(document) {
  if (document.message?.replicas) return `${count(document.message.N, "server")}: ${listed(document.message.replicas)}`;
  if (document.deploy) return `the deploy is ${document.deploy.stage}`;
  return document.version === undefined ? "done" : `the ring has version ${document.version}`;
}
