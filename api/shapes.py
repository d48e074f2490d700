"""What comes in and goes out has the columns of its record: one list of them, that of ``corpus.records``."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, create_model

M = TypeVar("M", bound=BaseModel)
Columns = Mapping[str, tuple[Any, Any]]  # name -> type, and default (... where a value is needed)


def shape_of(record: type[Any]) -> dict[str, tuple[Any, Any]]:
    """The columns of a record, in its order."""
    types = get_type_hints(record)
    return {one.name: (types[one.name], ... if one.default is MISSING else one.default) for one in fields(record)}


def having(columns: Columns) -> Callable[[type[M]], type[M]]:
    """A decorator: the shape with these columns after its own, under the same name."""

    def whole(shape: type[M]) -> type[M]:
        given: dict[str, Any] = dict(columns)
        return create_model(shape.__name__, __base__=shape, __module__=shape.__module__, __doc__=shape.__doc__, **given)

    return whole
