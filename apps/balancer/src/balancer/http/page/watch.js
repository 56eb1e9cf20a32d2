// What the balancer is asked for and how often, and which sections show the answers.

import { Refused, ask } from "./api.js";
import * as deploy from "./deploy.js";
import { byId, say } from "./dom.js";
import * as edges from "./edges.js";
import { Events } from "./events.js";
import * as fleetForms from "./fleet-forms.js";
import { Fleet } from "./fleet.js";
import { clock } from "./format.js";
import * as health from "./health.js";
import { History } from "./history.js";
import { assign } from "./paints.js";
import { Poll } from "./poll.js";
import { RingView } from "./ring-view.js";
import { mayChange } from "./session.js";
import { WhatIf } from "./what-if.js";

export const RING_EVERY = 3; // seconds
const LOAD_EVERY = 5;
const DEPLOY_EVERY = 20; // events of a deploy bring the next look forward
const GAP = 15_000; // milliseconds without figures, after which the history is asked for again

export class Watch {
  #state = { ready: null, ring: null, slots: null, points: null, load: null, history: new History(), deploy: null, edges: null };
  #known = ""; // the ring that `slots` and `points` belong to
  #measured = 0;
  #visit = 0; // counts stops: what was asked in an earlier visit is nobody's business in this one
  #ring = new Poll(() => this.#looked(RING_EVERY, () => this.#lookAtRing(), away));
  #load = new Poll(() => this.#looked(LOAD_EVERY, () => this.#lookAtLoad()));
  #deploy = new Poll(() => this.#lookAtDeploy());
  #events = new Events((event) => this.#happened(event));
  #views = [health, new RingView(), new Fleet(fleetForms.select), edges, fleetForms, new WhatIf(mayChange)];

  /** `onRefused` is called where the token does not count any more. */
  constructor(onRefused) {
    this.onRefused = onRefused;
  }

  start() {
    for (const each of [this.#ring, this.#load, this.#deploy, this.#events]) each.start();
  }

  stop() {
    this.#visit += 1;
    for (const each of [this.#ring, this.#load, this.#deploy, this.#events]) each.stop();
  }

  /** Brings the next look forward. */
  soon() {
    this.#ring.soon();
    this.#deploy.soon();
  }

  async #lookAtRing() {
    const [ready, ring] = await Promise.all([ask("GET", "/healthz"), ask("GET", "/ring")]);
    await this.#lookAtSlots(ring);
    Object.assign(this.#state, { ready, ring, edges: await this.#lookAtEdges(ring) });
    answered();
    assign(ring.servers.map(({ hostname }) => hostname));
    for (const view of this.#views) view.show(this.#state);
  }

  /** One host has no edges to tell of, and is not asked for them. */
  async #lookAtEdges(ring) {
    return edges.hasNodes(ring) ? (await ask("GET", "/edges").catch(() => null))?.edges : null;
  }

  /** The slots are many; they are asked for when the ring or a server's state has changed. */
  async #lookAtSlots({ version, digest, servers }) {
    const key = JSON.stringify([version, digest, servers.map(({ hostname, state }) => [hostname, state])]);
    if (key === this.#known) return;
    const [slots, points] = await Promise.all([ask("GET", "/ring/slots"), ask("GET", "/ring/points").catch(() => null)]);
    Object.assign(this.#state, { slots, points });
    this.#known = key;
  }

  async #lookAtLoad() {
    const isGap = Date.now() - this.#measured > GAP;
    const load = await ask("GET", isGap ? "/load?history=1" : "/load");
    if (isGap) this.#state.history = new History(load.history);
    else this.#state.history.append(load);
    this.#state.load = load;
    this.#measured = Date.now();
  }

  async #lookAtDeploy() {
    const pause = await this.#looked(DEPLOY_EVERY, async () => {
      this.#state.deploy = await ask("GET", "/deploy");
      deploy.show(this.#state, mayChange());
    });
    return deploy.isRunning(this.#state.deploy) ? RING_EVERY : pause;
  }

  /** Does the work and returns the seconds until it is due again: soon where it failed. */
  async #looked(pause, work, failed = () => {}) {
    const visit = this.#visit;
    try {
      await work();
      return pause;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (visit !== this.#visit) return 0;
      if (error.status === 401) this.onRefused();
      else failed(error);
      return RING_EVERY;
    }
  }

  #happened(event) {
    this.#ring.soon();
    if (event.kind === "deploy") this.#deploy.soon();
  }
}

let last = 0; // when the balancer last answered

function answered() {
  last = Date.now();
  byId("away").hidden = true;
}

/** Says that the balancer does not answer; what is shown stays. */
export function away(refused) {
  const since = last ? ` What is below is from ${clock(last)}.` : "";
  say(byId("away"), `⚠ The balancer does not answer (${refused.message}).${since} This page goes on asking.`);
  byId("away").hidden = false;
  say(byId("health"), "⚠ No answer");
  byId("health").className = "bad";
}
