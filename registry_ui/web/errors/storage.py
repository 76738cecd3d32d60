"""The local images and the disk: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "disk_faulty": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _(
            "The disk reports a fault: look into the system's log, and restore from a backup "
            "if it goes on."
        ),
    ),
    "disk_file_limit": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _("The largest size that a file may have here is too small: raise the limit (ulimit -f)."),
    ),
    "disk_full": Text(
        _("The disk with the images (%(path)s) is full."),
        _(
            "Free some space there: remove images that nobody needs and run `manage.py "
            "collect_blobs`, or enlarge the disk; then retry."
        ),
    ),
    "disk_kept_too_little": Text(
        _(
            "The disk with the images (%(root)s) kept %(kept)s of the %(size)s bytes of the "
            "blob %(digest)s."
        )
    ),
    "disk_not_a_folder": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _(
            "A file or a symbolic link stands where only a folder may: find out who put it "
            "there, and remove it."
        ),
    ),
    "disk_not_permitted": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _("Let it belong to the user under which Registry UI runs."),
    ),
    "disk_open_files": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _("Raise the number of files that one process may open (ulimit -n)."),
    ),
    "disk_quota_used_up": Text(
        _("The disk with the images (%(path)s) has no more room for this user (quota)."),
        _(
            "Free some space there: remove images that nobody needs and run `manage.py "
            "collect_blobs`, or enlarge the disk; then retry."
        ),
    ),
    "disk_read_only": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _(
            "It is mounted read-only, often after a fault of the disk: look into the "
            "system's log and remount it."
        ),
    ),
    "disk_refused": Text(_("The disk with the images (%(path)s) refused: %(reason)s.")),
    "disk_reserve_needed": Text(
        _(
            "The disk with the images (%(path)s) has too little room: %(needed_bytes)s are "
            "needed, %(free_bytes)s are free, and %(reserve_bytes)s have to stay free."
        ),
        _(
            "Free some space there: remove images that nobody needs and run `manage.py "
            "collect_blobs`, or enlarge the disk; then retry."
        ),
    ),
    "disk_room_needed": Text(
        _(
            "The disk with the images (%(path)s) has too little room: %(needed_bytes)s are "
            "needed, %(free_bytes)s are free."
        ),
        _(
            "Free some space there: remove images that nobody needs and run `manage.py "
            "collect_blobs`, or enlarge the disk; then retry."
        ),
    ),
    "disk_symbolic_link": Text(
        _("The disk with the images (%(path)s) refused: %(reason)s."),
        _(
            "A symbolic link stands where only a file of Registry UI may: find out who put "
            "it there, and remove it."
        ),
    ),
    "local_blob_missing": Text(
        _("The blob %(digest)s is not in the local store."),
        _("Pull the image again: only what is missing is fetched."),
    ),
    "local_blob_needed": Text(
        _("The image needs the blob %(digest)s, which is not in the local store."),
        _("Pull the image again: only what is missing is fetched."),
    ),
    "local_image_unknown": Text(
        _("There is no local image %(name)s."), _("Pull it first, or choose another name.")
    ),
    "local_manifest_differs": Text(_("The manifest is not the one that %(digest)s names.")),
    "local_manifest_missing": Text(
        _("The manifest of %(name)s is missing in the local store."),
        _("Pull the image again: only what is missing is fetched."),
    ),
    "local_manifest_needed": Text(
        _("The index names the manifest %(digest)s, which is not in the local store."),
        _("Pull the image again with all its platforms."),
    ),
    "local_name_removed": Text(
        _("The name %(name)s was removed meanwhile."), _("Choose another name of the image.")
    ),
    "local_name_unknown": Text(
        _("There is no local image %(name)s."),
        _("Pull it first; the page “Images” lists what is here."),
    ),
    "local_tag_immutable": Text(
        _("%(name)s is immutable: a rule of the team keeps this tag as it is."),
        _("Choose another tag, or have an admin of the team change the rule."),
    ),
    "local_tag_unknown": Text(
        _("There is no local image %(name)s."),
        _("Of this repository there are: %(names)s. Choose one of them, or pull the other first."),
    ),
    "new_name_needs_tag": Text(
        _("The new name needs a tag, not a digest."), _("Write it as %(name)s:1.0, say.")
    ),
    "source_bytes_differ": Text(
        _("The source sent other bytes for the blob %(digest)s than its digest names."),
        _(
            "Try again; if it happens again, the image is damaged at its source and has to "
            "be pushed there anew."
        ),
    ),
    "source_ended_early": Text(
        _("The source ended after %(offset)s of the %(size)s bytes of the blob %(digest)s."),
        _(
            "Try again; if it happens again, the image is damaged at its source and has to "
            "be pushed there anew."
        ),
    ),
    "source_too_long": Text(
        _("The source sends more than the %(size)s bytes of the blob %(digest)s."),
        _("The image is damaged at its source and has to be pushed there anew."),
    ),
    "upload_busy": Text(
        _("Another request writes this upload."), _("Ask for its state, then go on from there.")
    ),
    "upload_digest_differs": Text(
        _("What was uploaded is not what the digest %(digest)s names."), _("Push it again.")
    ),
    "upload_too_large": Text(
        _("A blob may have at most %(bytes)s bytes here."),
        _("Ask the administrator of this server."),
    ),
    "upload_unknown": Text(_("There is no such upload."), _("Begin a new one.")),
}
