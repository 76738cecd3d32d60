"""Routes of /v2/ (distribution spec, "Endpoints").

A repository name may contain slashes, so each pattern takes the longest name that fits.
"""

from django.urls import path, re_path

from .views import blobs, discovery, manifests, uploads
from .views.endpoints import endpoint, unknown_endpoint
from .views.token import token

app_name = "serving"

_NAME = r"^(?P<name>.+)"

urlpatterns = [
    path("", endpoint(GET=discovery.api_version, HEAD=discovery.api_version), name="base"),
    path("token", token, name="token"),
    path("_catalog", endpoint(GET=discovery.catalog, HEAD=discovery.catalog), name="catalog"),
    re_path(rf"{_NAME}/tags/list$", endpoint(GET=discovery.tags, HEAD=discovery.tags), name="tags"),
    re_path(
        rf"{_NAME}/manifests/(?P<reference>[^/]+)$",
        endpoint(
            GET=manifests.pull, HEAD=manifests.pull, PUT=manifests.push, DELETE=manifests.delete
        ),
        name="manifest",
    ),
    re_path(rf"{_NAME}/blobs/uploads/?$", endpoint(POST=uploads.begin), name="uploads"),
    re_path(
        rf"{_NAME}/blobs/uploads/(?P<key>[^/]+)$",
        endpoint(
            GET=uploads.status,
            HEAD=uploads.status,
            PATCH=uploads.append,
            PUT=uploads.finish,
            DELETE=uploads.cancel,
        ),
        name="upload",
    ),
    re_path(
        rf"{_NAME}/blobs/(?P<digest>[^/]+)$",
        endpoint(GET=blobs.pull, HEAD=blobs.pull, DELETE=blobs.delete),
        name="blob",
    ),
    re_path(
        rf"{_NAME}/referrers/(?P<digest>[^/]+)$",
        endpoint(GET=discovery.referrers, HEAD=discovery.referrers),
        name="referrers",
    ),
    re_path(
        r"^(?P<rest>.*)$",
        endpoint(
            **dict.fromkeys(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), unknown_endpoint)
        ),
        name="unknown",
    ),
]
