"""`python -m tieout` is the same as the `tieout` command."""

import sys

from tieout.app import main

if __name__ == "__main__":
    sys.exit(main())
