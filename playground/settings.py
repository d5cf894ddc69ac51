"""Every setting, read from the environment, with its unit and default.

Readers refuse nonsense at start: a wrong value ends the process with one clear line
instead of a surprise later. Names that start with PLAYGROUND_ are the public contract
(docs/settings.md); the others are prefixed by the app they belong to.
"""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env_str(name, default=""):
    """Return a setting's text; NAME_FILE names a file that holds it instead."""
    path = os.environ.get(name + "_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get(name, default)


def env_int(name, default, low=0, high=2**63):
    """Return a whole number between low and high."""
    text = env_str(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}") from None
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be between {low} and {high}, not {value}")
    return value


def env_bool(name, default):
    """Return a switch: 1, true, yes, on or 0, false, no, off."""
    text = env_str(name, "1" if default else "0").lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {text!r}")


def env_choice(name, default, choices):
    """Return one of a few words."""
    text = env_str(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {text!r}")
    return text


# -- where things are ---------------------------------------------------------------------------

HOST = env_str("PLAYGROUND_HOST", "127.0.0.1")  # address that every port binds
CONSOLE_PORT = env_int("PLAYGROUND_CONSOLE_PORT", 8000, 1, 65535)  # the browser's port
AWS_PORT = env_int("PLAYGROUND_AWS_PORT", 4566, 1, 65535)  # the AWS endpoint
EDGE_PORT = env_int("PLAYGROUND_EDGE_PORT", 8080, 1, 65535)  # the edges: "the playground's internet"
LOOPBACK_ONLY = HOST in ("127.0.0.1", "::1", "localhost")  # the demo lab exists only then
DATA_DIR = Path(env_str("PLAYGROUND_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DOMAINS = [
    d.strip() for d in env_str("PLAYGROUND_DOMAINS", "localhost,localhost.localstack.cloud").split(",") if d.strip()
]
ORIGIN_ALLOW = [
    o.strip() for o in env_str("PLAYGROUND_ORIGIN_ALLOW", "").split(",") if o.strip()
]  # host:port of outside origins
FSYNC = env_bool("PLAYGROUND_FSYNC", True)  # 1: what is acknowledged survives a power cut
LATENCY = env_choice("PLAYGROUND_LATENCY", "report", ("report", "real"))  # real: also wait the simulated latency
CDN_EDGE_CACHE_BYTES = env_int(
    "CDN_EDGE_CACHE_BYTES", 128 * 2**20, 2**20
)  # bytes of small answers that all edges keep in memory
CDN_EDGE_DISK_BYTES = env_int(
    "CDN_EDGE_DISK_BYTES", 2**30, 2**20
)  # bytes of big answers (over 512 KiB each) that they keep in files
CDN_VISITS_KEPT = env_int("CDN_VISITS_KEPT", 20_000, 100)  # newest visits of a distribution that stay in the database
PLAYGROUND_BEAT = env_bool("PLAYGROUND_BEAT", True)  # this worker also keeps the schedule of sweeps and roll-ups
ADMIN_PASSWORD = env_str("PLAYGROUND_ADMIN_PASSWORD")  # of the sign-ins admin, teacher, student; "" is a random one
NODE = env_str("PLAYGROUND_NODE", "node-1")  # this machine's name among several

for _name in ("", "blobs", "journal", "log", "functions", "tmp"):
    (DATA_DIR / _name).mkdir(parents=True, exist_ok=True, mode=0o700)


def _run_dir():
    """Return a private folder for unix sockets, whose paths may not pass 107 bytes."""
    wanted = DATA_DIR / "run"
    if len(str(wanted)) > 80:
        digest = hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:12]
        wanted = Path(tempfile.gettempdir()) / f"playground-{os.getuid()}-{digest}"
    wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
    return wanted


RUN_DIR = _run_dir()


def _secret_key():
    """Return the installation's secret, made once and kept readable by its owner only."""
    given = env_str("PLAYGROUND_SECRET_KEY")
    if given:
        return given
    path = DATA_DIR / "secret-key"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = env_bool("PLAYGROUND_DEBUG", False)
ALLOWED_HOSTS = ["*"]  # playground.hosts sorts hosts and refuses what is not ours

# -- stores -------------------------------------------------------------------------------------


def _database():
    url = env_str("DATABASE_URL")
    if not url or url.startswith("sqlite:"):
        name = url[len("sqlite:///") :] if url else str(DATA_DIR / "playground.sqlite3")
        sync = "FULL" if FSYNC else "NORMAL"
        return {
            "ENGINE": "playground.sqlite",
            "NAME": name,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # IMMEDIATE: a transaction that will write takes the lock at its start, so that
                # two writers wait for each other instead of failing with "database is locked".
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL: {parts.scheme}:// is not supported; use postgresql:// or sqlite:///")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env_str("REDIS_URL", f"unix://{RUN_DIR}/redis.sock")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)

# -- functions ----------------------------------------------------------------------------------

FUNCTIONS_IDLE_SECONDS = env_int("FUNCTIONS_IDLE_SECONDS", 300, 1, 86400)  # a frozen environment is kept warm this long
FUNCTIONS_MAX_ENVIRONMENTS = env_int("FUNCTIONS_MAX_ENVIRONMENTS", 24, 1, 1000)  # live sandboxes of one node
FUNCTIONS_MAX_WAITING = env_int("FUNCTIONS_MAX_WAITING", 24, 1, 10000)  # synchronous callers of one web process
FUNCTIONS_USER_NAMESPACE = env_bool("FUNCTIONS_USER_NAMESPACE", False)  # root too uses a user namespace, as others must

# -- queues -------------------------------------------------------------------------------------

QUEUES_MAX_WAITING = env_int("QUEUES_MAX_WAITING", 64, 1, 1000)  # long polls of one web process, each on a thread more

# -- the Django project --------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "apps.identity",
    "apps.observability",
    "apps.billing",
    "apps.kms",
    "apps.buckets",
    "apps.queues",
    "apps.functions",
    "apps.cdn",
    "apps.classrooms",
    "apps.tutorials",
    "apps.console",
]
MIDDLEWARE = [
    "playground.middleware.aws_endpoint",  # answers the AWS port; the rest is the console's
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.console.middleware.console_guard",
    "apps.console.middleware.ServiceErrors",
]
ROOT_URLCONF = "playground.urls"
WSGI_APPLICATION = "playground.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.context.page",
            ],
            "builtins": ["apps.console.templatetags.components"],
        },
    }
]
AUTH_USER_MODEL = "identity.User"
LOGIN_URL = "/sign-in"
CSRF_FAILURE_VIEW = "apps.console.views.forbidden"
LOGIN_REDIRECT_URL = "/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "playground_session"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "playground_csrf"
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20  # bytes of one console form; uploads of objects stream past it
AUTH_PASSWORD_VALIDATORS = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env_str("PLAYGROUND_LOG_LEVEL", "WARNING")},
    "loggers": {"botocore": {"level": "WARNING"}, "httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
