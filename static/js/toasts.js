// [data-toast]: goes away by itself unless it reports an error or somebody is at it; a "toast" event makes one.
(() => {
  const VISIBLE_SECONDS = 6;

  const dismiss = (toast) => {
    if (toast.matches(":hover, :focus-within")) setTimeout(dismiss, 2000, toast);
    else toast.remove();
  };

  const start = (toast) => {
    if ("started" in toast.dataset) return;
    toast.dataset.started = "";
    if (!toast.classList.contains("toast-error")) setTimeout(dismiss, VISIBLE_SECONDS * 1000, toast);
  };

  const startAll = () => document.querySelectorAll("[data-toast]").forEach(start);

  const make = (text, level) => {
    const toast = document.createElement("div");
    toast.className = `toast toast-${level}`;
    toast.dataset.toast = "";
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const close = document.getElementById("toast-close")?.content.cloneNode(true);
    toast.append(sentence, close ?? "");
    return toast;
  };

  document.addEventListener("toast", (event) => {
    const { text, level } = event.detail;
    const toasts = document.getElementById("toasts");
    const known = [...(toasts?.children ?? [])].some((toast) => toast.textContent.trim() === text);
    if (text && toasts && !known) toasts.append(make(text, level));
    startAll();
  });

  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
  document.addEventListener("DOMContentLoaded", startAll);
  document.addEventListener("htmx:afterSettle", startAll);
})();
