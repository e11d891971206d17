"""Benchmarks by their protocols, methods by name, and the store of finished cases."""
