"""The gateway from feeds to the web: HTTP, WebSocket and formats that clients already know."""
