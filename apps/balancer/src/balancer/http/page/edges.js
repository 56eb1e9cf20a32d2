// The edges of several hosts: whether each is heard of, serves and obeys.

import { byId, table } from "./dom.js";
import { duration } from "./format.js";

const HEAD = ["Node", "Edge", "Ring", "Last heard of", "Problem"];

/** Whether there are several hosts: then servers have nodes. */
export const hasNodes = ({ servers }) => servers.some(({ node }) => node);

export function show({ edges }) {
  byId("edges").hidden = !edges?.length;
  if (byId("edges").hidden) return;
  const rows = edges.map(({ node, leased, silent_for, problem, ...edge }) =>
    [node, leased ? working(edge) : "✕ lost", leased ? step(edge) : "–", `${duration(silent_for)} ago`, problem || "–"]);
  if (byId("edge-table").dataset.shown === JSON.stringify(rows)) return;
  byId("edge-table").dataset.shown = JSON.stringify(rows);
  byId("edge-table").replaceChildren(table("Where clients come in", HEAD, rows));
}

const working = ({ serving }) => (serving ? "● serving" : "◐ not serving");

const step = ({ in_step }) => (in_step ? "in step" : "◐ out of step");
