// Contexts both ways: the end of one cancels an asynchron, and a completion ends one.

package asynchron

import "context"

// CancelWith has a cancelled, with ctx.Err() as the reason, if ctx ends before a is complete. Stop takes that back.
func (a *Asynchron) CancelWith(ctx context.Context) (stop func()) {
	if ctx == nil || ctx.Done() == nil {
		return func() {}
	}
	b := a.Clone()
	if b == nil {
		return func() {}
	}
	stopped, quit := context.WithCancel(context.Background())
	go func() {
		defer b.Release()
		select {
		case <-ctx.Done():
			_ = b.Cancel(ctx.Err().Error()) // too late is as well
		case <-b.Done():
		case <-stopped.Done():
		}
		quit()
	}()
	return quit
}

// Context is a child of parent that ends when a is complete, however that came: for functions that take a context.
// Call cancel when the child is needed no longer.
func (a *Asynchron) Context(parent context.Context) (child context.Context, cancel context.CancelFunc) {
	child, cancel = context.WithCancel(parent)
	done := a.Done()
	go func() {
		select {
		case <-done:
		case <-child.Done():
		}
		cancel()
	}()
	return child, cancel
}
