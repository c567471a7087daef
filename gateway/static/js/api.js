// Tries the operations of the page for programs against this gateway. Only what reads has a form.

import { el, fill } from "./dom.js";

/** Characters of an answer that are shown. */
const MOST = 20_000;

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}

async function ask(form) {
  const output = form.querySelector("output");
  const address = addressOf(form);
  fill(output, el("code", {}, `GET ${address}`));
  try {
    const answer = await fetch(address, { credentials: "omit" });
    const text = await answer.text();
    const kind = (answer.headers.get("content-type") ?? "").split(";")[0];
    output.append(
      el("p", {}, `${answer.status} ${answer.statusText}, ${kind}, ${text.length} characters`),
      el("pre", { tabindex: "0" }, el("code", {}, readable(text, kind).slice(0, MOST))),
    );
  } catch {
    output.append(el("p", {}, "The gateway can't be reached."));
  }
}

function addressOf(form) {
  const values = Object.fromEntries(new FormData(form));
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }
  return `${path}${query.size ? `?${query}` : ""}`;
}

function readable(text, kind) {
  return kind === "application/json" ? JSON.stringify(JSON.parse(text), null, 2) : text;
}
