"""Many items at once, in several processes."""
