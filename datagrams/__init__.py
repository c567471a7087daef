"""An event as UDP datagrams of JSON, one for each action, for clients of that format."""
