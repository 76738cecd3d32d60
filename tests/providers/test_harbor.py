import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.harbor import Harbor


@pytest.mark.parametrize(
    ("host", "expected"),
    [("harbor.example.com", True), ("my.harbor.example", True), ("myharbor.example", False)],
)
def test_a_label_of_the_host_name_tells_it(host, expected):
    assert Harbor().resembles_host(host) is expected


def test_the_word_project_in_a_refusal_tells_it_under_any_name():
    assert Harbor().recognizes_refusal("registry.corp", "Project team not found")
    assert not Harbor().recognizes_refusal("registry.corp", "repository not found")


def test_its_advice_is_its_own():
    assert "project" in advice_for("harbor.corp", "missing")
