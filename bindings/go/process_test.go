// Whole processes: how they end. Each test runs this program again, as a child that does one thing.

package asynchron

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"asynchron/internal/ctest"
)

// children are what a child may be asked to do.
var children = map[string]func(){
	"exit": func() { // main returns, while goroutines wait and threads of C and of the library are at work
		openWaits()
		for i := 0; i < 10; i++ {
			a := New()
			ctest.SetLater(a.Pointer(), time.Hour, nil)
			a.Release()
			made(Timer(time.Hour))
		}
		fmt.Println("ready")
	},
	"os.Exit": func() {
		openWaits()
		fmt.Println("ready")
		os.Exit(0)
	},
	"interrupt": func() { // every wait has a context that Ctrl-C ends
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		errs := make(chan error)
		for i := 0; i < 100; i++ {
			go func() { _, err := New().Wait(ctx); errs <- err }()
		}
		for open() < 100 {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("ready")
		for i := 0; i < 100; i++ {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	},
}

func openWaits() {
	r := made(NewReport())
	_ = r.Add(New(), nil)
	r.C()
	for i := 0; i < 100; i++ {
		go func() { _, _ = New().Wait(context.Background()) }()
	}
	for open() < 100 {
		time.Sleep(time.Millisecond)
	}
}

func TestMain(m *testing.M) {
	if do := children[os.Getenv("ASYNCHRON_CHILD")]; do != nil {
		do()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child runs one, and says how long it took to end after it was ready and, if a signal is given, got that.
func child(t *testing.T, what string, sig os.Signal) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, made(os.Executable()))
	command.Env = append(os.Environ(), "ASYNCHRON_CHILD="+what)
	command.Stderr = os.Stderr
	out := made(command.StdoutPipe())
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	n, _ := out.Read(line)
	begin := time.Now()
	if sig != nil {
		_ = command.Process.Signal(sig)
	}
	rest := make([]byte, 1000)
	m, _ := out.Read(rest)
	if err := command.Wait(); err != nil || strings.TrimSpace(string(line[:n])) != "ready" {
		t.Fatalf("%s: %v, %q, %q", what, err, line[:n], rest[:m])
	}
	return time.Since(begin)
}

// limit is a second, with room for a busy machine.
const limit = 10 * time.Second

func TestAProcessEndsWhileWaitsAreOpen(t *testing.T) {
	for _, what := range []string{"exit", "os.Exit"} {
		if took := child(t, what, nil); took > limit {
			t.Errorf("%s took %v", what, took)
		} else {
			t.Logf("%s took %v", what, took)
		}
	}
}

func TestAnInterruptEndsEveryWait(t *testing.T) {
	if took := child(t, "interrupt", syscall.SIGINT); took > limit {
		t.Errorf("it took %v", took)
	} else {
		t.Logf("it took %v", took)
	}
}
