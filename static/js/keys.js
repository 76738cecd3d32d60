// `/` goes to the search of everything, `f` to the page's own filter ([data-search]) or reference field,
// `?` opens the dialog of keys.
(() => {
  const isTyping = (target) =>
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

  const enter = (field) => {
    if (!field) return false;
    // On a narrow screen the field lies folded behind its glass.
    const box = field.closest("[data-search-box]");
    if (box) box.dataset.open = "";
    field.focus();
    if (field.select) field.select();
    return true;
  };

  const searchEverywhere = () => enter(document.querySelector("[data-search-everywhere]"));

  const filterPage = () =>
    enter(document.querySelector('main [data-search], main input[type="search"], main .reference-field input'));

  const openKeys = () => {
    const dialog = document.getElementById("keys");
    if (!dialog || dialog.open) return false;
    dialog.showModal();
    return true;
  };

  const actions = { "/": searchEverywhere, f: filterPage, "?": openKeys };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (actions[event.key]?.()) event.preventDefault();
  });
})();
