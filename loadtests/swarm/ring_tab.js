// Puts the ring's drawing above the table of locust's tab "Ring", as long as that is open.

import { RingDrawing, palette, tile } from "./ring.js";

const EVERY = 2000;
const TAB = '[role="tab"][aria-selected="true"]';

let figure = null;
let drawing = null;
let timer = 0;
let paints = new Map();

/** Locust draws its page anew when it likes: the figure is where it belongs after each of its changes. */
function place() {
  const isOpen = document.querySelector(TAB)?.textContent === "Ring";
  const table = isOpen ? document.querySelector("table") : null;
  if (!table) return close();
  if (figure?.isConnected) return;
  close();
  const frame = table.closest(".MuiTableContainer-root, .MuiPaper-root") ?? table;
  figure = make();
  frame.before(figure);
  ask();
}

function make() {
  const made = document.createElement("figure");
  const canvas = document.createElement("canvas");
  const [legend, said] = [document.createElement("p"), document.createElement("figcaption")];
  made.id = "ring-drawing";
  made.style.cssText = "margin: 0 auto 1rem; max-width: 22rem; text-align: center";
  canvas.style.cssText = "width: 100%";
  canvas.setAttribute("aria-label", "Ring: the slot; the table below says what each server answered");
  said.style.cssText = "min-height: 1.5em";
  made.append(canvas, legend, said);
  let pointed = null;
  drawing = new RingDrawing(canvas, {
    onSlot: (slot) => (pointed = slot),
    onWalk: (walk) => (said.textContent = pointed === null ? "" : told(pointed, walk)),
  });
  return made;
}

function told(slot, walk) {
  const stops = walk.map(({ hostname, state }) => `${hostname} ${state}`).join(", then ");
  return `slot ${slot}: ${stops || "nobody's"}`;
}

/** With a legend. A server keeps its colour when the tab is opened again. */
function show(ring) {
  paints = palette(ring.servers.map(({ hostname }) => hostname), paints);
  drawing.show({ ...ring, servers: ring.servers.map((server) => ({ ...server, color: paints.get(server.hostname) })) });
  figure.querySelector("p").replaceChildren(...Array.from(paints, ([hostname, paint]) => entry(hostname, paint)));
}

function entry(hostname, paint) {
  const [made, sample] = [document.createElement("span"), document.createElement("span")];
  made.style.cssText = "display: inline-block; margin: 0 0.5em";
  sample.style.cssText = `display: inline-block; width: 1em; height: 1em; margin-right: 0.3em; vertical-align: -0.1em;
    background: url(${tile(paint).toDataURL()})`;
  made.append(sample, hostname);
  return made;
}

function close() {
  clearTimeout(timer);
  drawing?.destroy();
  figure?.remove();
  figure = drawing = null;
}

async function ask() {
  const asked = drawing;
  const answer = await fetch("./ring/drawing").catch(() => null);
  const body = await answer?.[answer.ok ? "json" : "text"]().catch(() => "");
  if (asked !== drawing) return; // the tab was closed meanwhile
  if (answer?.ok && body) show(body);
  else figure.querySelector("figcaption").textContent = body || "locust does not answer";
  timer = setTimeout(ask, EVERY);
}

new MutationObserver(place).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
place();
