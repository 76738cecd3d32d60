"""/v2/: a name has slashes in it, so the longest that fits is the name."""

from django.urls import path, re_path

from .views import blobs, listing, manifests, uploads
from .views.answering import at_address, refuse
from .views.token import token

app_name = "serving"

_NAME = r"^(?P<name>.+)"

urlpatterns = [
    path("", at_address(GET=listing.base, HEAD=listing.base), name="base"),
    path("token", token, name="token"),
    path("_catalog", at_address(GET=listing.catalog, HEAD=listing.catalog), name="catalog"),
    re_path(rf"{_NAME}/tags/list$", at_address(GET=listing.tags, HEAD=listing.tags), name="tags"),
    re_path(
        rf"{_NAME}/manifests/(?P<reference>[^/]+)$",
        at_address(
            GET=manifests.pull, HEAD=manifests.pull, PUT=manifests.push, DELETE=manifests.delete
        ),
        name="manifest",
    ),
    re_path(rf"{_NAME}/blobs/uploads/?$", at_address(POST=uploads.begin), name="uploads"),
    re_path(
        rf"{_NAME}/blobs/uploads/(?P<key>[^/]+)$",
        at_address(
            GET=uploads.state,
            HEAD=uploads.state,
            PATCH=uploads.go_on,
            PUT=uploads.finish,
            DELETE=uploads.cancel,
        ),
        name="upload",
    ),
    re_path(
        rf"{_NAME}/blobs/(?P<digest>[^/]+)$",
        at_address(GET=blobs.pull, HEAD=blobs.pull, DELETE=blobs.delete),
        name="blob",
    ),
    re_path(
        rf"{_NAME}/referrers/(?P<digest>[^/]+)$",
        at_address(GET=listing.referrers, HEAD=listing.referrers),
        name="referrers",
    ),
    re_path(
        r"^(?P<rest>.*)$",
        at_address(**dict.fromkeys(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), refuse)),
        name="elsewhere",
    ),
]
