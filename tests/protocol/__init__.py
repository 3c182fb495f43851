"""The loose modules of `protocol/`, and `protocol/wire/`."""
