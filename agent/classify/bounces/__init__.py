"""Bounces and delays: who was not reached, why, and what proves it."""

from agent.classify.bounces.readers import bounces

__all__ = ["bounces"]
