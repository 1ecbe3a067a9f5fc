"""Front office and back office: marketing, sales, service, billing."""
