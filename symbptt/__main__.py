"""`python -m symbptt` is the command `symbptt`."""

import sys

from symbptt.cli import main

sys.exit(main())
