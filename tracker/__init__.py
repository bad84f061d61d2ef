"""Kunderejse: customer-journey tracking for webshops.  Read pipeline/process.py first: it is the way of one event."""

__version__ = "0.1.0"
