"""Screens, forms and tables that commands draw on a terminal."""
