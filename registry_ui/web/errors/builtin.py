"""The built-in registry: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "builtin_blob_needed": Text(
        _("An image of this repository needs this blob."), _("Delete the image first.")
    ),
    "builtin_blob_unknown": Text(_("There is no such blob in this repository.")),
    "builtin_manifest_needed": Text(
        _("An index of this repository needs this manifest."), _("Delete the index first.")
    ),
    "builtin_manifest_unknown": Text(_("There is no such manifest in this repository.")),
    "builtin_repository_unknown": Text(_("No image on this server has a name in %(name)s.")),
    "builtin_tag_unknown": Text(_("There is no such tag.")),
    "unexpected_fetch_error": Text(_("Something went wrong inside Registry UI itself.")),
    "upstream_push_unsupported": Text(
        _("Images of other registries are only pulled through this server."),
        _("Push to the registry itself."),
    ),
    "upstream_tag_unknown": Text(_("%(host)s has no such tag.")),
}
