"""The operators' console: pages that show how the line is, and the buttons that the API has as routes."""
