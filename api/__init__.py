"""The ways in: JSON, Japanese pages and the ``kyodo`` command, over use cases that know none of them."""
