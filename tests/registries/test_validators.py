from registry_ui.registries.forms import RegistryForm


def form_of(team, provider="private", registry=None, **values) -> RegistryForm:
    data = {"host": "registry.example.com", "security": "verify", **values}
    return RegistryForm(data, team=team, provider=provider, registry=registry)


def test_the_name_has_no_marks_that_turn_its_direction(team) -> None:
    assert "name" in form_of(team, name="safe\u202egnp.exe").errors
