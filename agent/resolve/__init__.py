"""What the DNS says; the only room that asks it."""
