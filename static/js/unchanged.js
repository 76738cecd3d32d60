// [data-skip-unchanged]: a field that is left (change) or Enter after a pause (input) sends no second request
// for the values that the last request of the form had. Submitting the form always sends one.
(() => {
  const sent = new WeakMap();

  const formOf = (element) => (element.matches?.("[data-skip-unchanged]") ? element.closest("form") : null);
  const valuesOf = (form) => new URLSearchParams(new FormData(form)).toString();

  const requestsOf = (form) => {
    if (!sent.has(form)) sent.set(form, new Map());
    return sent.get(form);
  };

  // Before htmx aborts or queues anything. The event comes a second time for a request that waited in the queue,
  // so that only a request that is on its way counts as sent.
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
    if (form && !successful && requestsOf(form).get(elt.id)?.xhr === xhr) requestsOf(form).delete(elt.id);
  });
})();
