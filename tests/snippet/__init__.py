"""The snippet as it is served: fresh, small, and understood by the door; in a hand-made page (node) and in Chromium."""
