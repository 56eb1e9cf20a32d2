// The forms that add, weigh and remove servers.

import { carryOut } from "./actions.js";
import { byId, onSubmit, options } from "./dom.js";
import { count, listed } from "./format.js";

let weights = new Map();

export function begin() {
  onSubmit(byId("add"), add);
  onSubmit(byId("weigh"), weigh);
  byId("remove").addEventListener("click", remove);
  byId("weigh-server").addEventListener("change", (event) => choose(event.target.value));
}

export function show({ ring }) {
  weights = new Map(ring.servers.map((server) => [server.hostname, server.weight]));
  const isFirst = byId("weigh-server").options.length === 0;
  options(byId("weigh-server"), [...weights.keys()]);
  for (const field of byId("weigh").elements) field.disabled = !weights.size;
  if (isFirst && weights.size) choose(byId("weigh-server").value);
}

/** Puts a server into the form. */
export function select(hostname) {
  byId("weigh-server").value = hostname;
  choose(hostname);
  byId("weigh").scrollIntoView({ block: "nearest" });
  byId("weigh-weight").focus();
}

const choose = (hostname) => { byId("weigh-weight").value = weights.get(hostname) ?? 1; };

function add() {
  const [n, weight] = [Number(byId("add-n").value), Number(byId("add-weight").value)];
  const hostnames = byId("add-names").value.split(/[\s,]+/).filter(Boolean);
  const wish = { n, ...(hostnames.length ? { hostnames } : {}), ...(weight === 1 ? {} : { weight }) };
  const named = hostnames.length ? `, named ${listed(hostnames)}` : "";
  carryOut({
    title: `Add ${count(n, "server")}?`,
    text: `${count(n, "container")} of the present release will be started${named}, with weight ${weight}. Slots move to whoever is ready.`,
    yes: `Add ${count(n, "server")}`,
    calls: [["POST", "/add", wish]],
  });
}

function weigh() {
  const [hostname, weight] = [byId("weigh-server").value, Number(byId("weigh-weight").value)];
  carryOut({
    title: `Give ${hostname} the weight ${weight}?`,
    text: `${hostname} has the weight ${weights.get(hostname)} now. ${weight ? "Slots move until its share follows its weight." : "It will get no more requests, and stays."}`,
    yes: `Weigh ${hostname}`,
    calls: [["PATCH", `/servers/${hostname}`, { weight }]],
  });
}

function remove() {
  const hostname = byId("weigh-server").value;
  carryOut({
    title: `Remove ${hostname}?`,
    text: `${hostname} gets no more requests, finishes those that it has, and its container is removed. ${count(weights.size - 1, "server")} will be left.`,
    yes: `Remove ${hostname}`,
    calls: [["DELETE", "/rm", { n: 1, hostnames: [hostname] }]],
  });
}
