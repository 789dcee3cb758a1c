"""The assistant's dock. Nothing is imported here: the start page borrows a card of it."""
