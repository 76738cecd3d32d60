"""The joined stylesheet and script."""

import re
from collections import defaultdict

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from registry_ui.web import bundles

SOURCES = list((settings.BASE_DIR / "static" / "css").glob("*.css"))


def test_every_source_is_joined_once():
    joined = [name for names in bundles.LAYERS.values() for name in names]

    assert sorted(joined) == sorted(path.stem for path in SOURCES)


def test_the_layers_are_declared_from_the_weakest_to_the_strongest():
    styles = bundles.join_styles()

    assert styles.startswith("@layer base, components, layout, pages;")
    assert list(re.findall(r"^@layer (\w+) \{", styles, re.MULTILINE)) == list(bundles.LAYERS)


def test_a_source_styles_nothing_outside_of_its_layer():
    """Braces that do not match would end the layer early."""
    for path in SOURCES:
        text = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", path.read_text(), flags=re.DOTALL)
        assert text.count("{") == text.count("}"), path.name


def test_each_component_is_styled_in_one_file():
    """A page may place a component of another file, in its own context, but not restyle it."""
    files = defaultdict(set)
    for path in SOURCES:
        text = re.sub(r"/\*.*?\*/|@media print \{.*", "", path.read_text(), flags=re.DOTALL)
        for selectors in re.findall(r"([^{}]+)\{", text):
            for selector in selectors.split(","):
                if match := re.fullmatch(r"\s*\.([a-z][\w-]*)(?:[:\[]\S*)?\s*", selector):
                    files[match[1]].add(path.name)

    assert {name: found for name, found in files.items() if len(found) > 1} == {}


def test_names_of_breakpoints_are_replaced():
    styles = bundles.join_styles()

    assert "@media (max-width: 640px)" in styles
    assert "(--" not in re.sub(r"var\(--[^)]*\)", "", styles)
    assert "@custom-media" not in styles


def test_a_breakpoint_that_no_token_defines_is_an_error(monkeypatch):
    monkeypatch.setattr(bundles, "_read", lambda _kind, _name: "@media (--huge) { a { top: 0 } }")

    with pytest.raises(ValueError, match="--huge"):
        bundles.join_styles()


def test_htmx_comes_before_the_scripts_that_use_it():
    script = bundles.join_scripts()

    assert script.index("htmx:") < script.index("[data-copy]")
    assert script.count("\n(() => {") == len(list((settings.BASE_DIR / "static/js").glob("*.js")))


def test_the_finder_gives_the_joined_files_and_not_their_sources():
    assert finders.find("site.css").endswith("site.css")
    assert finders.find("site.js").endswith("site.js")
    assert finders.find("favicon.svg").endswith("favicon.svg")

    listed = {path for path, _storage in bundles.SiteFinder().list(None)}
    assert {"site.css", "site.js", "favicon.svg"} <= listed
    assert not any(path.startswith(("css/", "js/")) for path in listed)


def test_a_change_of_a_source_shows_without_a_restart(settings, tmp_path):
    settings.STATIC_BUNDLES = tmp_path
    bundles.write_bundles()
    (tmp_path / "site.css").write_text("older")
    bundles.write_bundles()

    assert (tmp_path / "site.css").read_text() == bundles.join_styles()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.css", "site.js"]


def test_a_page_has_one_stylesheet_and_one_script(client, db):
    content = client.get("/account/login/").content.decode()

    assert re.findall(r'<link rel="stylesheet" href="([^"]+)"', content) == ["/static/site.css"]
    assert re.findall(r'<script src="([^"]+)"', content) == ["/static/site.js"]
