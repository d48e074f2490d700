"""What every shape of the JSON interface is made of. The shapes themselves stand beside their routes."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from corpus.values import LARGEST_NUMBER, MAX_TEXT, is_storable

T = TypeVar("T")
_MOST_KEYS = 100
Version = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]


class Schema(BaseModel):
    """Reads from records by attribute; unknown keys that are sent in are refused rather than lost."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Sent(Schema):
    """A body. No text in it may be longer than any column, or hold what is no character."""

    @model_validator(mode="before")
    @classmethod
    def _of_few_keys(cls, sent: object) -> object:
        """Else every unknown one would be told in an answer many times as long as what was sent."""
        if isinstance(sent, dict) and len(sent) > _MOST_KEYS:
            raise PydanticCustomError("too_many", "too many")
        return sent

    @field_validator("*", mode="before")
    @classmethod
    def _of_characters(cls, value: object) -> object:
        if isinstance(value, str) and not is_storable(value):
            raise PydanticCustomError("unstorable", "not text")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise PydanticCustomError("string_too_long", "too long", {"max_length": MAX_TEXT})
        return value


class Listing(Schema, Generic[T]):
    """A page of 50; ``page`` counts from 1."""

    items: list[T]
    total: int
    page: int
    pages: int


def listing(page: Any) -> dict[str, Any]:
    """A use case's page with its number of pages."""
    return {"items": page.items, "total": page.total, "page": page.page, "pages": page.pages}


class ErrorDetail(Schema):
    """One thing to put right."""

    field: str
    message: str


class ErrorBody(Schema):
    """``code`` is stable; ``message`` is a Japanese sentence."""

    code: str
    message: str
    details: list[ErrorDetail]


class Failure(Schema):
    """The shape of every answer that is no success."""

    error: ErrorBody
