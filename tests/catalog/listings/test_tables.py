import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict

from registry_ui.catalog.listings.filters import RepositoryFilter, TagFilter

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def test_an_unknown_order_is_refused():
    for read in (TagFilter.read, RepositoryFilter.read):
        with pytest.raises(BadRequest):
            read(QueryDict("sort=password"))
