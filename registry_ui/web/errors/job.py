"""Jobs and transfers: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "access_revoked": Text(
        _("%(person)s may no longer do this in the team %(team)s."),
        _("Somebody else of the team can start it again."),
    ),
    "archive_has_several_images": Text(
        _("The archive holds several images."),
        _("Say which: --name FOUND=%(new)s. There are: %(names)s."),
    ),
    "archive_image_unknown": Text(
        _("The archive has no such image."), _("Choose among those that it has.")
    ),
    "archive_image_without_name": Text(
        _("An image of the archive has no name."),
        _("Give it one: --name app:1.0, or --name DIGEST=app:1.0."),
    ),
    "archive_import_running": Text(
        _("This archive is being imported already."), _("Look at the page “Transfers”.")
    ),
    "archive_name_unknown": Text(
        _("The archive has no image %(name)s."), _("--list prints those that it has.")
    ),
    "copy_to_itself": Text(
        _("%(name)s cannot be copied to itself."),
        _("Choose another registry, another repository or another tag."),
    ),
    "credential_label_unknown": Text(
        _("The team has no credential “%(label)s” for %(host)s."),
        _("For this registry there are: %(labels)s."),
    ),
    "credential_removed_meanwhile": Text(
        _("The credential chosen for %(host)s was removed meanwhile."),
        _("Start the transfer again with another credential."),
    ),
    "database_failed": Text(
        _("The database of Registry UI did not answer in time."),
        _(
            "Start it again: finished work is kept. If it happens again, look for %(key)s in "
            "the worker's log."
        ),
    ),
    "deletion_not_retried": Text(
        _("Only a deletion that failed is tried again."),
        _("To delete what is there now, choose it in its repository anew."),
    ),
    "engine_wrote_several_images": Text(
        _("The engine wrote %(count)s images where one was asked for.")
    ),
    "file_missing": Text(_("There is no file %(path)s.")),
    "import_name_twice": Text(
        _("%(name)s stands there for two images."), _("Give each image names of its own.")
    ),
    "import_name_without_tag": Text(
        _("%(name)s has no tag, or a digest."), _("Write it as %(example)s:1.0, say.")
    ),
    "no_archive_image_chosen": Text(
        _("No image was chosen."), _("Give at least one of them a name.")
    ),
    "notice_not_delivered": Text(
        _("The message was not delivered."),
        _(
            "Check the address and its token, and whether this machine may reach the "
            "service. Then send a test."
        ),
    ),
    "notice_object_removed": Text(
        _("The object of this message was removed before it was sent."), ""
    ),
    "retag_across_repositories": Text(
        _("A retag stays within one repository; %(source)s and %(target)s are two."),
        _("Copy the image there instead."),
    ),
    "tag_added": Text(
        _("%(tags)s names this image too by now. Nothing was deleted."),
        _("Look at what would be lost, then decide again."),
    ),
    "tag_and_digest_given": Text(
        _("Either a tag or a digest is deleted, not both at once."), _("Leave out one of the two.")
    ),
    "tag_changed": Text(
        _(
            "%(tag)s names %(now_digest)s by now, and not %(seen_digest)s any more. Nothing "
            "was deleted."
        ),
        _("Somebody pushed it anew. Look at it again, then decide again."),
    ),
    "tags_added": Text(
        _("%(tags)s name this image too by now. Nothing was deleted."),
        _("Look at what would be lost, then decide again."),
    ),
    "team_removed": Text(
        _("The team %(team)s is about to be removed."),
        _("Somebody else of the team can start it again."),
    ),
    "transfer_not_ended": Text(_("This transfer has not ended."), _("Cancel it first.")),
    "unexpected": Text(
        _("Something went wrong inside Registry UI itself."),
        _("Start it again; if it happens again, look for %(key)s in the worker's log."),
    ),
    "worker_died": Text(
        _("The worker died %(count)s times while it ran this."),
        _(
            "Look into the worker's log (out of memory?), then retry: what has arrived is "
            "not fetched or sent again."
        ),
    ),
}
