// A form made from a row's schema. Cells are sent as they are typed: the server says what is wrong with them.

import { h, newId, later } from "./dom.js";
import { humane, number, said, t } from "./strings.js";

const MANY = 18; // columns from which on one may look for one
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

const WARNED = /^(.+?) = .+ (is .+)$/s; // a warning names its column first

const types = (column) => [column.type ?? []].flat();

export class RowForm {
  // Filled with `row`, or the example where there is none. `changed` is called as the row changes, `submitted` when a
  // person asks for an answer.
  constructor(schema, row, changed, submitted) {
    this.schema = schema;
    this.example = schema.examples?.[0] ?? {};
    this.fields = Object.entries(schema.properties ?? {}).map(([name, column]) => new Field(name, column));
    this.problems = h("div", { role: "alert" });
    this.grid = h("div", { class: "fields" }, this.fields.map((one) => one.node));
    this.node = h(
      "form",
      { novalidate: true, autocomplete: "off", class: "card" },
      h("h2", {}, t("input")),
      h("p", { class: "note" }, t("columns", { count: this.fields.length })),
      this.fields.length > MANY && this.finder(),
      this.problems,
      this.grid,
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "submit", class: "main" }, t("predict")),
        h("button", { type: "button", onclick: () => (this.fill(this.example), changed()) }, t("example")),
      ),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      submitted();
    });
    const soon = later(350, changed);
    this.grid.addEventListener("input", soon);
    this.fill(row ?? this.example);
  }

  fill(row) {
    for (const field of this.fields) field.set(row[field.name]);
  }

  row() {
    return Object.fromEntries(this.fields.map((field) => [field.name, field.get()]));
  }

  // Problems, and what a lenient server only warns of, at their fields.
  show(details, warnings) {
    const at = (name) => this.fields.find((field) => field.name === name);
    for (const field of this.fields) field.tell("", false);
    for (const text of warnings) {
      const [, name, rest] = WARNED.exec(text) ?? [];
      if (rest) at(name)?.tell(said(rest), false);
    }
    const elsewhere = [];
    for (const one of details) {
      const field = at(one.loc[2]);
      if (field) field.tell(said(one.msg), true);
      else elsewhere.push(`${one.loc.slice(2).join(" ")} ${said(one.msg)}`.trim());
    }
    this.problems.replaceChildren(...(details.length ? [this.summary(elsewhere)] : []));
  }

  summary(elsewhere) {
    const wrong = this.fields.filter((field) => field.wrong);
    const links = wrong.map((field) =>
      h("li", {}, h("button", { type: "button", class: "link", onclick: () => this.go(field) }, humane(field.name)), `: ${field.told.textContent}`),
    );
    return h(
      "div",
      { class: "problem" },
      h("p", {}, h("strong", {}, t("wrong", { count: wrong.length + elsewhere.length }))),
      h("ul", {}, links, elsewhere.map((text) => h("li", {}, text))),
    );
  }

  focusFirst() {
    const first = this.fields.find((field) => field.wrong);
    if (first) this.go(first);
  }

  go(field) {
    if (this.find) this.look((this.find.value = ""));
    field.control.focus();
  }

  finder() {
    const id = newId("find");
    this.count = h("span", { class: "note", role: "status" });
    this.find = h("input", { id, type: "search", oninput: () => this.look(this.find.value) });
    return h("div", { class: "finder" }, h("label", { for: id }, t("find")), this.find, this.count);
  }

  look(text) {
    const wanted = humane(text).toLowerCase();
    let shown = 0;
    for (const field of this.fields) {
      const there = !wanted || humane(field.name).toLowerCase().includes(wanted);
      field.node.hidden = !there;
      shown += there;
    }
    this.count.textContent = wanted ? t("found", { count: shown, all: this.fields.length }) : "";
  }
}

class Field {
  constructor(name, column) {
    Object.assign(this, { name, column, id: newId("f"), wrong: false });
    this.kind = column["x-kind"] ?? "";
    this.hint = h("span", { class: "hint", id: `${this.id}-hint` }, this.hinted());
    this.told = h("span", { class: "told", id: `${this.id}-told` });
    this.control = this.made();
    this.node = h("div", { class: "field" }, h("label", { for: this.id }, humane(name)), this.control, this.hint, this.told);
    this.describe();
  }

  // Classes to choose from, yes or no, a number, or any text.
  made() {
    const types_ = types(this.column);
    const common = { id: this.id, name: this.name, autocomplete: "off", spellcheck: "false" };
    if (types_.includes("boolean")) return select(common, [[true, t("yes")], [false, t("no")]]);
    const values = this.column.enum?.filter((value) => value !== null);
    if (values) return select(common, values.map((value) => [value, humane(value)]));
    const inputmode = types_.includes("number") || types_.includes("integer") ? "decimal" : "text";
    this.numeric = inputmode === "decimal" && !types_.includes("string");
    const input = h("input", { ...common, type: "text", inputmode, placeholder: t("noValue") });
    if (!this.column.examples?.length) return input;
    const list = newId("list");
    input.setAttribute("list", list);
    return h("span", { class: "listed" }, input, h("datalist", { id: list }, this.column.examples.map((value) => h("option", { value }))));
  }

  get input() {
    return this.control.matches("span") ? this.control.firstChild : this.control;
  }

  hinted() {
    const { minimum: low, maximum: high } = this.column;
    const parts = [];
    if (low !== undefined && high !== undefined) parts.push(t("allowed", { low: number(low), high: number(high) }));
    else if (low !== undefined && low !== 0) parts.push(t("atLeast", { low: number(low) }));
    else if (high !== undefined) parts.push(t("atMost", { high: number(high) }));
    const trained = this.column["x-training"];
    if (trained) parts.push(t("trained", { low: number(trained[0]), high: number(trained[1]) }));
    return parts.join(" · ");
  }

  set(value) {
    this.input.value = value === null || value === undefined ? "" : String(typeof value === "number" ? Number(value.toPrecision(15)) : value);
    this.tell("", false);
  }

  get() {
    const text = this.input.value;
    if (text === "") return null;
    if (types(this.column).includes("boolean")) return text === "true";
    return this.numeric && NUMBER.test(text.trim()) ? Number(text) : text;
  }

  tell(text, wrong) {
    this.wrong = wrong;
    this.told.textContent = text;
    this.node.classList.toggle("wrong", wrong);
    this.node.classList.toggle("noted", Boolean(text) && !wrong);
    this.input.setAttribute("aria-invalid", String(wrong));
    this.describe();
  }

  describe() {
    const there = [this.told, this.hint].filter((one) => one.textContent).map((one) => one.id);
    if (there.length) this.input.setAttribute("aria-describedby", there.join(" "));
    else this.input.removeAttribute("aria-describedby");
  }
}

function select(attributes, options) {
  const { spellcheck, ...rest } = attributes;
  return h("select", rest, h("option", { value: "" }, `– ${t("noValue")}`), options.map(([value, text]) => h("option", { value: String(value) }, text)));
}
