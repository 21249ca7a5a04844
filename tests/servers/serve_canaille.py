"""Canaille, an identity server with its own SCIM endpoints, keeping everything in memory."""

from datetime import datetime, timezone

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from listen import TOKEN, serve

CONFIGURATION = {
    "SECRET_KEY": TOKEN,
    "TESTING": True,
    "PREFERRED_URL_SCHEME": "http",
    "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1}},
    "CANAILLE_OIDC": {},
    "CANAILLE_SCIM": {"ENABLE_SERVER": True},
}


def issue_token() -> None:
    """Register one OAuth client that holds the token; a client's own token may do everything."""
    client = models.Client(client_id="audit", client_name="audit", client_secret=TOKEN)
    Backend.instance.save(client)
    token = models.Token(
        token_id="audit",
        access_token=TOKEN,
        client=client,
        audience=[client],
        subject=None,
        scope=[],
        type="bearer",
        issue_date=datetime.now(timezone.utc),
        lifetime=86_400,
    )
    Backend.instance.save(token)


if __name__ == "__main__":
    application = create_app(config=CONFIGURATION)
    with application.app_context():
        issue_token()
    serve(application)
