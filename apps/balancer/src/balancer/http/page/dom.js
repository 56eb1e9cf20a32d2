// Elements of the page. Data becomes text, never markup.

export const byId = (id) => document.getElementById(id);

/** A new element. `properties` whose names have a hyphen, and `role`, are attributes. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "role" || key.includes("-")) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Writes a text where it differs, so that screen readers hear of changes only. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A table of texts: `head` has the titles of columns; the first cell of a row is its title. */
export function table(caption, head, rows) {
  const titles = head.map((title) => el("th", { scope: "col" }, title));
  const body = rows.map(([title, ...cells]) =>
    el("tr", {}, el("th", { scope: "row" }, title), ...cells.map((cell) => el("td", {}, cell))));
  return el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...titles)), el("tbody", {}, ...body));
}

/** Gives a select these options, [value, text] or one text for both, and keeps what is chosen where it is still there. */
export function options(select, choices) {
  const pairs = choices.map((choice) => (Array.isArray(choice) ? choice : [choice, choice]));
  if (select.dataset.choices === JSON.stringify(pairs)) return;
  const chosen = select.value;
  select.dataset.choices = JSON.stringify(pairs);
  select.replaceChildren(...pairs.map(([value, text]) => el("option", { value }, text)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/** Calls `work` whenever a field of the form changes, while it is typed in, too. */
export function onChange(form, work) {
  for (const event of ["input", "change"]) form.addEventListener(event, work);
}

/** Calls `work` instead of sending the form. */
export function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
}
