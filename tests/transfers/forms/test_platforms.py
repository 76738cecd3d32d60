import pytest
from django.urls import reverse

from transfers.models import Transfer

pytestmark = pytest.mark.django_db


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "Write the platform"), ("toaster", "toaster"), ("a/b/c/d", "is not a platform")],
)
def test_a_malformed_platform_is_an_error_in_the_form(client_for, bob, text, expected):
    response = client_for(bob).post(
        page("pull"), {"reference": "nginx:1", "platform_choice": "selected", "platform": text}
    )
    assert response.status_code == 422
    assert expected in response.context["form"].errors["platform"][0]
    assert not Transfer.objects.exists()


def test_a_link_fills_the_form(client_for, bob):
    form = client_for(bob).get(page("pull", reference="nginx:1.27", platform="all")).context["form"]
    assert (
        form["reference"].value(),
        form["platform_choice"].value(),
        form["platform"].value(),
    ) == ("nginx:1.27", "all", "")

    form = (
        client_for(bob)
        .get(page("pull", source="nginx:1.27", platform="linux/arm64"))
        .context["form"]
    )
    assert (
        form["reference"].value(),
        form["platform_choice"].value(),
        form["platform"].value(),
    ) == ("nginx:1.27", "selected", "linux/arm64")
