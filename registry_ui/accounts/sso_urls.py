"""URLs of single sign-on; without a provider, they answer with 404."""

from django.urls import path

from .views import sso

urlpatterns = [
    path("sign-in/", sso.sign_in, name="sso_sign_in"),
    path("callback/", sso.callback, name="sso_callback"),
    path("link/", sso.link, name="sso_link"),
    path("confirm/", sso.confirm, name="sso_confirm"),
    # allauth reverses this name.
    path("cancelled/", sso.cancelled, name="socialaccount_login_cancelled"),
]
