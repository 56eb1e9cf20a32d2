// The circle of slots: angles, runs of slots and walks. It knows no canvas. Slot 0 begins at twelve o'clock; all goes clockwise.

export const TURN = 2 * Math.PI;

/** The canvas' angle of a place on the circle, 0 ≤ part < 1. */
export const angle = (part) => (part - 0.25) * TURN;

/** The slot at a point of a square with sides of `size`; null in the middle and outside the circle. */
export function slotAt(x, y, size, slots) {
  const [right, down] = [x - size / 2, y - size / 2];
  const radius = Math.hypot(right, down) / (size / 2);
  if (!slots || radius < 0.3 || radius > 1) return null;
  const part = (Math.atan2(down, right) / TURN + 1.25) % 1;
  return Math.min(slots - 1, Math.floor(part * slots));
}

/** Neighbours of one value as one run {value, from, to}, as parts of the circle; empty values are left out. It looks at
 * no more than `most` of them: a circle has fewer pixels than 65 536. */
export function runs(values, most = values.length) {
  const places = Math.min(values.length, Math.ceil(most));
  const value = (place) => values[Math.floor(((place + 0.5) * values.length) / places)];
  const found = [];
  for (let from = 0, to = 1; to <= places; to++) {
    if (to < places && value(to) === value(from)) continue;
    if (value(from)) found.push({ value: value(from), from: from / places, to: to / places });
    from = to;
  }
  return found;
}

/** For each place whether the owners now and then differ. The tables may have different numbers of slots. */
export function moved(now, then) {
  const places = Math.max(now.length, then.length);
  const owner = (owners, place) => owners[Math.floor((place * owners.length) / places)];
  return Array.from({ length: places }, (_, place) => owner(now, place) !== owner(then, place));
}

/** The walk of a slot: its owner, and clockwise the next owners, each once, up to one that serves. */
export function walk(slot, owners, states) {
  const met = new Set();
  const stops = [];
  for (let step = 0; step < owners.length && met.size < states.size; step++) {
    const at = (slot + step) % owners.length;
    const hostname = owners[at];
    if (!hostname || met.has(hostname)) continue;
    met.add(hostname);
    stops.push({ slot: at, hostname, state: states.get(hostname) ?? "unknown" });
    if (states.get(hostname) === "serving") break;
  }
  return stops;
}

/** Rows for the table that stands for the picture: a server's slots, their share, and for how many it answers now. */
export function sharesTable(owners, servers, answering = owners) {
  const count = (names) => names.reduce((counts, name) => counts.set(name, (counts.get(name) ?? 0) + 1), new Map());
  const [owned, answered] = [count(owners), count(answering)];
  return servers.map(({ hostname, state }) => ({
    hostname,
    state,
    slots: owned.get(hostname) ?? 0,
    share: owners.length ? (owned.get(hostname) ?? 0) / owners.length : 0,
    answers: answered.get(hostname) ?? 0,
  }));
}
