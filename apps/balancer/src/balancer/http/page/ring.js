// The drawing of the ring on a canvas, for the page and for locust's tab. The parts that stay are drawn once, to a canvas
// that is not shown; what follows the pointer is drawn over it. Nothing moves by itself.

import { angle, runs, moved, slotAt, walk, sharesTable } from "./geometry.js";
import { palette, tile } from "./palette.js";
import { band, marker, ticks, way } from "./strokes.js";

export { palette, sharesTable, tile };

/** Inner and outer edges as parts of the radius. */
const BANDS = { points: [0.955, 0.995], owners: [0.78, 0.94], answering: [0.72, 0.77], moved: [0.665, 0.705], then: [0.52, 0.65] };

const HATCH = { fill: "transparent", pattern: "lattice" };

const KEYS = {
  ArrowRight: (ring) => ring.slot + 1,
  ArrowUp: (ring) => ring.slot + 1,
  ArrowLeft: (ring) => ring.slot - 1,
  ArrowDown: (ring) => ring.slot - 1,
  Home: () => 0,
  End: () => -1,
  PageDown: (ring) => ring.firstSlotOfServer(1),
  PageUp: (ring) => ring.firstSlotOfServer(-1),
};

export class RingDrawing {
  #canvas; #onSlot; #onWalk; #still = document.createElement("canvas"); #gone = new AbortController(); #observer;
  #data = { slots: 0, owners: [], answering: [], servers: [], points: {} };
  #states = new Map(); #paints = new Map(); #then = null; #shown = null; #slot = null; #isStale = true; #frame = 0;

