from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts.models import Scope
from registry_ui.accounts.tokens import service

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def make(by, scope=Scope.READ, team=None, days=1, **more):
    expires_at = timezone.now() + timedelta(days=days) if days else None
    return service.create_token(
        by=by, name="ci", scope=scope, team=team, expires_at=expires_at, **more
    )


def refused(text):
    with pytest.raises(service.TokenRefused) as raised:
        service.authenticate(text, "192.0.2.1")
    return raised.value.status


def test_tokens_work_without_redis(alice, redis_server):
    secret = make(alice)[1]
    redis_server.process.kill()
    assert service.authenticate(secret, None).user == alice
    assert refused("rui_wrong") == 401
