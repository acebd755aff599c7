//go:build !go1.20

// Why a context ended, before contexts had causes.

package asynchron

import "context"

func causeOf(ctx context.Context) error {
	return ctx.Err()
}
