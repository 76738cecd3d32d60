// [data-search-box]: a search and its hits, [data-hit]. The arrow keys go through them, Escape goes back and closes.
// In the header the hits lie on a panel, and on narrow screens the glass opens the field: data-open, see keys.js.
(() => {
  const boxOf = (target) => target.closest?.("[data-search-box]");
  const panelOf = (box) => box.querySelector("[data-search-panel]");
  const fieldOf = (box) => box.querySelector("[data-search-everywhere]");

  const show = (box) => {
    const panel = panelOf(box);
    if (panel) panel.hidden = !fieldOf(box).value.trim() || !panel.childElementCount;
  };

  const close = (box) => {
    const panel = panelOf(box);
    if (panel) panel.hidden = true;
    delete box.dataset.open;
  };

  const step = (box, by) => {
    show(box);
    const focusable = [fieldOf(box), ...box.querySelectorAll("[data-hit]")];
    const place = focusable.indexOf(document.activeElement);
    focusable[Math.min(Math.max(place + by, 0), focusable.length - 1)].focus();
  };

  const escape = (box, event) => {
    const panel = panelOf(box);
    const field = fieldOf(box);
    const wasOpen = panel && !panel.hidden;
    if (!wasOpen && document.activeElement === field && field.value && !panel) return;
    event.preventDefault();
    if (wasOpen || document.activeElement !== field) {
      field.focus();
      if (panel) panel.hidden = true;
    } else {
      close(box);
      field.blur();
    }
  };

  document.addEventListener("keydown", (event) => {
    const box = boxOf(event.target);
    if (!box || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") escape(box, event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(box, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.target.matches("[data-hit]") && (event.key.length === 1 || event.key === "Backspace") && event.key !== " ") {
      // Whoever types on while a hit has the focus goes on typing.
      fieldOf(box).focus();
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const box = boxOf(event.detail.target);
    if (box?.contains(document.activeElement)) show(box);
  });

  document.addEventListener("focusin", (event) => {
    for (const box of document.querySelectorAll("[data-search-box]")) {
      if (!box.contains(event.target)) close(box);
      else if (event.target.matches("[data-search-everywhere]")) show(box);
    }
  });

  document.addEventListener("click", (event) => {
    for (const box of document.querySelectorAll("[data-search-box]")) if (!box.contains(event.target)) close(box);
    const box = event.target.closest("[data-search-open]") && boxOf(event.target);
    if (box && !fieldOf(box).checkVisibility()) {
      event.preventDefault();
      box.dataset.open = "";
      fieldOf(box).focus();
    }
  });
})();
