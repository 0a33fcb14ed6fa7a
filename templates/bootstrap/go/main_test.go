package main

import "testing"

func TestAGreetingNamesWhomItGreets(t *testing.T) {
	if got := Greeting("world"); got != "Hello, world!" {
		t.Errorf("got %q", got)
	}
}
