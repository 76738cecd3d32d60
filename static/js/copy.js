// [data-copy]: copies its text, and says so for a moment.
(() => {
  const legacyCopy = (text) => {
    // Without HTTPS there is no clipboard API; a selected field still can be copied from.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied ? Promise.resolve() : Promise.reject(new Error("not copied"));
  };

  const copy = (text) => (navigator.clipboard ? navigator.clipboard.writeText(text) : legacyCopy(text));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    try {
      await copy(button.dataset.copy);
    } catch {
      return;
    }
    button.focus();
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1600);
  });
})();
