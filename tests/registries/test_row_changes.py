import logging

import pytest
from django.core.exceptions import ValidationError

from registry_ui.registries.models import Registry
from registry_ui.registries.row_changes import as_form_error, log_change

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def test_a_value_that_was_taken_meanwhile_is_an_error_of_its_field(make_registry, team):
    make_registry(host="registry.example.com")

    with (
        pytest.raises(ValidationError) as caught,
        as_form_error("host", "The team has this registry already."),
    ):
        Registry.objects.create(team=team, name="Again", host="registry.example.com")

    assert caught.value.message_dict == {"host": ["The team has this registry already."]}
    assert Registry.objects.filter(host="registry.example.com").count() == 1


def test_a_change_is_logged_with_its_person(alice, caplog):
    caplog.set_level(logging.INFO, logger="registry_ui.registries.row_changes")
    log_change(alice, "added the registry %s", "registry.example.com")
    log_change(None, "removed the registry %s", "registry.example.com")

    assert [record.getMessage() for record in caplog.records] == [
        "alice added the registry registry.example.com",
        "The command line removed the registry registry.example.com",
    ]
