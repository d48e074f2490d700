"""What is fitted or learned, kept as verified artefacts; how it is measured."""
