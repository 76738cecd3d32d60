// select[data-browser-zone]: offers the browser's time zone where it is not the chosen one.
(() => {
  const suggest = () => {
    const select = document.querySelector("select[data-browser-zone]");
    const suggestion = document.querySelector("[data-zone-suggestion]");
    if (!select || !suggestion) return;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const button = suggestion.querySelector("button");
    const update = () => {
      const offered = [...select.options].some((option) => option.value === zone);
      suggestion.hidden = !offered || select.value === zone;
    };
    button.textContent = zone;
    button.onclick = () => {
      select.value = zone;
      update();
    };
    select.onchange = update;
    update();
  };

  document.addEventListener("DOMContentLoaded", suggest);
  document.addEventListener("htmx:afterSettle", suggest);
})();
