"""Checks of ferbach2024 on curated loops of finite support, exact by one integral, and by sampling."""
