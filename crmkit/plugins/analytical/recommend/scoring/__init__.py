"""Models of what people buy together, and how well they foretell: arrays in, arrays out."""
