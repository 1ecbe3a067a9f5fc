"""What came in, from bytes to facts. Knows no database, no clock and no network."""
