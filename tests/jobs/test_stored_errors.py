import uuid

import pytest

from registry_ui.jobs.stored_errors import database_error, unexpected_error
from registry_ui.web.errors import describe


@pytest.mark.parametrize("error_of", [database_error, unexpected_error])
def test_the_advice_names_the_job_to_look_for_in_the_log(error_of):
    key = uuid.uuid4()

    error = error_of(key)

    assert error["parameters"] == {"key": str(key)}
    assert describe(error).sentence
    assert str(key) in describe(error).advice
