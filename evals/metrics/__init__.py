"""Metrics as pure functions. What is undefined raises ``Undefined``; it is never counted as 0."""


class Undefined(ValueError):
    """A metric has no value for this input, for instance recall where nothing is relevant."""
