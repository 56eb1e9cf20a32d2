// The fleet as a table, with a curve of the last ten minutes for each measure.

import { byId, el, say, table } from "./dom.js";
import { hasNodes } from "./edges.js";
import { clock, duration, percent, rate, state } from "./format.js";
import { MEASURES } from "./history.js";
import { swatch } from "./paints.js";
import { Sparkline } from "./sparkline.js";

const COLUMNS = ["Server", "State", "Weight", "Release", "Expected", "Measured", "Requests/s", "In flight", "Response", "Node"];
const WRITTEN = { requests_per_second: rate, in_flight: String, response_time: duration };
const NAMES = { requests_per_second: "Requests/s", in_flight: "In flight", response_time: "Response" };

export class Fleet {
  #rows = new Map();
  #body = el("tbody", { role: "rowgroup" });
  #nodeHead; // the last column is shown only where there are several hosts

  /** `onSelect` gets the hostname whose name is pressed. */
  constructor(onSelect) {
    this.onSelect = onSelect;
    const head = COLUMNS.map((title) => el("th", { scope: "col", role: "columnheader" }, title));
    this.#nodeHead = head.at(-1);
    byId("servers").append(el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...head)), this.#body);
    byId("history-table").closest("details").addEventListener("toggle", () => this.#list());
  }

  show({ ring, load, history }) {
    this.history = history;
    this.hostnames = ring.servers.map((server) => server.hostname);
    for (const [hostname, row] of this.#rows) if (!this.hostnames.includes(hostname)) this.#drop(hostname, row);
    const loads = new Map(load?.servers.map((server) => [server.hostname, server]));
    const tops = MEASURES.map((measure) => history.top(this.hostnames, measure));
    this.#nodeHead.hidden = !hasNodes(ring);
    for (const server of ring.servers) {
      const row = this.#rows.get(server.hostname) ?? this.#add(server.hostname);
      row.show(server, loads.get(server.hostname), history, tops);
      row.node.hidden = this.#nodeHead.hidden;
    }
    say(byId("load-summary"), summary(load));
    this.#list();
  }

  #add(hostname) {
    const row = new Row(hostname, () => this.onSelect(hostname));
    this.#rows.set(hostname, row);
    this.#body.append(row.element);
    return row;
  }

  #drop(hostname, row) {
    this.#rows.delete(hostname);
    row.element.remove();
  }

  #list() {
    if (!this.history || !byId("history-table").closest("details").open) return;
    const rows = this.hostnames.map((hostname) => [hostname, ...MEASURES.map((measure) => {
      const spread = this.history.spread(hostname, measure);
      return spread ? spread.map(WRITTEN_SHORT[measure]).join(" / ") : "–";
    })]);
    const head = ["Server", ...MEASURES.map((measure) => NAMES[measure])];
    byId("history-table").replaceChildren(table("Least / mean / most", head, rows));
  }
}

const WRITTEN_SHORT = { ...WRITTEN, in_flight: (number) => rate(number) };

class Row {
  #texts = COLUMNS.slice(1).map(() => el("span"));
  #lines = MEASURES.map(() => new Sparkline());

  constructor(hostname, onSelect) {
    const name = el("button", { type: "button", className: "name", title: `Weigh or remove ${hostname}` }, swatch(hostname), hostname);
    name.addEventListener("click", onSelect);
    const cells = this.#texts.map((text, at) =>
      el("td", { role: "cell", "data-title": COLUMNS[at + 1] }, text, this.#lines[at - 5]?.element));
    this.node = cells.at(-1);
    this.node.className = "node";
    this.element = el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }, name), ...cells);
  }

  show(server, load, history, tops) {
    const { hostname, weight, warmth } = server;
    const errors = load?.errors_per_second ? ` ⚠ ${rate(load.errors_per_second)} errors` : "";
    const texts = [
      state(server.state),
      warmth < 1 ? `${weight} (${percent(warmth)} warm)` : `${weight}`,
      `${server.release}`, percent(server.share), percent(load?.share),
      `${rate(load?.requests_per_second)}${errors}`, `${load?.in_flight ?? "–"}`, duration(load?.response_time || null),
      server.node || "–",
    ];
    texts.forEach((text, at) => say(this.#texts[at], text));
    this.element.className = server.state;
    MEASURES.forEach((measure, at) => this.#lines[at].draw(history.of(hostname, measure), tops[at]));
  }
}

function summary(load) {
  if (!load || load.time === null) return "Nothing is measured yet.";
  const total = load.servers.reduce((sum, server) => sum + server.requests_per_second, 0);
  const even = load.imbalance === null ? "" : ` · no server gets more than ${load.imbalance.toFixed(2)} × its expected share`;
  const since = load.since === null ? "" : ` · shares measured since ${clock(load.since)}`;
  return `${rate(total)} requests per second${even}${since}`;
}
