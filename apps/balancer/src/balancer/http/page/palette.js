// The servers' colours: those of Okabe and Ito, which the colour-blind can tell apart, and patterns on them from the ninth server on.

const FILLS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8c8c8c"];
const NEEDS_LIGHT_INK = new Set(["#0072b2", "#d55e00", "#009e73"]);

/** Lines of each pattern on a tile of 8 × 8: [x, y, x, y]. */
const PATTERNS = {
  plain: [],
  rising: [[-2, 2, 2, -2], [-2, 10, 10, -2], [6, 10, 10, 6]],
  falling: [[-2, 6, 2, 10], [-2, -2, 10, 10], [6, -2, 10, 2]],
  level: [[0, 4, 8, 4]],
  upright: [[4, 0, 4, 8]],
  grid: [[0, 4, 8, 4], [4, 0, 4, 8]],
  dots: [[2.5, 4, 5.5, 4]],
  lattice: [[-2, -2, 10, 10], [-2, 10, 10, -2]],
};
const MOST = FILLS.length * Object.keys(PATTERNS).length;

/** hostname → {fill, pattern}, in the order of joining. Whoever has a colour in `before` keeps it. */
export function palette(hostnames, before = new Map()) {
  const kept = hostnames.filter((name) => before.has(name));
  const taken = new Set(kept.map((name) => before.get(name).number));
  const free = Array.from({ length: MOST }, (_, number) => number).filter((number) => !taken.has(number));
  const colour = (name, at) => before.get(name) ?? paint(free.shift() ?? at % MOST);
  return new Map(hostnames.map((name, at) => [name, colour(name, at)]));
}

function paint(number) {
  const pattern = Object.keys(PATTERNS)[Math.floor(number / FILLS.length)];
  return { number, fill: FILLS[number % FILLS.length], pattern };
}

/** A canvas with one tile of the paint, for a canvas' pattern or a legend: `url(${tile(paint).toDataURL()})`. */
export function tile({ fill, pattern }, scale = 1, ink = NEEDS_LIGHT_INK.has(fill) ? "#fff" : "#000") {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(8 * scale);
  const context = canvas.getContext("2d");
  context.scale(canvas.width / 8, canvas.width / 8);
  context.fillStyle = fill;
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = ink;
  context.lineWidth = pattern === "dots" ? 3 : 1.5;
  for (const [fromX, fromY, toX, toY] of PATTERNS[pattern] ?? []) {
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  }
  return canvas;
}
