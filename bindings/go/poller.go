// A report's descriptor in Go's own poller: waiting for it takes no thread.

package asynchron

/*
#include "shim.h"
*/
import "C"

import (
	"os"
	"syscall"
)

// batch is how much is taken from a report in one call into C.
const batch = 256

// A poller watches a copy of the descriptor of a report.
type poller struct {
	report *C.asynchron_report_t
	file   *os.File
	conn   syscall.RawConn
	items  [batch]C.asynchron_item_t
}

// newPoller borrows the report until close.
func newPoller(report *C.asynchron_report_t) (*poller, error) {
	fd := C.asynchron_go_descriptor(report)
	if fd < 0 {
		return nil, ErrSystem
	}
	// A copy, since Go closes what it watches, and the report closes its own. It is non-blocking, as the report's is,
	// which os.NewFile takes as the sign to give it to the poller. Its method Fd would make both blocking.
	file := os.NewFile(uintptr(fd), "asynchron report")
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &poller{report: report, file: file, conn: conn}, nil
}

// serve gives take all that completes, until take says that this is enough, finished that the empty report stays so, or
// close is called. The slice is valid during take, and its references are take's.
//
// Go's poller is edge-triggered: it tells of a change, once. So all is taken before it is asked again.
func (p *poller) serve(take func(items []C.asynchron_item_t) bool, finished func() bool) {
	// The error says that the descriptor was closed.
	_ = p.conn.Read(func(uintptr) bool {
		for {
			var end C.int
			n := int(C.asynchron_go_take(p.report, &p.items[0], batch, &end))
			if n == 0 {
				return end != 0 && finished()
			}
			if !take(p.items[:n]) {
				return true
			}
		}
	})
}

// close ends serve.
func (p *poller) close() {
	p.file.Close()
}
