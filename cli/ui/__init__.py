"""What commands draw on a terminal: screens, forms, tables."""
