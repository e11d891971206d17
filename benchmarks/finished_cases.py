"""The file of a study's finished cases, a line of JSON for each, by which it goes on where it stopped."""

import json


def read_rows(path):
    """Of all lines; none where there is no file yet."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def add_rows(path, *rows):
    """Append lines."""
    with path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
