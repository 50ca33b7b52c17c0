"""Which way a question is answered: a table where one holds the answer, else facts and passages, else an honest no."""

from assistant.routes.means import Means
from assistant.routes.places import PLACES
from assistant.routes.router import Router

__all__ = ["PLACES", "Means", "Router"]
