"""The scim2-server package, current: by index, or with the argument ``cursor`` by cursor alone."""

import sys

from listen import TOKEN, serve
from scim2_models import ScimProvider
from scim2_models.resources.service_provider_config import Pagination
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BearerTokenApplication
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
    service = ScimService(provider, secret=TOKEN)
    serve(BearerTokenApplication(InMemoryStorage(), provider, service, [TOKEN]))
