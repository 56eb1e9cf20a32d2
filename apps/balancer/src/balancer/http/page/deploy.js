// What the servers are made of, how a deploy goes, and the forms that begin one or take it back.

import { carryOut, tell } from "./actions.js";
import { byId, onSubmit, say } from "./dom.js";
import { count, duration } from "./format.js";

const RUNNING = ["pulling", "rolling", "rolling back"];
const SHAPES = { done: "✓", stuck: "✕", "rolled back": "⚠" };

export const isRunning = (document) => RUNNING.includes(document?.deploy?.stage);

export function begin() {
  onSubmit(byId("roll"), roll);
  byId("roll-back").addEventListener("click", rollBack);
}

export function show({ deploy: document }, mayChange) {
  if (!document) return;
  const { release, deploy, servers } = document;
  say(byId("release"), `Release ${release.number}: ${release.image}, memory ${release.memory || "unlimited"}, CPUs ${release.cpus || "unlimited"}`);
  say(byId("deploying"), deploy ? progress(deploy, servers.length) : "There was no deploy yet.");
  byId("deploying").className = deploy?.stage === "stuck" ? "wrong" : "";
  const bar = byId("deploy-progress");
  bar.hidden = !isRunning(document);
  const [done, of] = deploy ? part(deploy, servers.length) : [0, 1];
  bar.max = of;
  bar.value = done;
  const canGoBack = ["pulling", "rolling"].includes(deploy?.stage);
  byId("roll-back").disabled = !canGoBack || !mayChange;
  say(byId("roll-back-why"), canGoBack ? "" : "No deploy is on its way that could go back.");
}

function part({ pulling, left }, servers) {
  if (pulling) return [pulling.bytes_done, Math.max(pulling.bytes, 1)];
  return [servers - left, Math.max(servers, 1)];
}

function progress({ stage, reason, pulling, wish, left }, servers) {
  const told = [`${SHAPES[stage] ?? "▶"} Deploy of release ${wish.number} (${wish.image}): ${stage}`];
  if (pulling) told.push(`${pulling.layers_done} of ${count(pulling.layers, "layer")} after ${duration(pulling.seconds)}`);
  else if (RUNNING.includes(stage)) told.push(`${count(left, "server")} of ${servers} left`);
  if (reason) told.push(reason);
  return told.join(" · ");
}

/** The release that the form wants. Throws SyntaxError. */
function wish() {
  const [image, memory, cpus] = ["image", "memory", "cpus"].map((name) => byId(`roll-${name}`).value.trim());
  const lines = byId("roll-environment").value.split("\n").filter((line) => line.trim());
  const wrong = lines.find((line) => !line.includes("="));
  if (wrong) throw new SyntaxError(`the environment's line ${wrong} has no =`);
  const environment = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
  return {
    ...(image && { image }), ...(memory && { memory }), ...(cpus && { cpus: Number(cpus) }),
    ...(lines.length && { environment }), ...JSON.parse(byId("roll-more").value.trim() || "{}"),
  };
}

function roll() {
  try {
    const wanted = wish();
    const names = Object.keys(wanted);
    if (!names.length) throw new SyntaxError("say what is to be different");
    carryOut({
      title: "Deploy another release?",
      text: `Every server gets a new container, a few at a time. Different is: ${names.join(", ")}. If one does not become ready, all go back.`,
      yes: "Deploy",
      calls: [["POST", "/deploy", wanted]],
    });
  } catch (error) {
    tell(`Nothing was sent: ${error.message}`, true);
  }
}

function rollBack() {
  carryOut({
    title: "Roll back?",
    text: "The deploy that is on its way goes back: servers that have the new release get the old one again.",
    yes: "Roll back",
    calls: [["DELETE", "/deploy"]],
  });
}
