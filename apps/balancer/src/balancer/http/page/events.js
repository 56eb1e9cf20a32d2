// What happens: the event stream, followed while the tab is shown and resumed by number, and its filters.

import { ask } from "./api.js";
import { byId, el, onChange, onSubmit, options, say } from "./dom.js";
import { count, duration, moment } from "./format.js";
import { messages } from "./stream.js";

const KEPT = 300;
const PAUSE = 3000; // milliseconds before a stream that ended is opened again
const WARNINGS = ["silent", "failed", "starved", "fenced", "cut", "edge_lost", "ailing"];
const KINDS = ["restored", "joined", "left", "silent", "back", "failed", "starved", "fenced", "replaced", "promoted", "spare",
  "cut", "deploy", "scale", "ring", "weight", "certificate", "change", "edge_lost", "edge_back", "ailing",
  "well"];

export class Events {
  #isOn = false;
  #next = null;
  #stop = null;

  /** `onEvent` gets each new event. */
  constructor(onEvent) {
    this.onEvent = onEvent;
    options(byId("filter-kind"), [["", "all"], ["warnings", "⚠ warnings"], ...KINDS]);
    options(byId("filter-server"), [["", "all"]]);
    onChange(byId("filters"), () => this.#filter());
    onSubmit(byId("filters"), () => this.#filter());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop?.abort() : this.#isOn && this.#follow()));
  }

  start() {
    this.#isOn = true;
    if (!document.hidden) this.#follow();
  }

  stop() {
    this.#isOn = false;
    this.#stop?.abort();
  }

  async #follow() {
    this.#stop?.abort();
    const { signal } = (this.#stop = new AbortController());
    while (!signal.aborted) {
      try {
        await this.#catchUp(signal);
        const isLive = () => say(byId("stream"), "● live");
        for await (const message of messages(`/events?since=${this.#next}`, signal, isLive)) this.#take(message);
      } catch (error) {
        if (signal.aborted || error.status === 401) return;
        say(byId("stream"), error.status === 503 ? "○ every few seconds: all streams are taken" : "○ not live: trying again");
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The events since the last one; at first the latest ones. An answer that comes after the signal is left to the next. */
  async #catchUp(signal) {
    const page = await ask("GET", this.#next === null ? `/events?limit=${KEPT}` : `/events?since=${this.#next}`);
    signal.throwIfAborted();
    if (this.#next !== null && page.dropped) this.#missed(page.dropped);
    const isNew = this.#next !== null;
    for (const event of page.events) this.#put(event);
    this.#next = page.next;
    if (isNew) page.events.forEach(this.onEvent);
  }

  #take({ event, data }) {
    if (event === "dropped") return this.#missed(Number(data));
    const happened = JSON.parse(data);
    this.#next = happened.number;
    this.#put(happened);
    return this.onEvent(happened);
  }

  #missed(number) {
    byId("event-list").prepend(el("li", {}, `${count(number, "event")} forgotten before they could be shown`));
  }

  #put(event) {
    const list = byId("event-list");
    const isWarning = WARNINGS.includes(event.kind);
    const item = el("li", { className: isWarning ? "warning" : "" },
      el("time", { dateTime: event.time, title: event.time }, moment(event.time)),
      el("b", {}, `${isWarning ? "⚠ " : ""}${event.kind}`), el("span", {}, event.server), el("span", {}, sentence(event)));
    Object.assign(item.dataset, { kind: event.kind, server: event.server });
    item.hidden = !this.#isWanted(item);
    list.prepend(item);
    while (list.children.length > KEPT) list.lastChild.remove();
    const offered = [...byId("filter-server").options].map(({ value }) => value);
    if (event.server && !offered.includes(event.server)) this.#offer(byId("filter-server").value);
  }

  /** The servers of the events that are kept, and the one that is chosen. */
  #offer(chosen) {
    const names = new Set([...byId("event-list").children].map(({ dataset }) => dataset.server ?? "").concat(chosen));
    options(byId("filter-server"), [["", "all"], ...[...names].filter(Boolean).sort()]);
  }

  #filter() {
    for (const item of byId("event-list").children) item.hidden = !this.#isWanted(item);
  }

  #isWanted({ dataset, textContent }) {
    const [kind, server] = [byId("filter-kind").value, byId("filter-server").value];
    const isOfKind = !kind || (kind === "warnings" ? WARNINGS.includes(dataset.kind) : kind === dataset.kind);
    return isOfKind && (!server || server === dataset.server)
      && textContent.toLowerCase().includes(byId("filter-text").value.toLowerCase());
  }
}

function sentence({ reason, node, seconds, facts }) {
  const known = Object.entries(facts).map(([name, fact]) => `${name} ${typeof fact === "object" ? JSON.stringify(fact) : fact}`);
  return [reason, node ? `on ${node}` : "", seconds === null ? "" : `after ${duration(seconds)}`, known.join(", ")].filter(Boolean).join(" · ");
}
