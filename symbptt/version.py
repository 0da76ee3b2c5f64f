"""The version, which packages and generated files tell."""

VERSION = "0.1.0"
