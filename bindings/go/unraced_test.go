//go:build !race

package asynchron

// raced says whether the race detector is there, which keeps memory of its own.
const raced = false
