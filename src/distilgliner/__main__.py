"""`python -m distilgliner`."""

from distilgliner.cli import main

if __name__ == "__main__":
    main()
