// Bars and curves. Each stands beside its values in text, and so is hidden from screen readers.

import { drawn, h, s } from "./dom.js";
import { number, percent } from "./strings.js";

// A share of the whole, with a mark at the threshold.
export function meter(share, threshold, over) {
  const bar = h("div", { class: `meter${over ? " over" : ""}`, "aria-hidden": "true" }, h("span", { class: "full", style: { width: `${100 * share}%` } }));
  if (threshold !== undefined) bar.append(h("span", { class: "mark", style: { left: `${100 * threshold}%` } }));
  return bar;
}

// Bars of [{label, value, text}] in the order given, around a middle line where some are below 0. The longest fills its
// track, or stands for `least` where all are smaller: what is small looks small.
export function bars(rows, least = 1e-12) {
  const most = Math.max(...rows.map((row) => Math.abs(row.value)), least);
  const both = rows.some((row) => row.value < 0);
  return h(
    "ul",
    { class: `bars${both ? " both" : ""}` },
    rows.map((row) => {
      const width = (100 * Math.abs(row.value)) / most;
      const side = row.value < 0 ? "down" : "up";
      return h(
        "li",
        {},
        h("span", { class: "label" }, row.label),
        h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: side, style: { width: `${both ? width / 2 : width}%` } })),
        h("span", { class: "number" }, row.text),
      );
    }),
  );
}

// A value within its interval.
export function range(low, value, high) {
  const room = (high - low) * 0.25 || 1;
  const at = (x) => `${(100 * (x - low + room)) / (high - low + 2 * room)}%`;
  return h(
    "div",
    { class: "range", "aria-hidden": "true" },
    h("span", { class: "span", style: { left: at(low), right: `calc(100% - ${at(high)})` } }),
    h("span", { class: "dot", style: { left: at(value) } }),
    h("span", { class: "end", style: { left: at(low) } }, number(low)),
    h("span", { class: "end", style: { left: at(high) } }, number(high)),
  );
}

const HEIGHT = 260;
const ROOM = { left: 46, right: 12, top: 12, bottom: 30 };
const DASHES = ["", "7 4", "2 4", "9 3 2 3"];

// Curves over time from 0: [{name, start, values, low, high}]; `marker` is a time whose line is drawn.
export function curves(times, lines, unit, marker) {
  const last = times[times.length - 1];
  const most = lines.some((line) => line.start === 1) ? 1 : ceiling(Math.max(...lines.flatMap((line) => line.high ?? line.values)));
  const holder = h("div", { class: "chart", "aria-hidden": "true" });
  let width = 0;
  const x = (time) => ROOM.left + ((width - ROOM.left - ROOM.right) * time) / last;
  const y = (share) => ROOM.top + (HEIGHT - ROOM.top - ROOM.bottom) * (1 - share / most);
  const path = (values, start) => [[0, start], ...times.map((time, place) => [time, values[place]])].map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
  const line = s("line", { class: "marker", y1: ROOM.top, y2: HEIGHT - ROOM.bottom });
  const move = (time) => {
    line.setAttribute("x1", x(time));
    line.setAttribute("x2", x(time));
  };
  drawn(holder, (now) => {
    width = now;
    move(marker.time);
    const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => part * most);
    return s(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT },
      grid.map((share) => [
        s("line", { class: "grid", x1: ROOM.left, x2: width - ROOM.right, y1: y(share), y2: y(share) }),
        s("text", { x: ROOM.left - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
      ]),
      ticks(last, width).map((time) => s("text", { x: x(time), y: HEIGHT - 10, "text-anchor": time === last ? "end" : "middle" }, time === last ? unit(time) : number(time))),
      lines.map((one, place) => one.low && s("polygon", { class: `band c${place % 4}`, points: [...path(one.high, one.start), ...path(one.low, one.start).reverse()].join(" ") })),
      lines.map((one, place) => s("polyline", { class: `line c${place % 4}`, points: path(one.values, one.start).join(" "), "stroke-dasharray": DASHES[place % 4] })),
      line,
    );
  });
  holder.move = move;
  return holder;
}

export const key = (place) =>
  s("svg", { class: "key", viewBox: "0 0 28 10", width: 28, height: 10, "aria-hidden": "true" }, s("line", { class: `line c${place % 4}`, x1: 0, x2: 28, y1: 5, y2: 5, "stroke-dasharray": DASHES[place % 4] }));

const ceiling = (share) => [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1].find((one) => one >= share) ?? 1;

function ticks(last, width) {
  const most = Math.max(2, Math.min(10, Math.floor(width / 64)));
  const power = 10 ** Math.floor(Math.log10(last / most));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => last / one <= most);
  const found = [];
  for (let time = 0; time < last - step / 2; time += step) found.push(time);
  return [...found, last];
}
