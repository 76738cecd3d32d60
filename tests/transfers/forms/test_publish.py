import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


def test_a_target_in_the_link_is_taken_apart(client_for, bob):
    form = (
        client_for(bob)
        .get(page("publish", source="a:1", target="r.example.com:5000/team/sub/app:2.0"))
        .context["form"]
    )
    assert [form[name].value() for name in ("registry", "namespace", "name", "tag")] == [
        "r.example.com:5000",
        "team/sub",
        "app",
        "2.0",
    ]
