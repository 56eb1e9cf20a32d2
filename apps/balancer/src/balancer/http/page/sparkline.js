// A small curve of the last ten minutes. The number beside it and a table say the same, so it is hidden from readers.

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 20;

export class Sparkline {
  constructor() {
    this.element = document.createElementNS(NS, "svg");
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("aria-hidden", "true");
    this.path = this.element.appendChild(document.createElementNS(NS, "path"));
  }

  /** `values`: oldest first, null for gaps. `top`: the value at the upper edge. */
  draw(values, top) {
    const step = WIDTH / (values.length - 1 || 1);
    let pen = "M";
    let line = "";
    values.forEach((value, at) => {
      if (value === null) { pen = "M"; return; }
      line += `${pen}${(at * step).toFixed(1)} ${(HEIGHT - 1 - (value / (top || 1)) * (HEIGHT - 2)).toFixed(1)}`;
      pen = "L";
    });
    if (this.line !== line) this.path.setAttribute("d", line);
    this.line = line;
  }
}
