// Items for a user, or for a history that is picked here.

import { call, latest, predict } from "./api.js";
import { Combo } from "./combo.js";
import { h, later, newId, say } from "./dom.js";
import { Panel } from "./panel.js";
import { known, number, said, t } from "./strings.js";

const MOST = 100; // items that the page asks for

// A field whose list holds what the catalogue has for the text in it.
function searching(one, column, label, hint, taken) {
  const id = newId("find");
  const input = h("input", { id, type: "text", autocomplete: "off", spellcheck: "false" });
  const combo = new Combo(input, label, taken);
  combo.floats = true;
  const newest = latest();
  const look = later(150, () => {
    const text = input.value.trim();
    if (!text) return combo.show([]);
    const query = new URLSearchParams({ column, text });
    newest(
      (signal) => call("GET", `v1/${encodeURIComponent(one.case)}/find?${query}`, undefined, signal),
      ({ found }) => {
        if (document.activeElement !== input) return;
        combo.show(found.map((item) => ({ ...item, content: [h("span", {}, item.title || item.value), item.title && h("span", { class: "note" }, item.value)] })));
        if (!found.length) say(t("noItems"));
      },
      () => combo.show([]), // the field takes ids without a list, too
    );
  });
  input.addEventListener("input", look);
  const hinted = h("span", { class: "hint", id: `${id}-hint` }, hint);
  const told = h("span", { class: "told", id: `${id}-told` });
  input.setAttribute("aria-describedby", `${told.id} ${hinted.id}`);
  return { input, combo, told, node: h("div", { class: "field combo" }, h("label", { for: id }, label), input, combo.list, hinted, told) };
}

// The items of these ids, with their titles.
async function titled(one, ids) {
  return Promise.all(
    ids.map(async (id) => {
      try {
        const query = new URLSearchParams({ column: "item", text: id });
        const { found } = await call("GET", `v1/${encodeURIComponent(one.case)}/find?${query}`);
        return { value: id, title: found.find((item) => item.value === id)?.title || id };
      } catch {
        return { value: id, title: id };
      }
    }),
  );
}

const typed = new Map(); // by case: it stays while another case, or language, is looked at

