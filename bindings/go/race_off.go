// Without the race detector there is nobody to tell.

//go:build !race

package asynchron

func published() {}

func collected() {}
