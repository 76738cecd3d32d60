"""Credentials, registries and channels: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "address_malformed": Text(_("This is no address."), _("Copy it again, as one line.")),
    "address_without_service": Text(
        _("No service takes this address."),
        _("Write it as one of the examples. A plain webhook begins with jsons://"),
    ),
    "builtin_name_foreign": Text(
        _("On this server, the images of the team %(team)s have names that begin with %(prefix)s."),
        _("Write %(name)s, say."),
    ),
    "builtin_name_reserved": Text(
        _("Names that begin with %(prefix)s stand for images of other registries."),
        _("Choose another name."),
    ),
    "certificate_ended": Text(
        _("The certificate of %(subject)s ended on %(ended_date)s."),
        _("Paste the authority's present certificate."),
    ),
    "certificate_text_too_long": Text(
        _("The text is longer than certificates are."), _("Paste only the authority's certificate.")
    ),
    "certificate_text_unreadable": Text(
        _("There is no readable certificate in this text."),
        _(
            "Paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END "
            "CERTIFICATE-----, both lines included."
        ),
    ),
    "credential_ambiguous": Text(
        _("Several credentials fit %(name)s equally well: %(labels)s."),
        _("Choose the one to use, or give each a repository pattern of its own."),
    ),
    "credential_expired": Text(
        _("The credential “%(label)s” has expired."),
        _("Enter a new secret and a new expiry for it."),
    ),
    "credential_for_another_host": Text(
        _("The credential “%(label)s” is for %(host)s; it is never sent to %(other)s."),
        _("Choose a credential of that registry, or add one."),
    ),
    "credential_missing": Text(
        _("The team has no credential “%(label)s” for %(host)s."),
        _("For this registry there are: none."),
    ),
    "credential_not_for_engine": Text(
        _(
            "The credential “%(label)s” belongs to the team %(owner)s, and is not handed to "
            "an engine."
        ),
        _(
            "An engine connects as its own settings say, not as that team has set. Choose a "
            "credential of your own team."
        ),
    ),
    "credential_of_another_team": Text(
        _("This credential does not belong to the team %(team)s."), _("Choose another one.")
    ),
    "credential_removed": Text(
        _("The team %(owner)s removed the credential “%(label)s” for %(host)s on %(removed_at)s."),
        _("Start it again with another credential."),
    ),
    "credential_unreadable": Text(
        _("The secret of the credential “%(label)s” cannot be read. %(cause)s"), "%(cause_advice)s"
    ),
    "docker_config_auths_malformed": Text(_("“auths” is not a table of registries in this text.")),
    "docker_config_not_json": Text(
        _("This is not JSON: it breaks off or goes wrong at line %(line)s, column %(column)s."),
        _("Paste the whole of ~/.docker/config.json, from its first { to its last }."),
    ),
    "docker_config_not_object": Text(
        _("This is JSON, but no docker configuration."), _("It should begin with {")
    ),
    "docker_config_too_deep": Text(
        _("This JSON is nested too deeply, or has numbers too long to read.")
    ),
    "docker_config_too_long": Text(
        _("The text is longer than a docker configuration is."),
        _("Paste only ~/.docker/config.json."),
    ),
    "docker_config_too_many_registries": Text(
        _("There are more than %(limit)s registries in this text.")
    ),
    "own_credential_expired": Text(
        _("The credential “%(label)s” has expired."),
        _("Choose another one, or have an admin of the team change it."),
    ),
    "own_credential_for_other_repositories": Text(
        _(
            "The credential “%(label)s” is for the repositories %(pattern)s, not for "
            "%(repository)s."
        ),
        _("Choose another one, or have an admin of the team change it."),
    ),
    "own_credential_pull_only": Text(
        _("The credential “%(label)s” is for pulling only."),
        _("Choose another one, or have an admin of the team change it."),
    ),
    "secret_of_another_credential": Text(
        _("This secret was stored for another credential or another host."),
        _(
            "Set REGISTRY_UI_ENCRYPTION_KEYS to the keys with which it was stored, or enter "
            "the secret again."
        ),
    ),
    "secret_unreadable": Text(
        _("None of the encryption keys opens this secret."),
        _(
            "Set REGISTRY_UI_ENCRYPTION_KEYS to the keys with which it was stored, or enter "
            "the secret again."
        ),
    ),
    "share_ended": Text(
        _("The team %(owner)s shared the credential “%(label)s” until %(ended_at)s."),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "share_for_other_repositories": Text(
        _(
            "The team %(owner)s shares the credential “%(label)s” for the repositories "
            "%(pattern)s, not for %(repository)s."
        ),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "share_less_safe": Text(
        _(
            "The team %(owner)s reaches %(host)s less safely than your own registry of that "
            "host demands, so its credential “%(label)s” is not used. Make the connection "
            "settings of the two alike."
        ),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "share_lost": Text(_("%(lost)s %(cause)s"), "%(cause_advice)s"),
    "share_pull_only": Text(
        _("The team %(owner)s shares the credential “%(label)s” for pulling only."),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "share_revoked": Text(
        _("The team %(owner)s took the credential “%(label)s” back on %(revoked_at)s."),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "share_revoked_meanwhile": Text(
        _("The team %(owner)s took the credential “%(label)s” back on %(revoked_at)s."),
        _("Start it again with another credential, or ask an admin of the team %(owner)s."),
    ),
    "shared_credential_expired": Text(
        _("The credential “%(label)s” has expired."),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "shared_credential_for_other_repositories": Text(
        _(
            "The credential “%(label)s” is for the repositories %(pattern)s, not for "
            "%(repository)s."
        ),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "shared_credential_pull_only": Text(
        _("The credential “%(label)s” is for pulling only."),
        _("Choose another one, or ask an admin of the team %(owner)s to share it again."),
    ),
    "tls_connection_closed": Text(
        _("%(location)s closed the connection during the TLS handshake."),
        _("Check the port, and whether a firewall or proxy on the way breaks TLS."),
    ),
}
