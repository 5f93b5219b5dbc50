// The place of an answer: what was answered, what went wrong, and the request behind it.

import { session } from "./api.js";
import { h, say } from "./dom.js";
import { said, t, tongue } from "./strings.js";

const SPOKEN = { 0: "offline", 413: "large", 429: "busy", 503: "starting", 504: "slow" };

export const inWords = (failure) => (failure.status === 422 && failure.detail?.length ? t("fix") : SPOKEN[failure.status] ? t(SPOKEN[failure.status]) : t("failed", { error: failure.message }));

export class Panel {
  constructor() {
    this.body = h("div", { class: "body" }, h("p", { class: "note" }, t("loading")));
    this.foot = h("div", { class: "more" });
    this.node = h("section", { class: "card answer", id: "answer", "aria-labelledby": "answer-title", tabindex: "-1" }, h("h2", { id: "answer-title" }, t("answer")), this.body, this.foot);
  }

  // `sum` is said to who listens; `shown` are elements.
  show(sum, shown, warnings = []) {
    this.fresh();
    const noted = warnings.length && h("div", { class: "warnings" }, h("h3", {}, t("warnings")), h("ul", {}, warnings.map((text) => h("li", { lang: tongue(text) }, said(text)))));
    this.body.replaceChildren(...[noted, shown].flat(Infinity).filter(Boolean));
    say([sum, ...warnings.map(said)].join(" "));
  }

  fail(failure, again) {
    this.fresh();
    const retry = again && failure.status !== 422 && h("button", { type: "button", onclick: again }, t("retry"));
    this.body.replaceChildren(h("div", { class: "problem", role: "alert" }, h("p", {}, inWords(failure)), retry));
    this.foot.replaceChildren();
  }

  // The last answer is of another row than the one that stands in the form.
  stale() {
    this.node.classList.add("stale");
    this.node.setAttribute("aria-busy", "true");
  }

  fresh() {
    this.node.classList.remove("stale");
    this.node.removeAttribute("aria-busy");
  }

  // `form` stands for the body where that is a file.
  behind(name, body, answer, milliseconds, form) {
    const address = new URL(`v1/${name}/predict`, document.baseURI).href;
    const sent = form ?? `-H 'content-type: application/json' -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
    const token = session.token ? `-H "Authorization: Bearer $CASEBOOK_TOKEN" ` : "";
    const request = `curl -s ${address} ${token}${sent}`;
    const open = [...this.foot.querySelectorAll("details")].map((one) => one.open);
    this.foot.replaceChildren(
      h("p", { class: "note" }, `${t("version", { version: answer.version })} · ${t("took", { ms: Math.max(1, Math.round(milliseconds)) })}`),
      h("details", { open: open[0] }, h("summary", {}, t("asRequest")), copied(request)),
      h("details", { open: open[1] }, h("summary", {}, t("asJson")), copied(JSON.stringify(answer, null, 2))),
    );
  }
}

// A button that copies what `text` gives then.
export function copies(text) {
  const button = h("button", { type: "button", class: "small" }, t("copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = t("copied");
      say(t("copied"));
      setTimeout(() => (button.textContent = t("copy")), 2000);
    } catch {
      say(t("copyKeys")); // only pages of https and of this machine may copy
      button.textContent = t("copyKeys");
    }
  });
  return button;
}

const copied = (text) => h("div", { class: "copied" }, copies(() => text), h("pre", { tabindex: 0 }, text));
