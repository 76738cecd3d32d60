// form[data-once]: a second click on its button does not send it a second time.
(() => {
  const release = (form) => {
    form.removeAttribute("aria-busy");
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-once")) return;
    if (form.getAttribute("aria-busy") === "true") event.preventDefault();
    else if (!event.defaultPrevented) form.setAttribute("aria-busy", "true");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form[data-once]");
    if (form) release(form);
  });

  // Back from the page that the form led to.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(release));
})();
