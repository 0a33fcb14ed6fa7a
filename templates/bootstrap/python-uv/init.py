"""What this package does, in one sentence."""


def greeting(name: str) -> str:
    """A greeting for `name`."""
    return f"Hello, {name}!"


def main() -> None:
    """The command line."""
    print(greeting("world"))
