"""Results that tools of several nouns give."""

from pydantic import BaseModel


class Count(BaseModel):
    count: int
