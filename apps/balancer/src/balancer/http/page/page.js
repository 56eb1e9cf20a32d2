// The page: who uses it, what it asks the balancer for and how often, and which section shows what.

import * as actions from "./actions.js";
import { Refused, ask } from "./api.js";
import * as deploy from "./deploy.js";
import { byId, onSubmit, say } from "./dom.js";
import { Events } from "./events.js";
import * as fleetForms from "./fleet-forms.js";
import { Fleet } from "./fleet.js";
import { clock } from "./format.js";
import * as health from "./health.js";
import { History } from "./history.js";
import { assign } from "./paints.js";
import { Poll } from "./poll.js";
import { RingView } from "./ring-view.js";
import * as session from "./session.js";
import { WhatIf } from "./what-if.js";

const RING_EVERY = 3; // seconds
const LOAD_EVERY = 5;
const DEPLOY_EVERY = 20; // events of a deploy bring the next look forward
const GAP = 15_000; // milliseconds without figures, after which the history is asked for again

const state = { ready: null, ring: null, slots: null, points: null, load: null, history: new History(), deploy: null };
let known = ""; // the ring that `slots` and `points` belong to
let seen = 0; // when the balancer last answered
let measured = 0;

const views = {};
const polls = [new Poll(lookAtRing), new Poll(lookAtLoad), new Poll(lookAtDeploy)];
const [ringPoll, , deployPoll] = polls;

async function lookAtRing() {
  return looked(RING_EVERY, async () => {
    const [ready, ring] = await Promise.all([ask("GET", "/healthz"), ask("GET", "/ring")]);
    const key = JSON.stringify([ring.version, ring.digest, ring.servers.map(({ hostname, state }) => [hostname, state])]);
    if (key !== known) {
      [state.slots, state.points] = await Promise.all([ask("GET", "/ring/slots"), ask("GET", "/ring/points").catch(() => null)]);
      known = key;
    }
    Object.assign(state, { ready, ring });
    seen = Date.now();
    byId("away").hidden = true;
    assign(ring.servers.map(({ hostname }) => hostname));
    health.show(state);
    views.ring.show(state);
    views.fleet.show(state);
    fleetForms.show(state);
    views.whatIf.show(state);
  }, away);
}

async function lookAtLoad() {
  return looked(LOAD_EVERY, async () => {
    const isGap = Date.now() - measured > GAP;
    state.load = await ask("GET", isGap ? "/load?history=1" : "/load");
    if (isGap) state.history = new History(state.load.history);
    else state.history.append(state.load);
    measured = Date.now();
    if (state.ring) views.fleet.show(state);
  });
}

async function lookAtDeploy() {
  const pause = await looked(DEPLOY_EVERY, async () => {
    state.deploy = await ask("GET", "/deploy");
    deploy.show(state, session.mayChange());
  });
  return deploy.isRunning(state.deploy) ? RING_EVERY : pause;
}

/** Does the work and returns the seconds until it is due again: soon where it failed. A refused token ends all work. */
async function looked(pause, work, failed = () => {}) {
  try {
    await work();
    return pause;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) signedOut("The token is not, or no longer, one of this deployment's.");
    else failed(error);
    return RING_EVERY;
  }
}

function away(refused) {
  const since = seen ? ` What is below is from ${clock(seen)}.` : "";
  say(byId("away"), `⚠ The balancer does not answer (${refused.message}).${since} This page goes on asking.`);
  byId("away").hidden = false;
  say(byId("health"), "⚠ No answer");
  byId("health").className = "bad";
}

async function signIn() {
  try {
    await session.begin();
    signedIn();
  } catch (refused) {
    if (refused.status === 401) return signedOut(session.wasTried() ? `Not let in: ${refused.message}` : "");
    away(refused);
    setTimeout(signIn, RING_EVERY * 1000);
  }
  return undefined;
}

function signedIn() {
  byId("sign-in").hidden = true;
  byId("content").hidden = document.querySelector("nav").hidden = false;
  byId("who").hidden = !session.isKnown();
  say(byId("who-name"), session.described());
  byId("read-only").hidden = session.mayChange();
  say(byId("read-only"), "Your token may only read: what changes the deployment is switched off. A token whose role is change may do it.");
  for (const field of document.querySelectorAll("fieldset[data-changes]")) field.disabled = !session.mayChange();
  begin();
}

function begin() {
  views.ring ??= new RingView();
  views.fleet ??= new Fleet(fleetForms.select);
  views.whatIf ??= new WhatIf(session.mayChange);
  views.events ??= new Events(happened);
  polls.forEach((poll) => poll.start());
  views.events.start();
}

function signedOut(why) {
  polls.forEach((poll) => poll.stop());
  views.events?.stop();
  session.forget();
  byId("sign-in").hidden = false;
  byId("content").hidden = byId("who").hidden = document.querySelector("nav").hidden = true;
  say(byId("sign-in-answer"), why);
  say(byId("health"), "A token is wanted");
  byId("token").focus();
}

/** An event brings the next look forward. */
function happened(event) {
  ringPoll.soon();
  if (event.kind === "deploy") deployPoll.soon();
}

onSubmit(byId("token-form"), () => {
  session.keep(byId("token").value.trim());
  byId("token").value = "";
  signIn();
});
byId("sign-out").addEventListener("click", () => signedOut("The token is forgotten."));
byId("link").addEventListener("click", async () => {
  try {
    const { address, expires } = await session.link();
    actions.tell(`Good once, for ${expires} s: ${address}`);
  } catch (refused) {
    actions.tell(`No link: ${refused.message}`, true);
  }
});
addEventListener("hashchange", () => session.isLink() && signIn());
actions.begin(() => { ringPoll.soon(); deployPoll.soon(); });
fleetForms.begin();
deploy.begin();
signIn();
