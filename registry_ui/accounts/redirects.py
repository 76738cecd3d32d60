from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def local_url(request: HttpRequest, url: str) -> str:
    """Return the URL where it is on this site, else an empty string."""
    # An open redirect would let a link to this site end at a forged one (OWASP, "Unvalidated
    # Redirects and Forwards").
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else ""
