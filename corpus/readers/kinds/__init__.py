"""A row to a record: what each kind of file means by its 項目."""
