"""Ranking the passages of one document: words, BM25, word vectors, and the signals made of them."""
