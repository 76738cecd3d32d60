// [data-layer]: a line of the history, its layer's row and its segment of the diagram are highlighted
// together, on hover and on focus.
(() => {
  const highlight = (source) => {
    const number = source?.dataset.layer;
    for (const part of document.querySelectorAll("[data-highlighted]")) {
      if (part.dataset.layer !== number) delete part.dataset.highlighted;
    }
    if (number === undefined) return;
    for (const part of document.querySelectorAll(`[data-layer="${CSS.escape(number)}"]`)) part.dataset.highlighted = "";
  };

  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => highlight(event.target.closest?.("[data-layer]")));
  }
})();
