// An event stream over fetch, which can send a token; the browser's own EventSource cannot.

import { Refused, authorization, reason } from "./api.js";

/** Yields {event, data} of each message, until the stream ends. Throws Refused, or AbortError by the signal. */
export async function* messages(path, signal) {
  const headers = { Accept: "text/event-stream", ...authorization() };
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  if (!response.ok) throw new Refused(response.status, reason(await response.json().catch(() => null), response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split("\n\n");
    rest = blocks.pop();
    yield* blocks.map(message).filter(({ data }) => data);
  }
}

/** The fields of one message; lines that begin with a colon only say that the stream lives. */
function message(block) {
  const fields = block.split("\n").filter((line) => !line.startsWith(":")).map((line) => line.split(/: (.*)/s));
  return { event: "", data: "", ...Object.fromEntries(fields.map(([name, value]) => [name, value ?? ""])) };
}
