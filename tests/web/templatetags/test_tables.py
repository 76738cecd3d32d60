"""The tags of tables."""

import re
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.template import Context, Template, TemplateSyntaxError

from registry_ui.web.tables import Column, Table

ROWS = [
    SimpleNamespace(pk=1, name="nginx", size=3, kind="web"),
    SimpleNamespace(pk=2, name="<b>", size=4, kind="web"),
    SimpleNamespace(pk=3, name="redis", size=5, kind="cache"),
]
TABLE = Table(
    (
        Column(name="name", label="Name", order="name"),
        Column(name="size", label="Size", order="-size", is_numeric=True),
    )
)


def rendered(text, **values):
    html = Template(text).render(Context({"rows": ROWS, **values}))
    return re.sub(r">\s+<", "><", html)


def cells(html):
    return re.findall(r"<(?:td|th scope=\"row\")[^>]*>(.*?)</(?:td|th)>", html)


def test_a_column_is_a_heading_and_a_cell_in_each_row():
    html = rendered(
        "{% table rows as row class='small' caption='Things' %}"
        "{% column 'name' label='Name' header=True %} {{ row.name }} {% endcolumn %}"
        "{% column 'size' label='Size' numeric=True class='muted' %}{{ row.size }}{% endcolumn %}"
        "{% endtable %}"
    )

    assert '<table class="table small"><caption class="visually-hidden">Things</caption>' in html
    assert '<th scope="col">Name</th><th scope="col" class="num">Size</th>' in html
    assert cells(html) == ["nginx", "3", "&lt;b&gt;", "4", "redis", "5"]
    assert html.count('<td class="num muted" data-cell="size" data-label="Size">') == len(ROWS)


def test_a_column_is_left_out_by_a_condition():
    text = (
        "{% table rows as row %}{% column 'a' label='A' if=may_edit %}x{% endcolumn %}"
        "{% endtable %}"
    )

    assert cells(rendered(text, may_edit=False)) == []
    assert cells(rendered(text, may_edit=True)) == ["x", "x", "x"]


def test_a_quiet_label_is_for_screen_readers_only():
    html = rendered(
        "{% table rows as row %}{% column 'a' label='Actions' quiet=True %}x{% endcolumn %}"
        "{% endtable %}"
    )

    assert '<th scope="col"><span class="visually-hidden">Actions</span></th>' in html
    assert "data-label" not in html


def test_a_heading_of_its_own_replaces_the_label():
    html = rendered(
        "{% table rows as row %}{% column 'tick' class='tick' %}"
        "{% heading %}<input>{% endheading %}x{% endcolumn %}{% endtable %}"
    )

    assert '<th scope="col" class="tick"><input></th>' in html
    assert cells(html) == ["x", "x", "x"]


def test_labels_are_escaped_and_translated(settings):
    html = rendered(
        "{% table rows as row %}{% column 'a' label=label %}x{% endcolumn %}{% endtable %}",
        label='<i>"',
    )

    assert '<th scope="col">&lt;i&gt;&quot;</th>' in html
    assert 'data-label="&lt;i&gt;&quot;"' in html


def test_rows_stand_in_groups_under_a_heading_as_wide_as_the_table():
    html = rendered(
        "{% table rows as row group='kind' %}"
        "{% column 'a' label='A' %}{{ row.name }}{% endcolumn %}"
        "{% column 'b' label='B' %}b{% endcolumn %}{% endtable %}"
    )

    headings = re.findall(r'<th scope="rowgroup" colspan="(\d)">(\w+)</th>', html)
    assert headings == [("2", "web"), ("2", "cache")]
    assert html.count("<tbody>") == html.count("</tbody>") == 2


def test_a_row_gets_an_id_for_replacing_it():
    html = rendered(
        "{% table rows as row id='row-' %}{% column 'a' label='A' %}x{% endcolumn %}{% endtable %}"
    )

    assert re.findall(r'<tr id="([^"]+)">', html) == ["row-1", "row-2", "row-3"]


@pytest.mark.parametrize(
    ("sort", "asked", "state"),
    [("name", "-size", None), ("-size", "size", "descending"), ("size", "-size", "ascending")],
)
def test_a_sorted_heading_asks_for_the_other_order(sort, asked, state):
    html = rendered(
        "{% table rows as row columns=columns %}{% column 'size' %}{{ row.size }}{% endcolumn %}"
        "{% endtable %}",
        columns=TABLE.shown(sort=sort),
        query=QueryDict("q=a%26b"),
        address="/tags/",
    )

    link = f"/tags/?q=a%26b&amp;sort={asked}"
    assert f'<a id="sort-size" href="{link}" hx-get="{link}"' in html
    assert re.findall(r'aria-sort="(\w+)"', html) == ([state] if state else [])
    assert 'data-label="Size"' in html


def test_hidden_columns_are_left_out():
    html = rendered(
        "{% table rows as row columns=columns %}{% column 'name' label='N' %}{{ row.name }}"
        "{% endcolumn %}{% column 'size' %}{{ row.size }}{% endcolumn %}{% endtable %}",
        columns=TABLE.shown(sort="name", hidden={"size"}),
        query=QueryDict(),
        address="/",
    )

    assert cells(html) == ["nginx", "&lt;b&gt;", "redis"]


def test_the_variable_of_a_row_ends_with_the_table():
    assert rendered("{% table rows as row %}{% endtable %}{{ row }}").endswith("</div>")


@pytest.mark.parametrize("text", ["{% table rows %}{% endtable %}", "{% table rows in x %}"])
def test_a_table_without_a_variable_is_an_error(text):
    with pytest.raises(TemplateSyntaxError):
        Template(text)
