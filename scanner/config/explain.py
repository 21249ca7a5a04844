"""What is wrong with a file that a person wrote, in one line per mistake."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from scanner.config.strict import nearest


def explain(item: ErrorDetails, root: type[BaseModel]) -> str:
    """Name the key as it stands in the file of form ``root``, and say what is wrong with it."""
    key = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"unknown key {key}{nearest(str(item['loc'][-1]), _siblings(item['loc'], root))}"
    if item["type"] == "missing":
        return f"{key} is missing"
    return f"{key}: {item['msg'].removeprefix('Value error, ')}"


def _siblings(location: tuple[int | str, ...], root: type[BaseModel]) -> set[str]:
    """The keys that are valid where an unknown one was found."""
    model: type[BaseModel] | None = root
    for part in location[:-1]:
        if model is not None and part in model.model_fields:
            model = _model_within(model.model_fields[str(part)].annotation)
    return set(model.model_fields) if model is not None else set()


def _model_within(annotation: object) -> type[BaseModel] | None:
    """The model inside ``X``, ``X | None``, ``dict[str, X]`` or ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_within(inner) for inner in getattr(annotation, "__args__", ())]
    return next((model for model in found if model is not None), None)
