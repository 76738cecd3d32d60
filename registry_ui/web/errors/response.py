"""The responses of registries: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "blob_unknown": Text(
        _("%(location)s has no blob %(name)s."),
        _("The image there is damaged: push it again at its source, then try again."),
    ),
    "content_refused_elsewhere": Text(
        _(
            "%(host)s sends this client to %(other_host)s for the content, which refuses it "
            "(status %(http_status)s)."
        ),
        _("Try again; if it persists, tell the registry's administrator."),
    ),
    "credential_refused": Text(
        _("%(location)s did not accept the credential.%(says)s"), provider_advice="login"
    ),
    "deletion_immutable": Text(
        _("%(location)s is immutable.%(says)s"),
        _("Have the immutability rule changed on the registry."),
    ),
    "denied_deletion": Text(
        _("%(host)s does not let this credential delete from %(repository)s.%(says)s"),
        provider_advice="denied_deletion",
    ),
    "denied_deletion_anonymous": Text(
        _("%(host)s does not let an anonymous visitor delete from %(repository)s.%(says)s"),
        provider_advice="denied_deletion",
    ),
    "denied_listing": Text(
        _("%(host)s does not let this credential list its repositories.%(says)s"),
        provider_advice="denied_listing",
    ),
    "denied_listing_anonymous": Text(
        _("%(host)s does not let an anonymous visitor list its repositories.%(says)s"),
        provider_advice="denied_listing",
    ),
    "denied_login": Text(_("%(host)s refuses this credential.%(says)s"), provider_advice="login"),
    "denied_login_anonymous": Text(
        _("%(host)s refuses an anonymous visitor.%(says)s"), provider_advice="login"
    ),
    "denied_pull": Text(
        _("%(host)s does not let this credential pull from %(repository)s.%(says)s"),
        provider_advice="denied_pull",
    ),
    "denied_pull_anonymous": Text(
        _("%(host)s does not let an anonymous visitor pull from %(repository)s.%(says)s"),
        provider_advice="denied_pull",
    ),
    "denied_push": Text(
        _("%(host)s does not let this credential push to %(repository)s.%(says)s"),
        provider_advice="denied_push",
    ),
    "denied_push_anonymous": Text(
        _("%(host)s does not let an anonymous visitor push to %(repository)s.%(says)s"),
        provider_advice="denied_push",
    ),
    "fetch_skipped": Text(
        _("The registry counts pulls, and few are left: this image was not fetched."),
        _("It is fetched when somebody opens it, or by a later run."),
    ),
    "https_expected": Text(
        _("%(host)s speaks https on this port, and was asked in plain HTTP."),
        _("Choose HTTPS for this registry."),
    ),
    "index_too_large": Text(_("The index names more than %(limit)s manifests.")),
    "list_continues_elsewhere": Text(
        _("%(host)s continues its list on another host: refused."),
        _("Do not trust that registry's list."),
    ),
    "listed_tag_missing": Text(
        _("The registry lists this tag, but has no manifest for it."),
        _("Push it again, or delete it there."),
    ),
    "listing_refused": Text(
        _("%(cause)s"),
        _(
            "Add the repositories that you need by name; those that somebody pulls or pushes "
            "here are listed by themselves."
        ),
    ),
    "listing_refused_without_login": Text(
        _("%(cause)s"),
        _(
            "%(cause_advice)s Add the repositories that you need by name; those that "
            "somebody pulls or pushes here are listed by themselves."
        ),
    ),
    "listing_unavailable": Text(
        _("%(no_listing_reason)s"),
        _(
            "Add the repositories that you need by name; those that somebody pulls or pushes "
            "here are listed by themselves."
        ),
    ),
    "listing_unavailable_without_login": Text(
        _("%(no_listing_reason)s"),
        _(
            "%(cause_advice)s Add the repositories that you need by name; those that "
            "somebody pulls or pushes here are listed by themselves."
        ),
    ),
    "listing_unsupported": Text(_("%(host)s has no list of its repositories to give.%(says)s")),
    "login_refused": Text(
        _("%(host)s refused the login: the username or the secret is wrong, or has expired."),
        provider_advice="login",
    ),
    "login_wanted": Text(
        _("%(location)s wants a login.%(says)s"),
        _("Add a credential for %(host)s. %(provider_advice)s"),
        provider_advice="denied_pull",
    ),
    "login_wanted_to_delete": Text(
        _("%(location)s wants a login to delete.%(says)s"), _("Add a credential for %(host)s.")
    ),
    "login_wanted_to_list": Text(
        _("%(location)s wants a login.%(says)s"), _("Add a credential for %(host)s.")
    ),
    "login_wanted_to_push": Text(
        _("%(location)s wants a login to push.%(says)s"), _("Add a credential for %(host)s.")
    ),
    "manifest_deletion_unsupported": Text(
        _("%(host)s does not delete manifests for its clients.%(says)s"), provider_advice="deletion"
    ),
    "manifest_differs": Text(
        _("%(host)s was asked for the manifest %(digest)s and sent another."),
        _("Do not trust this answer; if a cache or proxy lies between, empty it."),
    ),
    "manifest_digest_given": Text(
        _("The manifest %(digest)s cannot be stored under another digest.")
    ),
    "manifest_kind_refused": Text(
        _("%(location)s does not take this kind of manifest.%(says)s"),
        _("The registry may be too old for OCI images or for indexes: update it."),
    ),
    "manifest_lacks_blob": Text(
        _(
            "%(location)s refuses the manifest, because it lacks a blob that the manifest "
            "names.%(says)s"
        ),
        _("Push the image again."),
    ),
    "manifest_stored_under_another_digest": Text(
        _("%(host)s stored the manifest %(digest)s under another digest."),
        _("The registry changes manifests; tell its administrator."),
    ),
    "manifest_unknown": Text(
        _("%(location)s has no manifest %(name)s."),
        _(
            "Check the spelling; it may have been deleted. The registry's own web pages list "
            "its tags."
        ),
    ),
    "namespaces_not_listed": Text(
        _("Not listed: %(names)s. %(cause)s"),
        _(
            "Check the spelling of the namespaces in the registry's settings, and whether "
            "the login may see them."
        ),
    ),
    "namespaces_unknown": Text(
        _("Not listed: %(names)s. They are not there, or not for this login to see."),
        _(
            "Check the spelling of the namespaces in the registry's settings, and whether "
            "the login may see them."
        ),
    ),
    "not_a_referrer_list": Text(_("%(host)s does not answer with a list of referrers.")),
    "not_a_registry": Text(
        _(
            "%(host)s is not a registry: it answers with status %(http_status)s where a "
            "registry answers /v2/."
        ),
        _(
            "Check the host and the port; the registry's address often differs from that of "
            "its web page."
        ),
    ),
    "not_a_repository_list": Text(_("%(host)s does not answer with a list of repositories.")),
    "not_a_tag_list": Text(
        _("%(host)s does not answer with a list of tags."),
        _("Check that the address is a registry's."),
    ),
    "not_the_api": Text(_("%(host)s does not answer as the API of %(registry)s does.")),
    "operation_unsupported": Text(_("%(host)s does not offer this operation.%(says)s")),
    "proxy_cache_not_writable": Text(
        _("%(location)s is a proxy cache, which takes no pushes."),
        _("Push to an ordinary project."),
    ),
    "quota_used_up": Text(
        _("%(location)s has no room left: its quota is used up.%(says)s"),
        _("Delete images there, or have the quota raised."),
    ),
    "rate_limited": Text(
        _("%(host)s asks to slow down: too many requests.%(says)s"), provider_advice="limit"
    ),
    "rate_limited_for": Text(
        _("%(host)s asks to slow down for %(seconds)s: too many requests.%(says)s"),
        provider_advice="limit",
    ),
    "referrer_list_not_index": Text(_("The list of referrers is no index.")),
    "referrer_list_not_json": Text(_("The list of referrers is not JSON.")),
    "repository_has_tag": Text(
        _("“%(name)s” is more than a repository's name."), _("Leave out the tag and the digest.")
    ),
    "repository_immutable": Text(
        _("%(location)s is immutable.%(says)s"),
        _("Push under another tag, or have the immutability rule changed on the registry."),
    ),
    "repository_unknown": Text(
        _("%(host)s has no repository %(repository)s.%(says)s"), provider_advice="denied_pull"
    ),
    "repository_unknown_for_push": Text(
        _("%(host)s has no repository %(repository)s.%(says)s"), provider_advice="missing"
    ),
    "request_too_large": Text(
        _("%(host)s does not take a request of this size.%(says)s"),
        _(
            "Have the body size limit of the proxy before the registry raised "
            "(client_max_body_size in nginx)."
        ),
    ),
    "server_failed": Text(
        _("The registry %(host)s is in trouble (status %(http_status)s).%(says)s"),
        _("Try again later; if it persists, tell the registry's administrator."),
    ),
    "tag_deletion_half_done": Text(
        _(
            "Deleting the tag %(tag)s of %(location)s failed half-way, and it may name an "
            "empty placeholder now. %(cause)s %(repair)s"
        ),
        _("Point the tag at %(original)s again, which is still there; then try again."),
    ),
    "tag_deletion_interrupted": Text(
        _(
            "Deleting the tag %(tag)s of %(location)s failed half-way, and it may name an "
            "empty placeholder now. It was interrupted. %(repair)s"
        ),
        _("Point the tag at %(original)s again, which is still there; then try again."),
    ),
    "tag_deletion_unsupported": Text(
        _("%(host)s does not delete a tag alone for its clients.%(says)s"),
        provider_advice="deletion",
    ),
    "tag_gone": Text(
        _("%(repository)s has no tag %(tag)s."), _("It may have been deleted already.")
    ),
    "tag_immutable": Text(
        _("%(location)s: the tag %(name)s exists already and is immutable there."),
        _("Push under another tag, or have the immutability rule changed on the registry."),
    ),
    "tag_not_deletable": Text(
        _(
            "%(location)s: the tag %(tag)s cannot be deleted, because the registry deletes "
            "neither tags nor manifests for its clients. Nothing was changed."
        ),
        provider_advice="deletion",
    ),
    "tag_unknown": Text(
        _("%(location)s has no tag %(name)s."),
        _(
            "Check the spelling; it may have been deleted. The registry's own web pages list "
            "its tags."
        ),
    ),
    "token_service_status": Text(
        _("The token service of %(host)s answers with status %(http_status)s.%(says)s")
    ),
    "unexpected_status": Text(_("%(location)s answers with status %(http_status)s.%(says)s")),
    "web_page_not_registry": Text(
        _("%(host)s is not a registry: it answers with a web page where a registry answers /v2/."),
        _(
            "Check the host and the port; the registry's address often differs from that of "
            "its web page."
        ),
    ),
}
