from django.template import Context, Template

from registry_ui.oci.errors import InvalidReference

ERROR = InvalidReference("component_upper_case", component="<b>", correction="b")


def rendered(source, error):
    return Template(source).render(Context({"error": error}))


def test_a_page_shows_the_sentence_and_the_advice_of_an_error():
    source = "{{ error|error_sentence }}|{{ error|error_advice }}|{{ error|error_text }}"
    sentence = "“&lt;b&gt;” has upper-case letters; a repository&#x27;s name is lower case."

    expected = f"{sentence}|Write b.|{sentence} Write b."
    assert rendered(source, ERROR) == rendered(source, ERROR.stored()) == expected


def test_a_row_without_an_error_shows_nothing():
    assert rendered("{{ error|error_sentence }}{{ error|error_advice }}", None) == ""
