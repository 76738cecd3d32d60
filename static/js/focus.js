// After a form came back with errors, the first wrong field has the focus ([aria-invalid]).
// After a step through the navigation, the content has it.
(() => {
  const firstWrong = (root) => root.querySelector('[aria-invalid="true"]:not([type="hidden"])');

  const focusFirstWrong = (root) => firstWrong(root)?.focus();

  document.addEventListener("DOMContentLoaded", () => focusFirstWrong(document));

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.boosted) {
      document.getElementById("main")?.focus({ preventScroll: true });
      return;
    }
    const active = document.activeElement;
    const typing = active instanceof HTMLElement && active.matches("input, textarea, select");
    if (!typing && event.detail.requestConfig?.verb === "post") focusFirstWrong(event.detail.elt);
  });
})();
