"""Bytes to sheets of text, whatever program wrote them; gzip and zip among them."""
