// The card of a version: Markdown of our own making, shown as headings, tables, lists and paragraphs.

import { call } from "./api.js";
import { h } from "./dom.js";
import { t } from "./strings.js";

export function cardOf(one) {
  const button = h("button", { type: "button", class: "link" }, t("card"));
  button.addEventListener("click", async () => {
    const body = h("div", { class: "paper", lang: "en" });
    const shut = h("button", { type: "button", class: "shut" }, "×");
    shut.setAttribute("aria-label", t("close"));
    const dialog = h("dialog", { "aria-label": `${t("card")}: ${one.title}` }, shut, body);
    shut.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    body.append(h("p", { class: "note" }, t("loading")));
    dialog.showModal();
    try {
      body.replaceChildren(...blocks(await call("GET", `v1/${encodeURIComponent(one.case)}/card`)));
    } catch (error) {
      body.replaceChildren(h("p", {}, error.status === 404 ? t("noCard") : t("failed", { error: error.message })));
    }
  });
  return button;
}

export function blocks(text) {
  const found = [];
  const lines = text.split("\n");
  while (lines.length) {
    const line = lines.shift();
    const heading = /^(#{1,4}) (.*)$/.exec(line);
    if (!line.trim()) continue;
    if (heading) found.push(h(`h${heading[1].length + 1}`, {}, inline(heading[2])));
    else if (line.startsWith("|")) found.push(table([line, ...taken(lines, (next) => next.startsWith("|"))]));
    else if (line.startsWith("- ")) found.push(h("ul", {}, [line, ...taken(lines, (next) => next.startsWith("- "))].map((one) => h("li", {}, inline(one.slice(2))))));
    else found.push(h("p", {}, inline([line, ...taken(lines, (next) => next.trim() && !/^(#|\||- )/.test(next))].join(" "))));
  }
  return found;
}

function taken(lines, wanted) {
  const found = [];
  while (lines.length && wanted(lines[0])) found.push(lines.shift());
  return found;
}

function table(lines) {
  const cells = (line) => line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));
  const [head, , ...rows] = lines;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("table") },
    h("table", {}, h("thead", {}, h("tr", {}, cells(head).map((cell) => h("th", { scope: "col" }, cell)))), h("tbody", {}, rows.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, cell)))))));
}

// **strong**, `code`, and signs that were escaped.
function inline(text) {
  return text.split(/(\*\*.+?\*\*|`[^`]+`)/).map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return h("strong", {}, inline(part.slice(2, -2)));
    if (/^`[^`]+`$/.test(part)) return h("code", {}, part.slice(1, -1));
    return part.replace(/\\([\\`*_{}[\]()#+.!|<>~-])/g, "$1");
  });
}
