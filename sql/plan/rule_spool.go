package plan

// keepConstantParts puts a Spool above each largest part of a correlated subquery that reads no outer value, so that the subquery's second run
// does not compute it again. A part that is cheap to repeat (a row of constants, a look-up by key) is left as it is.
func keepConstantParts(n Node) Node {
	if readsOuter(n) || readsWork(n) {
		for _, in := range inputs(n) {
			*in = keepConstantParts(*in)
		}
		return n
	}
	switch n := n.(type) {
	case *One, *Values, *FunctionScan, *Spool, *WorkTable:
		return n
	case *Scan:
		if n.Keys != nil || n.Any != nil {
			return n
		}
	case *Filter:
		if s, ok := n.In.(*Scan); ok && (s.Keys != nil || s.Any != nil) {
			return n
		}
	}
	return &Spool{In: n, done: true}
}
