"""Where every source is, and whose groups are needed."""

from __future__ import annotations

from dataclasses import replace

from scanner.config import Config, LoadedConfig
from scanner.errors import ConfigError


def locate(loaded: LoadedConfig) -> LoadedConfig:
    """Give every source its address: its own, or the one address all of its type have."""
    from collectors.profile import load_profile

    sources = {}
    for name, source in loaded.config.sources.items():
        own = f"file:{source.path.as_posix()}" if source.path else source.url
        url = own or load_profile(source.type).url
        if not url:
            raise ConfigError(
                f"sources.{name}.url is missing",
                f'type = "{source.type}" has no address of its own',
            )
        sources[name] = source.model_copy(update={"url": url})
    return replace(loaded, config=loaded.config.model_copy(update={"sources": sources}))


def governed(config: Config) -> frozenset[str]:
    """The sources whose groups an entitlement depends on."""
    apps = {one.app for one in config.entitlements}
    mirrored = {one.mirrors.partition(":")[0] for one in config.entitlements if one.mirrors}
    return frozenset(apps | mirrored)
