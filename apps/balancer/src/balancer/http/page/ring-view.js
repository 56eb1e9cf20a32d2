// The ring: its drawing, the slot under the pointer, the way of a key, and a table that says the same.

import { ask } from "./api.js";
import { byId, el, say, table } from "./dom.js";
import { percent, profile, state } from "./format.js";
import { paint } from "./paints.js";
import { RingDrawing, sharesTable } from "./ring.js";

const IDLE = "Point at the ring: here is whose slot that is, and who answers.";

export class RingView {
  #drawing = new RingDrawing(byId("ring-canvas"), {
    onSlot: (slot) => this.#tell(slot),
    onWalk: (walk) => this.#tellWalk(walk),
  });
  #now = null;
  #slot = null;

  constructor() {
    say(byId("ring-slot"), IDLE);
    byId("lookup").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#lookUp(byId("lookup-key").value);
    });
    byId("lookup").addEventListener("reset", () => {
      this.#drawing.highlight(null);
      byId("lookup-answer").replaceChildren();
    });
    byId("ring-table").closest("details").addEventListener("toggle", () => this.#list());
  }

  show({ ring, slots, points }) {
    say(byId("ring-profile"), `${profile(ring.profile)} · version ${ring.version}`);
    if (!slots) return;
    this.#now = drawn(ring, slots, points);
    this.#drawing.show(this.#now);
    this.#list();
  }

  #tell(slot) {
    this.#slot = slot;
    if (slot === null) say(byId("ring-slot"), IDLE);
  }

  #tellWalk(walk) {
    if (this.#slot === null) return;
    const steps = walk.map((stop) => `${stop.hostname} (${state(stop.state)})`);
    const way = walk.length > 1 ? "; its requests walk: " : ": ";
    say(byId("ring-slot"), walk.length ? `Slot ${this.#slot} is ${walk[0].hostname}'s${way}${steps.join(" → ")}` : `Slot ${this.#slot} is nobody's`);
  }

  async #lookUp(key) {
    const answer = byId("lookup-answer");
    try {
      const found = await ask("GET", `/ring/lookup?key=${encodeURIComponent(key)}`);
      this.#drawing.highlight(found);
      const steps = found.walk.map((stop) => el("li", {}, `slot ${stop.slot}: ${stop.hostname}, ${state(stop.state)}`));
      answer.replaceChildren(
        el("p", { className: "said" }, el("b", {}, found.server ? `→ ${found.server}` : "Nobody answers"), ` slot ${found.slot}`),
        el("p", {}, found.why), el("ol", {}, ...steps));
    } catch (refused) {
      answer.replaceChildren(el("p", { className: "wrong" }, refused.message));
    }
  }

  #list() {
    if (!this.#now || !byId("ring-table").closest("details").open) return;
    const { owners, servers, answering, points } = this.#now;
    const rows = sharesTable(owners, servers, answering).map((row) =>
      [row.hostname, state(row.state), row.slots, percent(row.share), row.answers, points[row.hostname]?.length ?? "–"]);
    byId("ring-table").replaceChildren(
      table("Who owns the slots", ["Server", "State", "Slots", "Part", "Answers for", "Virtual servers"], rows));
  }
}

/** What a drawing shows of the ring. */
export function drawn(ring, slots, points) {
  const servers = ring.servers.filter((server) => ["serving", "silent", "down"].includes(server.state));
  return {
    slots: slots.owners.length,
    owners: slots.owners,
    answering: slots.answering,
    servers: servers.map(({ hostname, state }) => ({ hostname, state, color: paint(hostname) })),
    points: points?.points ?? {},
  };
}
