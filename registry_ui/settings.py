"""Django settings, from the environment variables that docs/configuration.md lists.

Development works without any; production (REGISTRY_UI_ENV=production) refuses weak settings.
"""

from urllib.parse import quote
from zoneinfo import available_timezones

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environs import validate

from . import single_sign_on
from .environment import (
    BASE_DIR,
    at_least_one,
    data_directory,
    engine_settings,
    env,
    kept_secret,
    not_negative,
    own_url,
    redis_socket,
)
from .jobs.worker_groups import QUEUES

DATA = data_directory()
PRODUCTION = (
    env.str("ENV", "development", validate=validate.OneOf(["development", "production"]))
    == "production"
)
DEBUG = env.bool("DEBUG", False)

# Development creates its keys in the data folder, so that sessions and secrets survive a restart.
SECRET_KEY = env.str("SECRET_KEY", "") or ("" if PRODUCTION else kept_secret(DATA / "secret_key"))
# Newest first: the first key encrypts, all of them decrypt.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", []) or (
    []
    if PRODUCTION
    else [kept_secret(DATA / "encryption_key", lambda: Fernet.generate_key().decode())]
)
# For a start after the keys were lost: secrets that no key decrypts have to be entered again.
ACCEPT_LOST_SECRETS = env.bool("ACCEPT_LOST_SECRETS", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
# Needed behind a proxy that changes the Host header (Django, "CSRF_TRUSTED_ORIGINS").
CSRF_TRUSTED_ORIGINS: list[str] = env.list("TRUSTED_ORIGINS", [])
HTTPS = env.bool("HTTPS", PRODUCTION)
# The token with which a monitor reads /metrics; without it, the page does not exist.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
# The number of proxies whose X-Forwarded-For entries are trusted; 0 ignores the header.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0, validate=not_negative)
URL = own_url()


def _refuse_weak_settings() -> None:
    problems = []
    # Django's debug page shows settings and local variables.
    if DEBUG:
        problems.append("REGISTRY_UI_DEBUG is on")
    if len(SECRET_KEY) < 50:
        problems.append("REGISTRY_UI_SECRET_KEY is missing or has under 50 characters")
    # With “*”, a forged Host header would be copied into invitation and password reset links.
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        problems.append(
            "REGISTRY_UI_ALLOWED_HOSTS must name the host names that people type, and not *"
        )
    if not ENCRYPTION_KEYS:
        problems.append("REGISTRY_UI_ENCRYPTION_KEYS is missing")

    if problems:
        raise ImproperlyConfigured(
            "Production does not start with these settings: " + "; ".join(problems) + "."
        )


def _check_encryption_keys() -> None:
    for key in ENCRYPTION_KEYS:
        try:
            Fernet(key)
        except ValueError as exc:
            raise ImproperlyConfigured(
                "REGISTRY_UI_ENCRYPTION_KEYS: each key is 32 url-safe base64 bytes; "
                "make one with `manage.py create_key`."
            ) from exc


_check_encryption_keys()
if PRODUCTION:
    _refuse_weak_settings()

# The first app that has a template or a command wins, so the own apps come before allauth.
INSTALLED_APPS = [
    "registry_ui.web",
    "registry_ui.accounts",
    "registry_ui.jobs",
    "registry_ui.notifications",
    "registry_ui.registries",
    "registry_ui.credentials",
    "registry_ui.catalog",
    "registry_ui.images",
    "registry_ui.serving",
    "transfers",
    "transfers.mirrors",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_rq",
    "template_partials",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

# The order matters (Django, "Middleware ordering").
MIDDLEWARE = [
    # Answers /v2/ itself: registry clients have no sessions, cookies or redirects.
    "registry_ui.serving.middleware.RegistryMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "registry_ui.web.middleware.SecurityHeadersMiddleware",
    "registry_ui.web.middleware.PageCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Everything below may rely on a signed-in user, except for views with login_not_required.
    "registry_ui.web.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # The audit log records the team, so it is set first.
    "registry_ui.accounts.middleware.TeamMiddleware",
    "registry_ui.accounts.middleware.OriginMiddleware",
    "registry_ui.web.middleware.LocaleChoiceMiddleware",
    "registry_ui.accounts.sign_in.middleware.SessionActivityMiddleware",
    "registry_ui.accounts.sign_in.middleware.SecondFactorMiddleware",
    "registry_ui.web.middleware.FragmentMiddleware",
]

ROOT_URLCONF = "registry_ui.urls"
WSGI_APPLICATION = "registry_ui.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry_ui.web.navigation.navigation",
            ],
            "builtins": [
                "registry_ui.web.templatetags.web",
                "registry_ui.web.templatetags.errors",
                "registry_ui.web.templatetags.tables",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# Connections stay open for a minute: opening one costs more than most queries.
DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{quote(str(DATA))}/registry-ui.sqlite3", conn_max_age=60
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # Seconds to wait for another writer.
        "timeout": 30,
        # A transaction that first reads and then writes would otherwise fail with “database is
        # locked” at once, without waiting for the timeout.
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;"
        ),
    }

