"""The scim2-server package as it was at 0.1.9."""

from listen import TOKEN, serve
from scim2_server.backend import InMemoryBackend
from scim2_server.provider import SCIMProvider
from scim2_server.utils import load_default_resource_types, load_default_schemas

if __name__ == "__main__":
    application = SCIMProvider(InMemoryBackend())
    for schema in load_default_schemas().values():
        application.register_schema(schema)
    for resource_type in load_default_resource_types().values():
        application.register_resource_type(resource_type)
    application.register_bearer_token(TOKEN)
    serve(application)
