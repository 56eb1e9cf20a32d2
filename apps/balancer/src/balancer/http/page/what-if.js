// What if: another ring beside the one that is now, what would move, and its application.

import { carryOut } from "./actions.js";
import { ask } from "./api.js";
import { byId, el, onChange, onSubmit, table } from "./dom.js";
import { count, percent, profile } from "./format.js";
import { assign, paint, swatch } from "./paints.js";
import { drawn } from "./ring-view.js";
import { RingDrawing } from "./ring.js";
import * as wish from "./wish.js";

const COMPARING = "Comparing …";

export class WhatIf {
  #ring = null;
  #slots = null;
  #asked = null; // what the form said when it was compared; null once it says something else
  #drawing = null;

  constructor(mayChange) {
    this.mayChange = mayChange;
    onSubmit(byId("wish"), () => this.#compare());
    byId("wish-strategy").addEventListener("change", wish.suitStrategy);
    onChange(byId("wish"), () => { wish.suit(); this.#forget(); });
    byId("wish-now").addEventListener("click", () => this.#reset());
    byId("apply").addEventListener("click", () => this.#apply());
  }

  /** The form is filled again when the ring has changed, unless somebody compares with it. */
  show({ ring, slots }) {
    const isNew = this.#ring?.version !== ring.version || this.#ring.servers.length !== ring.servers.length;
    const isUnused = !byId("wish").contains(document.activeElement) && !this.#asked;
    this.#ring = ring;
    this.#slots = slots;
    if (isNew && isUnused) wish.reset(ring);
    if (isNew && this.#asked) {
      this.#forget();
      byId("wish-answer").append(el("p", { className: "wrong" }, "The ring has changed since: compare again."));
    }
  }

  #reset() {
    wish.reset(this.#ring);
    this.#forget();
    byId("compared").hidden = true;
    byId("wish-answer").replaceChildren();
  }

  #forget() {
    this.#asked = null;
    byId("apply").disabled = true;
    if (byId("wish-answer").textContent === COMPARING) byId("wish-answer").replaceChildren();
  }

  async #compare() {
    this.#forget();
    const wanted = wish.read(this.#ring);
    const asked = (this.#asked = { ...wanted, calls: wish.calls(wanted, this.#ring) });
    byId("wish-answer").replaceChildren(COMPARING);
    try {
      const seen = await ask("POST", "/ring/preview", wish.question(asked));
      if (this.#asked !== asked) return;
      byId("apply").disabled = !this.mayChange() || !asked.calls.length;
      byId("wish-answer").replaceChildren(...sentences(seen).map((text) => el("p", {}, text)));
      this.#draw(seen);
      const traffic = await ask("GET", "/traffic").catch(() => null);
      if (this.#asked === asked) heavy(traffic, seen);
    } catch (refused) {
      if (this.#asked !== asked) return;
      this.#forget();
      byId("compared").hidden = true;
      byId("wish-answer").replaceChildren(el("p", { className: "wrong" }, refused.message));
    }
  }

  #draw({ now, then, traffic }) {
    const names = [...new Set([...now.servers, ...then.servers].map(({ hostname }) => hostname))];
    assign([...new Set([...this.#ring.servers.map(({ hostname }) => hostname), ...names])]);
    byId("compared").hidden = false;
    this.#drawing ??= new RingDrawing(byId("wish-canvas"));
    const servers = names.map((hostname) => ({ hostname, state: "serving", color: paint(hostname) }));
    const owners = now.owners ?? this.#slots.owners;
    this.#drawing.show({ ...drawn(this.#ring, { owners, answering: owners }, null), servers });
    this.#drawing.compare(then.owners ? { owners: then.owners } : null);
    byId("wish-canvas").setAttribute("aria-label", "The compared rings: the slot");
    byId("wish-table").replaceChildren(shares(names, now, then, traffic));
  }

  async #apply() {
    const { calls, profile: other } = this.#asked;
    const text = `${calls.length === 1 ? "One change" : `${calls.length} changes, one after the other`}. ${
      other ? `The ring will be: ${profile(other)}. ` : ""}No request is lost.`;
    if (await carryOut({ title: "Make this the ring?", text, yes: "Apply", calls })) this.#forget();
  }
}

function sentences({ moved, traffic, then }) {
  const slots = moved.slots === null ? `The ring gets ${count(moved.of, "slot")}` : `${moved.slots.toLocaleString("en")} of ${count(moved.of, "slot")} move`;
  const told = [
    `${slots}. ${percent(moved.share)} of all keys get another server; any ring that follows the weights has to move ${percent(moved.minimum)}.`,
  ];
  if (traffic) {
    told.push(`${percent(traffic.moved)} of the traffic that was seen moves: ${count(traffic.counted, "request")} counted${traffic.is_exact ? "" : "; another hash or number of slots scatters them, so this is an estimate"}.`);
  } else {
    told.push(then.profile.key === "random" ? "Keys are random: traffic follows the shares." : "Too little traffic with such keys was seen to tell what it would do.");
  }
  return told;
}

function shares(names, now, then, traffic) {
  const of = (side) => new Map(side.servers.map((server) => [server.hostname, server]));
  const [before, after] = [of(now), of(then)];
  const head = ["Server", "Share now", "then", "Slots now", "then", ...(traffic ? ["Traffic now", "then"] : [])];
  const rows = names.map((hostname) => [
    el("span", {}, swatch(hostname), hostname),
    percent(before.get(hostname)?.share), percent(after.get(hostname)?.share),
    before.get(hostname)?.slots ?? "–", after.get(hostname)?.slots ?? "–",
    ...(traffic ? [percent(traffic.now[hostname]), percent(traffic.then[hostname])] : []),
  ]);
  return table("Now and then", head, rows);
}

/** Keys are shown as hashes; the balancer does not keep the keys themselves. */
function heavy(traffic, { now, then }) {
  byId("heavy").hidden = !traffic?.heavy?.length;
  if (byId("heavy").hidden) return;
  const isSame = now.owners && then.owners?.length === now.owners.length && now.profile.request_hash === then.profile.request_hash
    && now.profile.key === then.profile.key;
  const rows = traffic.heavy.map(({ key, slot, share }) =>
    [key, percent(share), slot, now.owners?.[slot] ?? "–", isSame ? then.owners[slot] : "another slot"]);
  byId("heavy-table").replaceChildren(table("Hashes of keys", ["Key", "Of the traffic", "Slot", "Server now", "then"], rows));
}
