package exec

import "sync"

// sideBySide calls f(0) to f(n-1), each in a goroutine, and returns when all have ended: an error of one of them, if there is one. A panic of one is the
// caller's.
func sideBySide(n int, f func(i int) error) error {
	errs, panics := make([]error, n), make([]any, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			defer func() { panics[i] = recover() }()
			errs[i] = f(i)
		})
	}
	all.Wait()
	for i := range n {
		if panics[i] != nil {
			panic(panics[i])
		}
		if errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}
