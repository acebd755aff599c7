//go:build go1.20

// Why a context ended.

package asynchron

import "context"

func causeOf(ctx context.Context) error {
	return context.Cause(ctx)
}
