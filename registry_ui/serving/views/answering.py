"""What every address below /v2/ has in common: who asks is known first, and whatever goes wrong is told as the specification has it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from registry_ui.accounts.trail import acting
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import check_repository
from registry_ui.registries.this_server import this_host

from ..access import CATALOG, Caller, Unidentified, challenge, identify
from ..bodies import BodyCut, be_impatient
from ..errors import API_VERSION, Refusal, answer, refusal_of
from ..repositories import ServedRepository

View = Callable[..., HttpResponseBase]

_LONGEST_NAME = 255
_ACTIONS = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}


def at_address(**verbs: View) -> View:
    """The view of one address, by the verbs that it takes. Without a login every verb is answered alike."""

    def view(request: HttpRequest, **path: str) -> HttpResponseBase:
        response = _answered(request, verbs, path)
        for name, value in API_VERSION.items():
            response.headers[name] = value
        return response

    return view


def _answered(
    request: HttpRequest, verbs: dict[str, View], path: dict[str, str]
) -> HttpResponseBase:
    try:
        return _asked(request, verbs, path)
    except Unidentified as exc:
        return answer(challenge(request, exc))
    except Refusal as exc:
        return answer(exc)
    except OciError as exc:
        return answer(refusal_of(exc))
    except BodyCut:
        return answer(
            Refusal(400, "SIZE_INVALID", _("The body ended before its announced length."))
        )


def _asked(request: HttpRequest, verbs: dict[str, View], path: dict[str, str]) -> HttpResponseBase:
    if not settings.SERVE_IMAGES:
        raise Refusal(404, "UNSUPPORTED", _("This server does not serve its images."))
    be_impatient(request)
    caller = identify(request, _scope(request, path))
    verb = verbs.get(str(request.method))
    if verb is None:
        message = _("This address takes no %(method)s.") % {"method": request.method}
        raise Refusal(405, "UNSUPPORTED", message, headers={"Allow": ", ".join(verbs)})
    with acting(caller.principal.origin):
        return verb(request, caller, **path)


def _scope(request: HttpRequest, path: dict[str, str]) -> str:
    if "name" not in path:
        return f"{CATALOG}:*" if request.path_info.endswith("/_catalog") else ""
    action = _ACTIONS.get(str(request.method), "push")
    return f"repository:{path['name']}:{'pull' if action == 'pull' else f'pull,{action}'}"


def repository_for(caller: Caller, name: str, action: str) -> ServedRepository:
    """
    Raises:
        Refusal: it is not the caller's to see, or not for this; Unidentified: the access token is not for it.
        InvalidReference
    """
    team = caller.team_for(name, action)
    check_repository(name)
    if len(f"{this_host()}/{name}") > _LONGEST_NAME:
        raise Refusal(
            400,
            "NAME_INVALID",
            _("The name is longer than clients take: 255 characters with the host."),
        )
    if "/" not in name:
        raise Refusal(
            400,
            "NAME_INVALID",
            _("A name on this server has at least two parts: the team's, and the image's."),
        )
    return ServedRepository(team, name)


def empty(status: int, **headers: str) -> HttpResponse:
    """An answer without a body; `Docker_Upload_UUID="…"` is the header Docker-Upload-UUID."""
    response = HttpResponse(status=status)
    del response.headers["Content-Type"]
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def query_value(request: HttpRequest, name: str) -> str:
    return str(request.GET.get(name, ""))


def refuse(request: HttpRequest, caller: Any, **path: str) -> HttpResponseBase:
    """An address that the specification does not have."""
    raise Refusal(404, "UNSUPPORTED", _("There is nothing at this address of the registry."))
