// Which case is shown, in which language, and whether the server wants its token first.

import { call, Failure, session } from "./api.js";
import { cardOf } from "./card.js";
import { h } from "./dom.js";
import { inWords } from "./panel.js";
import { known, language, setLanguage, t } from "./strings.js";
import { tableView } from "./tables.js";

// Parts of the page that only some recipes need: the file and the name of the view in it.
const VIEWS = { next_item: ["./items.js", "itemView"], detection: ["./images.js", "imageView"], conversion: ["./pinyin.js", "pinyinView"] };

const main = document.getElementById("main");
const nav = document.getElementById("cases");
let served = [];
let shown = 0; // counts what is shown, so that what comes late is dropped

// Cases are named in letters, digits and "_": what stands behind "#" needs no decoding.
const chosen = () => served.find((one) => one.case === location.hash.replace(/^#\/?/, "")) ?? served[0];
const recipeOf = (one) => (known(one.recipe) ? t(one.recipe) : one.recipe);

function frame(signedIn) {
  document.documentElement.lang = language() === "zh" ? "zh-Hans" : "en";
  const skip = document.getElementById("skip");
  skip.textContent = t("skip");
  skip.onclick = () => main.focus();
  const other = language() === "en" ? "zh" : "en";
  const change = h("button", { type: "button", lang: other === "zh" ? "zh-Hans" : "en", onclick: () => (setLanguage(other), start()) }, h("span", { "aria-hidden": "true" }, t("other")), h("span", { class: "unseen" }, t("otherSpoken")));
  const leave = signedIn && h("button", { type: "button", onclick: signOut }, t("signOut"));
  const tools = document.getElementById("tools");
  const focused = tools.contains(document.activeElement);
  tools.replaceChildren(...[h("a", { href: "docs" }, t("docs")), h("a", { href: "metrics" }, t("figures")), leave, change].filter(Boolean));
  if (focused) change.focus();
  document.getElementById("foot").textContent = t("foot");
  nav.setAttribute("aria-label", t("cases"));
}

async function signOut() {
  try {
    await call("DELETE", "login");
    start();
  } catch (error) {
    broken(error, main, signOut);
  }
}

function list(now) {
  nav.hidden = served.length < 2;
  nav.replaceChildren(h("ul", {}, served.map((one) => h("li", {}, h("a", { href: `#/${encodeURIComponent(one.case)}`, "aria-current": one === now && "page" }, h("span", { class: "name" }, one.title), h("span", { class: "recipe" }, recipeOf(one)))))));
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

async function show(moved) {
  const mine = ++shown;
  const one = chosen();
  if (!one) return main.replaceChildren(h("p", {}, t("none")));
  list(one);
  document.title = `${one.title} · Casebook`;
  const title = h("h1", { tabindex: "-1" }, one.title);
  const body = h("div", {}, h("p", { class: "note" }, t("loading")));
  main.replaceChildren(
    h("div", { class: "title" }, title, h("p", { class: "sub" }, recipeOf(one), " · ", t("version", { version: one.version }), " · ", cardOf(one))),
    one.notice && h("p", { class: "notice", lang: "en" }, one.notice),
    body,
  );
  if (moved) {
    title.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  try {
    const schema = await call("GET", `v1/${encodeURIComponent(one.case)}/schema`);
    const [file, name] = VIEWS[one.recipe] ?? [];
    const view = file ? (await import(file))[name] : tableView;
    if (mine === shown) body.replaceChildren(...[view(one, schema)].flat());
  } catch (error) {
    if (mine === shown) broken(error, body, () => show(false));
  }
}

function broken(error, place, again) {
  if (error.status === 401) return; // the token is asked for
  const told = error instanceof Failure ? inWords(error) : t("unshown", { error: error.message });
  if (!(error instanceof Failure)) console.error(error);
  place.replaceChildren(h("div", { class: "problem", role: "alert" }, h("p", {}, told), h("button", { type: "button", onclick: again }, t("retry"))));
}

function askToken() {
  served = [];
  nav.hidden = true;
  document.title = "Casebook";
  const told = h("p", { class: "told", id: "token-told", role: "alert" });
  const input = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "token-told token-why" });
  const form = h("form", { class: "card token", novalidate: true }, h("h1", {}, t("tokenTitle")), h("p", { class: "note", id: "token-why" }, t("tokenWhy")),
    h("div", { class: "field" }, h("label", { for: "token" }, t("token")), input, told), h("div", { class: "buttons" }, h("button", { class: "main" }, t("signIn"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if (!input.value.trim()) throw new Failure(401, "", [], null);
      await call("POST", "login", { token: input.value });
      return start(true);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const wrong = input.value.trim() ? t("tokenWrong") : t("tokenEmpty");
      told.textContent = error.status === 401 ? wrong : inWords(error);
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  });
  main.replaceChildren(form);
  input.focus();
}

async function start(moved = false) {
  const mine = ++shown;
  try {
    const { needed, known: signedIn } = await call("GET", "login");
    if (mine !== shown) return;
    session.token = needed;
    frame(needed && signedIn);
    if (!signedIn) return askToken();
    served = (await call("GET", "v1")).cases;
    if (mine === shown) await show(moved);
  } catch (error) {
    if (mine !== shown) return;
    frame(false);
    broken(error, main, () => start());
  }
}

addEventListener("tokenwanted", () => {
  frame(false);
  askToken();
});
// A file dropped beside the field for it would open in place of the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
addEventListener("hashchange", () => (served.length ? show(true) : start(true))); // the cases may not be here yet
start();
