// [data-tag-name]: a card with what the tag's parts mean, on hover, on keyboard focus and on a tap of [data-tag-help]; Escape
// closes it. The texts stand once a page in template[data-tag-text], and are kept: a swap may take away the row that brought them.
(() => {
  const card = Object.assign(document.createElement("div"), { id: "tag-card", className: "tag-card", popover: "manual" });
  if (!card.showPopover) return;
  const texts = new Map();
  let shown, dismissed, timer;

  const storeTexts = () =>
    document.querySelectorAll("template[data-tag-text]").forEach((text) => texts.set(text.dataset.tagText, text));

  const copyOf = (key, words) => {
    const copy = texts.get(key)?.content.cloneNode(true);
    if (copy && words) copy.querySelector("[data-tag-slot]").textContent = words;
    return copy ?? "";
  };

  const place = (name) => {
    const rectangle = name.getBoundingClientRect();
    const below = innerHeight - rectangle.bottom;
    const top = below < card.offsetHeight + 8 && rectangle.top > below ? rectangle.top - card.offsetHeight - 4 : rectangle.bottom + 4;
    const left = Math.min(rectangle.left, document.documentElement.clientWidth - card.offsetWidth - 8);
    card.style.top = `${scrollY + Math.max(8, top)}px`;
    card.style.left = `${scrollX + Math.max(8, left)}px`;
  };

  const hide = (dismiss) => {
    clearTimeout(timer);
    dismissed = dismiss ? shown : undefined;
    shown?.querySelector("[data-tag-help]").removeAttribute("aria-describedby");
    shown = undefined;
    card.remove();
  };

  const show = (name) => {
    clearTimeout(timer);
    if (shown === name || dismissed === name || !name.isConnected) return;
    hide();
    storeTexts();
    const parts = [...name.querySelectorAll("[data-part]")].map((part) => copyOf(part.dataset.part, part.textContent));
    card.replaceChildren(...parts, copyOf(name.dataset.movement, name.dataset.risk));
    name.append(card);
    card.showPopover();
    place(name);
    name.querySelector("[data-tag-help]").setAttribute("aria-describedby", card.id);
    shown = name;
  };

  const nameOf = (event) => event.target.closest?.("[data-tag-name]");
  const schedule = (action) => {
    clearTimeout(timer);
    timer = setTimeout(action, 250);
  };

  document.addEventListener("pointerover", (event) => {
    const name = nameOf(event);
    if (name && event.pointerType === "mouse") schedule(() => show(name));
  });
  document.addEventListener("pointerout", (event) => {
    const name = nameOf(event);
    if (!name || name.contains(event.relatedTarget)) return;
    dismissed = undefined;
    if (event.pointerType === "mouse") schedule(() => shown?.querySelector(":focus-visible") || hide());
  });
  document.addEventListener("focusin", (event) => {
    if (nameOf(event) && event.target.matches(":focus-visible")) show(nameOf(event));
    else if (!nameOf(event)) hide();
  });
  document.addEventListener("click", (event) => {
    const help = event.target.closest("[data-tag-help]");
    if (!help && !card.contains(event.target)) hide();
    if (!help || !["touch", "pen"].includes(event.pointerType)) return;
    event.preventDefault();
    if (shown === nameOf(event)) hide();
    else show(nameOf(event));
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && shown && hide(true));
  document.addEventListener("htmx:beforeSwap", storeTexts);
})();
