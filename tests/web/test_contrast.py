"""Tests of WCAG 2.2 AA contrast: at least 4.5 for text, 3 for other parts."""

import re

import pytest
from django.conf import settings

TOKENS = (settings.BASE_DIR / "static/css/tokens.css").read_text()
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS
    )
}
GROUNDS = ["colour-bg", "colour-surface", "colour-raised", "colour-hover", "colour-sunken"]
PARTS = ["part-registry", "part-namespace", "part-repository", "part-tag"]
TONES = ["ok", "warn", "error", "info"]
TEXTS = [
    "colour-text",
    "colour-muted",
    "colour-accent",
    "colour-accent-strong",
    *PARTS,
    *(f"colour-{tone}" for tone in TONES),
]
TEXT_PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    *(
        (text, f"colour-{tone}-soft")
        for tone in TONES
        for text in ("colour-text", "colour-muted", f"colour-{tone}", *PARTS)
    ),
    ("colour-muted", "colour-muted-soft"),
    ("colour-text", "colour-muted-soft"),
    ("colour-accent-strong", "colour-accent-soft"),
    ("colour-text", "colour-accent-soft"),
    ("colour-muted", "colour-accent-soft"),
    ("colour-on-accent", "colour-accent"),
    ("colour-on-accent", "colour-accent-strong"),
]
OTHER_PAIRS = [
    *(
        ("colour-border-strong", ground)
        for ground in ("colour-bg", "colour-surface", "colour-raised")
    ),
    *(("colour-focus", ground) for ground in GROUNDS),
    ("colour-accent", "colour-muted-soft"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def failures(pairs: list[tuple[str, str]], theme: str, least: float) -> list[str]:
    ratios = {
        (front, ground): contrast(COLOURS[front][theme], COLOURS[ground][theme])
        for front, ground in pairs
    }
    return [
        f"{front} on {ground}: {ratio:.2f}"
        for (front, ground), ratio in ratios.items()
        if ratio < least
    ]


def test_the_formula_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme):
    assert failures(TEXT_PAIRS, theme, 4.5) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fields_and_focus_can_be_seen(theme):
    assert failures(OTHER_PAIRS, theme, 3) == []


def test_no_stylesheet_has_a_colour_of_its_own():
    for path in (settings.BASE_DIR / "static/css").glob("*.css"):
        if path.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text()) == [], (
                path.name
            )


def test_every_token_that_is_used_exists():
    known = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    for path in (settings.BASE_DIR / "static/css").glob("*.css"):
        assert set(re.findall(r"var\((--[a-z0-9-]+)", path.read_text())) <= known, path.name
