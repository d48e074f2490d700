"""``python -m models.quality``."""

from models.quality.report import main

main()
