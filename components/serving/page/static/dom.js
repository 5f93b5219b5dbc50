// Elements made by hand: texts are always texts, so that no word of data becomes markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, said] of Object.entries(value)) node.style.setProperty(key, said);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

let count = 0;
export const newId = (prefix) => `${prefix}-${++count}`;

// Calls `draw` with the width of `holder` now and whenever it changes; what it returns is all that `holder` has.
export function drawn(holder, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(holder.clientWidth);
    if (now && now !== width) holder.replaceChildren(draw((width = now)));
  }).observe(holder);
  return holder;
}

// A function that calls `call` once nobody has called it for so many milliseconds.
export function later(milliseconds, call) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), milliseconds);
  };
}

// Says a sentence to screen readers, politely.
export function say(text) {
  let place = document.getElementById("said");
  if (!place) {
    place = h("div", { id: "said", class: "unseen", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  place.textContent = text;
}
