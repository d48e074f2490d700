"""The commands of ``kyodo``, a file per group. Nothing heavy is imported before a command runs."""
