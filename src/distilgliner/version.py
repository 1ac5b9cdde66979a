"""The version, where every stage can read it; as in pyproject.toml."""

__version__ = "0.1.0"
