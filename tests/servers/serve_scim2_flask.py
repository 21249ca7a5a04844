"""A Flask application with the scim2-flask extension; ``cursor`` switches its paging."""

import sys

from flask import Flask
from listen import TOKEN, guarded, serve
from scim2_flask import ScimServer
from scim2_models import ScimProvider
from scim2_models.resources.service_provider_config import Pagination
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

if __name__ == "__main__":
    config = load_default_service_provider_config()
    if "cursor" in sys.argv:
        config.pagination = Pagination(cursor=True, index=False, max_page_size=100)
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )
    application = Flask("scim2_flask_server")
    application.secret_key = TOKEN
    ScimServer(InMemoryStorage(), provider, app=application)
    serve(guarded(application))
