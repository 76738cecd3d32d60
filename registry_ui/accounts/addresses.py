from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's address as the trusted proxies say it; what a stranger writes into a header counts for nothing."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None
