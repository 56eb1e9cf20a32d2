// The ring: its drawing, the slot under the pointer, the way of a key, and a table that says the same.

import { ask } from "./api.js";
import { byId, el, onSubmit, say, table } from "./dom.js";
import { percent, profile, state } from "./format.js";
import { paint, swatch } from "./paints.js";
import { RingDrawing, sharesTable } from "./ring.js";

const IDLE = "Point at the ring: here is whose slot that is, and who answers.";

export class RingView {
  #drawing = new RingDrawing(byId("ring-canvas"), {
    onSlot: (slot) => this.#tell(slot),
    onWalk: (walk) => this.#tellWalk(walk),
  });
  #now = null;
  #listed = null;
  #slot = null;
  #wanted = null; // what is looked up: an older answer must not replace a newer one

  constructor() {
    say(byId("ring-slot"), IDLE);
    onSubmit(byId("lookup"), () => this.#lookUp(byId("lookup-key").value));
    byId("lookup").addEventListener("reset", () => {
      this.#wanted = null;
      this.#drawing.highlight(null);
      byId("lookup-answer").replaceChildren();
    });
    const details = byId("ring-table").closest("details");
    details.addEventListener("toggle", () => this.#list());
    details.open = matchMedia("(min-width: 46rem)").matches;
  }

  show({ ring, slots, points }) {
    say(byId("ring-profile"), `${profile(ring.profile)} · version ${ring.version}`);
    if (!slots) return;
    const now = drawn(ring, slots, points);
    if (isSame(now, this.#now)) return;
    this.#now = now;
    this.#drawing.show(now);
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
    const wanted = (this.#wanted = { key });
    try {
      const found = await ask("GET", `/ring/lookup?key=${encodeURIComponent(key)}`);
      if (this.#wanted !== wanted) return;
      this.#drawing.highlight(found);
      const steps = found.walk.map((stop) => el("li", {}, `slot ${stop.slot}: ${stop.hostname}, ${state(stop.state)}`));
      answer.replaceChildren(
        el("p", { className: "said" }, el("b", {}, found.server ? `→ ${found.server}` : "Nobody answers"), ` slot ${found.slot}`),
        el("p", {}, found.why), el("ol", {}, ...steps));
    } catch (refused) {
      if (this.#wanted !== wanted) return;
      this.#drawing.highlight(null);
      answer.replaceChildren(el("p", { className: "wrong" }, refused.message));
    }
  }

  #list() {
    const { owners, servers, answering, points } = this.#now ?? {};
    const isShown = this.#listed === this.#now;
    if (!owners || isShown || !byId("ring-table").closest("details").open) return;
    this.#listed = this.#now;
    const rows = sharesTable(owners, servers, answering).map((row) =>
      [el("span", {}, swatch(row.hostname), row.hostname), state(row.state), row.slots, percent(row.share), row.answers, points[row.hostname]?.length ?? "–"]);
    byId("ring-table").replaceChildren(
      table("Who owns the slots", ["Server", "State", "Slots", "Part", "Answers for", "Virtual servers"], rows));
  }
}

/** Whether two drawings show the same; the tables of slots are the same objects until they change. */
const isSame = (one, other) => one.owners === other?.owners && JSON.stringify(one.servers) === JSON.stringify(other.servers);

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
