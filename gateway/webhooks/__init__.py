"""Webhooks: deliveries, routes, and the client that sends."""
