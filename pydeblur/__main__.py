"""``python -m pydeblur`` is the command line."""

import sys

from pydeblur.cli.main import main

sys.exit(main())
