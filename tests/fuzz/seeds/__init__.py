"""Small valid files of every kind that the package reads, made by code: what the mutations start from."""
