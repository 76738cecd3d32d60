import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from registry_ui.accounts.models import User
from registry_ui.oci.reference import Reference
from registry_ui.web.badges import _BADGES
from registry_ui.web.icons import icon
from registry_ui.web.navigation import NAVIGATION

DIGEST = "sha256:" + "0123456789ab" + "c" * 52


HOSTILE = '"><script>alert(1)</script>'


def render(source: str, **context) -> str:
    return Template(source).render(Context(context))


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_a_reference_shows_its_four_parts():
    html = render("{% reference name %}", name="ghcr.io/team/platform/app:1.0-slim")
    assert '<span class="part-registry">ghcr.io</span>' in html
    assert re.findall(r'part-namespace">([^<]+)', html) == ["team", "platform"]
    assert '<span class="part-repository">app</span>' in html
    assert '<span class="part-tag">1.0-slim</span>' in html
    assert text_of(html) == "ghcr.io/team/platform/app:1.0-slim"


def test_a_reference_shows_implied_parts():
    assert (
        text_of(render("{% reference name %}", name=Reference.parse("nginx")))
        == "docker.io/library/nginx:latest"
    )


def test_a_reference_by_digest_is_shortened_and_whole_on_hover():
    html = render("{% reference name %}", name=f"ghcr.io/app@{DIGEST}")
    assert text_of(html) == "ghcr.io/app@0123456789ab"
    assert f'title="ghcr.io/app@{DIGEST}"' in html


def test_text_that_is_no_reference_is_shown_as_it_is():
    html = render("{% reference name %}", name=HOSTILE)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_nothing_is_a_dash():
    for tag in ("reference", "digest", "when"):
        assert text_of(render("{% " + tag + " nothing %}", nothing=None)) == "–"


def test_a_digest_is_short_and_copied_whole():
    html = render("{% digest text %}", text=DIGEST)
    assert text_of(html) == "0123456789ab"
    assert f'data-copy="{DIGEST}"' in html
    assert f'<code title="{DIGEST}">' in html


def test_a_time_has_its_exact_value_on_hover():
    html = render("{% when timestamp %}", timestamp=datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert 'datetime="2020-02-03T04:05:06+00:00"' in html
    assert 'title="2020-02-03 04:05:06 UTC"' in html
    assert text_of(html) == "3 Feb 2020"


def test_a_state_is_a_word_with_an_icon_and_a_tone():
    html = render('{% state_badge "succeeded" "Succeeded" %}')
    assert "badge-ok" in html
    assert "<svg" in html
    assert text_of(html) == "Succeeded"
    assert text_of(render('{% state_badge "queued" %}')).strip() == "Queued"


def test_an_unknown_state_is_still_a_word():
    assert text_of(
        render("{% state_badge state %}", state=HOSTILE)
    ).strip() == '"&gt;&lt;script&gt;alert(1)&lt;/script&gt;'.replace('"', "&quot;")


@pytest.mark.parametrize(
    ("value", "maximum", "attributes"),
    [
        (3, 10, 'value="3" max="10"'),
        (12, 10, 'value="10" max="10"'),
        (None, 10, 'value="0" max="10"'),
        (0, 0, 'value="1" max="1"'),
    ],
)
def test_a_bar_stays_within_its_limits(value, maximum, attributes):
    assert attributes in render("{% bar value maximum 'Layer' %}", value=value, maximum=maximum)


def test_a_bar_without_a_maximum_is_indeterminate():
    html = render("{% bar 3 None 'Layer' %}")
    assert "value=" not in html
    assert 'aria-label="Layer"' in html


def test_an_empty_page_has_its_button():
    html = render(
        '{% emptystate "stack-2" "No images" text %}<a href="/">Pull</a>{% endemptystate %}',
        text=HOSTILE,
    )
    assert "<h2>No images</h2>" in html
    assert '<a href="/">Pull</a>' in html
    assert "<script>" not in html


def test_an_empty_page_fits_into_the_empty_part_of_a_loop():
    source = (
        "{% for x in things %}{{ x }}{% empty %}"
        '{% emptystate "stack-2" "None" "" %}{% endemptystate %}{% endfor %}'
    )
    assert "<h2>None</h2>" in render(source, things=[])
    assert render(source, things=["a"]) == "a"


def test_a_person_is_shown_by_name():
    assert "Ada Lovelace" in render(
        "{% avatar_name user %}", user=User(username="ada", first_name="Ada", last_name="Lovelace")
    )
    assert ">AL<" in render(
        "{% avatar_name user %}", user=User(username="ada", first_name="Ada", last_name="Lovelace")
    )
    assert text_of(render("{% avatar_name None %}")) == "command line"
    assert text_of(render("{% avatar_name None 'eve' %}")) == "EVeve"


def test_names_and_copied_texts_cannot_break_out():
    assert "<script>" not in render(
        "{% avatar_name user %}", user=User(username="x", first_name=HOSTILE)
    )
    assert "<script>" not in render("{% copy_button text %}", text=HOSTILE)
    assert "<script>" not in render("{% digest text %}", text=HOSTILE)


def test_every_icon_of_the_templates_exists():
    named = set()
    for path in [*Path(settings.BASE_DIR / "templates").rglob("*.html")]:
        named |= set(re.findall(r'{% (?:icon|empty) "([a-z0-9/-]+)"', path.read_text()))
    named |= {entry.icon for entry in NAVIGATION} | {look.icon for look in _BADGES.values()}
    assert len(named) > 10
    for name in named:
        assert "aria-hidden" in icon(name)
