// Package asynchron is values that arrive later, shared with C: the C library asynchron, for Go.
//
// One goroutine or thread of any language makes an Asynchron, any number wait for it, and anyone delivers: a value, a
// failure or a cancel. Exactly one delivery wins.
//
//	a := asynchron.New()
//	defer a.Release()
//	go func() { a.Set("hello") }() // or a thread of C
//	v, err := a.Wait(ctx)
//
// # Waiting takes no thread
//
// Asynchron.Wait, Asynchron.Done, the steps and the channels of reports wait in Go's own poller. One goroutine of the
// process serves all of them, and one more for each Report that is read. So 10,000 open waits are 10,000 goroutines,
// and no thread is blocked in C. A process ends while waits are open.
//
// # Values
//
// Bytes and strings are copied. Numbers are 8 bytes in the order of the machine, as a uint64_t, int64_t or double of C.
// Any other Go value is kept for C in a table, until the last handle goes, and comes back as the same value. Texts such
// as names and messages end at a NUL in C, so one inside becomes U+2400; values may have NULs anywhere.
//
// Nothing says whether 8 bytes are a number: read one by Value.Int64, Value.Uint64 or Value.Float64. Printed by package
// fmt, bytes that are no text show as all the numbers that they may be.
//
// # Errors
//
// Wait returns an *Error for a failure, a *Cancelled for a cancel, and ctx.Err() if the context ended first. With
// errors.Is, a cancel is context.Canceled, and a deadline that came is context.DeadlineExceeded. A cancel by CancelWith
// is what its context said, so it is the latter, if the deadline was the context's. Every cancel is ErrCancelled.
// Whatever a call refuses is a Status, such as ErrAlready. Set, Fail and Cancel may be ignored: they say only whether
// they were first. Of a panic in a function that Go or a step runs, %+v prints the stack.
//
// # Nil
//
// A nil context, function or error is refused with ErrInvalid, a nil handle with ErrReleased, and nothing changes.
// Where a call returns no error: what Go(nil) returns has failed with ErrInvalid, the child of Context(nil) has ended,
// and CancelWith(nil) does nothing, nor does its stop. Only as a value is nil something: Set(nil) delivers the empty
// one.
//
// # Handles
//
// Release gives up a handle. What nobody releases, the garbage collector does, later: it does not see how much memory C
// keeps behind a handle. It never does so:
//
//   - if the value, or the error, refers to its own handle: the table keeps the value for C, and C keeps it for the
//     handle. So release such a handle yourself;
//   - while a Done, a step, a report, CancelWith or Context has one that is pending. Release ends a Done.
//
// No Go pointer stays in C. Functions of Go never run on threads of C; but the value that C drops last is taken out of
// the table on the thread that does so.
package asynchron
