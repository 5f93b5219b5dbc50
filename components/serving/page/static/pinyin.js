// Pinyin that turns into characters while one types; the readings to choose from, and the text that is made of them.

import { latest, predict } from "./api.js";
import { Combo } from "./combo.js";
import { h, later, newId } from "./dom.js";
import { Panel, copies } from "./panel.js";
import { percent, said, t } from "./strings.js";

const BEST = 9; // readings that are shown
const FUZZY = "z/zh,c/ch,s/sh,n/l,an/ang,en/eng,in/ing";
const CHINESE = "zh-Hans";

const typed = new Map(); // by case: it stays while another case, or language, is looked at

export function pinyinView(one, schema) {
  const { about } = schema;
  const panel = new Panel();
  const newest = latest();
  const id = newId("pinyin");
  const told = h("span", { class: "told", id: `${id}-told` });
  const hint = h("span", { class: "hint", id: `${id}-hint` }, t(about.tones ? "pinyinHint" : "pinyinDigits"));
  const input = h("input", { id, type: "text", lang: "zh-Latn-pinyin", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: about.longest, "aria-describedby": `${told.id} ${hint.id}` });
  const before = typed.get(one.case) ?? { pinyin: schema.row.examples?.[0]?.pinyin ?? "", text: "" };
  input.value = before.pinyin;
  const written = h("textarea", { id: newId("text"), rows: 4, lang: CHINESE });
  written.value = before.text;
  const keep = () => typed.set(one.case, { pinyin: input.value, text: written.value });
  written.addEventListener("input", keep);
  let readings = ""; // the pinyin whose readings are shown
  let wanted = false; // the first reading, as soon as it is here
  const combo = new Combo(input, t("readings"), (option) => {
    // Enter may come before the readings of what is typed: the first of them is meant, not the first of those shown.
    wanted = input.value !== readings && (!option || option === combo.options[0]);
    if (wanted) return ask();
    if (!option) return;
    written.value += option.text;
    input.value = "";
    input.focus();
    ask();
  });
  combo.list.classList.add("readings");

  const tick = (key, value) => {
    const box = h("input", { type: "checkbox", id: newId("wish"), onchange: () => ask() });
    const node = h("span", {}, box, h("label", { for: box.id }, t(key)));
    return { box, node, key, value };
  };
  const wishes = [tick("abbreviations", true), tick("typos", true), tick("fuzzy", FUZZY)];

  function ask() {
    const row = { pinyin: input.value };
    wanted &&= row.pinyin.trim() !== "";
    keep();
    if (!row.pinyin.trim()) {
      newest(() => Promise.resolve(null), () => {}, () => {}); // what is under way comes too late
      combo.show([]);
      readings = input.value;
      problem("");
      panel.show("", [h("p", { class: "note" }, t("pinyinFirst"))]);
      panel.foot.replaceChildren();
      return;
    }
    const more = { n_best: Math.min(BEST, about.most_best ?? BEST) };
    for (const wish of wishes) if (wish.box.checked) more[wish.key] = wish.value;
    const started = performance.now();
    newest(
      (signal) => predict(one.case, [row], more, signal),
      (found) => {
        const [answer] = found.rows;
        problem("");
        combo.show(answer.best.map((reading) => ({ text: reading.text, content: [h("span", { lang: CHINESE }, reading.text), h("span", { class: "note" }, t("likely", { share: percent(Math.exp(reading.score)) }))] })), 0);
        panel.show(t("readingsSaid", { count: answer.best.length, text: answer.text }), [combo.list], answer.warnings.filter((text) => !/^fewer answers/.test(text)));
        panel.behind(one.case, { rows: [row], ...more }, found, performance.now() - started);
        readings = row.pinyin;
        if (wanted && input.value === readings) combo.take(0);
      },
      (failure) => {
        wanted = false;
        problem(failure.detail.length ? said(failure.detail[0].msg) : "");
        panel.fail(failure, ask);
      },
    );
  }

  function problem(text) {
    told.textContent = text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
    input.parentNode?.classList.toggle("wrong", Boolean(text));
  }

  input.addEventListener("input", later(80, ask));
  input.addEventListener("keydown", (event) => {
    const place = Number(event.key) - 1; // digits choose where they cannot be tones
    if (about.tones || event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key) || input.value !== readings || !combo.options[place]) return;
    event.preventDefault();
    combo.take(place);
  });

  const clear = h("button", { type: "button", class: "small", onclick: () => ((written.value = ""), keep(), written.focus()) }, t("clear"));
  const form = h("form", { class: "card", novalidate: true, autocomplete: "off", onsubmit: (event) => event.preventDefault() }, h("h2", {}, t("input")),
    h("div", { class: "field" }, h("label", { for: id }, t("pinyin")), input, hint, told), h("fieldset", { class: "ways" }, h("legend", {}, t("typed")), wishes.map((wish) => wish.node)));
  const text = h("section", { class: "card text" }, h("h2", {}, h("label", { for: written.id }, t("written"))), h("p", { class: "note" }, t("writtenHint")), written,
    h("div", { class: "buttons" }, copies(() => written.value), clear));
  ask();
  return [h("div", { class: "columns typing" }, form, panel.node, text)];
}
