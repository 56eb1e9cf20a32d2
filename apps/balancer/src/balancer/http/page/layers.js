// The two layers of the ring's drawing: what stays, and what follows pointer and keyboard.

import { angle, moved, runs } from "./geometry.js";
import { tile } from "./palette.js";
import { band, marker, ticks, way } from "./strokes.js";

/** Inner and outer edges of the bands, as parts of the radius. */
const BANDS = {
  points: [0.965, 0.998],
  same: [0.942, 0.956],
  owners: [0.78, 0.94],
  answering: [0.72, 0.77],
  moved: [0.665, 0.705],
  then: [0.52, 0.65],
};
const WAY = [0.62, 0.715];
const WAY_WHEN_COMPARED = [0.48, 0.515];
const HATCH = { fill: "transparent", pattern: "lattice" };

/** The slots' owners; who answers instead, where the owner does not; another ring inside; the virtual servers. */
export function drawStill(context, { owners, answering, points, then, paints, ink }) {
  const most = Math.PI * context.canvas.width;
  const style = styles(context, paints);
  const others = runs(owners.map((owner, slot) => (answering[slot] === owner ? "" : answering[slot] || "nobody")), most);
  band(context, runs(owners, most), BANDS.owners, style, ink);
  hatch(context, others, ink);
  band(context, others, BANDS.answering, style);
  if (then) {
    band(context, runs(then, most), BANDS.then, style, ink);
    band(context, runs(moved(owners, then), most), BANDS.moved, () => ink);
  }
  for (const [hostname, places] of Object.entries(points)) ticks(context, places, BANDS.points, style(hostname));
}

/** Slots whose owner does not answer are pale and hatched. */
function hatch(context, silent, ink) {
  const pattern = context.createPattern(tile(HATCH, devicePixelRatio, ink), "repeat");
  context.globalCompositeOperation = "destination-out";
  band(context, silent, BANDS.owners, () => "#0008");
  context.globalCompositeOperation = "source-over";
  band(context, silent, BANDS.owners, () => pattern);
}

/** A function hostname → the style that its slots are drawn with. */
function styles(context, paints) {
  const made = new Map();
  return (hostname) => {
    const paint = paints.get(hostname);
    if (!paint) return "#8888";
    if (paint.pattern === "plain") return paint.fill;
    if (!made.has(hostname)) made.set(hostname, context.createPattern(tile(paint, devicePixelRatio), "repeat"));
    return made.get(hostname);
  };
}

/** The slot that is pointed at, all slots of its owner, and its walk; null for none. */
export function drawPointed(context, { owners, pointed, isCompared, ink }) {
  context.fillStyle = ink;
  if (!pointed) return write(context, owners.some(Boolean) ? [`${owners.length.toLocaleString("en")} slots`] : ["no server"]);
  const { slot, walk } = pointed;
  const same = runs(owners, Math.PI * context.canvas.width).filter(({ value }) => value === walk[0]?.hostname);
  band(context, same, BANDS.same, () => ink);
  marker(context, slot / owners.length, (slot + 1) / owners.length, BANDS.owners, ink);
  const stops = [slot, ...walk.map((stop) => stop.slot)].map((at) => angle((at + 0.5) / owners.length));
  way(context, stops, isCompared ? WAY_WHEN_COMPARED : WAY, ink);
  const told = walk.map(({ hostname, state }) => (state === "serving" ? hostname : `${hostname} ${state} →`));
  write(context, [`slot ${slot}`, ...told.slice(0, 3)]);
}

/** Lines of text in the middle. */
function write(context, lines) {
  const size = context.canvas.width;
  const height = Math.max(12 * devicePixelRatio, size / 22);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `${height}px system-ui, sans-serif`;
  lines.forEach((line, row) =>
    context.fillText(line, size / 2, size / 2 + (row - (lines.length - 1) / 2) * 1.35 * height, 0.42 * size));
}
