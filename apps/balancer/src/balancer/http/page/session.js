// Who uses the page. The token is kept in this tab; a one-time link brings one.

import { ask, setToken } from "./api.js";

const KEY = "ringmaster-token";

let code = null; // of a link, until the balancer has answered it
let wasGiven = false;
let who = { name: "", role: "read", token_wanted: false };

export const mayChange = () => who.role === "change";
export const isKnown = () => who.token_wanted;
export const described = () => (who.name ? `${who.name} (${who.role === "change" ? "may change" : "reads only"})` : who.role);

/** Whether a token or a code was given, which may be wrong then. */
export const wasTried = () => wasGiven;

/** Asks who the token's holder is. Throws Refused: with 401 a token is wanted. */
export async function begin() {
  code = codeOfLink() ?? code;
  wasGiven = Boolean(code || sessionStorage.getItem(KEY));
  if (code) await exchange();
  else setToken(sessionStorage.getItem(KEY) ?? "");
  who = await ask("GET", "/whoami");
}

/** A code that got no answer is tried again, one that was refused is not. */
async function exchange() {
  try {
    keep((await ask("POST", "/sessions", { code })).token);
    code = null;
  } catch (refused) {
    if (refused.status >= 400 && refused.status < 500) code = null;
    throw refused;
  }
}

export function keep(token) {
  sessionStorage.setItem(KEY, token);
  setToken(token);
}

export function forget() {
  sessionStorage.removeItem(KEY);
  setToken("");
}

/** The code in the address, which is removed from it: a code is good once and is nobody's business. */
function codeOfLink() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname);
  return code;
}

export const isLink = () => location.hash.startsWith("#code=");

/** An address that signs in whoever opens it first. Throws Refused. */
export async function link() {
  const { code, expires } = await ask("POST", "/sessions/links");
  return { address: `${location.origin}/#code=${encodeURIComponent(code)}`, expires };
}
