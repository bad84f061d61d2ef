"""The demo shop, and the dress buyer who walks it."""
