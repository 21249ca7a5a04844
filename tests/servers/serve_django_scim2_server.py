"""A Django project with django-scim2-server, its tables in memory."""

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from listen import guarded, serve

urlpatterns: list[object] = []


def has_shown_the_token(request: HttpRequest) -> bool:
    """Whoever gets this far has."""
    return True


def configure() -> None:
    """Set the project up and lay its tables."""
    settings.configure(
        SECRET_KEY="of no use to anyone",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django_scim2_server",
        ],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        SCIM2_SERVER_AUTH_CHECK=f"{__name__}.has_shown_the_token",
    )
    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    configure()
    from django.urls import include, path

    urlpatterns.append(path("scim/v2/", include("django_scim2_server.urls")))
    serve(guarded(get_wsgi_application()))
