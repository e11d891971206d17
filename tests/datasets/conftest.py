"""Where the research data is: PYDEBLUR_DATA, else ../shared/data beside the repository."""

import os
from pathlib import Path

import pytest

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def research_data():
    """The folder of the research data; tests that ask for it are skipped where it is absent."""
    folder = Path(os.environ.get("PYDEBLUR_DATA") or BESIDE_THE_REPOSITORY)
    if not folder.is_dir():
        pytest.skip("the research data is not here: set PYDEBLUR_DATA")
    return folder
