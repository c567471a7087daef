"""`python -m touchline.cli`: the `touchline` command where it is not on the path."""

from .main import main

main()
