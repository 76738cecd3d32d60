"""The redirect to the provider and its callback.

allauth sends a state and uses PKCE. This module adds the nonce and further checks of the answer.
"""

import secrets
from typing import Any

import requests
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from . import require_provider
from .adapter import SingleSignOnAdapter, unreachable

# Raised where the provider's documents lack a field or have another shape.
_MALFORMED_DOCUMENTS = (requests.RequestException, KeyError, TypeError, ValueError, AttributeError)


class _OpenIdAdapter(OpenIDConnectOAuth2Adapter):
    state: dict[str, Any]

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("sso_callback"))

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        login = super().complete_login(request, app, token, **kwargs)
        data = login.account.extra_data
        claims = data.get("id_token") or {}

        # OpenID Connect Core, 3.1.3.7, step 11: the nonce of the request comes back.
        nonce = (self.state.get("data") or {}).get("nonce", "")
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuth2Error("The ID token carries another nonce.")

        # OpenID Connect Core, 5.3.2: a userinfo of another person than the ID token's must not be
        # used.
        if "userinfo" in data and data["userinfo"].get("sub") != claims.get("sub"):
            raise OAuth2Error("The userinfo is about somebody else.")
        return login


class _CallbackView(OAuth2CallbackView):
    adapter: _OpenIdAdapter

    # The only place where allauth shows the state that it stored before the redirect.
    def _get_state(
        self, request: HttpRequest, provider: Any
    ) -> tuple[dict[str, Any] | None, HttpResponseBase | None]:
        self.adapter.state, response = super()._get_state(request, provider)
        return self.adapter.state, response


def redirect_to_provider(
    request: HttpRequest, *, process: str, confirms: int | None = None
) -> HttpResponseBase:
    """Return a page that continues to the provider.

    It is not a redirect, because the content security policy (form-action) forbids a form that ends
    at another site.

    Args:
        process: `login` or `connect`, as in allauth.
        confirms: the key of the person who confirms a sensitive action.
    """
    data: dict[str, Any] = {"nonce": secrets.token_urlsafe(24)}
    parameters: dict[str, Any] = {"nonce": data["nonce"]}

    if confirms is not None:
        data["confirms"] = confirms
        # With max_age the answer has to contain auth_time (OpenID Connect Core, 3.1.2.1). With 0,
        # some providers ask in an endless loop.
        parameters |= {"prompt": "login", "max_age": 60}

    try:
        provider: OpenIDConnectProvider = SingleSignOnAdapter(request).get_provider(
            request, require_provider().provider_id
        )
        # allauth's own adapter has another callback URL, and checks no nonce.
        provider.oauth2_adapter_class = _OpenIdAdapter
        answer = provider.redirect(
            request,
            process=process,
            next_url=get_next_redirect_url(request),
            data=data,
            auth_params=parameters,
        )
    except _MALFORMED_DOCUMENTS as exc:
        return unreachable(request, exc)

    context = {"provider": require_provider(), "address": answer.headers["Location"]}
    return render(request, "socialaccount/redirect.html", context)


def complete(request: HttpRequest) -> HttpResponseBase:
    """Handle the provider's redirect back to this installation."""
    adapter = _OpenIdAdapter(request, require_provider().provider_id)
    view = _CallbackView()
    view.request, view.adapter = request, adapter
    try:
        response: HttpResponseBase = view.dispatch(request)
    except ImmediateHttpResponse as exc:
        response = exc.response
    except _MALFORMED_DOCUMENTS as exc:
        response = unreachable(request, exc)
    return response
