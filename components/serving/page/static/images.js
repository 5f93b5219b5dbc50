// An image dropped on the page, and a box around each object that was found in it.

import { latest, predict } from "./api.js";
import { h, later, newId, s, say } from "./dom.js";
import { Panel } from "./panel.js";
import { humane, number, percent, said, t } from "./strings.js";

const MOST_ROWS = 500; // of the table
const SMALL = 480; // pixels to which smaller images are widened

export function imageView(one, schema) {
  const panel = new Panel();
  const newest = latest();
  const example = schema.row.examples?.[0];
  const id = newId("file");
  const input = h("input", { id, type: "file", accept: "image/*,.tif,.tiff,.dcm", class: "unseen" });
  const name = h("span", { class: "note", id: newId("name") });
  input.setAttribute("aria-describedby", name.id);
  const zone = h("div", { class: "drop" }, input, h("label", { for: id }, h("span", { class: "button" }, t("choose")), h("span", {}, t("drop"))), name);
  const told = h("p", { class: "told", role: "alert" });
  let taken = 0; // counts files, so that one that is read slowly does not come after the next
  let address = null; // of the last file, which the browser keeps until it is revoked

  async function take(file) {
    if (!file) return;
    const mine = ++taken;
    name.textContent = file.name;
    try {
      const [plain, image] = await Promise.all([shows(file), asText(file)]);
      if (mine !== taken) return;
      if (address) URL.revokeObjectURL(address);
      address = plain ? URL.createObjectURL(file) : null;
      ask({ image, name: file.name }, address);
    } catch (error) {
      if (mine === taken) told.textContent = t("unread", { error: error.message }); // it was moved, or is a folder
    }
  }

  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = ""; // the same file can be chosen again, when it has changed
  });
  for (const kind of ["dragenter", "dragover"])
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });

  function ask(row, address) {
    const more = address ? {} : { draw: true };
    const started = performance.now();
    told.textContent = "";
    panel.stale();
    say(t("asking"));
    newest(
      (signal) => predict(one.case, [row], more, signal),
      (found) => {
        const [answer] = found.rows;
        const { drawn, ...rest } = answer;
        show(answer, address, drawn);
        panel.behind(one.case, null, { ...found, rows: [rest] }, performance.now() - started, `-F 'image=@${row.name.replaceAll("'", "")}'`);
      },
      (failure) => {
        told.textContent = failure.detail.length ? said(failure.detail[0].msg) : "";
        panel.fail(failure, () => ask(row, address));
      },
    );
  }

  function useExample() {
    taken += 1;
    const data = example.image.startsWith("data:") ? example.image : `data:${kindOf(example.image)};base64,${example.image}`;
    name.textContent = example.name ?? "";
    ask({ name: "example", ...example }, data);
  }

  function show(answer, address, drawn) {
    const classes = schema.about.classes ?? Object.keys(answer.counts);
    const sum = answer.count ? t("counted", { count: answer.count }) : t("countedNone");
    const counts = Object.entries(answer.counts).map(([label, count]) => `${humane(label)}: ${count}`);
    const picture = boxed(answer, classes, address ?? `data:image/png;base64,${drawn}`, Boolean(address));
    const spoken = classes.length > 1 ? [sum, ...counts].join(" · ") : sum;
    panel.show(spoken, [h("div", { class: "headline" }, h("p", { class: "what" }, t("objects")), h("p", { class: "big" }, number(answer.count))), picture], answer.warnings ?? []);
  }

  const form = h("div", { class: "card" }, h("h2", {}, t("image")), zone, told, h("p", { class: "note" }, t("imageNone")),
    example && h("div", { class: "buttons" }, h("button", { type: "button", onclick: useExample }, t("imageExample"))));
  if (example) useExample();
  else panel.show("", [h("p", { class: "note" }, t("imageFirst"))]);
  return [h("div", { class: "columns pictures" }, form, panel.node)];
}

// The picture, what to show on it, and the boxes as a table. Where `over` is false they are drawn in it already.
function boxed(answer, classes, address, over) {
  const found = [...answer.annotations].sort((one, other) => other.score - one.score);
  const frames = found.map((one) => {
    const [x, y, width, height] = one.bbox;
    const place = classes.indexOf(one.category) % 4;
    return s("g", {}, s("rect", { class: "halo", x, y, width, height }), s("rect", { class: `box c${place}`, x, y, width, height }), s("title", {}, `${humane(one.category)} ${percent(one.score)}`));
  });
  const image = h("img", { src: address, alt: t("pictureOf", { name: answer.image }) });
  const layer = over && s("svg", { viewBox: `0 0 ${answer.width} ${answer.height}`, "aria-hidden": "true" }, frames);
  const widest = `min(100%, calc(70vh * ${answer.width / answer.height}), ${Math.max(answer.width, SMALL)}px)`;
  const figure = h("figure", { class: "picture", style: { width: widest } }, image, layer);
  const scores = found.map((one) => one.score);
  const least = scores.length ? Math.floor(Math.min(...scores) * 100) / 100 : 0;
  const slider = h("input", { type: "range", min: least, max: 0.99, step: 0.01, value: least, id: newId("least") });
  const shown = h("output", { class: "note", role: "status" });
  const ticked = new Map(classes.map((label) => [label, h("input", { type: "checkbox", checked: true, id: newId("class") })]));
  const counted = new Map(classes.map((label) => [label, h("span", { class: "number" })]));
  const visible = (one) => one.score >= Number(slider.value) && (ticked.get(one.category)?.checked ?? true);
  const tell = later(400, () => (shown.textContent = t("shown", { count: found.filter(visible).length, all: found.length })));
  const rows = h("tbody", {});

  function filter() {
    slider.setAttribute("aria-valuetext", percent(Number(slider.value)));
    found.forEach((one, place) => frames[place].classList.toggle("away", !visible(one)));
    for (const [label, node] of counted) node.textContent = number(found.filter((one) => one.category === label && one.score >= Number(slider.value)).length);
    rows.replaceChildren(...found.map((one, place) => [one, place]).filter(([one]) => visible(one)).slice(0, MOST_ROWS).map(([one, place]) => {
      const light = (on) => () => frames[place].classList.toggle("lit", on);
      return h("tr", { onmouseenter: light(true), onmouseleave: light(false) }, h("th", { scope: "row" }, humane(one.category)), h("td", {}, percent(one.score)), one.bbox.map((side) => h("td", {}, number(side, 4))));
    }));
    tell();
  }

  slider.addEventListener("input", filter);
  for (const box of ticked.values()) box.addEventListener("change", filter);
  filter();
  if (!found.length) return [figure];
  const legend = h("ul", { class: "legend" }, classes.map((label, place) =>
    h("li", {}, ticked.get(label), h("label", { for: ticked.get(label).id }, h("span", { class: `swatch c${place % 4}`, "aria-hidden": "true" }), humane(label)), counted.get(label))));
  const head = [t("object"), t("confidence"), "x", "y", t("wide"), t("high")].map((text) => h("th", { scope: "col" }, text));
  return [
    figure,
    over && h("div", { class: "slider" }, h("label", { for: slider.id }, t("least")), slider, shown),
    over && legend,
    h("details", {}, h("summary", {}, t("boxes")), h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": t("boxes") }, h("table", {}, h("thead", {}, h("tr", {}, head)), rows))),
  ];
}

const asText = (file) =>
  new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf("base64,") + 7));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });

// Whether this browser can show the file; where it cannot, as with most TIFF, the server draws it.
async function shows(file) {
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

const kindOf = (base64) => (base64.startsWith("/9j/") ? "image/jpeg" : "image/png");
