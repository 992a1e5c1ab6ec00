"""`python -m tieout` is the same as the `tieout` command."""

from tieout.app import entry

if __name__ == "__main__":
    entry()
