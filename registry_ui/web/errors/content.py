"""Manifests, blobs and images: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "blob_closed": Text(_("The blob was closed while it was read.")),
    "blob_compressed": Text(
        _("%(host)s compresses the blob %(digest)s although it was asked not to."),
        _("A proxy between here and the registry probably does it; switch that off."),
    ),
    "blob_cut_short": Text(
        _("%(host)s cut the blob %(digest)s short."),
        _("Try again; if it persists, check the registry."),
    ),
    "blob_damaged": Text(
        _("The blob %(digest)s is not what its digest names: the source is damaged."),
        _("Pull or push the image anew at its source, then try again."),
    ),
    "blob_length_differs": Text(
        _(
            "%(host)s announces %(length)s bytes for the blob %(digest)s; its manifest "
            "promises %(expected)s."
        ),
        _("The image is damaged at its source: push it there again, then try again."),
    ),
    "blob_not_empty": Text(_("The blob %(digest)s cannot be empty.")),
    "blob_range_unasked": Text(
        _("%(host)s answers with a part of the blob where the whole was asked for.")
    ),
    "blob_stored_under_another_digest": Text(
        _("%(host)s stored the blob %(digest)s under another digest.")
    ),
    "blob_too_large_to_read": Text(
        _("The blob %(digest)s has %(size)s bytes; %(limit)s are the most for one read whole.")
    ),
    "blob_too_long": Text(
        _("The blob %(digest)s has more bytes than its manifest promises."),
        _("Do not trust this image."),
    ),
    "blob_too_slow": Text(
        _("%(host)s sends too slowly."), _("Check the registry and the network.")
    ),
    "blob_unreadable": Text(
        _("The blob %(digest)s cannot be read: %(reason)s."), _("Check this machine's disk.")
    ),
    "cancelled": Text(_("The transfer was cancelled.")),
    "descriptor_digest_malformed": Text(
        _("The manifest names content by a malformed digest: %(cause)s")
    ),
    "descriptor_incomplete": Text(
        _("The manifest has a descriptor without a media type or a size.")
    ),
    "descriptor_malformed": Text(_("The manifest holds something that is not a descriptor.")),
    "descriptor_too_large": Text(
        _("The manifest names content with a size of more than 256 TiB."),
        _("Do not trust this image."),
    ),
    "image_not_movable": Text(
        _("%(name)s is not an image that can be moved. %(cause)s"), "%(cause_advice)s"
    ),
    "index_too_deep": Text(
        _("The index holds indexes more than four deep."), _("Such an index is not moved.")
    ),
    "index_too_deep_to_store": Text(
        _("The index holds indexes more than four deep."), _("Such an index is not stored.")
    ),
    "index_too_many_manifests": Text(
        _("The index names %(count)s manifests; %(limit)s are the limit.")
    ),
    "index_without_manifests": Text(_("The index has no list of manifests.")),
    "inline_data_differs": Text(
        _("The manifest carries inline data that is not what %(digest)s names."),
        _("Do not trust this image."),
    ),
    "inline_data_malformed": Text(_("The manifest carries inline data that is not base64.")),
    "manifest_ambiguous": Text(
        _("The manifest claims to be an image and an index at once."), _("Do not trust this image.")
    ),
    "manifest_not_json": Text(
        _("The manifest is not JSON."),
        _("Check that the address is a registry's, and not a web page's."),
    ),
    "manifest_not_object": Text(_("The manifest is not a JSON object.")),
    "manifest_schema_1": Text(
        _("The image has a schema 1 manifest, which is too old to move."),
        _("Rebuild or re-push it with a current docker, then try again."),
    ),
    "manifest_too_large": Text(
        _("The manifest is larger than %(limit_bytes)s."), _("Such a manifest is not moved.")
    ),
    "manifest_too_many_layers": Text(
        _("The manifest names %(count)s layers; %(limit)s are the limit.")
    ),
    "manifest_without_config": Text(_("The manifest has no config.")),
    "manifest_without_layers": Text(_("The manifest has no list of layers.")),
    "manifests_too_large": Text(
        _("The image's manifests have more than %(limit_bytes)s together."),
        _("Such an image is not moved."),
    ),
    "media_type_differs": Text(
        _(
            "The registry calls the manifest %(announced)s, but the manifest calls itself "
            "%(written)s."
        )
    ),
    "media_type_not_text": Text(_("The manifest's mediaType is not a text.")),
    "media_type_unknown": Text(
        _("The manifest's type %(media_type)s is not an image's or an index's.")
    ),
    "other_part_failed": Text(_("Another part of the transfer failed.")),
    "platform_differs": Text(
        _("The image is for %(actual)s only, not for %(platform)s."),
        _("Choose %(actual)s, or a tag that is built for %(platform)s."),
    ),
    "platform_missing": Text(
        _("The image is not built for %(wanted)s."), _("Choose one of its platforms: %(offered)s.")
    ),
    "platform_unnamed": Text(
        _("The image is not built for %(wanted)s."), _("Choose “all” to take the index as it is.")
    ),
    "source_blob_damaged": Text(
        _(
            "The blob %(digest)s is not what its digest names: the source is damaged, and "
            "nothing was stored."
        ),
        _("Pull or push the image anew at its source, then try again."),
    ),
    "source_blob_too_long": Text(
        _(
            "The blob %(digest)s is longer than its manifest promises: the source is "
            "damaged, and nothing was stored."
        ),
        _("Pull or push the image anew at its source, then try again."),
    ),
    "source_blob_too_short": Text(
        _("The blob %(digest)s ends too early: the source is damaged, and nothing was stored."),
        _("Pull or push the image anew at its source, then try again."),
    ),
    "too_many_blobs": Text(
        _("The image consists of more than %(limit)s blobs."), _("Such an image is not moved.")
    ),
    "too_many_manifests": Text(
        _("The image consists of more than %(limit)s manifests."), _("Such an image is not moved.")
    ),
    "upload_without_location": Text(
        _("%(host)s begins an upload without saying where to send it.")
    ),
}
