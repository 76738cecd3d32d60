from django import forms

from registry_ui.oci.errors import OciError
from registry_ui.web.forms import TileSelect, sentence


def test_an_error_is_its_message_with_its_advice():
    assert sentence(OciError("It failed.", advice="Try again.")) == "It failed. Try again."
    assert sentence(OciError("It failed.")) == "It failed."


def test_tiles_are_radio_buttons():
    class Form(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "First"), ("b", "Second")], widget=TileSelect)

    html = str(Form({"kind": "b"})["kind"])

    assert html.count('type="radio"') == 2
    assert html.count("checked") == 1
