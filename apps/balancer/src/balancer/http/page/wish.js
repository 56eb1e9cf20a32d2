// The form of the ring that somebody thinks about: what it says as a request, and which calls would make it real.

import { byId, el, options } from "./dom.js";

const STRATEGIES = ["table", "ring", "maglev", "course"];
const HASHES = ["crc32", "xxh64", "md5", "sha1", "sha256", "course"];
const SLOTS = [...Array.from({ length: 16 }, (_, power) => 2 ** (power + 1)), 65537].map(String);
const NAMED = ["header", "cookie", "query"];
const KEYS = ["random", "path", "address", ...NAMED];

const at = (name) => byId(`wish-${name}`);

/** Fills the form with the ring as it is. */
export function reset(ring) {
  const { strategy, slots, virtual_servers, request_hash, key, bound } = ring.profile;
  const [kind, name] = key.split(/:(.*)/s);
  options(at("strategy"), [...new Set([...STRATEGIES, strategy])]);
  options(at("slots"), [["", "usual"], ...SLOTS]);
  options(at("hash"), [["", "usual"], ...new Set([...HASHES, request_hash])]);
  options(at("key"), KEYS);
  const values = { strategy, slots, virtual: virtual_servers ?? "", hash: request_hash, key: kind, name: name ?? "", bound: bound ?? "", new: 0 };
  for (const [field, value] of Object.entries(values)) at(field).value = value;
  at("servers").replaceChildren(...onTheRing(ring).map(row));
  suit();
}

/** Another strategy usually has other slots and another hash. */
export function suitStrategy() {
  at("slots").value = at("hash").value = at("virtual").value = "";
  suit();
}

/** Fields that mean nothing now cannot be filled. */
export function suit() {
  at("name").disabled = !NAMED.includes(at("key").value);
  at("name").required = !at("name").disabled;
  at("virtual").disabled = !["ring", "course"].includes(at("strategy").value);
}

const onTheRing = (ring) => ring.servers.filter((server) => ["serving", "silent", "down"].includes(server.state));

function row({ hostname, weight }) {
  const number = el("input", { type: "number", min: 0, max: 256, value: weight, required: true, "aria-label": `Weight of ${hostname}` });
  number.dataset.server = hostname;
  const leaves = el("input", { type: "checkbox", "aria-label": `${hostname} leaves` });
  leaves.addEventListener("change", () => { number.disabled = leaves.checked; });
  return el("p", {}, el("b", {}, hostname), number, el("label", {}, leaves, " leaves"));
}

/** {profile, weights, leaving, joining}: what the form says; profile is null where it is the present one. */
export function read(ring) {
  const fields = [...at("servers").querySelectorAll("input[type=number]")];
  const present = new Set(onTheRing(ring).map(({ hostname }) => hostname));
  const here = fields.filter(({ dataset }) => present.has(dataset.server));
  return {
    profile: profile(ring.profile),
    weights: Object.fromEntries(here.filter((field) => !field.disabled).map((field) => [field.dataset.server, Number(field.value)])),
    leaving: here.filter((field) => field.disabled).map((field) => field.dataset.server),
    joining: Number(at("new").value),
  };
}

function profile(now) {
  const strategy = at("strategy").value;
  const [slots, virtual, hash, bound] = ["slots", "virtual", "hash", "bound"].map((name) => at(name).value);
  const key = at("name").disabled ? at("key").value : `${at("key").value}:${at("name").value}`;
  const wanted = {
    ...(strategy === now.strategy ? now : { strategy }),
    ...(slots && { slots: Number(slots) }),
    ...(virtual && !at("virtual").disabled && { virtual_servers: Number(virtual) }),
    ...(hash && { request_hash: hash }),
    key,
    bound: bound ? Number(bound) : null,
  };
  if (!slots) delete wanted.slots;
  if (!hash) delete wanted.request_hash;
  if (!virtual) delete wanted.virtual_servers;
  const isSame = Object.keys(now).length === Object.keys(wanted).length && Object.keys(now).every((name) => now[name] === wanted[name]);
  return isSame ? null : wanted;
}

/** The request for a preview. Newcomers have names that nobody has. */
export function question({ profile, weights, joining }) {
  const names = Object.keys(weights);
  const free = Array.from({ length: names.length + joining }, (_, number) => `new-${number + 1}`).filter((name) => !names.includes(name));
  const newcomers = free.slice(0, joining).map((name) => [name, 1]);
  return { ...(profile && { profile }), servers: { ...weights, ...Object.fromEntries(newcomers) }, slots: true };
}

/** The calls that make it real. Who joins comes first and who leaves goes last, so that there are never too few. */
export function calls({ profile, weights, leaving, joining }, ring) {
  const before = new Map(ring.servers.map((server) => [server.hostname, server.weight]));
  const changed = Object.entries(weights).filter(([hostname, weight]) => before.get(hostname) !== weight);
  return [
    ...(joining ? [["POST", "/add", { n: joining }]] : []),
    ...(profile ? [["PUT", "/ring", profile]] : []),
    ...changed.map(([hostname, weight]) => ["PATCH", `/servers/${hostname}`, { weight }]),
    ...(leaving.length ? [["DELETE", "/rm", { n: leaving.length, hostnames: leaving }]] : []),
  ];
}
