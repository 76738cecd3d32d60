"""Connections, TLS, redirects and logins: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "address_invalid": Text(
        _("%(location)s is not an address that can be asked."), _("Check the registry's host.")
    ),
    "address_loopback": Text(
        _("%(host)s is %(scope)s, which this installation does not connect to."),
        _(
            "Whoever runs this installation can allow registries on this machine itself in "
            "its settings."
        ),
    ),
    "address_not_of_network": Text(_("Only addresses of the network are connected to here.")),
    "address_private": Text(
        _("%(host)s is %(scope)s, which this installation does not connect to."),
        _(
            "Whoever runs this installation can allow addresses in private networks in its "
            "settings."
        ),
    ),
    "address_reserved": Text(
        _("%(host)s is %(scope)s, which this installation does not connect to."),
        _("Such addresses are never connected to; check the registry's host and your name server."),
    ),
    "answer_compressed": Text(
        _("%(host)s compresses its answer although it was asked not to."),
        _("A proxy between here and the registry probably does it; switch that off."),
    ),
    "answer_too_large": Text(
        _("%(host)s sends more than the %(limit_bytes)s that such an answer may have.")
    ),
    "answer_too_slow": Text(_("%(host)s sends its answer too slowly.")),
    "authority_certificate_unreadable": Text(
        _("The certificate given for this registry's authority cannot be read."),
        _("Paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."),
    ),
    "certificate_authority_unknown": Text(
        _(
            "The certificate of %(location)s is signed by an authority that this "
            "installation does not know."
        ),
        _(
            "If that authority is your own, add the authority's certificate to the "
            "registry's settings."
        ),
    ),
    "certificate_expired": Text(
        _("The certificate of %(location)s has expired."),
        _("Have the registry's administrator renew it."),
    ),
    "certificate_for_another_host": Text(
        _("The certificate presented by %(location)s was issued for another host."),
        _("Use the name that the certificate names, or have it reissued for this one."),
    ),
    "certificate_not_accepted": Text(
        _("The certificate of %(location)s was not accepted: %(problem)s."),
        _("Have the certificate checked."),
    ),
    "certificate_not_yet_valid": Text(
        _("The certificate of %(location)s is not valid yet."),
        _("Check the clocks of the registry and of this machine."),
    ),
    "connection_closed": Text(
        _("%(location)s closed the connection before its answer was complete."),
        _("Try again; if it persists, check the registry and the network."),
    ),
    "connection_refused": Text(
        _("Nothing listens at %(location)s: the connection was refused."),
        _("Check the port, and whether the registry is running."),
    ),
    "connection_stalled": Text(
        _("%(location)s stopped answering."),
        _("Try again; if it persists, check the registry and the network."),
    ),
    "connection_timed_out": Text(
        _("%(location)s did not answer in time."),
        _("Check the host and the port, and whether a firewall lies between."),
    ),
    "host_name_invalid": Text(
        _("%(host)s is not a host name."), _("Check the spelling of the registry's host.")
    ),
    "host_unreachable": Text(
        _("%(location)s cannot be reached: %(problem)s."), _("Check the network and the host.")
    ),
    "login_kind_unsupported": Text(
        _("%(host)s asks for a kind of login that is not supported here (%(offered)s)."),
        _("Have Basic or token login enabled on the registry."),
    ),
    "login_over_plain_http": Text(
        _("%(host)s wants the login sent to %(token_host)s over plain http: refused."),
        _("The registry's administrator should serve the token service over https."),
    ),
    "name_server_timed_out": Text(
        _("The name %(host)s could not be resolved in time."),
        _("Check this machine's name server."),
    ),
    "name_unknown": Text(
        _("The name %(host)s does not exist."),
        _("Check the spelling of the registry's host, and this machine's name server."),
    ),
    "name_unresolved": Text(
        _("The name %(host)s could not be resolved just now."),
        _("Check the spelling of the registry's host, and this machine's name server."),
    ),
    "name_without_address": Text(
        _("The name %(host)s has no address."), _("Check the spelling of the registry's host.")
    ),
    "not_http": Text(
        _("%(location)s does not answer in HTTP."),
        _("Check the port and the scheme of the registry."),
    ),
    "proxy_refused": Text(
        _("The proxy refused to connect to %(location)s."), _("Check the proxy's settings.")
    ),
    "redirect_of_write": Text(
        _("%(host)s redirects a %(method)s to %(other_host)s: refused."),
        _("Use the address to which it redirects as the registry's host."),
    ),
    "redirect_to_own_plain_http": Text(
        _("%(host)s sends this client from https to plain http at %(other_host)s: refused."),
        _(
            "The registry does not know that it is served over https: its administrator "
            "should set its external URL, or have the proxy before it send X-Forwarded-Proto."
        ),
    ),
    "redirect_to_plain_http": Text(
        _("%(host)s sends this client from https to plain http at %(other_host)s: refused."),
        _("Do not trust that registry before its administrator has explained this."),
    ),
    "redirected_to_login": Text(
        _("%(host)s sends this client on to %(url)s, which wants a login."),
        _("Use that address, with its scheme, as the registry's."),
    ),
    "sent_to_refused_address": Text(
        _(
            "The registry %(host)s sends this client on to %(other_host)s, which is "
            "%(scope)s: refused."
        ),
        _("Do not trust that registry before its administrator has explained this."),
    ),
    "socket_address_refused": Text(
        _("%(address)s is %(scope)s, which this installation does not connect to.")
    ),
    "tls_cut_off": Text(_("The TLS connection to %(location)s failed (cut off).")),
    "tls_failed": Text(_("The TLS connection to %(location)s failed (%(problem)s).")),
    "tls_handshake_refused": Text(
        _("%(location)s refused the TLS handshake (%(problem)s)."),
        _("It may demand a client certificate."),
    ),
    "tls_not_spoken": Text(
        _("%(location)s does not speak TLS: this port speaks plain HTTP."),
        _("Check the port; choose Plain HTTP for this registry if that is intended."),
    ),
    "tls_too_old": Text(
        _("%(location)s offers only TLS older than 1.2."),
        _("Have the registry's administrator enable TLS 1.2 or 1.3."),
    ),
    "token_answer_malformed": Text(
        _("The token service of %(host)s does not answer with a token."),
        _("Check the registry's address."),
    ),
    "token_host_not_approved": Text(
        _(
            "%(host)s wants the credential sent to %(token_host)s, which is not approved for "
            "this registry: refused."
        ),
        _(
            "If %(token_host)s is this registry's token service, add it to the token hosts "
            "in the registry's settings."
        ),
    ),
    "token_missing": Text(
        _("The token service of %(host)s answers without a token."),
        _("Check the credential and the registry."),
    ),
    "too_many_redirects": Text(
        _("%(host)s redirects more than %(limit)s times: refused."),
        _("Check the registry's address."),
    ),
    "url_not_plain": Text(
        _("The registry answers with an address that is not a plain http or https URL: refused.")
    ),
}
