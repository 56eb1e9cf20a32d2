// What the servers did in the last ten minutes: asked for once, then each load is appended. Who was gone all the time is forgotten.

const KEPT = 120;
export const MEASURES = ["requests_per_second", "in_flight", "response_time"];

export class History {
  constructor(document = { times: [], servers: {} }) {
    this.times = document.times;
    this.servers = document.servers;
  }

  get last() {
    return this.times.at(-1) ?? null;
  }

  append(load) {
    if (load.time === null || load.time === this.last) return;
    const present = new Map(load.servers.map((server) => [server.hostname, server]));
    for (const hostname of present.keys()) this.servers[hostname] ??= this.#unknown();
    this.times = [...this.times, load.time].slice(-KEPT);
    for (const [hostname, series] of Object.entries(this.servers)) {
      for (const measure of MEASURES) {
        series[measure] = [...series[measure], present.get(hostname)?.[measure] ?? null].slice(-KEPT);
      }
      if (MEASURES.every((measure) => series[measure].every((value) => value === null))) delete this.servers[hostname];
    }
  }

  #unknown() {
    return Object.fromEntries(MEASURES.map((measure) => [measure, this.times.map(() => null)]));
  }

  of(hostname, measure) {
    return this.servers[hostname]?.[measure] ?? [];
  }

  /** The largest value of these servers, so that their curves can be compared. */
  top(hostnames, measure) {
    return Math.max(0, ...hostnames.flatMap((hostname) => this.of(hostname, measure)));
  }

  /** [least, mean, most]; null where nothing was measured. */
  spread(hostname, measure) {
    const values = this.of(hostname, measure).filter((value) => value !== null);
    if (!values.length) return null;
    return [Math.min(...values), values.reduce((sum, value) => sum + value, 0) / values.length, Math.max(...values)];
  }
}
