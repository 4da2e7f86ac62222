package agg

import "unsafe"

// borrowed is a string whose bytes belong to a buffer that will change.
func borrowed(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
