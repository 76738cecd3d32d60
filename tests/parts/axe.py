"""axe-core on an open page, in light and in dark.

Every rule runs in light. In dark only the rules that depend on colours run, for nothing else
differs there: where the dark page has another shape (an element that is elsewhere, hidden or of
another size), every rule runs again.
"""

from collections.abc import Collection
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

COLOUR_RULES = ("color-contrast", "link-in-text-block")
SERIOUS = frozenset({"serious", "critical"})
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOUR_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": COLOUR_RULES},
}

_RUN = """async (options) => {
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, impact, nodes }) => ({
        id, impact, nodes: nodes.map((node) => [String(node.target[0]), node.failureSummary]),
    }));
}"""
_COLOUR_RULES = """async () => {
    const results = await axe.run(document);
    const kinds = ["passes", "violations", "incomplete", "inapplicable"];
    const rules = kinds.flatMap((kind) => results[kind]);
    return rules.filter(({ tags }) => tags.includes("cat.color")).map(({ id }) => id);
}"""
# Scripts hear of another theme just before the next frame (HTML, "update the rendering").
_NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
_SHAPE = """() => [...document.querySelectorAll("*")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    return [x, y, width, height, shown];
}).join(" ")"""


def findings(page: Page, *, impacts: Collection[str] = SERIOUS) -> list[str]:
    """Return what axe finds of these impacts, each with the theme; the page is left in dark."""
    _show(page, "light")
    shape = page.evaluate(_SHAPE)
    found = [f"light: {finding}" for finding in _run(page, OPTIONS, impacts)]

    _show(page, "dark")
    options = COLOUR_OPTIONS if page.evaluate(_SHAPE) == shape else OPTIONS
    found += [f"dark: {finding}" for finding in _run(page, options, impacts)]
    return found


def colour_rules(page: Page) -> set[str]:
    """Return the rules of axe that look at colours, of those that it runs on a page unasked."""
    _load(page)
    return set(page.evaluate(_COLOUR_RULES))


def _show(page: Page, scheme: Any) -> None:
    """Switch the theme; with reduced motion no colour stays between the two."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(_NEXT_FRAME)


def _run(page: Page, options: dict[str, Any], impacts: Collection[str]) -> list[str]:
    _load(page)
    found = []
    for violation in page.evaluate(_RUN, options):
        if violation["impact"] in impacts:
            for target, summary in violation["nodes"]:
                found.append(f"{violation['id']}: {target}: {summary}")
    return found


def _load(page: Page) -> None:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
