// Numbers, times and states as people read them.

export const percent = (part) => (part === null || part === undefined ? "–" : `${(part * 100).toFixed(1)} %`);

export const rate = (number) => (number === undefined || number === null ? "–" : number.toFixed(number < 10 ? 1 : 0));

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds >= 100) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`;
}

export const clock = (time) => new Date(time).toLocaleTimeString("en-GB");

/** The clock, and of another day than today its date. */
export function moment(time) {
  const at = new Date(time);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? clock(at) : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${clock(at)}`;
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

export const listed = (names) => names.join(", ");

const SHAPES = { serving: "●", silent: "◐", down: "✕", joining: "◌", spare: "○", leaving: "◁" };

/** A state by shape and word, so that colour is never needed. */
export const state = (name) => `${SHAPES[name] ?? "?"} ${name}`;

export function profile(ring) {
  const { strategy, request_hash, key, bound, ...parameters } = ring;
  const more = Object.entries(parameters).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
  return [`strategy ${strategy}`, ...more, `request hash ${request_hash}`, `key ${key}`, `bound ${bound ?? "off"}`].join(" · ");
}
