// What is computed from another one's outcome: then, catch and finally.

package asynchron

// Then is computed by fn, in a goroutine, from the value of a. If a fails or is cancelled, fn does not run, and the
// result ends as a does. What fn returns goes as by Go. Cancelling the result does not cancel a. A pending a is kept.
func (a *Asynchron) Then(fn func(v Value) (any, error)) (*Asynchron, error) {
	if fn == nil {
		return nil, ErrInvalid
	}
	return a.step(func(v Value, err error) func() (any, error) {
		if err != nil {
			return nil
		}
		return func() (any, error) { return fn(v) }
	})
}

// Catch is computed by fn from the error of a, an *Error or a *Cancelled. If a has a value, the result shares that.
func (a *Asynchron) Catch(fn func(err error) (any, error)) (*Asynchron, error) {
	if fn == nil {
		return nil, ErrInvalid
	}
	return a.step(func(_ Value, err error) func() (any, error) {
		if err == nil {
			return nil
		}
		return func() (any, error) { return fn(err) }
	})
}

// Finally is computed by fn however a ended.
func (a *Asynchron) Finally(fn func(v Value, err error) (any, error)) (*Asynchron, error) {
	if fn == nil {
		return nil, ErrInvalid
	}
	return a.step(func(v Value, err error) func() (any, error) {
		return func() (any, error) { return fn(v, err) }
	})
}

// step makes the result of a step. Choose says what to run once a is complete; nil: the result ends as a did.
func (a *Asynchron) step(choose func(Value, error) func() (any, error)) (*Asynchron, error) {
	if !a.enter() {
		return nil, ErrReleased
	}
	defer a.leave()
	into := New()
	if into == nil {
		return nil, ErrNoMemory
	}
	self, source := into.Clone(), a.Clone()
	if self == nil || source == nil {
		into.Release()
		self.Release()
		source.Release()
		return nil, ErrReleased
	}
	err := a.whenComplete(func() {
		defer source.Release()
		if fn := choose(source.Poll()); fn != nil {
			self.compute(fn)
			return
		}
		defer self.Release()
		_ = self.conclude(source, nil)
	})
	if err != nil {
		into.Release()
		self.Release()
		source.Release()
		return nil, err
	}
	return into, nil
}
