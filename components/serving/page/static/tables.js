// A case whose rows are cells: a form, and beside it the answer, which follows what is typed.

import { latest, predict } from "./api.js";
import { answerOf } from "./answers.js";
import { h } from "./dom.js";
import { RowForm } from "./form.js";
import { Panel } from "./panel.js";

const typed = new Map(); // rows by case: they stay while another case, or language, is looked at

export function tableView(one, schema) {
  const recipe = answerOf(one.recipe);
  const panel = new Panel();
  const newest = latest();
  const brief = h("a", { class: "brief", href: "#answer", hidden: true });
  brief.addEventListener("click", (event) => {
    event.preventDefault();
    panel.node.scrollIntoView();
    panel.node.focus({ preventScroll: true });
  });

  new IntersectionObserver(([seen]) => brief.classList.toggle("away", seen.isIntersecting)).observe(panel.node);

  // `pressed`: by the button, and what is wrong takes the focus then.
  function ask(pressed) {
    const row = form.row();
    typed.set(one.case, row);
    const more = { explain: "always", ...recipe.more };
    const started = performance.now();
    panel.stale();
    newest(
      (signal) => predict(one.case, [row], more, signal),
      (found) => {
        const [answer] = found.rows;
        const sum = recipe.sum(answer, schema.about);
        form.show([], answer.warnings ?? []);
        panel.show(sum, recipe.show(answer, schema.about), answer.warnings);
        panel.behind(one.case, { rows: [row], ...more }, found, performance.now() - started);
        brief.textContent = sum;
        brief.hidden = false;
      },
      (failure) => {
        const cells = failure.status === 422 && failure.detail.length > 0;
        form.show(cells ? failure.detail : [], []);
        panel.fail(failure, () => ask(true));
        brief.hidden = true;
        if (cells && pressed) form.focusFirst();
      },
    );
  }

  const form = new RowForm(schema.row, typed.get(one.case), () => ask(false), () => ask(true));
  ask(false);
  return [h("div", { class: "columns" }, form.node, panel.node), brief];
}
