"""Operations on registries and credentials. Other apps import them from here."""

from registry_ui.registries.services import (
    add_builtin_registry,
    add_registry,
    change_registry,
    create_default_registries,
    find_registry,
    refuse_builtin_registry,
    remove_registry,
)

from .changes import add_credential, change_credential, remove_credential, rotate_credential
from .clients import endpoint_of, open_client, open_engine_login
from .connection_test import ConnectionReport, Stage, check_connection, check_overdue_registries
from .docker_config_import import ImportResult, import_docker_config
from .grants import change_grant, revoke_grant, share_credential
from .login_test import check_login
from .selection import (
    AmbiguousCredential,
    list_candidates,
    select_credential,
    unusable_reason,
)
from .sharing import CredentialUnusable, lost_share_reason, name_for

__all__ = [
    "AmbiguousCredential",
    "ConnectionReport",
    "CredentialUnusable",
    "ImportResult",
    "Stage",
    "add_builtin_registry",
    "add_credential",
    "add_registry",
    "change_credential",
    "change_grant",
    "change_registry",
    "check_connection",
    "check_login",
    "check_overdue_registries",
    "create_default_registries",
    "endpoint_of",
    "find_registry",
    "import_docker_config",
    "list_candidates",
    "lost_share_reason",
    "name_for",
    "open_client",
    "open_engine_login",
    "refuse_builtin_registry",
    "remove_credential",
    "remove_registry",
    "revoke_grant",
    "rotate_credential",
    "select_credential",
    "share_credential",
    "unusable_reason",
]
