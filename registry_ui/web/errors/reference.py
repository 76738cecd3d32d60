"""Names of images and their parts: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "component_empty": Text(
        _("“%(repository)s” has an empty part: two slashes in a row, or one at an end."),
        _(
            "Use lower-case letters and digits, separated by “.”, “_”, “__” or “-”, and “/” "
            "between parts."
        ),
    ),
    "component_invalid": Text(
        _("“%(component)s” cannot be part of a repository's name."),
        _(
            "Use lower-case letters and digits, separated by “.”, “_”, “__” or “-”, and “/” "
            "between parts."
        ),
    ),
    "component_upper_case": Text(
        _("“%(component)s” has upper-case letters; a repository's name is lower case."),
        _("Write %(correction)s."),
    ),
    "digest_algorithm_unknown": Text(
        _("“%(text)s” is not a digest: it must start with sha256: or sha512:."),
        _("Copy the whole digest, as the registry's page or `docker pull` prints it."),
    ),
    "digest_length_wrong": Text(
        _("“%(text)s” is not a digest: %(algorithm)s has %(length)s characters of 0–9 and a–f."),
        _("Copy the whole digest, as the registry's page or `docker pull` prints it."),
    ),
    "host_ambiguous": Text(
        _("“%(host)s” alone cannot name a registry: %(host)s/app is a repository on Docker Hub."),
        _("Write the whole host name, or the port too: %(host)s:443 for HTTPS."),
    ),
    "host_invalid": Text(
        _("“%(text)s” is not a registry's host."),
        _(
            "Write only the host and, where needed, the port: registry.example.com or "
            "10.0.0.5:5000, with no https:// and no path."
        ),
    ),
    "name_too_long": Text(
        _("The name is %(length)s characters long; registries take %(limit)s."), _("Shorten it.")
    ),
    "platform_invalid": Text(
        _("“%(text)s” is not a platform."),
        _("Write it as os/architecture, such as linux/amd64 or linux/arm/v7."),
    ),
    "reference_empty": Text(
        _("The reference is empty."), _("Write an image's name, such as nginx:1.27-alpine.")
    ),
    "reference_has_spaces": Text(
        _("A reference has no spaces or control characters."), _("Write one reference only.")
    ),
    "reference_is_digest": Text(
        _("“%(start)s…” is a digest alone; it does not say of which repository."),
        _("Write the repository in front of it, with an @ between: nginx@%(start)s…"),
    ),
    "reference_is_url": Text(
        _("“%(text)s” is a URL, not an image reference."),
        _("Leave out https:// (registry.example.com/team/app:1.0)."),
    ),
    "repository_missing": Text(
        _("The repository's name is missing."),
        _("Write a name such as nginx or my-company/my-app."),
    ),
    "tag_invalid": Text(
        _("“%(tag)s” is not a tag."),
        _(
            "A tag has letters, digits, “_”, “.” and “-”, does not start with “.” or “-”, "
            "and has at most 128 characters."
        ),
    ),
    "tag_missing": Text(
        _("The tag after the colon is missing."),
        _(
            "A tag has letters, digits, “_”, “.” and “-”, does not start with “.” or “-”, "
            "and has at most 128 characters."
        ),
    ),
    "tag_too_long": Text(
        _("“%(tag)s” is longer than 128 characters."),
        _(
            "A tag has letters, digits, “_”, “.” and “-”, does not start with “.” or “-”, "
            "and has at most 128 characters."
        ),
    ),
}
