// [data-layer]: a line of the history, its layer's row and its piece of the picture light up together, on hover and on focus.
(() => {
  const light = (source) => {
    const number = source?.dataset.layer;
    for (const lit of document.querySelectorAll("[data-lit]")) if (lit.dataset.layer !== number) delete lit.dataset.lit;
    if (number === undefined) return;
    for (const part of document.querySelectorAll(`[data-layer="${CSS.escape(number)}"]`)) part.dataset.lit = "";
  };

  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => light(event.target.closest?.("[data-layer]")));
  }
})();
