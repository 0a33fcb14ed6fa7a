from {{ module }} import greeting


def test_a_greeting_names_whom_it_greets() -> None:
    assert greeting("world") == "Hello, world!"
