"""What stands between feeds and the web: formats that others already speak."""