export function itemView(one, schema) {
  const { about } = schema;
  const panel = new Panel();
  const newest = latest();
  const history = [];
  const examples = schema.row.examples ?? [];
  const example = examples.find((row) => row.user !== undefined) ?? {};
  const choice = (value, text, checked) => {
    const id = newId("way");
    return h("span", {}, h("input", { type: "radio", name: "way", id, value, checked }), h("label", { for: id }, text));
  };
  const ways = h("fieldset", { class: "ways" }, h("legend", { class: "unseen" }, t("input")), choice("user", t("byUser"), true), choice("history", t("byItems"), false));
  const byUser = () => ways.querySelector(":checked").value === "user";

  const user = searching(one, "user", t("user"), t("userHint", { id: example.user ?? "" }), (option) => {
    if (option) user.input.value = option.value;
    user.combo.open(false);
    ask(true);
  });
  const before = typed.get(one.case);
  user.input.value = before?.user ?? example.user ?? "";
  if (before && !before.byUser) ways.querySelector("[value=history]").checked = true;
  user.input.addEventListener("input", later(500, () => byUser() && ask(false)));

  const item = searching(one, "item", t("addItem"), t("itemHint"), (option) => {
    const found = option ?? (item.input.value.trim() ? { value: item.input.value.trim(), title: "" } : null);
    if (!found) return ask(true);
    history.push({ value: found.value, title: found.title || found.value });
    item.input.value = "";
    item.combo.show([]);
    picked();
    ask(false);
  });
  const list = h("ol", { class: "picked", "aria-label": t("history") });
  const pickedNote = h("p", { class: "note" }, t("history"));

  function picked() {
    pickedNote.hidden = history.length === 0;
    list.replaceChildren(
      ...history.map((entry, place) => {
        const button = h("button", { type: "button", class: "small", "aria-label": t("removeItem", { title: entry.title }) }, "×");
        button.addEventListener("click", () => {
          history.splice(place, 1);
          picked();
          (list.querySelectorAll("button")[place] ?? item.input).focus();
          ask(false);
        });
        return h("li", {}, h("span", {}, entry.title), button);
      }),
    );
  }

  const topId = newId("top");
  const top = h("input", { id: topId, type: "number", min: 1, max: MOST, value: about.top, inputmode: "numeric" });
  top.addEventListener("input", later(350, () => ask(false)));
  const parts = { user: user.node, history: h("div", { class: "stack" }, item.node, pickedNote, list) };
  const turn = () => {
    parts.user.hidden = !byUser();
    parts.history.hidden = byUser();
  };
  ways.addEventListener("change", () => {
    turn();
    ask(false);
  });

  // What is wrong with the row, at the field that it came from.
  function wrong(text, pressed) {
    for (const field of [user, item]) {
      const mine = text && field === (byUser() ? user : item) ? text : "";
      field.told.textContent = mine;
      field.node.classList.toggle("wrong", Boolean(mine));
      field.input.setAttribute("aria-invalid", String(Boolean(mine)));
      if (mine && pressed) field.input.focus();
    }
  }

  function ask(pressed) {
    const row = byUser() ? { user: user.input.value.trim() } : { history: history.map((entry) => entry.value) };
    if (!byUser() && !history.length) {
      newest(() => Promise.resolve(null), () => {}, () => {}); // what is under way is of a history that is gone
      panel.show("", [h("p", { class: "note" }, t("historyEmpty"))]);
      panel.foot.replaceChildren();
      typed.set(one.case, { user: user.input.value, byUser: false, history: [] });
      if (pressed) item.input.focus();
      return;
    }
    typed.set(one.case, { user: user.input.value, byUser: byUser(), history: [...history] });
    const count = Number(top.value);
    const more = { because: true, ...(Number.isInteger(count) && count > 0 && { top: Math.min(count, MOST) }) };
    const started = performance.now();
    panel.stale();
    newest(
      (signal) => predict(one.case, [row], more, signal),
      (found) => {
        const [answer] = found.rows;
        wrong("", false);
        show(answer);
        panel.behind(one.case, { rows: [row], ...more }, found, performance.now() - started);
      },
      (failure) => {
        const at = failure.detail.find((detail) => detail.loc[0] === "rows");
        wrong(at ? said(at.msg) : "", pressed);
        panel.fail(failure, () => ask(true));
      },
    );
  }

  function show(answer) {
    const { items } = answer;
    if (!items.length) return panel.show(t("itemsNone"), [h("p", {}, t("itemsNone"))], answer.warnings ?? []);
    const name = (entry) => entry.title || entry.item;
    const scores = items.map((entry) => entry.score);
    const least = Math.min(0, ...scores);
    const most = Math.max(...scores, least + 1e-12);
    const way = `by_${answer.answered_by}`;
    panel.show(t("listSaid", { count: items.length, title: name(items[0]) }), [
      known(way) && h("p", { class: "note" }, t(way)),
      h("ol", { class: "items" }, items.map((entry) =>
        h("li", {},
          h("div", { class: "name" }, name(entry), entry.title && h("span", { class: "note" }, ` ${entry.item}`)),
          h("span", { class: "number" }, number(entry.score, 3)),
          h("span", { class: "track", "aria-hidden": "true" }, h("span", { style: { width: `${(100 * (entry.score - least)) / (most - least)}%` } })),
          (entry.because_title || entry.because) && h("span", { class: "because" }, t("because", { title: entry.because_title || entry.because }))))),
    ], answer.warnings ?? []);
  }

  const form = h("form", { class: "card", novalidate: true, autocomplete: "off" }, h("h2", {}, t("input")), ways, parts.user, parts.history,
    h("div", { class: "field narrow" }, h("label", { for: topId }, t("top")), top), h("div", { class: "buttons" }, h("button", { class: "main" }, t("recommend"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(true);
  });
  turn();
  history.push(...(before?.history ?? []));
  picked();
  ask(false);
  // The example's history stands there until somebody picks one.
  if (!before?.history.length && byUser()) {
    titled(one, examples.find((row) => Array.isArray(row.history))?.history ?? []).then((found) => {
      if (history.length || !byUser()) return;
      history.push(...found);
      picked();
    });
  }
  return [h("div", { class: "columns" }, form, panel.node)];
}
