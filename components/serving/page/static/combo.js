// A field with a list below it to choose from, as the ARIA pattern "combobox" has it: ↓ and ↑ move, Enter takes,
// Escape closes. The focus stays in the field.

import { h, newId } from "./dom.js";

export class Combo {
  // `taken` is called with the option that a person takes, and with null where Enter takes none.
  constructor(input, label, taken) {
    Object.assign(this, { input, taken, options: [], at: -1, id: newId("list") });
    this.list = h("ul", { id: this.id, role: "listbox", "aria-label": label, class: "options", hidden: true });
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.id })) input.setAttribute(name, value);
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.floats && setTimeout(() => this.open(false), 150));
  }

  // Options are {content, …}; `first` is the one that Enter takes where nobody has moved, -1 for none.
  show(options, first = -1) {
    this.options = options;
    this.list.replaceChildren(
      ...options.map((one, place) => {
        const item = h("li", { role: "option", id: `${this.id}-${place}`, "aria-selected": "false" }, one.content);
        item.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
        item.addEventListener("click", () => this.take(place));
        return item;
      }),
    );
    this.open(options.length > 0);
    this.move(options.length ? first : -1);
  }

  open(wanted) {
    this.list.hidden = !wanted;
    this.input.setAttribute("aria-expanded", String(wanted));
    if (!wanted) this.input.removeAttribute("aria-activedescendant");
  }

  move(place) {
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = place;
    const item = this.list.children[place];
    if (!item) return this.input.removeAttribute("aria-activedescendant");
    item.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  take(place) {
    this.taken(this.options[place] ?? null);
  }

  key(event) {
    if (event.isComposing) return; // an input method of the system's is at work
    const many = this.options.length;
    const open = !this.list.hidden && many > 0;
    if (event.key === "Enter") {
      event.preventDefault();
      this.take(open ? this.at : -1);
    } else if (event.key === "Escape" && open && this.floats) {
      event.preventDefault();
      this.open(false);
    } else if (many && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      if (!open) return this.open(true);
      this.move((this.at + (event.key === "ArrowDown" ? 1 : this.at < 0 ? 0 : -1) + many) % many);
    }
  }
}
