// Elements from plain values. Whatever came from the network goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag its name, with classes behind dots: "li.entry.fresh"
 * @param {object} about attributes; `on…` are listeners, false and null are left out
 * @param {...(Node|string|number|null|false|Array)} children
 */
export function el(tag, about = {}, ...children) {
  return made(document.createElement(tag.split(".", 1)[0]), tag, about, children);
}

/** Make an element of an SVG drawing, as `el` does. */
export function svg(tag, about = {}, ...children) {
  return made(document.createElementNS(SVG, tag.split(".", 1)[0]), tag, about, children);
}

function made(node, tag, about, children) {
  const classes = tag.split(".").slice(1);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(about)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace what is inside a node. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** Set a node's text, only where it differs: a screen reader then hears changes alone. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Return the element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Make the children of a list those of `rows`, in their order, and touch only what has changed.
 * @param {Element} list
 * @param {Array<{key: string, version: string, draw: () => Element}>} rows
 */
export function keyed(list, rows) {
  const there = new Map();
  for (const child of list.children) there.set(child.dataset.key, child);
  let place = list.firstElementChild;
  for (const row of rows) {
    let node = there.get(row.key);
    there.delete(row.key);
    if (node && node.dataset.version !== row.version) {
      const fresh = row.draw();
      const focused = node.contains(document.activeElement);
      if (place === node) place = fresh;
      const open = node.querySelector("details")?.open;
      node.replaceWith(fresh);
      // What somebody has opened stays open, and shows what is new.
      if (open) fresh.querySelector("details")?.setAttribute("open", "");
      if (focused) (fresh.querySelector("button, a, summary") ?? fresh).focus?.();
      node = fresh;
    } else if (!node) {
      node = row.draw();
    }
    node.dataset.key = row.key;
    node.dataset.version = row.version;
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
  }
  for (const gone of there.values()) gone.remove();
}

/** Call `draw` before the next frame, once however often it is asked for; when hidden, later. */
export function frames(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = () => {
      if (!asked) return;
      asked = false;
      draw();
    };
    requestAnimationFrame(run);
    // A page in the background gets no frames, but its title and its announcements go on.
    setTimeout(run, 500);
  };
}

/**
 * Return a function that has all steps done soon, by turns and each in a task of its own, so that no
 * tap waits for all of them. What is asked for again meanwhile is done once more.
 * @param {Array<() => void>} steps
 */
export function turns(steps) {
  const due = steps.map(() => false);
  let at = 0;
  let running = false;
  function next() {
    while (!due[at]) at = (at + 1) % steps.length;
    due[at] = false;
    try {
      steps[at]();
    } finally {
      at = (at + 1) % steps.length;
      running = due.some(Boolean);
      if (running) setTimeout(next);
    }
  }
  return () => {
    due.fill(true);
    if (!running) setTimeout(next);
    running = true;
  };
}
