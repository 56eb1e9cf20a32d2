// The page: who uses it, and what somebody may do.

import * as actions from "./actions.js";
import * as deploy from "./deploy.js";
import { byId, onSubmit, say } from "./dom.js";
import * as fleetForms from "./fleet-forms.js";
import * as session from "./session.js";
import { RING_EVERY, Watch, away } from "./watch.js";

const READ_ONLY = "Your token may only read: what changes the deployment is switched off. A token whose role is change may do it.";
const REFUSED = "The token is not, or no longer, one of this deployment's.";

let watch = null;

async function signIn() {
  try {
    await session.begin();
    signedIn();
  } catch (refused) {
    if (refused.status === 401) return signedOut(session.wasTried() ? `Not let in: ${refused.message}` : "");
    away(refused);
    setTimeout(signIn, RING_EVERY * 1000);
  }
  return undefined;
}

function signedIn() {
  show({ isIn: true });
  byId("who").hidden = !session.isKnown();
  say(byId("who-name"), session.described());
  byId("read-only").hidden = session.mayChange();
  say(byId("read-only"), READ_ONLY);
  for (const field of document.querySelectorAll("fieldset[data-changes]")) field.disabled = !session.mayChange();
  watch ??= new Watch(() => signedOut(REFUSED));
  watch.start();
}

function signedOut(why) {
  watch?.stop();
  byId("confirm").close(); // a question that is open means no
  session.forget();
  show({ isIn: false });
  byId("away").hidden = byId("who").hidden = true;
  say(byId("sign-in-answer"), why);
  say(byId("health"), "A token is wanted");
  byId("health").className = "";
  byId("token").focus();
}

function show({ isIn }) {
  byId("sign-in").hidden = isIn;
  byId("content").hidden = document.querySelector("nav").hidden = !isIn;
}

async function makeLink() {
  try {
    const { address, expires } = await session.link();
    actions.tell(`Good once, for ${expires} s: ${address}`);
  } catch (refused) {
    actions.tell(`No link: ${refused.message}`, true);
  }
}

onSubmit(byId("token-form"), () => {
  session.keep(byId("token").value.trim());
  byId("token").value = "";
  signIn();
});
byId("sign-out").addEventListener("click", () => {
  actions.close();
  signedOut("The token is forgotten.");
});
byId("link").addEventListener("click", makeLink);
addEventListener("hashchange", () => session.isLink() && signIn());
actions.begin(() => watch?.soon());
fleetForms.begin();
deploy.begin();
signIn();
