"""Endpoints of /v2/: login, method and error answers.

Every endpoint identifies the client first, and answers every error as the specification has it
(distribution spec, "Error Codes").
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import acting_as
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import check_repository
from registry_ui.registries.builtin_registry import builtin_registry_host

from ..access import CATALOG, Caller, LoginRequired, challenge, identify
from ..bodies import BodyTruncated, set_socket_timeout
from ..errors import API_VERSION, ApiError, api_error_for, error_response
from ..repositories import ServedRepository

View = Callable[..., HttpResponseBase]

_MAX_NAME_LENGTH = 255
_ACTIONS = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}


def endpoint(**verbs: View) -> View:
    """Return the view of one endpoint, by its methods.

    Without a login every method gets the same answer.
    """

    def view(request: HttpRequest, **path: str) -> HttpResponseBase:
        # Old clients require this header (distribution spec, "Legacy Docker support HTTP
        # headers").
        response = _respond(request, verbs, path)
        for name, value in API_VERSION.items():
            response.headers[name] = value
        return response

    return view


def _respond(
    request: HttpRequest, verbs: dict[str, View], path: dict[str, str]
) -> HttpResponseBase:
    try:
        return _dispatch(request, verbs, path)
    except LoginRequired as exc:
        return error_response(challenge(request, exc))
    except ApiError as exc:
        return error_response(exc)
    except OciError as exc:
        return error_response(api_error_for(exc))
    except BodyTruncated:
        return error_response(
            ApiError(400, "SIZE_INVALID", _("The body ended before its announced length."))
        )


def _dispatch(
    request: HttpRequest, verbs: dict[str, View], path: dict[str, str]
) -> HttpResponseBase:
    if not settings.SERVE_IMAGES:
        raise ApiError(404, "UNSUPPORTED", _("This server does not serve its images."))
    set_socket_timeout(request)

    # The login comes first: a client without one learns nothing, not even the allowed methods.
    caller = identify(request, _scope(request, path))
    verb = verbs.get(str(request.method))
    if verb is None:
        message = _("This address takes no %(method)s.") % {"method": request.method}
        raise ApiError(405, "UNSUPPORTED", message, headers={"Allow": ", ".join(verbs)})
    with acting_as(caller.principal.origin):
        return verb(request, caller, **path)


def _scope(request: HttpRequest, path: dict[str, str]) -> str:
    if "name" not in path:
        return f"{CATALOG}:*" if request.path_info.endswith("/_catalog") else ""
    action = _ACTIONS.get(str(request.method), "push")
    return f"repository:{path['name']}:{'pull' if action == 'pull' else f'pull,{action}'}"


def repository_for(caller: Caller, name: str, action: str) -> ServedRepository:
    """Return the repository, if the caller may do the action there.

    Raises:
        ApiError: it is not visible to the caller, or the role is too low.
        LoginRequired: the access token was issued for another scope.
        InvalidReference
    """
    # Permission comes before the grammar, so an invalid name of another team is unknown, too.
    team = caller.team_for(name, action)
    check_repository(name)

    # distribution spec, "Pulling manifests": many clients limit host and name to 255 characters.
    if len(f"{builtin_registry_host()}/{name}") > _MAX_NAME_LENGTH:
        raise ApiError(
            400,
            "NAME_INVALID",
            _("The name is longer than clients take: 255 characters with the host."),
        )
    if "/" not in name:
        raise ApiError(
            400,
            "NAME_INVALID",
            _("A name on this server has at least two parts: the team's, and the image's."),
        )

    return ServedRepository(team, name)


def empty_response(status: int, **headers: str) -> HttpResponse:
    """Return an answer without a body.

    Args:
        headers: with `_` for `-`: `Docker_Upload_UUID` is the header Docker-Upload-UUID.
    """
    response = HttpResponse(status=status)

    # Django adds text/html, which would be wrong for the answer to a HEAD.
    del response.headers["Content-Type"]
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def query_value(request: HttpRequest, name: str) -> str:
    return str(request.GET.get(name, ""))


def unknown_endpoint(request: HttpRequest, caller: Any, **path: str) -> HttpResponseBase:
    """Refuse an address that the specification does not have."""
    raise ApiError(404, "UNSUPPORTED", _("There is nothing at this address of the registry."))
