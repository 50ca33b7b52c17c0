"""A language model on a leash: it may write and propose, it never decides. Nothing here is imported unless one is configured."""
