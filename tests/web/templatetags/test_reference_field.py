"""The field of an image reference: its analysis below it, with and without JavaScript."""

from django import forms
from django.urls import reverse

from registry_ui.web.templatetags.reference_field import reference_field


class Form(forms.Form):
    source = forms.CharField()


def test_the_field_asks_for_its_analysis_as_one_types():
    context = reference_field(Form()["source"], "push")

    assert f'hx-get="{reverse("web:reference_analysis")}?use=push&amp;field=source"' in str(
        context["widget"]
    )
    assert f'hx-target="#{context["analysis_id"]}"' in str(context["widget"])


def test_a_form_that_is_shown_again_has_its_analysis():
    context = reference_field(Form({"source": "nginx:1.27"})["source"])

    assert str(context["analysis"].reference) == "docker.io/library/nginx:1.27"
    assert not context["field_has_errors"]


def test_a_wrong_name_says_what_is_wrong():
    context = reference_field(Form({"source": "Nginx"})["source"])

    assert context["analysis"].reference is None
    assert context["analysis"].message
