"""For a WSGI server: `gunicorn --chdir example_project orders_service.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_service.settings")
application = get_wsgi_application()
