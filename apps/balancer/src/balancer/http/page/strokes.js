// The strokes of which the ring is drawn. Radii are parts of half the canvas' side.

import { angle, TURN } from "./geometry.js";

/** Runs as a band in their values' styles, with a line of `ink` along both edges where one is given. */
export function band(context, runs, [inner, outer], style, ink = "") {
  const half = context.canvas.width / 2;
  const radius = (half * (inner + outer)) / 2;
  context.lineWidth = half * (outer - inner);
  context.lineJoin = "bevel"; // where an arc begins, rounding may leave a corner, whose mitre would be a spike
  for (const [value, own] of Map.groupBy(runs, (run) => run.value)) {
    context.strokeStyle = style(value);
    context.beginPath();
    for (const { from, to } of own) arc(context, half, radius, from, to);
    context.stroke();
  }
  if (!ink) return;
  context.lineWidth = devicePixelRatio;
  context.strokeStyle = ink;
  for (const edge of [inner, outer]) {
    context.beginPath();
    context.arc(half, half, half * edge, 0, TURN);
    context.stroke();
  }
}

function arc(context, half, radius, from, to) {
  const [begin, end] = [angle(from), angle(to)];
  context.moveTo(half + radius * Math.cos(begin), half + radius * Math.sin(begin));
  context.arc(half, half, radius, begin, end);
}

/** Short lines across a band at these places. */
export function ticks(context, places, [inner, outer], style) {
  const half = context.canvas.width / 2;
  context.lineWidth = devicePixelRatio * (places.length > 64 ? 1 : 2);
  context.strokeStyle = style;
  context.beginPath();
  for (const place of places) spoke(context, angle(place), half * inner, half * outer);
  context.stroke();
}

/** The outline of one slot, at least three pixels wide. */
export function marker(context, from, to, [inner, outer], ink) {
  const half = context.canvas.width / 2;
  const least = (3 * devicePixelRatio) / (TURN * half);
  const middle = (from + to) / 2;
  const [begin, end] = [Math.min(from, middle - least / 2), Math.max(to, middle + least / 2)].map(angle);
  context.strokeStyle = ink;
  context.lineWidth = 2 * devicePixelRatio;
  context.beginPath();
  context.arc(half, half, half * (outer + 0.01), begin, end);
  context.arc(half, half, half * (inner - 0.01), end, begin, true);
  context.closePath();
  context.stroke();
}

/** The way through these angles, clockwise: it leaves the band for a circle inside it, stops at each and comes back at
 * the last one with the head of an arrow. */
export function way(context, angles, [radius, edge], ink) {
  const half = context.canvas.width / 2;
  const stops = angles.filter((at, index) => index === 0 || at !== angles[index - 1]);
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 2 * devicePixelRatio;
  context.beginPath();
  spoke(context, stops[0], half * edge, half * radius);
  for (let leg = 1; leg < stops.length; leg++)
    context.arc(half, half, half * radius, stops[leg - 1], stops[leg - 1] + ((stops[leg] - stops[leg - 1] + TURN) % TURN));
  if (stops.length > 1) spoke(context, stops.at(-1), half * radius, half * edge);
  context.stroke();
  for (const at of stops.slice(1, -1)) dot(context, at, half * radius, 0.012 * half);
  head(context, stops.at(-1), half * edge, 0.035 * half);
}

function spoke(context, at, from, to) {
  const half = context.canvas.width / 2;
  context.moveTo(half + from * Math.cos(at), half + from * Math.sin(at));
  context.lineTo(half + to * Math.cos(at), half + to * Math.sin(at));
}

function dot(context, at, radius, size) {
  const half = context.canvas.width / 2;
  context.beginPath();
  context.arc(half + radius * Math.cos(at), half + radius * Math.sin(at), size, 0, TURN);
  context.fill();
}

function head(context, at, radius, size) {
  const half = context.canvas.width / 2;
  context.save();
  context.translate(half, half);
  context.rotate(at);
  context.beginPath();
  context.moveTo(radius, 0);
  context.lineTo(radius - size, size / 2);
  context.lineTo(radius - size, -size / 2);
  context.fill();
  context.restore();
}
