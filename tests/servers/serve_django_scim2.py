"""A Django project with django-scim2, its tables in memory."""

from collections.abc import Callable

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from listen import guarded, serve

urlpatterns: list[object] = []


def signed_in(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Give every request a user: whoever gets this far has shown the token."""

    def middleware(request: HttpRequest) -> HttpResponse:
        from directory.models import User

        request.user = User(username="audit")
        return get_response(request)

    return middleware


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
            "directory",
            "django_scim",
        ],
        AUTH_USER_MODEL="directory.User",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", f"{__name__}.signed_in"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        SCIM_SERVICE_PROVIDER={
            "NETLOC": "127.0.0.1",
            "SCHEME": "http",
            "GROUP_MODEL": "directory.models.Group",
            "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "token"}],
        },
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


if __name__ == "__main__":
    configure()
    from django.urls import include, path

    urlpatterns.append(path("scim/v2/", include("django_scim.urls")))
    serve(guarded(get_wsgi_application()))
