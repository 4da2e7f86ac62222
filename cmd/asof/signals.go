package main

import (
	"os"
	"os/signal"
	"syscall"
)

// signals turns Ctrl-C and SIGTERM into the end of what runs now. One goroutine at a time.
type signals struct {
	c chan os.Signal
	// got is the signal that ended what ran, nil if none did.
	got os.Signal
	// patient: a person presses Ctrl-C as often as she likes, and only ends what runs.
	patient bool
}

func newSignals() *signals {
	s := &signals{c: make(chan os.Signal, 2)}
	signal.Notify(s.c, os.Interrupt, syscall.SIGTERM)
	return s
}

// watch calls cancel at the first signal and ends the process at the second: then who sits before it no longer wants to wait, unless there is a
// prompt to come back to. The caller calls stop when what cancel would end has ended.
func (s *signals) watch(cancel func()) (stop func()) {
	ended, left := make(chan struct{}), make(chan struct{})
	s.got = nil
	go func() {
		defer close(left)
		for {
			select {
			case sig := <-s.c:
				switch {
				case s.got == nil:
					s.got = sig
					cancel()
				case s.patient && sig == os.Interrupt:
				case s.patient && s.got == os.Interrupt:
					s.got = sig
				default:
					os.Exit(signalStatus(sig))
				}
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-left
	}
}

// signalStatus is the exit status that a shell gives a process that a signal ended.
func signalStatus(sig os.Signal) int {
	if n, ok := sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}
