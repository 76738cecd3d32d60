"""Archives of images: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "archive_blob_missing": Text(_("The archive has no blob %(digest)s.")),
    "archive_bomb": Text(
        _("The archive grows to more than %(ratio)s times its size when it is decompressed."),
        _("This is how a bomb is made. If it is meant so, decompress it first and import the tar."),
    ),
    "archive_compression_unsupported": Text(
        _("The file is compressed with %(compression)s, which is not read here."),
        _("Decompress it first (%(command)s), or compress it with gzip."),
    ),
    "archive_content_damaged": Text(
        _(
            "The archive's content under %(digest)s is not what that digest names: it is "
            "damaged, or was changed."
        ),
        _("Nothing of it was kept. Copy it again from where it was made, and compare its SHA-256."),
    ),
    "archive_cut_off": Text(
        _("The archive is cut off: it ends too early."), _("Copy or upload the file again.")
    ),
    "archive_data_cut_off": Text(
        _("The archive is cut off: its compressed data ends too early."),
        _("Copy or upload the file again."),
    ),
    "archive_data_damaged": Text(
        _("The archive's compressed data is damaged."), _("Copy or upload the file again.")
    ),
    "archive_digests_differ": Text(
        _(
            "The archive's list of digests and its images are not the same: one of them was "
            "changed."
        ),
        _("Do not trust this archive. Nothing of it was kept."),
    ),
    "archive_document_too_large": Text(
        _("The archive's “%(name)s” has more than %(limit_bytes)s.")
    ),
    "archive_document_unreadable": Text(
        _("The archive's “%(name)s” is not what it should be: it cannot be read."),
        _("It was made wrongly: make it anew."),
    ),
    "archive_empty": Text(
        _("The archive holds no image at all."), _("Save it anew, with the names of the images.")
    ),
    "archive_extended_header_damaged": Text(
        _("The archive is damaged: an extended header in it cannot be read.")
    ),
    "archive_file_empty": Text(_("The file is empty."), _("Choose the archive again.")),
    "archive_file_gone": Text(_("The archive is not here any more."), _("Import the file again.")),
    "archive_file_too_large": Text(
        _("The file is larger than %(limit_bytes)s, which is the limit here."),
        _("Export fewer images at once, or have the limit raised (REGISTRY_UI_ARCHIVE_LIMIT_GIB)."),
    ),
    "archive_header_damaged": Text(_("The archive is damaged: a header in it is not one.")),
    "archive_header_too_large": Text(_("The archive has a header of more than 64 KiB.")),
    "archive_image_unusable": Text(
        _("The archive holds an image that cannot be used: %(cause)s"), "%(cause_advice)s"
    ),
    "archive_index_without_images": Text(
        _("The archive holds an index, and none of the images that it names."),
        _("Save the image anew."),
    ),
    "archive_layer_count_differs": Text(
        _("The archive lists another number of layers than the image's config."),
        _("Save the image anew."),
    ),
    "archive_layer_missing": Text(
        _("The archive lacks the blob %(digest)s, which an image of it needs."),
        _("Save the image anew."),
    ),
    "archive_layout_version": Text(
        _("The archive is an OCI layout of another version than 1.0.0.")
    ),
    "archive_manifest_missing": Text(_("The archive has no manifest %(digest)s.")),
    "archive_manifests_too_large": Text(
        _("The archive's manifests have more than %(limit_bytes)s together.")
    ),
    "archive_member_missing": Text(
        _("The archive lacks “%(name)s”, which it names."),
        _("It was cut off, or made wrongly: make it anew."),
    ),
    "archive_member_unsafe": Text(
        _("The archive's member “%(name)s” is %(member_kind)s."),
        _("Do not trust this archive. Nothing of it was kept."),
    ),
    "archive_member_unsafe_name": Text(
        _("The archive has a member “%(name)s”, whose name leaves the archive or is none."),
        _("Do not trust this archive."),
    ),
    "archive_not_tar": Text(
        _("The file is not a tar archive."),
        _("Choose what docker save, podman save, skopeo or an export here wrote."),
    ),
    "archive_renames_members": Text(
        _("The archive renames all of its members at once, which no tool for images does.")
    ),
    "archive_size_damaged": Text(_("The archive is damaged: a size in it is not a number.")),
    "archive_sparse_file": Text(
        _("The archive holds a sparse file, which no tool for images writes.")
    ),
    "archive_too_large": Text(
        _("The archive has more than %(limit_bytes)s, which is the limit here."),
        _("Export fewer images at once, or have the limit raised (REGISTRY_UI_ARCHIVE_LIMIT_GIB)."),
    ),
    "archive_too_many_images": Text(
        _("The archive holds more than %(limit)s images."), _("Bring fewer of them at once.")
    ),
    "archive_too_many_members": Text(_("The archive has more than %(limit)s members.")),
    "archive_too_short": Text(_("The file is no archive: it is too short.")),
    "archive_without_index": Text(
        _("The archive holds no images: it has neither an index.json nor a manifest.json."),
        _("Choose what docker save, podman save, skopeo or an export here wrote."),
    ),
    "checksum_differs": Text(
        _("The file's SHA-256 is %(found)s, and not %(wanted)s, as it should be."),
        _("It was damaged or changed on its way: bring it here again. Nothing of it was kept."),
    ),
    "checksum_invalid": Text(
        _("“%(text)s” is not a SHA-256 checksum."), _("It has 64 characters of 0–9 and a–f.")
    ),
    "local_blob_damaged": Text(
        _(
            "The blob %(digest)s in the local store is damaged: its bytes are not what its "
            "digest names."
        ),
        _("Pull the image again: only what is damaged is fetched."),
    ),
    "no_image_chosen": Text(
        _("No image was chosen."), _("Choose at least one on the page “Images”.")
    ),
    "upload_offset_differs": Text(_("The upload goes on at byte %(offset)s.")),
}
