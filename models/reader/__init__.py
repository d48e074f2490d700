"""The optional reader: a language model behind an address that the administrator sets."""
