// Command {{ name }} does what this sentence says.
package main

import "fmt"

// Greeting is a greeting for name.
func Greeting(name string) string {
	return fmt.Sprintf("Hello, %s!", name)
}

func main() {
	fmt.Println(Greeting("world"))
}
