// Answers of the recipes whose rows are cells, each as a person would want it. `show` of a recipe gives elements from
// a row's answer and from what the server tells about the case; `sum` gives it in a sentence, for who listens.

import { bars, curves, key, meter, range } from "./charts.js";
import { h } from "./dom.js";
import { factors, humane, inUnit, number, percent, shownValue, signed, t } from "./strings.js";

const headline = (label, value, more) => h("div", { class: "headline" }, h("p", { class: "what" }, label), h("p", { class: "big" }, value), more);

const decided = (decision, over) => h("p", { class: `decision${over ? " over" : ""}` }, h("span", { class: "sign", "aria-hidden": "true" }, over ? "▲" : "●"), decision);

function reasons(row, title, none, how, text, least) {
  const shown = row.reasons.map((one) => ({ label: `${humane(one.column)} = ${shownValue(one.value)}`, value: one.adds, text: text(one.adds) }));
  return h("section", {}, h("h3", {}, title), shown.length ? [bars(shown, least), how && h("p", { class: "note" }, how)] : h("p", { class: "note" }, none));
}

const TWICE = Math.log(2); // of a bar that fills its track where all factors are smaller
const factor = (adds) => t("times", { value: factors(Math.exp(adds)) });

// Score, decision and threshold, of two classes or of a risk.
function scored(label, row, about) {
  const over = row.decision === about.decisions[0];
  const at = percent(about.threshold);
  return headline(label, percent(row.score), [
    meter(row.score, about.threshold, over),
    h("p", { class: "beneath" }, decided(row.decision, over), h("span", { class: "note" }, t(over ? "over" : "under", { value: at }))),
  ]);
}

const binary = {
  label: (about) => t("probability", { what: about.target.positive ?? about.target.column }),
  sum: (row, about) => t("saidBinary", { what: binary.label(about), score: percent(row.score), decision: row.decision }),
  show: (row, about) => [
    scored(binary.label(about), row, about),
    reasons(row, t("raised"), t("raisedNone"), t("raisedHow"), factor, TWICE),
  ],
};

const MOST_CLASSES = 10;

const multiclass = {
  sum: (row) => `${t("likeliest")}: ${row.class}, ${percent(row.probability)}`,
  show: (row) => {
    const all = Object.entries(row).filter(([name]) => name.startsWith("p_"));
    const found = all.map(([name, value]) => ({ label: name.slice(2), value, text: percent(value) }));
    const rare = [...found].sort((one, other) => other.value - one.value);
    return [
      headline(t("likeliest"), humane(row.class), h("p", { class: "note" }, percent(row.probability))),
      h("section", {}, h("h3", {}, t("classes")), bars(found.length > MOST_CLASSES ? rare.slice(0, MOST_CLASSES) : found, 1),
        found.length > MOST_CLASSES && h("details", {}, h("summary", {}, t("showAll", { count: found.length })), bars(rare.slice(MOST_CLASSES), 1))),
      reasons(row, t("speaks", { what: humane(row.class) }), t("speaksNone"), t("raisedHow"), factor, TWICE),
    ];
  },
};

const regression = {
  within: (row, about) => t("within", { share: percent(about.coverage ?? 0.9), low: number(row.low), high: number(row.high) }),
  label: (about) => t("estimate", { what: humane(about.target.column) }),
  sum: (row, about) => `${regression.label(about)}: ${number(row.value)}; ${regression.within(row, about)}`,
  show: (row, about) => [
    headline(regression.label(about), number(row.value), [range(row.low, row.value, row.high), h("p", { class: "note" }, regression.within(row, about))]),
    reasons(row, t("moved"), t("movedNone"), t("movedHow", { what: humane(about.target.column) }), signed),
  ],
};

// The line of each curve of an answer, and which columns hold its bounds.
function linesOf(row, names) {
  return names.filter((one) => row[one.values]).map((one) => ({ ...one, values: row[one.values], low: row[`${one.bounds}_low`], high: row[`${one.bounds}_high`] }));
}

