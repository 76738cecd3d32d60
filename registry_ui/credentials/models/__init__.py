from .credential import EXPIRY_WARNING, Credential, matches
from .grant import CredentialGrant

__all__ = ["EXPIRY_WARNING", "Credential", "CredentialGrant", "matches"]
