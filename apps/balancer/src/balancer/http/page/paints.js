// The colour and pattern of each server, the same in every picture and table of the page.

import { palette, tile } from "./ring.js";
import { el } from "./dom.js";

let paints = new Map();
const tiles = new Map();

/** Gives every server a paint; whoever has one keeps it. */
export function assign(hostnames) {
  paints = palette(hostnames, paints);
}

export const paint = (hostname) => paints.get(hostname);

/** A small square in the server's paint, an ornament beside its name. */
export function swatch(hostname) {
  const square = el("span", { className: "swatch", "aria-hidden": "true" });
  const found = paints.get(hostname);
  if (found) square.style.background = `url(${picture(found)})`;
  return square;
}

function picture(found) {
  const key = `${found.fill} ${found.pattern}`;
  if (!tiles.has(key)) tiles.set(key, tile(found).toDataURL());
  return tiles.get(key);
}
