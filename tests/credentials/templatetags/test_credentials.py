from registry_ui.credentials.templatetags.credentials import name_for


def test_no_credential_has_no_name(team):
    assert name_for(None, team) == ""


def test_a_foreign_credential_is_named_with_its_owner(make_registry, make_credential, other_team):
    credential = make_credential(make_registry(), "robot")

    assert name_for(credential, other_team) == "robot of team Harbour"
