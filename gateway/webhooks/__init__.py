"""Webhooks: deliveries, routes, and the HTTP client."""
