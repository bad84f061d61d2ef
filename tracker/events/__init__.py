"""The words of the wire: what an event is, which types there are, how JSON becomes one."""