  /** `onSlot` gets the slot under the pointer or the keyboard's, null for none; `onWalk` the walk from its owner to who
   * answers. */
  constructor(canvas, { onSlot = () => {}, onWalk = () => {} } = {}) {
    Object.assign(this, { slot: 0 });
    this.#canvas = canvas;
    this.#onSlot = onSlot;
    this.#onWalk = onWalk;
    canvas.tabIndex = 0;
    canvas.style.aspectRatio = "1";
    canvas.style.touchAction = "pan-y";
    for (const [name, value] of [["role", "slider"], ["aria-label", "Ring: the slot"], ["aria-valuemin", "0"]])
      canvas.setAttribute(name, value);
    this.#listen();
    this.show(this.#data);
  }

  /** Redraws with these slots, servers and virtual servers. A server's `color` is {fill, pattern} of `palette`. */
  show(data) {
    this.#data = { points: {}, ...data };
    const { owners, servers } = this.#data;
    this.#states = new Map(servers.map(({ hostname, state }) => [hostname, state]));
    this.#paints = palette(servers.map(({ hostname }) => hostname), this.#paints);
    for (const { hostname, color } of servers) if (color) this.#paints.set(hostname, color);
    this.slot = Math.min(this.slot, Math.max(0, owners.length - 1));
    if (this.#slot !== null && this.#slot >= owners.length) this.#slot = null;
    this.#canvas.setAttribute("aria-valuemax", Math.max(0, owners.length - 1));
    this.#speak();
    this.#redraw(true);
  }

  /** Shows the way of a key; null ends it. */
  highlight(shown) {
    this.#shown = shown;
    this.#redraw();
  }

  /** Shows a second ring inside, and marks the places whose owner differs; null ends it. */
  compare(then) {
    this.#then = then;
    this.#redraw(true);
  }

  slotAt(x, y) {
    return slotAt(x, y, this.#canvas.clientWidth, this.#data.owners.length);
  }

  /** As if the pointer were on the slot. */
  focusSlot(slot) {
    const count = this.#data.owners.length;
    if (!count) return;
    this.slot = (slot + count) % count;
    this.#point(this.slot);
    this.#speak();
  }

  /** The first slot of the next (1) or previous (-1) server that owns one, in the order of joining. */
  firstSlotOfServer(step) {
    const { owners, servers } = this.#data;
    const named = servers.map(({ hostname }) => hostname).filter((name) => owners.includes(name));
    const at = named.indexOf(owners[this.slot]);
    return named.length ? owners.indexOf(named[(at + step + named.length) % named.length]) : this.slot;
  }

  destroy() {
    this.#gone.abort();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  #listen() {
    const { signal } = this.#gone;
    const on = (event, handler) => this.#canvas.addEventListener(event, handler, { signal });
    on("pointermove", (event) => this.#point(this.slotAt(event.offsetX, event.offsetY)));
    on("pointerdown", (event) => this.focusSlot(this.slotAt(event.offsetX, event.offsetY) ?? this.slot));
    on("pointerleave", () => this.#point(null));
    on("focus", () => this.#canvas.matches(":focus-visible") && this.focusSlot(this.slot));
    on("blur", () => this.#point(null));
    on("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.focusSlot(KEYS[event.key](this));
    });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
      matchMedia(query).addEventListener("change", () => this.#redraw(true), { signal });
    this.#observer = new ResizeObserver(() => this.#redraw(true));
    this.#observer.observe(this.#canvas);
  }

  #point(slot) {
    if (slot === this.#slot) return;
    this.#slot = slot;
    this.#onSlot(slot);
    this.#onWalk(slot === null ? [] : this.#walk(slot));
    this.#redraw();
  }

  #walk(slot) {
    return walk(slot, this.#data.owners, this.#states);
  }

  /** What a screen reader says of the slot. */
  #speak() {
    const stops = this.#data.owners.length ? this.#walk(this.slot) : [];
    const told = stops.map(({ hostname, state }) => `${hostname} ${state}`).join(", then ");
    this.#canvas.setAttribute("aria-valuenow", this.slot);
    this.#canvas.setAttribute("aria-valuetext", `slot ${this.slot}: ${told || "nobody's"}`);
  }

  #redraw(isStale = false) {
    this.#isStale ||= isStale;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const size = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (!size) return;
    const ink = getComputedStyle(this.#canvas).color;
    if (this.#isStale || this.#canvas.width !== size) this.#drawStill(size, ink);
    this.#isStale = false;
    if (this.#canvas.width !== size || this.#canvas.height !== size) this.#canvas.width = this.#canvas.height = size;
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, size, size);
    context.drawImage(this.#still, 0, 0);
    this.#drawPointed(context, size, ink);
  }

  /** The bands: owners, who answers for them, the other ring, and the virtual servers. */
  #drawStill(size, ink) {
    this.#still.width = this.#still.height = size;
    const context = this.#still.getContext("2d");
    const style = this.#styles(context);
    const { owners, answering, points } = this.#data;
    const places = size * Math.PI;
    band(context, runs(owners, places), BANDS.owners, style, ink);
    const instead = owners.map((owner, slot) => (answering[slot] !== owner ? answering[slot] || "nobody" : ""));
    band(context, runs(instead, places), BANDS.answering, style);
    const hatch = context.createPattern(tile(HATCH, devicePixelRatio, ink), "repeat");
    band(context, runs(instead, places), BANDS.owners, () => hatch);
    if (this.#then) {
      band(context, runs(this.#then.owners, places), BANDS.then, style, ink);
      band(context, runs(moved(owners, this.#then.owners), places), BANDS.moved, () => ink);
    }
    for (const [hostname, at] of Object.entries(points)) ticks(context, at, BANDS.points, style(hostname));
  }

  /** hostname → the style that it is drawn with. */
  #styles(context) {
    const made = new Map();
    return (hostname) => {
      const paint = this.#paints.get(hostname);
      if (!paint) return "#8888";
      if (!made.has(hostname))
        made.set(hostname, paint.pattern === "plain" ? paint.fill : context.createPattern(tile(paint, devicePixelRatio), "repeat"));
      return made.get(hostname);
    };
  }

  /** What follows the pointer: the slot, its owner and its walk. */
  #drawPointed(context, size, ink) {
    const count = this.#data.owners.length;
    const shown = this.#slot !== null ? { slot: this.#slot, walk: this.#walk(this.#slot) } : this.#shown;
    context.fillStyle = ink;
    context.textAlign = "center";
    context.font = `${Math.max(12 * devicePixelRatio, size / 22)}px system-ui, sans-serif`;
    const line = (text, row) => context.fillText(text, size / 2, size / 2 + (row * size) / 17, size * 0.42);
    if (!shown) {
      line(`${count} slots`, 0.35);
      return;
    }
    const { slot, walk: stops } = shown;
    marker(context, slot / count, (slot + 1) / count, BANDS.owners, ink);
    way(context, [slot, ...stops.map((stop) => stop.slot)].map((at) => angle((at + 0.5) / count)), [this.#then ? 0.48 : 0.62, this.#then ? 0.515 : 0.715], ink);
    line(`slot ${slot}`, -0.4);
    stops.slice(0, 3).forEach(({ hostname, state }, at) => line(state === "serving" ? hostname : `${hostname} ${state} →`, at + 0.7));
  }
}
