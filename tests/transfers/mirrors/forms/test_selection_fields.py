import pytest

from transfers.mirrors.forms.selection_fields import SelectionForm, split_words
from transfers.mirrors.models import Mirror
from transfers.mirrors.selection import Selection


def form(**values):
    return SelectionForm({"per": "minor", **values})


def selection(**values):
    filled = form(**values)
    assert filled.is_valid(), filled.errors
    return filled.cleaned_data["selection"]


def test_words_are_separated_by_commas_or_whitespace():
    assert split_words(" 1.27,1.28\n 1.29.* ,") == ["1.27", "1.28", "1.29.*"]


def test_an_empty_form_selects_every_tag():
    assert selection() == Selection.parse({})


def test_the_fields_are_the_members_of_a_selection():
    made = selection(
        tags="1.27 1.28.*",
        versions=">=1.27 <2",
        without_variants="windowsservercore",
        without_prereleases="on",
        newest="2",
        per="major",
        newer_than="90d",
        exclude=".*-debug",
    )

    assert (list(made.tags), made.versions) == (["1.27", "1.28.*"], ">=1.27 <2")
    assert (made.newest, made.per, made.prereleases) == (2, "major", False)
    assert (made.newer_than, made.exclude) == ("90d", ".*-debug")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"versions": ">=one"}, "versions"),
        ({"match": "("}, "match"),
        ({"exclude": "["}, "exclude"),
        ({"newer_than": "soon"}, "newer_than"),
        ({"newest": "-1"}, "newest"),
        ({"per": "decade"}, "per"),
    ],
)
def test_a_bad_restriction_is_an_error_of_its_field(values, field):
    assert field in form(**values).errors


def test_the_rarer_fields_are_shown_where_one_has_a_value():
    assert not form(tags="1.*").uses_advanced
    assert form(match="a+").uses_advanced


def test_the_form_of_a_mirror_begins_with_its_selection():
    mirror = Mirror(selection={"tags": ["a", "b"], "prereleases": False, "newest": 3})

    initial = SelectionForm.initial_selection(mirror)

    assert (initial["tags"], initial["newest"], initial["without_prereleases"]) == ("a b", 3, True)
    assert SelectionForm.initial_selection(None)["without_prereleases"] is False


def document_of(**values):
    form = SelectionForm(values)
    assert form.is_valid(), form.errors
    return form.cleaned_data["selection"].document()


def test_each_field_is_a_member_of_the_selection():
    document = {
        "tags": ["1.27", "1.28.*"],
        "match": r"\d+.*",
        "exclude": ".*-rc",
        "versions": ">=1 <2",
        "variants": ["alpine", "plain"],
        "without_variants": ["slim"],
        "prereleases": False,
        "newest": 3,
        "per": "major",
        "newer_than": "90d",
    }
    initial = SelectionForm.initial_selection(Mirror(selection=document))

    assert document_of(**initial) == document
