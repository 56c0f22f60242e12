"""``python -m kplay``."""

import sys

from kplay.cli.main import main

sys.exit(main())