_redis_url = validate.Regexp(
    "(redis|rediss|unix)://.", error="Not a URL such as redis://host:6379/0."
)
REDIS_URL = (
    env.str("REDIS_URL", "", validate=_redis_url) or f"unix://{quote(str(redis_socket(DATA)))}"
)
# JSON instead of Django's pickle: data in Redis must not be able to run code.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"serializer": "registry_ui.web.cache.JSONSerializer"},
    }
}

# A layer may take hours, so no job has a time limit; the reconciler closes jobs whose worker died.
RQ_QUEUES = {
    name: {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1, "SERIALIZER": "rq.serializers.JSONSerializer"}
    for name in QUEUES
}
RQ = {
    "JOB_CLASS": "registry_ui.jobs.worker.RowJob",
    "WORKER_CLASS": "registry_ui.jobs.worker.JobWorker",
    "COMMIT_MODE": "auto",
    "SHOW_ADMIN_LINK": False,
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# Argon2id is the first choice of the OWASP Password Storage Cheat Sheet.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "registry_ui.accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "registry_ui.accounts.sign_in.forms.SignInForm",
    "change_password": "registry_ui.accounts.sign_in.forms.ChangePasswordForm",
    "set_password": "registry_ui.accounts.sign_in.forms.SetPasswordForm",
    "reset_password": "registry_ui.accounts.sign_in.forms.ResetPasswordForm",
    "reset_password_from_key": "registry_ui.accounts.sign_in.forms.ResetPasswordKeyForm",
    "reauthenticate": "registry_ui.accounts.sign_in.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
# Accounts are created by invitation, and an installation may have no e-mail.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
# The sign-in and the password reset do not tell whether an account exists.
ACCOUNT_PREVENT_ENUMERATION = True
# Failures are counted by address and account together (AccountAdapter): nobody can lock another
# person out.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,10/5m/key"}
# A link on another site must not sign a person out.
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Registry UI] "
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT

# 0 is no limit, and then tokens may also never expire.
TOKEN_MAX_DAYS = env.int("TOKEN_MAX_DAYS", 365, validate=not_negative)

# Second factors and passkeys. allauth's own confirmations are off: accounts.recency asks for them.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", False)
MFA_ADAPTER = "registry_ui.accounts.sign_in.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_REAUTHENTICATION_REQUIRED = False
MFA_ALLOW_UNVERIFIED_EMAIL = True
# The previous and the next code are valid too, for clocks that differ (RFC 6238, section 5.2);
# accounts.factor_forms accepts each code once.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "registry_ui.accounts.sign_in.factor_forms.AuthenticateForm",
    "reauthenticate": "registry_ui.accounts.sign_in.factor_forms.ReauthenticateForm",
    "activate_totp": "registry_ui.accounts.sign_in.factor_forms.ActivateTOTPForm",
    "authenticate_webauthn": "registry_ui.accounts.sign_in.factor_forms.AuthenticateKeyForm",
    "reauthenticate_webauthn": "registry_ui.accounts.sign_in.factor_forms.ReauthenticateKeyForm",
    "login_webauthn": "registry_ui.accounts.sign_in.factor_forms.SignInKeyForm",
    "add_webauthn": "registry_ui.accounts.sign_in.factor_forms.AddKeyForm",
    "edit_webauthn": "registry_ui.accounts.sign_in.factor_forms.EditKeyForm",
}

SINGLE_SIGN_ON = single_sign_on.from_environment(production=PRODUCTION)
SOCIALACCOUNT_PROVIDERS = single_sign_on.allauth_providers(SINGLE_SIGN_ON)
SOCIALACCOUNT_ADAPTER = "registry_ui.accounts.sign_in.sso.adapter.SingleSignOnAdapter"
# The provider's tokens are not needed after sign-in, so they are not stored.
SOCIALACCOUNT_STORE_TOKENS = False
# An address is no proof of identity: a provider may let people choose it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False

