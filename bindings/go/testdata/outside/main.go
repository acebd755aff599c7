// A program in a module of its own, which ci.sh builds outside of the repository.
package main

import (
	"context"
	"fmt"

	"asynchron"
)

func main() {
	a := asynchron.New()
	defer a.Release()
	go func() { _ = a.Set("hello") }()
	v, err := a.Wait(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println("from outside:", v)
	for i := 0; i < 10; i++ { // which are open when main returns
		go func() { _, _ = asynchron.New().Wait(context.Background()) }()
	}
	asynchron.New().Done()
}
