"""From what was looked up and ranked to the blocks of an answer. Pure functions, no retrieval."""
