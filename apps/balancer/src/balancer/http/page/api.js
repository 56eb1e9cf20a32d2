// The balancer's API: one call, its token, and why it was refused.

const PATIENCE = 10_000; // milliseconds for an answer to a question; a change may take longer

export class Refused extends Error {
  /** `status`: that of the answer; 0 where there was none. */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let token = "";

export const setToken = (text) => { token = text; };

export const authorization = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** The document that answers. Throws Refused. */
export async function ask(method, path, body) {
  const response = await send(method, path, body);
  const document = await response.json().catch(() => null);
  if (response.ok && document !== null) return document;
  throw new Refused(response.status, reason(document, response));
}

async function send(method, path, body) {
  try {
    return await fetch(path, {
      method,
      headers: authorization(),
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: method === "GET" ? AbortSignal.timeout(PATIENCE) : undefined,
    });
  } catch {
    throw new Refused(0, "no answer");
  }
}

export function reason(document, response) {
  const message = typeof document?.message === "string" ? document.message : "";
  return message.replace(/^<Error> /, "") || `${response.status} ${response.statusText}`;
}