# In the database, so that ending a session deletes it and a restart of Redis ends none.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_NAME = "registry_ui_session"
# Lax instead of Strict: a link from an e-mail or a chat has to find the person signed in.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31536000 if HTTPS else 0, validate=not_negative)
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "registry_ui.web.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
# Without a trusted proxy any client could set this header.
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Such as smtp://user:password@host:587/?tls=True; without it, there is no reset by e-mail.
_email = env.dj_email_url("EMAIL_URL", "dummy://")
if "EMAIL_BACKEND" not in _email:
    raise ImproperlyConfigured(
        "REGISTRY_UI_EMAIL_URL is not a URL such as smtp://user:password@host:587/?tls=True."
    )
# dj-email-url returns the names of Django's own settings, and a few others.
vars().update({name: value for name, value in _email.items() if name.startswith("EMAIL_")})
EMAIL_TIMEOUT = 10
EMAIL_CONFIGURED = bool(env.str("EMAIL_URL", ""))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "registry-ui@localhost")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.str(
    "TIME_ZONE",
    "UTC",
    validate=validate.OneOf(available_timezones(), error="Not a time zone such as Europe/Berlin."),
)

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The joined stylesheet and script, before they are collected; see registry_ui/web/bundles.py.
STATIC_BUNDLES = DATA / "bundles"
STATICFILES_FINDERS = [
    "registry_ui.web.bundles.SiteFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FORM_RENDERER = "registry_ui.web.forms.FormRenderer"
# Forms only: archives and blobs are streamed to disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOG_LEVEL = env.str(
    "LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "registry_ui.web.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # apprise logs addresses and payloads.
    "loggers": {"urllib3": {"level": "ERROR"}, "apprise": {"level": "CRITICAL"}},
}

# Limits of images, and the hosts that this installation may connect to.
IMAGES_DIRECTORY = DATA / "images"
# A pull or push that would leave less free space on the disk is refused.
FREE_SPACE_FLOOR = env.int("FREE_SPACE_FLOOR_MIB", 512, validate=not_negative) * 1024 * 1024
# An unreferenced blob is deleted after this time: an upload may not have its manifest yet.
COLLECT_GRACE_SECONDS = env.int("COLLECT_GRACE_HOURS", 24, validate=not_negative) * 3600
# Limits of imported archives, against archives that expand without end.
ARCHIVE_LIMIT = env.int("ARCHIVE_LIMIT_GIB", 64, validate=at_least_one) * 1024**3
ARCHIVE_MEMBERS = env.int("ARCHIVE_MEMBERS", 20_000, validate=at_least_one)
ARCHIVE_RATIO = env.int("ARCHIVE_RATIO", 200, validate=at_least_one)
ARCHIVE_KEEP_SECONDS = env.int("ARCHIVE_KEEP_HOURS", 24, validate=at_least_one) * 3600
# None by default: anybody who may use an engine has in effect root access to its machine.
ENGINES = engine_settings(env.list("ENGINES", []))
BLOB_WORKERS = env.int("BLOB_WORKERS", 3, validate=at_least_one)
# Registries in a private network are common, but in production a team must not reach services on
# the server itself.
EGRESS_ALLOW_PRIVATE = env.bool("EGRESS_ALLOW_PRIVATE", True)
EGRESS_ALLOW_LOOPBACK = env.bool("EGRESS_ALLOW_LOOPBACK", not PRODUCTION)
PROXY_URL = env.str("PROXY_URL", "")
NO_PROXY: list[str] = env.list("NO_PROXY", [])
TRANSFER_ATTEMPTS = env.int("TRANSFER_ATTEMPTS", 3, validate=at_least_one)
# Limits of all mirrors of one registry together; 0 is no limit. A registry may have its own limit.
MIRROR_REQUESTS = env.int("MIRROR_REQUESTS", 0, validate=not_negative)
MIRROR_KIB_PER_SECOND = env.int("MIRROR_KIB_PER_SECOND", 0, validate=not_negative)

# The built-in registry at /v2/.
SERVE_IMAGES = env.bool("SERVE_IMAGES", True)
BLOB_LIMIT = env.int("BLOB_LIMIT_GIB", 64, validate=at_least_one) * 1024**3
PROXY_FRESH_SECONDS = env.int("PROXY_FRESH_SECONDS", 60, validate=not_negative)
PROXY_KEEP_DAYS = env.int("PROXY_KEEP_DAYS", 30, validate=at_least_one)
