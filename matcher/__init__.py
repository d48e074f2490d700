"""Text in, ranking with evidence out: pure computation that knows no files, databases, settings or web."""
