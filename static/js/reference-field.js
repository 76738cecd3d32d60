// [data-analysis]: announces the analysis once typing pauses, keeps it unfolded, and keeps its height while a name is half typed.
// [data-fill="#field"]: puts an example into the field.
(() => {
  const pauses = new WeakMap();

  const announce = (analysis) => {
    const line = analysis.parentElement.querySelector("[data-analysis-live]");
    const words = analysis.querySelector("[data-analysis-summary]")?.textContent ?? "";
    if (!line) return;
    clearTimeout(pauses.get(analysis));
    pauses.set(
      analysis,
      setTimeout(() => {
        if (line.textContent !== words) line.textContent = words;
      }, 800),
    );
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    const analysis = event.detail.target;
    if (!analysis.matches?.("[data-analysis]")) return;
    analysis.style.minHeight = `${analysis.offsetHeight}px`;
    analysis.dataset.unfolded = analysis.querySelector("details")?.open ?? analysis.dataset.unfolded ?? false;
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const analysis = event.detail.target;
    if (!analysis.matches?.("[data-analysis]")) return;
    const details = analysis.querySelector("details");
    if (analysis.querySelector(".analysis-full-name")) analysis.style.minHeight = "";
    if (details) details.open = analysis.dataset.unfolded === "true";
    announce(analysis);
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
