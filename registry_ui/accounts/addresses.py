from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address.

    Only a trusted proxy's X-Forwarded-For header is used (`REGISTRY_UI_TRUSTED_PROXY_COUNT`);
    any other client can send that header too. None where the address is unknown.
    """
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None
