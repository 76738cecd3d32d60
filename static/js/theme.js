// [data-theme-choice]: a chosen theme is shown at once; saving the form keeps it.
(() => {
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-theme-choice]")) document.documentElement.dataset.theme = event.target.value;
  });
})();
