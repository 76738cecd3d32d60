// form[data-selection]: ticked rows bring up its bar ([data-selection-bar]). [data-select-all] ticks all on the page, a click with
// Shift all up to the last one; [data-compare] is a link that compares two of them. Rows may stand outside of their form.
(() => {
  const boxesOf = (form) => [...form.elements].filter((each) => each.matches('input[type="checkbox"]:is([name="tag"], [name="image"])'));
  let last;

  const compare = (form, chosen) => {
    const link = form.querySelector("[data-compare]");
    if (!link) return;
    link.hidden = chosen.length !== 2;
    if (link.hidden) return;
    const [left, right] = chosen.map((box) => `${link.dataset.compare}:${box.value}`);
    link.search = new URLSearchParams({ left, right });
  };

  const update = (form) => {
    const boxes = boxesOf(form);
    const chosen = boxes.filter((box) => box.checked);
    const all = [...form.elements].find((each) => each.matches("[data-select-all]"));
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
    form.querySelector("[data-selection-count]").textContent = chosen.length;
    (form.matches("[data-selection-bar]") ? form : form.querySelector("[data-selection-bar]")).toggleAttribute("data-active", chosen.length > 0);
    compare(form, chosen);
  };

  const updateAll = () => document.querySelectorAll("form[data-selection]").forEach(update);

  document.addEventListener("click", (event) => {
    const form = event.target.form;
    if (!form?.matches?.("form[data-selection]") || !event.target.matches('input[type="checkbox"]')) return;
    const boxes = boxesOf(form);
    if (event.target.matches("[data-select-all]")) {
      for (const box of boxes) box.checked = event.target.checked;
    } else if (event.shiftKey && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((one, other) => one - other);
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = event.target;
    update(form);
  });

  document.addEventListener("reset", (event) => {
    // The boxes are empty once the event is over.
    if (event.target.matches?.("form[data-selection]")) setTimeout(update, 0, event.target);
  });

  // The browser may bring ticks back, with the page or with what was swapped.
  document.addEventListener("DOMContentLoaded", updateAll);
  window.addEventListener("pageshow", updateAll);
  document.addEventListener("htmx:afterSettle", updateAll);
})();
