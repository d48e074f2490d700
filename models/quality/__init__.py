"""``make quality``: how well the ranking does, against BM25 and part by part."""
