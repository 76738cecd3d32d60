from django import forms

from registry_ui.web.forms import TileSelect


def test_tiles_are_radio_buttons():
    class Form(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "First"), ("b", "Second")], widget=TileSelect)

    html = str(Form({"kind": "b"})["kind"])

    assert html.count('type="radio"') == 2
    assert html.count("checked") == 1
