// [data-skip-unchanged]: a field that is left (change) after it was typed in (input) sends no second
// request for the values that the form's last request had. Submitting the form always sends one.
(() => {
  const sent = new WeakMap();

  const formOf = (element) =>
    element.matches?.("[data-skip-unchanged]") ? element.closest("form") : null;
  const valuesOf = (form) => new URLSearchParams(new FormData(form)).toString();

  const requestsOf = (form) => {
    if (!sent.has(form)) sent.set(form, new Map());
    return sent.get(form);
  };

  // Checked before htmx aborts or queues a request. A queued request passes here twice, so that only
  // one that is on its way counts as sent.
  document.addEventListener("htmx:confirm", (event) => {
    const { elt, triggeringEvent } = event.detail;
    const form = formOf(elt);
    if (!form || triggeringEvent?.type === "submit") return;
    if (requestsOf(form).get(elt.id)?.values === valuesOf(form)) event.preventDefault();
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, xhr } = event.detail;
    const form = formOf(elt);
    if (form) requestsOf(form).set(elt.id, { values: valuesOf(form), xhr });
  });

  // The same values may be sent again after a request that failed or was aborted.
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, successful } = event.detail;
    const form = formOf(elt);
    if (!form || successful) return;
    if (requestsOf(form).get(elt.id)?.xhr === xhr) requestsOf(form).delete(elt.id);
  });
})();
