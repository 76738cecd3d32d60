// `/` goes to the page's [data-search] field (or its first reference field, [data-reference-input]), `?` opens the dialog of keys.
(() => {
  const isTyping = (target) =>
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

  const focusSearch = () => {
    const field = document.querySelector('main [data-search], main input[type="search"], main [data-reference-input]');
    if (!field) return false;
    field.focus();
    if (field.select) field.select();
    return true;
  };

  const openKeys = () => {
    const dialog = document.getElementById("keys");
    if (!dialog || dialog.open) return false;
    dialog.showModal();
    return true;
  };

  const actions = { "/": focusSearch, "?": openKeys };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (actions[event.key]?.()) event.preventDefault();
  });
})();
