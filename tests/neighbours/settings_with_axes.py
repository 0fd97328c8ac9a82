"""The settings of the suite with django-axes, set up as its documentation says."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS
from tests.settings import MIDDLEWARE as LAYERS

INSTALLED_APPS = [*APPS, "axes"]
MIDDLEWARE = [*LAYERS, "axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 3
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
# Its log of logins would start a Django session with each, which an API has no use for.
AXES_DISABLE_ACCESS_LOG = True
