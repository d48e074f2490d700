"""A sheet to the rows of its table: where the heading is, which column holds which 項目, which rows are data."""
