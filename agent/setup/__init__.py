"""Makes a first configuration from a few answers, and changes an existing one without losing what it holds."""
