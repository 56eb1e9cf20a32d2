// An event stream over fetch, which can send a token; the browser's own EventSource cannot.

import { Refused, authorization, reason } from "./api.js";

const SILENCE = 35_000; // milliseconds without a byte, after which the stream is broken; the balancer sends a sign every 10 s

/** Calls `opened`, then yields {event, data} of each message, until the stream ends. Throws Refused, or AbortError by the
 * signal. */
export async function* messages(path, signal, opened) {
  const headers = { Accept: "text/event-stream", ...authorization() };
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  if (!response.ok) throw new Refused(response.status, reason(await response.json().catch(() => null), response));
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let part = await next(reader); !part.done; part = await next(reader)) {
      const blocks = (rest + part.value).split("\n\n");
      rest = blocks.pop();
      yield* blocks.map(message).filter(({ data }) => data);
    }
  } finally {
    reader.cancel().catch(() => {}); // otherwise a defect in whoever reads would leave the stream open
  }
}

/** The next part of the stream; a network that has gone away is found by its silence. */
async function next(reader) {
  let timer = 0;
  const silence = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Refused(0, "the stream is silent")), SILENCE);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** The fields of one message; lines that begin with a colon only say that the stream lives. */
function message(block) {
  const fields = block.split("\n").filter((line) => !line.startsWith(":")).map((line) => line.split(/: (.*)/s));
  return { event: "", data: "", ...Object.fromEntries(fields.map(([name, value]) => [name, value ?? ""])) };
}
