// Contexts both ways: the end of one cancels an asynchron, and a completion ends one.

package asynchron

import "context"

// CancelWith has a cancelled if ctx ends before a is complete. The reason is context.Cause of ctx in words, before Go
// 1.20 ctx.Err(). Those who wait in this process get a *Cancelled that is (errors.Is) what ctx.Err() and context.Cause
// say: through handles that Clone, reports and promises give, and through Follow, steps and groups, but not through
// FromPointer. Stop takes it back, as far as it has not begun. Until then a is kept. With a nil ctx it does nothing.
func (a *Asynchron) CancelWith(ctx context.Context) (stop func()) {
	b := a.Clone()
	if b == nil || ctx == nil || ctx.Done() == nil {
		b.Release()
		return func() {}
	}
	stopped, stop := context.WithCancel(context.Background())
	go b.until(func(done <-chan struct{}) {
		select {
		case <-ctx.Done():
			if stopped.Err() == nil {
				_ = b.cancelFrom(originOf(ctx)) // if it is not too late
			}
		case <-done:
		case <-stopped.Done():
		}
		stop()
	})
	return stop
}

// Context is a child of parent that ends when a is complete, however that came: for functions that take a context. Call
// cancel when the child is needed no longer. Until then a is kept. If a is released, or parent is nil, the child has
// ended.
func (a *Asynchron) Context(parent context.Context) (child context.Context, cancel context.CancelFunc) {
	if parent == nil {
		child, cancel = context.WithCancel(context.Background())
		cancel()
		return child, cancel
	}
	child, cancel = context.WithCancel(parent)
	b := a.Clone()
	if b == nil {
		cancel()
		return child, cancel
	}
	go b.until(func(done <-chan struct{}) {
		select {
		case <-done:
		case <-child.Done():
		}
		cancel()
	})
	return child, cancel
}
