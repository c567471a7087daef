"""An event as UDP datagrams of JSON, one an action, as clients of that format know them."""
