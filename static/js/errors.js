// What a failed htmx request says: the server's sentence where it sent one, else a sentence of the page ([data-toast]).
(() => {
  const sentence = (id) => document.getElementById(id)?.content.textContent.trim() ?? "";

  document.addEventListener("htmx:beforeSwap", (event) => {
    // A page that the navigation asked for is shown whole, an error page too.
    if (event.detail.boosted && event.detail.xhr.status >= 400) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const plain = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
    const text = plain && xhr.responseText.length < 500 ? xhr.responseText : sentence("toast-failed");
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
  });

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      // A poll that misses once tries again by itself.
      if (event.detail.requestConfig?.triggeringEvent?.type === "submit" || event.detail.boosted) {
        document.dispatchEvent(new CustomEvent("toast", { detail: { text: sentence("toast-unreachable"), level: "error" } }));
      }
    });
  }
})();