function curveSection(title, row, lines, unit) {
  const times = row.curve_times;
  const when = (time) => inUnit(time, unit);
  const marker = { time: times[times.length - 1] };
  const chart = curves(times, lines, when, marker);
  const read = h("ul", { class: "legend" });
  const slider = h("input", { type: "range", min: 0, max: times.length - 1, value: times.length - 1, "aria-label": t("readAt") });
  const bounds = (line, place) => (line.low ? ` (${percent(line.low[place])} – ${percent(line.high[place])})` : "");
  const values = (place) => lines.map((line) => [line, `${percent(line.values[place])}${bounds(line, place)}`]);
  const time = h("output", {});
  const move = () => {
    const place = Number(slider.value);
    marker.time = times[place];
    chart.move(marker.time);
    time.textContent = when(marker.time);
    read.replaceChildren(...values(place).map(([line, text], at) => h("li", {}, key(at), h("span", { class: "label" }, line.name), h("span", { class: "number" }, text))));
    slider.setAttribute("aria-valuetext", `${when(marker.time)}: ${values(place).map(([line, text]) => `${line.name} ${text}`).join("; ")}`);
  };
  slider.addEventListener("input", move);
  move();
  const head = h("tr", {}, h("th", { scope: "col" }, t("time")), lines.map((line) => h("th", { scope: "col" }, line.name)));
  const rows = times.map((one, place) => h("tr", {}, h("th", { scope: "row" }, when(one)), values(place).map(([, text]) => h("td", {}, text))));
  return h("section", {}, h("h3", {}, title), chart, h("div", { class: "slider" }, h("span", {}, t("readAt")), slider, time), read,
    lines.some((line) => line.low) && h("p", { class: "note" }, t("band")),
    h("details", {}, h("summary", {}, t("table")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("table") }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)))));
}

function medianOf(row, unit) {
  if (!("median" in row)) return null;
  const last = row.curve_times?.[row.curve_times.length - 1];
  if (row.median === null) return h("p", {}, t("medianNone", { time: inUnit(last, unit) }));
  const when = (time) => (time === null ? t("beyond") : inUnit(time, unit));
  return h("p", {}, t("median", { value: when(row.median), low: when(row.median_low), high: when(row.median_high) }));
}

const lastTime = (about) => inUnit(about.horizons[about.horizons.length - 1], about.unit);
const saidRisk = (label, row) => t("saidBinary", { what: label, score: percent(row.score), decision: row.decision });
const hazard = (row) => reasons(row, t("hazards"), t("hazardsNone"), t("hazardsHow"), factor, TWICE);

const survival = {
  more: { curve: true },
  label: (about) => t("riskBy", { time: lastTime(about) }),
  sum: (row, about) => saidRisk(survival.label(about), row),
  show: (row, about) => [
    scored(survival.label(about), row, about),
    row.curve_times && curveSection(t("curve"), row, linesOf(row, [{ name: t("without"), values: "curve_survival", bounds: "curve", start: 1 }]), about.unit),
    medianOf(row, about.unit),
    hazard(row),
  ],
};

const competing_risks = {
  more: { curve: true },
  label: (about) => t("riskOf", { what: humane(about.causes[0]), time: lastTime(about) }),
  sum: (row, about) => saidRisk(competing_risks.label(about), row),
  show: (row, about) => {
    const names = about.causes.map((cause) => ({ name: humane(cause), values: `curve_${cause}`, bounds: `curve_${cause}`, start: 0 }));
    return [
      scored(competing_risks.label(about), row, about),
      row.curve_times && curveSection(t("curves"), row, linesOf(row, names), about.unit),
      hazard(row),
    ];
  },
};

// Of a recipe that the page does not know: all that is answered, by name.
const other = {
  sum: (row) => Object.entries(row).slice(0, 3).map(([name, value]) => `${humane(name)}: ${shownValue(value)}`).join("; "),
  show: (row) => [h("dl", {}, Object.entries(row).map(([name, value]) => [h("dt", {}, humane(name)), h("dd", {}, typeof value === "object" && value ? JSON.stringify(value) : shownValue(value))]))],
};

export const ANSWERS = { binary, multiclass, regression, survival, competing_risks };
export const answerOf = (recipe) => ANSWERS[recipe] ?? other;
