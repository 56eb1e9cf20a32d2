// The drawing of the ring, for the page and for locust's tab: a canvas with a slot that follows pointer and keyboard.
// What stays is drawn once, to a canvas that is not shown; the rest is drawn over it. Nothing moves by itself.

import { sharesTable, slotAt, walk } from "./geometry.js";
import { drawPointed, drawStill } from "./layers.js";
import { palette, tile } from "./palette.js";

export { palette, sharesTable, tile };

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
const SCHEMES = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];

export class RingDrawing {
  /** The keyboard's slot. */
  slot = 0;
  /** The slot under the pointer, or the keyboard's while the canvas has the focus; null for none. */
  #pointed = null;
  #data = { owners: [], answering: [], servers: [], points: {} };
  #states = new Map();
  #paints = new Map();
  #then = null;
  #way = null;
  #still = document.createElement("canvas");
  #isStale = true;
  #frame = 0;
  #gone = new AbortController();

  /** `onSlot` gets the slot that is pointed at, null for none; then `onWalk` the walk from its owner to who answers. */
  constructor(canvas, { onSlot = () => {}, onWalk = () => {} } = {}) {
    this.canvas = canvas;
    this.onSlot = onSlot;
    this.onWalk = onWalk;
    canvas.tabIndex = 0;
    canvas.style.aspectRatio = "1";
    const label = canvas.getAttribute("aria-label") ?? "Ring: the slot";
    for (const [name, value] of Object.entries({ role: "slider", "aria-label": label, "aria-valuemin": 0 }))
      canvas.setAttribute(name, value);
    this.#listen();
    this.show(this.#data);
  }

  /** Shows these slots, servers and virtual servers. A server's `color` is {fill, pattern} of `palette`. */
  show({ owners, answering, servers, points = {} }) {
    this.#data = { owners, answering, servers, points };
    this.#states = new Map(servers.map(({ hostname, state }) => [hostname, state]));
    this.#paints = palette(servers.map(({ hostname }) => hostname), this.#paints);
    for (const { hostname, color } of servers) if (color) this.#paints.set(hostname, color);
    const last = Math.max(0, owners.length - 1);
    this.slot = Math.min(this.slot, last);
    this.canvas.setAttribute("aria-valuemax", last);
    this.#speak();
    if (this.#pointed !== null) this.#point(this.#pointed > last ? null : this.#pointed, true);
    this.#redraw(true);
  }

  /** Shows the way of a key, {slot, walk}, while nothing is pointed at; null ends it. */
  highlight(way) {
    this.#way = way;
    this.#redraw();
  }

  /** Shows a second ring inside, {owners}, and marks the places whose owner differs; null ends it. */
  compare(then) {
    this.#then = then;
    this.#redraw(true);
  }

  /** The slot at a point of the canvas, in CSS pixels; null for none. */
  slotAt(x, y) {
    return slotAt(x, y, this.canvas.clientWidth, this.#data.owners.length);
  }

  focusSlot(slot) {
    const count = this.#data.owners.length;
    if (!count) return;
    this.slot = (slot + count) % count;
    this.#point(this.slot);
    this.#speak();
  }

  /** The first slot of the next (1) or previous (-1) server that owns any, in the order of joining. */
  firstSlotOfServer(step) {
    const { owners, servers } = this.#data;
    const owning = servers.map(({ hostname }) => hostname).filter((name) => owners.includes(name));
    const at = owning.indexOf(owners[this.slot]) + step;
    return owning.length ? owners.indexOf(owning.at(at % owning.length)) : this.slot;
  }

  destroy() {
    this.#gone.abort();
    cancelAnimationFrame(this.#frame);
  }

  #listen() {
    const { signal } = this.#gone;
    const on = (event, handler) => this.canvas.addEventListener(event, handler, { signal });
    on("pointermove", (event) => this.#point(this.slotAt(event.offsetX, event.offsetY)));
    on("pointerdown", (event) => this.focusSlot(this.slotAt(event.offsetX, event.offsetY) ?? this.slot));
    on("pointerleave", () => this.#point(null));
    on("focus", () => this.canvas.matches(":focus-visible") && this.focusSlot(this.slot));
    on("blur", () => this.#point(null));
    on("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.focusSlot(KEYS[event.key](this));
    });
    for (const query of SCHEMES) matchMedia(query).addEventListener("change", () => this.#redraw(true), { signal });
    const observer = new ResizeObserver(() => this.#redraw(true));
    observer.observe(this.canvas);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  #point(slot, isNew = slot !== this.#pointed) {
    if (!isNew) return;
    this.#pointed = slot;
    this.onSlot(slot);
    this.onWalk(slot === null ? [] : this.#walk(slot));
    this.#redraw();
  }

  #walk(slot) {
    return walk(slot, this.#data.owners, this.#states);
  }

  /** What a screen reader says of the slot. */
  #speak() {
    const stops = this.#walk(this.slot).map(({ hostname, state }) => `${hostname} ${state}`);
    this.canvas.setAttribute("aria-valuenow", this.slot);
    this.canvas.setAttribute("aria-valuetext", `slot ${this.slot}: ${stops.join(", then ") || "nobody's"}`);
  }

  #redraw(isStale = false) {
    this.#isStale ||= isStale;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const size = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (!size) return;
    const ink = getComputedStyle(this.canvas).color;
    if (this.#isStale || this.canvas.width !== size) {
      this.canvas.width = this.canvas.height = this.#still.width = this.#still.height = size;
      drawStill(this.#still.getContext("2d"), { ...this.#data, then: this.#then?.owners, paints: this.#paints, ink });
      this.#isStale = false;
    }
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, size, size);
    context.drawImage(this.#still, 0, 0);
    const pointed = this.#pointed === null ? this.#way : { slot: this.#pointed, walk: this.#walk(this.#pointed) };
    drawPointed(context, { owners: this.#data.owners, pointed, isCompared: Boolean(this.#then), ink });
  }
}
