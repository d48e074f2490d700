"""What the collection holds, as frozen records, a file a noun. Texts are kept as typed; fiscal years start in April."""
