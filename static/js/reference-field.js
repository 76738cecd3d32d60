// [data-anatomy]: says the anatomy once typing pauses, keeps what was unfolded, and stays as tall while a name is half typed.
// [data-fill="#field"]: puts an example into the field.
(() => {
  const pauses = new WeakMap();

  const say = (anatomy) => {
    const line = anatomy.parentElement.querySelector("[data-anatomy-said]");
    const words = anatomy.querySelector("[data-spoken]")?.textContent ?? "";
    if (!line) return;
    clearTimeout(pauses.get(anatomy));
    pauses.set(
      anatomy,
      setTimeout(() => {
        if (line.textContent !== words) line.textContent = words;
      }, 800),
    );
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    const anatomy = event.detail.target;
    if (!anatomy.matches?.("[data-anatomy]")) return;
    anatomy.style.minHeight = `${anatomy.offsetHeight}px`;
    anatomy.dataset.unfolded = anatomy.querySelector("details")?.open ?? anatomy.dataset.unfolded ?? false;
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const anatomy = event.detail.target;
    if (!anatomy.matches?.("[data-anatomy]")) return;
    const details = anatomy.querySelector("details");
    if (anatomy.querySelector(".anatomy-whole")) anatomy.style.minHeight = "";
    if (details) details.open = anatomy.dataset.unfolded === "true";
    say(anatomy);
  });

  document.addEventListener("click", (event) => {
    const example = event.target.closest("[data-fill]");
    const field = example && document.querySelector(example.dataset.fill);
    if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    field.value = example.dataset.value ?? example.textContent.trim();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
})();
