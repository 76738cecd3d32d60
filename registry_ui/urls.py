"""URLs of the project. Apps are included by name, so that the project imports none."""

from django.urls import include, path

urlpatterns = [
    path("", include("registry_ui.web.urls")),
    # Without a namespace: allauth reverses these names.
    path("account/", include("registry_ui.accounts.sign_in.urls")),
    path("", include("registry_ui.accounts.urls")),
    path("", include("registry_ui.jobs.urls")),
    path("notifications/", include("registry_ui.notifications.urls")),
    path("registries/", include("registry_ui.catalog.urls")),
    path("builtin-registry/", include("registry_ui.serving.page_urls")),
    path("v2/", include("registry_ui.serving.urls")),
    path("images/", include("registry_ui.images.urls")),
    path("transfers/", include("transfers.urls")),
    path("", include("transfers.mirrors.urls")),
]

handler400 = "registry_ui.web.views.bad_request"
handler403 = "registry_ui.web.views.permission_denied"
handler404 = "registry_ui.web.views.page_not_found"
handler500 = "registry_ui.web.views.server_error"
handler429 = "registry_ui.web.views.too_many_requests"
